//go:build soak

package soak

import (
	"context"
	"fmt"
	"io"
	"net"
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

// TestFloodOfBodies: hundreds of long bodies that do not end, whoever sends
// them, take little memory and keep nobody else waiting.
func TestFloodOfBodies(t *testing.T) {
	const flood, limit = 300, 128
	p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"), "--log-level", "error", "--auth-failures", "0")
	w := settle(t, p.operator, p.token, "ada")
	// In form a key, but nobody's.
	const unknown = "reeve_org_00000000000000000000000000000000000000000002CZclj"
	almost := strings.Repeat(" ", 1<<20-1)
	for _, test := range []struct {
		name, base, head string
		want             []int // 0: it waits for the rest
	}{
		{"unknown key", p.tenant, "PUT /project/" + w.project + " HTTP/1.1\r\nHost: x\r\nx-api-key: " + unknown, []int{401}},
		{"operator", p.operator, "POST /api/users HTTP/1.1\r\nHost: x\r\nAuthorization: " + p.token, []int{0, 503}},
	} {
		statuses := make([]int, flood)
		var sent sync.WaitGroup
		var conns []net.Conn
		for i := range flood {
			conn := dialQuietly(t, test.base, test.head+"\r\nContent-Length: 1048576\r\n\r\n")
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // before the server's patience ends
			conns = append(conns, conn)
			sent.Go(func() {
				go func() { _, _ = io.WriteString(conn, almost) }()
				got, _ := reply(conn)
				statuses[i] = got.status
			})
		}
		for range 20 {
			for _, in := range []request{
				{url: p.operator + "/api/projects/" + w.project, token: p.token},
				{url: p.tenant + "/project/" + w.project, token: w.orgKey},
				{"PUT", p.tenant + "/project/" + w.project, w.orgKey, object{"name": "ada"}},
			} {
				if got := status(t, http.StatusOK, in); got.took > 2*time.Second {
					t.Errorf("%s: %s %s beside the flood took %v", test.name, in.method, in.url, got.took)
				}
			}
			if now := p.memory("VmRSS"); now >= limit {
				t.Errorf("%s: memory reached %d MiB", test.name, now)
			}
			time.Sleep(100 * time.Millisecond)
		}
		sent.Wait()
		t.Logf("%s: %d MiB at most", test.name, p.memory("VmHWM"))
		for _, got := range statuses {
			if !slices.Contains(test.want, got) {
				t.Errorf("%s: a body was answered with %d, want %d", test.name, got, test.want)
			}
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
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
