//go:build soak

package soak

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// ledger is what one worker was promised. A call that was not answered may
// have happened or not; one that was answered must have.
type ledger struct {
	world
	base  *atomic.Pointer[string] // the operator listener's URL, another after a restart
	token string

	users    []string            // addresses
	projects []string            // ids
	keys     map[string][]string // names of API keys by project
	gone     map[string][]string // those deleted
	members  []string            // ids of users in the first project
	orgKeys  []string            // tokens
	rate     map[string][]int    // by project: the promised limit, then those attempted since

	next    int
	acked   *atomic.Int64 // calls promised to have happened, of all workers; each is a change at least
	refused map[int]int   // answers that promised nothing, by status; 0 is no answer
}

func newLedger(w world, l *load, token string) *ledger {
	return &ledger{
		world: w, base: &l.base, acked: &l.acked, token: token, projects: []string{w.project}, members: []string{w.user},
		keys: map[string][]string{}, gone: map[string][]string{}, rate: map[string][]int{},
		refused: map[int]int{},
	}
}

// call gives the answer if the call was promised to have happened.
func (l *ledger) call(method, path string, body any) (answer, bool) {
	got, err := ask(request{method, *l.base.Load() + path, l.token, body})
	if err == nil && got.status == http.StatusOK {
		l.acked.Add(1)
		return got, true
	}
	l.refused[got.status]++
	return got, false
}

// write does one random write.
func (l *ledger) write(chance *rand.Rand) {
	l.next++
	name := fmt.Sprintf("n%d", l.next)
	project := l.projects[chance.IntN(len(l.projects))]
	switch n := chance.IntN(100); {
	case n < 3:
		l.addMember(name)
	case n < 25:
		got, ok := l.call("POST", "/api/projects", object{"ownerId": l.user, "projectName": name, "organizationId": l.organization})
		if ok {
			l.projects = append(l.projects, got.field("projectId"))
		}
	case n < 60:
		if _, ok := l.call("POST", "/api/projects/"+project+"/apikeys", object{"name": name}); ok {
			l.keys[project] = append(l.keys[project], name)
		}
	case n < 70:
		l.deleteKey(project)
	case n < 80:
		got, ok := l.call("POST", "/api/organizations/"+l.organization+"/apikeys", object{"name": name, "role": "viewer"})
		if ok {
			l.orgKeys = append(l.orgKeys, got.field("apikey"))
		}
	default:
		if l.rate[project] == nil {
			l.rate[project] = []int{0} // unset
		}
		l.rate[project] = append(l.rate[project], l.next)
		if _, ok := l.call("PUT", fmt.Sprintf("/api/projects/%s/limit?rate=%d", project, l.next), nil); ok {
			l.rate[project] = []int{l.next}
		}
	}
}

func (l *ledger) addMember(name string) {
	email := name + "." + l.email
	got, ok := l.call("POST", "/api/users", object{"email": email, "fullName": name, "password": "correct horse"})
	if !ok {
		return
	}
	l.users = append(l.users, email)
	user := got.field("id")
	if _, ok := l.call("PUT", "/api/organizations/"+l.organization+"/members/"+user, object{"role": "viewer"}); !ok {
		return
	}
	if _, ok := l.call("PUT", "/api/projects/"+l.project+"/members/"+user, object{"role": "editor"}); ok {
		l.members = append(l.members, user)
	}
}

func (l *ledger) deleteKey(project string) {
	keys := l.keys[project]
	if len(keys) == 0 {
		return
	}
	name := keys[0]
	l.keys[project] = keys[1:]
	if _, ok := l.call("DELETE", "/api/projects/"+project+"/apikeys/"+name, nil); ok {
		l.gone[project] = append(l.gone[project], name)
	} // else it may be there or not
}

// verify checks every promise against a server.
func (l *ledger) verify(t *testing.T, tenant string) {
	t.Helper()
	get := func(path string) answer {
		t.Helper()
		return must(t, request{url: *l.base.Load() + path, token: l.token})
	}
	for _, email := range l.users {
		get("/api/users/" + url.PathEscape(email))
	}
	for _, project := range l.projects {
		get("/api/projects/" + project)
		keys := names(t, get("/api/projects/"+project+"/apikeys"), "name")
		for _, name := range l.keys[project] {
			if !slices.Contains(keys, name) {
				t.Errorf("key %s of project %s is lost", name, project)
			}
		}
		for _, name := range l.gone[project] {
			if slices.Contains(keys, name) {
				t.Errorf("deleted key %s of project %s is back", name, project)
			}
		}
		l.verifyRate(t, project, get("/api/projects/"+project+"/limit"))
	}
	members := names(t, get("/api/projects/"+l.project+"/members"), "userId")
	for _, user := range l.members {
		if !slices.Contains(members, user) {
			t.Errorf("member %s of project %s is lost", user, l.project)
		}
	}
	for _, key := range l.orgKeys {
		status(t, http.StatusOK, request{url: tenant + "/project/" + l.project, token: key})
	}
}

// verifyRate accepts the promised limit or one attempted after it.
func (l *ledger) verifyRate(t *testing.T, project string, got answer) {
	t.Helper()
	var limits struct{ Rate struct{ RPS int } }
	check(t, json.Unmarshal(got.body, &limits))
	allowed := l.rate[project]
	if allowed == nil {
		return
	}
	if !slices.Contains(allowed, limits.Rate.RPS) {
		t.Errorf("rate of project %s is %d, want one of %d", project, limits.Rate.RPS, allowed)
	}
	l.rate[project] = []int{limits.Rate.RPS}
}

// names reads one field of each element of a list.
func names(t *testing.T, got answer, field string) []string {
	t.Helper()
	var list []map[string]any
	check(t, json.Unmarshal(got.body, &list))
	out := make([]string, len(list))
	for i := range list {
		out[i], _ = list[i][field].(string)
	}
	return out
}

// load is workers that write until they are told to stop.
type load struct {
	ledgers []*ledger
	base    atomic.Pointer[string]
	acked   atomic.Int64
	stop    chan struct{}
	done    sync.WaitGroup
}

const workers = 4

// newLoad settles one tenant for each worker.
func newLoad(t *testing.T, p *process) *load {
	t.Helper()
	l := &load{}
	l.base.Store(&p.operator)
	for i := range workers {
		w := settle(t, p.operator, p.token, fmt.Sprintf("w%d", i))
		l.ledgers = append(l.ledgers, newLedger(w, l, p.token))
	}
	return l
}

// run starts the workers.
func (l *load) run(chance *rand.Rand) {
	l.stop = make(chan struct{})
	for _, ledger := range l.ledgers {
		own := rand.New(rand.NewPCG(chance.Uint64(), 1))
		l.done.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
				}
				ledger.write(own)
			}
		})
	}
}

// halt stops the workers after the call that each is in.
func (l *load) halt() {
	close(l.stop)
	l.done.Wait()
}

// refused counts the answers that promised nothing, by status.
func (l *load) refused() map[int]int {
	out := map[int]int{}
	for _, ledger := range l.ledgers {
		for status, n := range ledger.refused {
			out[status] += n
		}
	}
	return out
}

func (l *load) verify(t *testing.T, p *process) {
	t.Helper()
	l.base.Store(&p.operator)
	for _, ledger := range l.ledgers {
		ledger.verify(t, p.tenant)
	}
}
