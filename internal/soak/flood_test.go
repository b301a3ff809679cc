//go:build soak

package soak

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFloodOfUsers: 200 users created at once, each worth a password's hash,
// neither exhaust memory nor keep anyone else waiting.
func TestFloodOfUsers(t *testing.T) {
	p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"), "--log-level", "error")
	w := settle(t, p.operator, p.token, "ada")
	const flood = 200
	answers := make([]answer, flood)
	errs := make([]error, flood)
	over := make(chan struct{})
	var creating, reading sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				for _, in := range []request{
					{url: p.operator + "/api/projects/" + w.project, token: p.token},
					{url: p.tenant + "/project/" + w.project, token: w.orgKey},
				} {
					got, err := ask(in)
					if err != nil || got.status != http.StatusOK {
						t.Errorf("a read beside the flood: %d %s %v", got.status, got.body, err)
					}
					mu.Lock()
					waits = append(waits, got.took)
					mu.Unlock()
				}
			}
		})
	}
	start := time.Now()
	for i := range flood {
		creating.Go(func() {
			answers[i], errs[i] = ask(request{"POST", p.operator + "/api/users", p.token, object{
				"email": fmt.Sprintf("u%d@example.com", i), "fullName": "Ada", "password": "correct horse",
			}})
		})
	}
	creating.Wait()
	took := time.Since(start)
	close(over)
	reading.Wait()

	created := 0
	for i, got := range answers {
		switch {
		case errs[i] != nil:
			t.Error(errs[i])
		case got.status == http.StatusOK:
			created++
		case got.status != http.StatusServiceUnavailable:
			t.Errorf("a creation: %d %s", got.status, got.body)
		default:
			if fault := errorShape("operator", got); fault != "" {
				t.Error(fault)
			}
		}
	}
	slices.Sort(waits)
	p99, peak := waits[len(waits)*99/100], p.memory("VmHWM")
	t.Logf("%d created, %d told to come back, in %v; memory at most %d MiB; %d reads meanwhile, median %v, p99 %v",
		created, flood-created, took, peak, len(waits), waits[len(waits)/2], p99)
	if created == 0 {
		t.Error("nobody was created")
	}
	if peak > memoryLimit {
		t.Errorf("memory reached %d MiB", peak)
	}
	if p99 > time.Second {
		t.Errorf("p99 of reads beside the flood is %v", p99)
	}
	p.stop()
}

// TestClientsThatGo: clients that break off at any instant leave nothing
// behind, on either database: no open transaction, no connection in use.
func TestClientsThatGo(t *testing.T) {
	for name, args := range map[string][]string{
		"sqlite":   {"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db")},
		"postgres": {"--database", shared(t), "--master-key", masterKey, "--database-max-connections", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			chance := random(t)
			p := serve(t, append(args, "--log-level", "error")...)
			w := settle(t, p.operator, p.token, "ada")
			var done sync.WaitGroup
			for range 4 {
				pauses := make([]time.Duration, 500)
				for i := range pauses {
					pauses[i] = time.Duration(chance.Int64N(int64(3 * time.Millisecond)))
				}
				done.Go(func() {
					for i, pause := range pauses {
						ctx, cancel := context.WithTimeout(t.Context(), pause)
						url := fmt.Sprintf("%s/api/projects/%s/limit?rate=%d", p.operator, w.project, i)
						r, err := http.NewRequestWithContext(ctx, "PUT", url, nil)
						if err != nil {
							t.Error(err)
						}
						r.Header.Set("Authorization", p.token)
						if reply, err := clients.Do(r); err == nil {
							_ = reply.Body.Close()
						}
						cancel()
					}
				})
			}
			done.Wait()
			for i := range 20 {
				got := must(t, request{"PUT", fmt.Sprintf("%s/api/projects/%s/limit?rate=%d", p.operator, w.project, i), p.token, nil})
				if got.took > 2*time.Second {
					t.Errorf("a write afterwards took %v", got.took)
				}
			}
			if strings.Contains(p.stderr(), `"level":"ERROR"`) {
				t.Errorf("the log tells of a fault: %s", tail(p.stderr(), 2000))
			}
			p.stop()
		})
	}
}
