package reevetest

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/server"
	"github.com/reeve-cloud/reeve/internal/web/openapicheck"
)

// checkers hold this process's traffic against each face's document.
var checkers = sync.OnceValues(func() (map[string]*openapicheck.Checker, error) {
	out := map[string]*openapicheck.Checker{}
	logger := slog.New(slog.DiscardHandler)
	for _, face := range server.Faces(control.New(nil, control.Settings{}), server.Config{}, logger, nil) {
		document, err := face.API.Document()
		if err != nil {
			return nil, err
		}
		if out[face.Name], err = openapicheck.NewChecker(document); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// check holds one exchange against the document. A request that was refused
// may be as wrong as it likes, and so may one that nobody documented.
func check(t *testing.T, r Request, reply Reply) {
	t.Helper()
	all, err := checkers()
	if err != nil {
		t.Fatal(err)
	}
	checker := all[r.Face]
	if err := checker.Response(r.Method, r.Target, reply.Status, reply.Header, []byte(reply.Body)); err != nil {
		t.Error(err)
	}
	if reply.Status >= http.StatusBadRequest || r.Stream != nil || r.Loose {
		return
	}
	if err := checker.Request(r.Method, r.Target, r.Header, []byte(r.Body)); err != nil {
		t.Error(err)
	}
}

// Main runs a package's tests, and fails them if they leave a documented
// status of some operation of a face untried. It looks only at whole runs.
func Main(m *testing.M, face string) {
	code := m.Run()
	if code == 0 && isWholeRun() {
		missing, err := untried(face)
		if err != nil {
			missing = append(missing, err.Error())
		}
		if len(missing) > 0 {
			fmt.Printf("FAIL: the %s API has replies that no test has seen:\n  %s\n", face, strings.Join(missing, "\n  "))
			code = 1
		}
	}
	os.Exit(code)
}

// isWholeRun tells whether no flag has picked some of the tests.
func isWholeRun() bool {
	for _, name := range []string{"run", "skip", "list", "fuzz", "bench"} {
		if f := flag.Lookup("test." + name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// untried lists the documented replies that were not seen.
func untried(face string) ([]string, error) {
	all, err := checkers()
	if err != nil {
		return nil, err
	}
	seen := all[face].Exercised()
	var missing []string
	for id, statuses := range all[face].Documented() {
		for _, status := range statuses {
			// The probes have no way to fail within.
			probe := slices.Contains([]string{"livez", "readyz", "healthz", "version", "openapi"}, id)
			if probe && status == http.StatusInternalServerError {
				continue
			}
			if !slices.Contains(seen[id], status) {
				missing = append(missing, fmt.Sprintf("%s: %d", id, status))
			}
		}
	}
	slices.Sort(missing)
	return missing, nil
}
