//go:build soak

// Package soak holds the tests that take minutes: the real binary in real
// processes, on loopback, while processes are killed, databases stop and
// clients misbehave. `make soak` runs them.
package soak

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// reevePath is the binary under test, built as `make build` does.
var reevePath string

func TestMain(m *testing.M) {
	if settings := os.Getenv(reporterVariable); settings != "" {
		os.Exit(runReporter(settings))
	}
	if text := os.Getenv(workerVariable); text != "" {
		work(text)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "reeve-soak.")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	reevePath = filepath.Join(dir, "reeve")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", reevePath, "../../cmd/reeve")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build reeve: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// random gives a source of chance whose seed the test's log shows.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// pollEvery is how often a condition is looked at.
const pollEvery = 10 * time.Millisecond

// eventually waits until a condition holds, and fails the test if it does not
// in time. It must be called from the test's own goroutine.
func eventually(t *testing.T, limit time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !holds() {
		if time.Since(start) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(pollEvery)
	}
	return time.Since(start)
}
