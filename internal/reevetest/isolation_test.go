package reevetest_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

var (
	isolationSeed  = flag.Uint64("isolation.seed", 1, "the first seed of TestIsolation")
	isolationSeeds = flag.Uint64("isolation.seeds", 2, "how many seeds TestIsolation tries on each database")
)

// TestIsolation: two tenants, of random size, call every operation with their
// own ids and texts and with each other's. No answer to one holds a text, an id,
// a number or part of a credential of the other's but what it has said itself;
// about the other's things it reads what it reads about nothing, byte for byte;
// and what the other reads stays as it is.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for seed := *isolationSeed; seed < *isolationSeed+*isolationSeeds; seed++ {
		t.Run(fmt.Sprintf("-isolation.seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			reevetest.Each(t, func(t *testing.T, s *reevetest.Server) { keepApart(t, s, seed) })
		})
	}
}

// keepApart tries one seed.
func keepApart(t *testing.T, s *reevetest.Server, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	tenants := twoTenants(t, s, random)
	operations := describedOperations(t, s)
	var allowed, foreign int
	for range 2 {
		for i, own := range tenants {
			w := &isolated{t: t, s: s, operations: operations, own: own, other: tenants[1-i]}
			w.own.signIn(t, s)
			w.other.signIn(t, s)
			w.all(w.own)
			w.before = w.all(w.other)
			m := &maker{t: t, s: s, random: random, own: w.own, other: w.other, nothing: map[string]string{}}
			for _, at := range random.Perm(len(operations)) {
				for about := range abouts {
					reply, theirs := w.try(m.make(operations[at], about))
					if reply < 300 {
						allowed++
					}
					if theirs {
						foreign++
					}
				}
			}
			w.unchanged()
		}
	}
	if calls := 4 * abouts * len(operations); allowed < calls/12 || foreign < calls/3 {
		t.Errorf("of %d calls %d were allowed and %d about the other's things: that proves little", calls, allowed, foreign)
	}
}

// isolated is one tenant that acts while the other does nothing.
type isolated struct {
	t          *testing.T
	s          *reevetest.Server
	operations []described
	own, other *tenant
	before     string   // what the other read at the beginning
	changes    []string // the calls that were allowed to change something
}

// reads gives all that a tenant's owner and users can read.
func (w *isolated) reads(of *tenant) string {
	w.t.Helper()
	var out strings.Builder
	for _, operation := range w.operations {
		if operation.Method != http.MethodGet {
			continue
		}
		names := parameters.FindAllStringSubmatch(operation.Path, -1)
		targets := map[string]string{operation.Path: of.users[0]} // to whom reads it
		for _, name := range names {
			next := map[string]string{}
			prefix := pathPrefix(w.t, operation.Path, name[1])
			for target, user := range targets {
				for _, id := range of.ids[prefix] {
					if prefix == reeve.PrefixUser {
						user = w.userOf(of, id)
					}
					next[strings.Replace(target, name[0], id.TypeID(prefix), 1)] = user
				}
			}
			targets = next
		}
		for _, target := range slices.Sorted(maps.Keys(targets)) {
			if targets[target] == "" {
				continue
			}
			reply := w.s.Send(w.t, reevetest.Request{Face: "tenant", Method: "GET", Target: target, Header: session(w.s, targets[target])})
			fmt.Fprintf(&out, "%s: %d %s\n", target, reply.Status, reply.Body)
		}
	}
	return out.String()
}

// all gives what a tenant can read when it has learnt of all that there is.
func (w *isolated) all(of *tenant) string {
	w.t.Helper()
	for {
		before := len(of.secrets)
		text := w.reads(of)
		if of.learn(text); len(of.secrets) == before {
			return text
		}
	}
}

// userOf finds who of a tenant's users with a session has an id; "" if none has.
func (w *isolated) userOf(of *tenant, id reeve.ID) string {
	for _, user := range of.users {
		if w.s.ID(w.t, user) == id {
			return user
		}
	}
	return ""
}

// try makes a call and, if there is something of the other's in it, the same one
// about nothing; it gives the status, and whether there was.
func (w *isolated) try(c call) (status int, foreign bool) {
	w.t.Helper()
	reply := c.send(w.t, w.s)
	w.leak(c, reply)
	if len(c.foreign) > 0 {
		w.compare(c, reply)
	}
	if reply.Status < 300 {
		w.own.learn(reply.Body)
		if c.Method != http.MethodGet {
			w.changes = append(w.changes, c.String())
		}
	}
	if reply.Status == http.StatusUnauthorized {
		w.own.signIn(w.t, w.s) // it had signed out
	}
	return reply.Status, len(c.foreign) > 0
}

// leak fails if an answer holds what is the other's and was not said.
func (w *isolated) leak(c call, reply reevetest.Reply) {
	w.t.Helper()
	text := strings.ToLower(reply.Body + fmt.Sprint(reply.Header))
	for said := range c.foreign {
		text = strings.ReplaceAll(text, strings.ToLower(said), "")
		if id, err := reeve.ParseAnyID(said); err == nil { // in both spellings
			_, suffix, _ := strings.Cut(id.TypeID("x"), "_")
			text = strings.NewReplacer(id.String(), "", suffix, "").Replace(text)
		}
	}
	for _, said := range w.own.said {
		text = strings.ReplaceAll(text, said, "")
	}
	for _, secret := range w.other.secrets {
		if !w.own.known[secret] && strings.Contains(text, secret) {
			w.t.Fatalf("%s is told to the other tenant\n%s\n%d %s", secret, c, reply.Status, reply.Body)
		}
	}
}

// compare makes the call about nothing, and fails if that is answered otherwise.
// Of changes that both made only the status is the same.
func (w *isolated) compare(c call, reply reevetest.Reply) {
	w.t.Helper()
	changed := reply.Status < 300 && c.Method != http.MethodGet
	if changed && c.header.Get("Idempotency-Key") != "" {
		return // it is used up
	}
	twin := c.twin()
	want := twin.send(w.t, w.s)
	if changed && want.Status < 300 {
		w.own.learn(want.Body)
		reply, want = reevetest.Reply{Status: reply.Status}, reevetest.Reply{Status: want.Status}
	}
	for other, nothing := range c.foreign {
		want.Body = strings.ReplaceAll(want.Body, nothing, other)
	}
	for _, header := range []http.Header{reply.Header, want.Header} {
		header.Del("Date")
		header.Del("X-Request-Id")
	}
	if diff := cmp.Diff(want, reply); diff != "" {
		w.t.Fatalf("the answer about the other's is not that about nothing (-nothing +other's):\n%s\n%s\n%s", diff, c, twin)
	}
}

// unchanged fails if the other reads something new since the beginning.
func (w *isolated) unchanged() {
	w.t.Helper()
	if diff := cmp.Diff(strings.Split(w.before, "\n"), strings.Split(w.reads(w.other), "\n")); diff != "" {
		w.t.Fatalf("the other tenant reads something else (-before +after):\n%s\none of these has done it:\n%s", diff, strings.Join(w.changes, "\n"))
	}
}
