package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// step keeps the tables readable.
type step = reevetest.Step

// each runs a test on a server of every kind with the tenants and a gateway.
func each(t *testing.T, run func(t *testing.T, s *reevetest.Server)) {
	t.Helper()
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Ready(t)
		run(t, s)
	})
}

// connect makes a client that has a session.
func connect(t *testing.T, s *reevetest.Server, name string) *gateway.Client {
	t.Helper()
	c, err := gateway.New(t.Context(), gateway.Config{
		URLs: []string{s.URL("gateway")}, Token: reeve.Token(s.Value(t, "token")), Name: name, Verify: gateway.Serve,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	if err := c.Ready(); err != nil {
		t.Fatal(err)
	}
	return c
}

// newKey makes a key of px and gives its text.
func newKey(t *testing.T, s *reevetest.Server, name string) string {
	t.Helper()
	s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"` + name + `"}`, Status: 200, Reply: `{"apikey":"{` + name + `}"}`})
	return s.Value(t, name)
}

// narrow gives the text of a key with one more caveat.
func narrow(t *testing.T, text string, c macaroon.Caveat) string {
	t.Helper()
	key, err := macaroon.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = key.Attenuate(c); err != nil {
		t.Fatal(err)
	}
	return key.Serialize()
}

// judge gives the code of a key for reading.
func judge(t *testing.T, c *gateway.Client, key string) reeve.VerdictCode {
	t.Helper()
	verdict, err := c.Verify(t.Context(), gateway.Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p"})
	if err != nil {
		t.Error(err)
	}
	return verdict.Code
}

// revoke revokes keys and waits for the receipt.
func revoke(t *testing.T, s *reevetest.Server, call, body string) {
	t.Helper()
	s.Do(t, step{Call: call, Body: body, Status: 200, Reply: reevetest.Any, Has: []string{`"complete":true`}})
}

// TestAsTheServer: a client gives the verdicts of the server, asked for the first time and from memory.
func TestAsTheServer(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		c := connect(t, s, "edge")
		root := newKey(t, s, "root")
		now := s.Clock.Now()
		keys := []string{
			root, "", "nothing", root[:len(root)-1] + "1",
			narrow(t, root, macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)}),
			narrow(t, root, macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpRead)}),
			narrow(t, root, macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpList, macaroon.OpDelete), NotAfter: now.Add(time.Hour)}),
			narrow(t, root, macaroon.Caveat{AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("in/")}}}),
			narrow(t, root, macaroon.Caveat{NotAfter: now.Add(-time.Minute)}),
			narrow(t, root, macaroon.Caveat{NotAfter: now.Add(time.Minute)}),
			narrow(t, root, macaroon.Caveat{NotBefore: now.Add(time.Minute)}),
			macaroon.Mint(macaroon.Secret{1}, [32]byte{2}).Serialize(),
			newKey(t, s, "gone"),
		}
		revoke(t, s, "DELETE /api/projects/{px}/apikeys/gone?wait=20", "")
		for round := range 2 {
			for i, key := range keys {
				for _, op := range []macaroon.Op{macaroon.OpRead, macaroon.OpWrite, macaroon.OpList, macaroon.OpDelete} {
					for _, project := range []string{"", "px", "foreign"} {
						compare(t, s, c, gateway.Request{Key: key, Op: op, Bucket: "b", Path: "in/x"}, project, fmt.Sprintf("round %d key %d", round, i))
						compare(t, s, c, gateway.Request{Key: key, Op: op, Bucket: "c"}, project, fmt.Sprintf("round %d key %d", round, i))
						compare(t, s, c, gateway.Request{Key: key, Op: op, Bucket: "b"}, project, fmt.Sprintf("round %d key %d", round, i))
						compare(t, s, c, gateway.Request{Key: key, Op: op}, project, fmt.Sprintf("round %d key %d", round, i))
					}
				}
			}
		}
	})
}

// compare holds a client's verdict against the server's.
func compare(t *testing.T, s *reevetest.Server, c *gateway.Client, r gateway.Request, project, where string) {
	t.Helper()
	body := map[string]any{"key": r.Key, "action": r.Op.String(), "bucket": r.Bucket, "path": r.Path, "lineage": true}
	if project != "" {
		body["project"] = s.Value(t, project)
		r.Project, _ = reeve.ParseID(reeve.PrefixProject, s.Value(t, project))
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Code      reeve.VerdictCode
		KeyName   string
		ProjectID uuid.UUID
		OwnerID   uuid.UUID
		Lineage   []gateway.KeyName
		IssuedAt  time.Time
	}
	reply := s.Do(t, step{Call: "POST /gateway/verify", Body: string(text), Status: 200, Reply: reevetest.Any})
	if err := json.Unmarshal([]byte(reply.Body), &want); err != nil {
		t.Fatal(err)
	}
	got, err := c.Verify(t.Context(), r)
	if err != nil || got.Code != want.Code || got.KeyName != want.KeyName || got.ProjectID != reeve.ID(want.ProjectID) ||
		got.OwnerID != reeve.ID(want.OwnerID) || len(got.Lineage) != len(want.Lineage) || !got.IssuedAt.Equal(want.IssuedAt) {
		t.Fatalf("%s %s %q %q of %q: %+v, %v, want %+v", where, r.Op, r.Bucket, r.Path, project, got, err, want)
	}
}

// TestRevocationReachesAll: after a receipt nobody accepts what was revoked, and goes on accepting the rest.
func TestRevocationReachesAll(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		clients := []*gateway.Client{connect(t, s, "one"), connect(t, s, "two"), connect(t, s, "three")}
		root := newKey(t, s, "root")
		child := narrow(t, root, macaroon.Caveat{Nonce: []byte("child")})
		grandchild := narrow(t, child, macaroon.Caveat{Nonce: []byte("grandchild")})
		sibling := narrow(t, root, macaroon.Caveat{Nonce: []byte("sibling")})
		other := newKey(t, s, "other")
		all := []string{root, child, grandchild, sibling, other}
		want := func(valid ...string) {
			t.Helper()
			for _, c := range clients {
				for i, key := range all {
					expected := reeve.CodeRevoked
					for _, v := range valid {
						if v == key {
							expected = reeve.CodeValid
						}
					}
					if got := judge(t, c, key); got != expected {
						t.Errorf("key %d: %s, want %s", i, got, expected)
					}
				}
			}
		}
		want(all...)
		s.Bind("child", child)
		revoke(t, s, "DELETE /api/apikeys/{child}?wait=20", "")
		want(root, sibling, other)
		revoke(t, s, "DELETE /api/projects/{px}/apikeys/root?wait=20", "")
		want(other)
		s.Clock.Advance(time.Second)
		all = append(all, newKey(t, s, "late"))
		s.Bind("then", s.Clock.Now().Format(time.RFC3339Nano))
		revoke(t, s, "POST /api/revocations?wait=20", `{"projectId":"{px}","before":"{then}"}`)
		want(all[len(all)-1])
	})
}

// TestRevocationsUnderLoad: of a tree of keys that many use, those that descend from a revoked one are refused from its
// receipt on, and no others ever.
func TestRevocationsUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		clients := []*gateway.Client{connect(t, s, "one"), connect(t, s, "two")}
		tree := grow(t, newKey(t, s, "root"), 60)
		ctx, stop := context.WithCancel(t.Context())
		var work sync.WaitGroup
		var judged, wrong atomic.Int64
		for i := range 8 {
			c := clients[i%len(clients)]
			work.Go(func() {
				for ctx.Err() == nil {
					leaf := &tree[rand.IntN(len(tree))]
					before := leaf.refused()
					verdict, err := c.Verify(ctx, gateway.Request{Key: leaf.key, Op: macaroon.OpRead})
					if ctx.Err() != nil {
						return
					}
					judged.Add(1)
					switch {
					case err != nil:
						t.Error(err)
					case before && verdict.Valid(), !verdict.Valid() && !leaf.doomed():
						wrong.Add(1)
					}
				}
			})
		}
		for range 25 {
			leaf := &tree[1+rand.IntN(len(tree)-1)]
			s.Bind("leaf", leaf.key)
			leaf.doom.Store(true)
			if leaf.refused() {
				continue // it is gone with an ancestor: 404
			}
			revoke(t, s, "DELETE /api/apikeys/{leaf}?wait=20", "")
			leaf.dead.Store(true)
		}
		stop()
		work.Wait()
		if wrong.Load() > 0 || judged.Load() < 100 {
			t.Errorf("%d of %d verdicts are wrong", wrong.Load(), judged.Load())
		}
	})
}

// node is a key in a tree of them.
type node struct {
	key        string
	parent     *node
	doom, dead atomic.Bool // its revocation has begun; its receipt is here
}

// grow narrows keys at random.
func grow(t *testing.T, root string, size int) []node {
	t.Helper()
	tree := make([]node, size)
	tree[0].key = root
	for i := range tree[1:] {
		parent := &tree[rand.IntN(i+1)]
		tree[i+1].key, tree[i+1].parent = narrow(t, parent.key, macaroon.Caveat{Nonce: []byte{byte(i)}}), parent
	}
	return tree
}

func (n *node) refused() bool { return n.dead.Load() || n.parent != nil && n.parent.refused() }
func (n *node) doomed() bool  { return n.doom.Load() || n.parent != nil && n.parent.doomed() }

// TestProjectEvents: what changes of a project is noticed.
func TestProjectEvents(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		c := connect(t, s, "edge")
		key := newKey(t, s, "root")
		rate := func() int64 {
			verdict, err := c.Verify(t.Context(), gateway.Request{Key: key, Op: macaroon.OpRead})
			if err != nil || !verdict.Valid() {
				t.Fatal(verdict, err)
			}
			n, _ := verdict.Limits.Rate.Number()
			return n
		}
		rate()
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?rate=7", Status: 200})
		for end := time.Now().Add(10 * time.Second); rate() != 7; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the limit was not noticed")
			}
		}
	})
}

// TestReport: usage that a client takes is counted once, also by the next client of the same directory.
func TestReport(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		dir := t.TempDir()
		config := gateway.Config{URLs: []string{"http://127.0.0.1:1", s.URL("gateway")}, Token: reeve.Token(s.Value(t, "token")), SpoolDir: dir}
		project, err := reeve.ParseID(reeve.PrefixProject, s.Value(t, "px"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c, err := gateway.New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if err := c.Report(t.Context(), reeve.UsageRecord{ProjectID: project, Meter: reeve.UsageEgress, Value: 7}); err != nil {
					t.Error(err)
				}
			}
			if err := c.Report(t.Context(), reeve.UsageRecord{ProjectID: project, Meter: "light", Value: 7}); !reeve.IsKind(err, reeve.Invalid) {
				t.Error(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
			cancel()
		}
		s.Used(t, reeve.UsageTotal{ProjectID: project, Month: reeve.MonthOf(s.Clock.Now()), Egress: reeve.Count(140)})
		c := connect(t, s, "edge")
		if err := c.Report(t.Context(), reeve.UsageRecord{}); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("without a spool: %v", err)
		}
	})
}

// TestLastUse: what a client judges from memory is in the list of keys, at Close at the latest.
func TestLastUse(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		c := connect(t, s, "edge")
		key, other := newKey(t, s, "mine"), newKey(t, s, "other")
		s.Bind("first", s.Value(t, "now3"))
		want := func(at string) {
			t.Helper()
			s.Do(t, step{
				Call: "GET /project/{px}/keys", Status: 200, Reply: reevetest.Any,
				Has: []string{`"name":"mine"`, `"last_used_time":"` + at + `","last_used_by":{"id":"{gw:gateway}","name":"gateway"}`},
			})
		}
		judge(t, c, key)
		want("{first}") // the server was asked
		s.Clock.Advance(time.Minute)
		judge(t, c, other)
		revoke(t, s, "DELETE /api/projects/{px}/apikeys/other?wait=20", "") // tells the client the time
		judge(t, c, key)
		want("{first}")
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("{now3}")
	})
}
