//go:build soak

package soak

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// probe is one call on one listener and what it answers when all is well.
type probe struct {
	listener string
	in       request
	well     int
	memory   bool // answered without the database
}

// away is what a probe answers while the database is away.
func (p probe) away() int {
	if p.memory {
		return p.well
	}
	return http.StatusServiceUnavailable
}

// probes are calls of every listener, reads and writes, with good credentials
// and with wrong ones.
func probes(t *testing.T, p *process, w world) []probe {
	t.Helper()
	gateway := must(t, request{"POST", p.operator + "/api/gateways", p.token, object{"name": "edge"}}).field("token")
	key := must(t, request{"POST", p.operator + "/api/projects/" + w.project + "/apikeys", p.token, object{"name": "edge"}}).field("apikey")
	unknown := string(reeve.NewToken(reeve.TokenOrganization, [32]byte{1})) // of the right form
	return []probe{
		{"tenant", request{url: p.tenant + "/project/" + w.project, token: w.orgKey}, 200, false},
		{"tenant", request{url: p.tenant + "/project/" + w.project + "/users", token: w.orgKey}, 200, false},
		{"tenant", request{"PUT", p.tenant + "/project/" + w.project, w.orgKey, object{"name": "same"}}, 200, false},
		{"tenant", request{url: p.tenant + "/project/nothing", token: w.orgKey}, 403, false},
		{"tenant", request{url: p.tenant + "/project/" + w.project + "/nothing", token: w.orgKey}, 404, false},
		{"tenant", request{url: p.tenant + "/project/" + w.project, token: unknown}, 401, false},
		{"operator", request{url: p.operator + "/api/projects/" + w.project, token: p.token}, 200, false},
		{"operator", request{"PUT", p.operator + "/api/projects/" + w.project + "/limit?rate=7", p.token, nil}, 200, false},
		{"operator", request{url: p.operator + "/api/changes", token: p.token}, 200, false},
		{"operator", request{url: p.operator + "/api/users/nobody@example.com", token: p.token}, 404, false},
		{"gateway", request{"DELETE", p.gateway + "/gateway/feed/" + w.project, gateway, nil}, 404, false},
		{"gateway", request{"POST", p.gateway + "/gateway/verify", gateway, object{"key": key, "action": "read", "cost": 0}}, 200, true},
		{"gateway", request{url: p.gateway + "/gateway/nothing", token: gateway}, 404, true},
	}
}

// during is what the probes answered while the database was away.
type during struct {
	mu      sync.Mutex
	answers map[string]map[int]int
	slowest time.Duration
	wrong   []string
}

func (d *during) note(p probe, got answer, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := p.listener + " " + p.in.method + " " + p.in.url[strings.Index(p.in.url[8:], "/")+8:]
	if d.answers[name] == nil {
		d.answers[name] = map[int]int{}
	}
	d.answers[name][got.status]++
	d.slowest = max(d.slowest, got.took)
	complain := func(format string, args ...any) {
		if len(d.wrong) < 20 {
			d.wrong = append(d.wrong, name+": "+fmt.Sprintf(format, args...))
		}
	}
	switch {
	case err != nil:
		complain("%v", err)
	case got.status == http.StatusServiceUnavailable:
		if fault := errorShape(p.listener, got); fault != "" {
			complain("%s", fault)
		}
		if strings.Contains(string(got.body), "127.0.0.1") || strings.Contains(string(got.body), "SQLSTATE") {
			complain("tells of the database: %s", got.body)
		}
	case got.status != p.well:
		complain("%d %s", got.status, got.body)
	}
}

// TestDatabaseRestarts: while PostgreSQL is away every call that needs it answers
// 503 in its face's form, keys are verified all the same, and all is well again without a restart of reeve.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := serve(t, "--database", newDatabase(t, c.url), "--master-key", masterKey, "--auth-failures", "0")
	w := settle(t, p.operator, p.token, "ada")
	calls := probes(t, p, w)
	seen := &during{answers: map[string]map[int]int{}}
	stop := make(chan struct{})
	var done sync.WaitGroup
	for _, call := range calls {
		done.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond): // leaves the processor to PostgreSQL
				}
				got, err := ask(call.in)
				seen.note(call, got, err)
			}
		})
	}
	for round := range 3 {
		wellAgain(t, p)
		if round == 1 {
			c.stop()
		} else {
			c.crash()
		}
		eventually(t, startLimit, "/readyz answers 503", func() bool { return health(p, "/readyz") == 503 })
		for _, listener := range []string{p.tenant, p.operator, p.gateway} {
			status(t, http.StatusOK, request{url: listener + "/livez"})
			status(t, http.StatusServiceUnavailable, request{url: listener + "/readyz"})
			status(t, http.StatusServiceUnavailable, request{url: listener + "/healthz"})
			status(t, http.StatusOK, request{url: listener + "/openapi.json"})
		}
		for _, call := range calls {
			got := status(t, call.away(), call.in)
			if call.memory {
				continue
			}
			if fault := errorShape(call.listener, got); fault != "" {
				t.Errorf("%s: %s", call.in.url, fault)
			}
		}
		c.start()
		took := wellAgain(t, p)
		t.Logf("round %d: ready %v after PostgreSQL is", round, took)
	}
	close(stop)
	done.Wait()
	for _, call := range calls {
		status(t, call.well, call.in)
	}
	report(t, seen)
	p.stop()
}

func report(t *testing.T, seen *during) {
	t.Helper()
	for name, answers := range seen.answers {
		t.Logf("%-40.40s %v", name, answers)
	}
	t.Logf("slowest answer %v", seen.slowest)
	slices.Sort(seen.wrong)
	for _, wrong := range slices.Compact(seen.wrong) {
		t.Error(wrong)
	}
}

func health(p *process, path string) int {
	got, err := ask(request{url: p.operator + path})
	if err != nil {
		return 0
	}
	return got.status
}

func wellAgain(t *testing.T, p *process) time.Duration {
	t.Helper()
	return eventually(t, startLimit, "/readyz answers 200", func() bool { return health(p, "/readyz") == 200 })
}

// requestTimeout is how long an operation may take, with some allowance for a
// busy machine.
const requestTimeout = 15*time.Second + 3*time.Second

// TestDatabaseHangs: PostgreSQL that neither answers nor refuses is 503 within
// the request's time, however many wait, and reeve still ends when told to.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	args := []string{"--database", newDatabase(t, c.url), "--master-key", masterKey, "--log-level", "error"}
	p := serve(t, args...)
	w := settle(t, p.operator, p.token, "ada")
	calls := probes(t, p, w)
	for _, call := range calls { // opens connections to the database
		status(t, call.well, call.in)
	}
	c.hang()
	seen := &during{answers: map[string]map[int]int{}}
	var done sync.WaitGroup
	for _, call := range calls {
		for range 10 {
			done.Go(func() {
				got, err := ask(call.in)
				seen.note(call, got, err)
				if err == nil && got.status != call.away() {
					t.Errorf("%s: %d while the database hangs", call.in.url, got.status)
				}
			})
		}
	}
	status(t, http.StatusOK, request{url: p.operator + "/livez"})
	ready := status(t, http.StatusServiceUnavailable, request{url: p.operator + "/readyz"})
	done.Wait()
	t.Logf("/readyz took %v", ready.took)
	if ready.took > 5*time.Second {
		t.Errorf("/readyz took %v", ready.took)
	}
	if seen.slowest > requestTimeout {
		t.Errorf("an answer took %v", seen.slowest)
	}
	c.resume()
	took := wellAgain(t, p)
	t.Logf("ready %v after PostgreSQL goes on", took)
	for _, call := range calls {
		status(t, call.well, call.in)
	}
	report(t, seen)

	// It ends in time even while the database hangs and calls wait for it.
	c.hang()
	waiting := 0
	for _, call := range calls {
		if !call.memory {
			waiting++
			done.Go(func() { _, _ = ask(call.in) })
		}
	}
	eventually(t, startLimit, "calls wait", func() bool { return inFlight(t, p) >= waiting })
	endsInTime(t, p)
	done.Wait()
}
