package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestMonth plays the month of examples/month with the command as it is built
// here, on a fresh SQLite database.
func TestMonth(t *testing.T) {
	t.Parallel()
	play := filepath.Join("..", "..", "examples", "month")
	cmd := exec.Command(filepath.Join(play, "play.sh"))
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "REEVE=reeve")
	var failures strings.Builder
	cmd.Stderr = &failures
	got, err := cmd.Output()
	if err != nil || failures.Len() > 0 {
		t.Fatalf("%v\n%s\n%s", err, got, failures.String())
	}
	golden := filepath.Join(play, "month.golden")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
