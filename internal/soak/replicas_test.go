//go:build soak

package soak

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
)

// replicas starts two processes at once on one empty database.
func replicas(t *testing.T, args ...string) (a, b *process) {
	t.Helper()
	a, b = launch(t, args...), launch(t, args...)
	a.ready()
	b.ready()
	return a, b
}

// TestReplicas: two processes on one database act as one.
func TestReplicas(t *testing.T) {
	database := shared(t)
	args := []string{"--database", database, "--master-key", masterKey, "--log-level", "warn"}
	a, b := replicas(t, args...)
	if (a.token == "") == (b.token == "") {
		t.Fatalf("one of two replicas shall print the token: %q and %q", a.token, b.token)
	}
	if a.token == "" {
		a, b = b, a
	}
	status(t, 200, request{url: a.operator + "/api/changes", token: a.token})
	status(t, 200, request{url: b.operator + "/api/changes", token: a.token})

	// A key revoked on one is refused by the other at the very next request.
	w := settle(t, a.operator, a.token, "ada")
	for i := range 50 {
		keys := "/api/organizations/" + w.organization + "/apikeys"
		name := fmt.Sprintf("k%d", i)
		key := must(t, request{"POST", a.operator + keys, a.token, object{"name": name, "role": "viewer"}}).field("apikey")
		status(t, 200, request{url: b.tenant + "/project/" + w.project, token: key})
		must(t, request{"DELETE", a.operator + keys + "/" + name, a.token, nil})
		status(t, 401, request{url: b.tenant + "/project/" + w.project, token: key})
	}

	// The project limit holds with both creating.
	must(t, request{"PUT", a.operator + "/api/users/" + w.email, a.token, object{"projectLimit": 11}})
	var done sync.WaitGroup
	var mu sync.Mutex
	counts := map[int]int{}
	for i := range 40 {
		p := []*process{a, b}[i%2]
		done.Go(func() {
			got, err := ask(request{"POST", p.operator + "/api/projects", a.token, object{"ownerId": w.user, "projectName": fmt.Sprint(i)}})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			counts[got.status]++
			mu.Unlock()
		})
	}
	done.Wait()
	if counts[200] != 10 || counts[409] != 30 {
		t.Errorf("10 places for 40 projects: %v", counts)
	}

	// What both have changed is one chain without a gap.
	checkNumbers(t, b, a.token)
	s, err := store.Open(t.Context(), store.Config{Postgres: database, MaxConnections: 2})
	check(t, err)
	defer s.Close()
	t.Logf("%d changes of both replicas in one chain", verifyChain(t, s))
	a.stop()
	b.stop()
}

// checkNumbers pages through all changes and looks for gaps.
func checkNumbers(t *testing.T, p *process, token string) {
	t.Helper()
	var numbers []int
	for after := ""; ; {
		var page struct {
			Changes []struct{ Number int }
			Next    *string
		}
		got := must(t, request{url: p.operator + "/api/changes?limit=37&after=" + after, token: token})
		check(t, json.Unmarshal(got.body, &page))
		for _, change := range page.Changes {
			numbers = append(numbers, change.Number)
		}
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	slices.Reverse(numbers)
	for i, number := range numbers {
		if number != i+1 {
			t.Fatalf("change %d has number %d", i+1, number)
		}
	}
}

// TestStoppedReplica: a replica that stops in good order ends its session, so
// that no receipt waits for its lease.
func TestStoppedReplica(t *testing.T) {
	database := shared(t)
	args := []string{"--database", database, "--master-key", masterKey, "--log-level", "warn"}
	a, b := replicas(t, args...)
	token := a.token + b.token // one of them has printed it
	sessions := func() int {
		var list []any
		check(t, json.Unmarshal(must(t, request{url: a.operator + "/api/sessions", token: token}).body, &list))
		return len(list)
	}
	eventually(t, startLimit, "two sessions", func() bool { return sessions() == 2 })
	for range 5 {
		b.stop()
		if n := sessions(); n != 1 {
			t.Fatalf("%d sessions after a replica has stopped", n)
		}
		b = serve(t, args...)
		eventually(t, startLimit, "two sessions", func() bool { return sessions() == 2 })
	}
}

// TestTokenBesideReplicas: once `reeve token` has printed the new token, no
// replica takes the old one.
func TestTokenBesideReplicas(t *testing.T) {
	database := shared(t)
	a, b := replicas(t, "--database", database, "--master-key", masterKey, "--log-level", "warn", "--auth-failures", "0")
	old := a.token + b.token
	for range 3 {
		// The replicas know the old token and go on using it meanwhile.
		stop := make(chan struct{})
		var using sync.WaitGroup
		for _, p := range []*process{a, b} {
			using.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_, _ = ask(request{url: p.operator + "/api/gateways", token: old})
					}
				}
			})
		}
		got := command(t, nil, "token", "--database", database)
		if got.Code != 0 || strings.Count(got.Out, "\n") != 1 {
			t.Fatalf("reeve token: %+v", got)
		}
		fresh := strings.TrimSpace(got.Out)
		for _, p := range []*process{a, b} {
			status(t, 403, request{url: p.operator + "/api/gateways", token: old})
			status(t, 200, request{url: p.operator + "/api/gateways", token: fresh})
		}
		close(stop)
		using.Wait()
		old = fresh
	}
	a.stop()
	b.stop()
}

// TestRekeyBesideReplica: keys are sealed anew while a replica that has both
// master keys goes on making and taking them.
func TestRekeyBesideReplica(t *testing.T) {
	database := shared(t)
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	fresh := base64.StdEncoding.EncodeToString(raw)
	p := serve(t, "--database", database, "--master-key", masterKey)
	w := settle(t, p.operator, p.token, "ada")
	keys := func(p *process, token, prefix string, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = must(t, request{"POST", p.operator + "/api/projects/" + w.project + "/apikeys", token, object{"name": fmt.Sprint(prefix, i)}}).field("apikey")
		}
		return out
	}
	token := p.token
	made := keys(p, token, "old", 700) // more than one transaction reseals
	p.stop()
	p = serve(t, "--database", database, "--master-key", fresh+","+masterKey)
	stop := make(chan struct{})
	var using sync.WaitGroup
	var during []string
	using.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			got, err := ask(request{"POST", p.operator + "/api/projects/" + w.project + "/apikeys", token, object{"name": fmt.Sprint("during", i)}})
			if err != nil || got.status != http.StatusOK {
				t.Errorf("a key made during rekey: %d %s %v", got.status, got.body, err)
				return
			}
			during = append(during, got.field("apikey"))
		}
	})
	got := command(t, []string{"REEVE_MASTER_KEY=" + fresh + "," + masterKey}, "rekey", "--database", database)
	close(stop)
	using.Wait()
	if got.Code != 0 || got.Out != "700 secrets sealed with the first master key\n" {
		t.Errorf("reeve rekey: %+v", got)
	}
	status(t, 200, request{"DELETE", p.operator + "/api/apikeys/" + made[0], token, nil})
	p.stop()

	// The old key can go.
	p = serve(t, "--database", database, "--master-key", fresh)
	for _, key := range slices.Concat(made[1:20], made[690:], during) {
		status(t, 200, request{"DELETE", p.operator + "/api/apikeys/" + key, token, nil})
	}
	status(t, 404, request{"DELETE", p.operator + "/api/apikeys/" + made[0], token, nil})
	p.stop()
	again := command(t, []string{"REEVE_MASTER_KEY=" + masterKey}, "serve", "--database", database)
	if again.Code != 2 || again.Out != "" || !hasLine(again.Err, "master key") || strings.Contains(again.Err, masterKey) {
		t.Errorf("a start with the old key alone: %+v", again)
	}
}
