package control_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// follow runs the work behind a Control until the test ends, and waits until it
// is ready.
func follow(t *testing.T, c *control.Control) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, control.Retention{}, func(error) {}) // a test may break the database
	}()
	t.Cleanup(func() { stop(); <-done })
	await(t, "ready", func() bool { return c.Ready(t.Context()) == nil })
}

// await waits for something that comes soon.
func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !there(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}

// code gives the verdict on a key that reads.
func (h house) code(ctx context.Context, key macaroon.Key) reeve.VerdictCode {
	h.t.Helper()
	return judged(h.t, h.c, ctx, key)
}

func judged(t *testing.T, c *control.Control, ctx context.Context, key macaroon.Key) reeve.VerdictCode {
	t.Helper()
	verdict, err := c.VerifyKey(ctx, control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead, Bucket: []byte("b"), Path: []byte("p")})
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Code
}

// node is a key in a tree of derivations.
type node struct {
	key    macaroon.Key
	parent *node
	dead   bool
}

// alive tells whether neither the key nor an ancestor was revoked.
func (n *node) alive() bool {
	for ; n != nil; n = n.parent {
		if n.dead {
			return false
		}
	}
	return true
}

// TestDerivationTrees: in random trees of keys, revoked one by one in any of
// the ways there are, a key is accepted if and only if no ancestor is revoked;
// from memory, from the database, and from the memory of a Control that loads
// all of it afterwards.
func TestDerivationTrees(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		inMemory := newControl(t, h.s, masterKey)
		follow(t, inMemory)
		chance := rand.New(rand.NewPCG(1, rand.Uint64()))
		var nodes []*node
		for i := range 6 {
			_, key, err := inMemory.CreateAPIKey(h.ctx, p.ID, fmt.Sprint(i), nil)
			h.check(err)
			nodes = append(nodes, &node{key: key})
		}
		for i := range 60 {
			parent := nodes[chance.IntN(len(nodes))]
			key, err := parent.key.Attenuate(macaroon.Caveat{Nonce: []byte{byte(i)}})
			h.check(err)
			nodes = append(nodes, &node{key: key, parent: parent})
		}
		for range 14 {
			revokeAny(t, h, inMemory, nodes, chance)
			for _, n := range nodes {
				for name, c := range map[string]*control.Control{"memory": inMemory, "database": h.c} {
					if got := judged(t, c, gateway, n.key); (got == reeve.CodeValid) != n.alive() {
						t.Fatalf("from the %s: %s, alive %v", name, got, n.alive())
					}
				}
			}
		}
		loaded := newControl(t, h.s, masterKey)
		follow(t, loaded)
		for _, n := range nodes {
			if got := judged(t, loaded, gateway, n.key); (got == reeve.CodeValid) != n.alive() || !n.alive() && got != reeve.CodeRevoked {
				t.Errorf("loaded: %s, alive %v", got, n.alive())
			}
		}
	})
}

// revokeAny revokes a key that lives, if there is one left, in one of the ways.
func revokeAny(t *testing.T, h house, c *control.Control, nodes []*node, chance *rand.Rand) {
	t.Helper()
	live := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return !n.alive() })
	if len(live) == 0 {
		return
	}
	n := live[chance.IntN(len(live))]
	depth, root := 0, n
	for ; root.parent != nil; root = root.parent {
		depth++
	}
	var err error
	switch chance.IntN(3) {
	case 0:
		_, err = c.RevokeAPIKey(h.ctx, n.key, control.WholeKey)
	case 1: // by a descendant, if there is one
		whole := n
		for _, other := range live {
			if other.parent == n {
				whole = other
			}
		}
		_, err = c.RevokeAPIKey(h.ctx, whole.key, depth)
	default:
		var verdict control.Verdict
		verdict, err = c.VerifyKey(as(t, reeve.Actor{Kind: reeve.GatewayProgram}), control.KeyCheck{Key: root.key.Serialize(), Op: macaroon.OpRead})
		h.check(err)
		_, err = c.RevokeTail(h.ctx, verdict.KeyID, n.key.Tail())
	}
	h.check(err)
	n.dead = true
}

// TestCaveats: every caveat refuses what it names and nothing else; one that
// has expired is told apart.
func TestCaveats(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	_, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	follow(t, h.c)
	read := control.KeyCheck{Op: macaroon.OpRead, Bucket: []byte("photos"), Path: []byte("a/b")}
	with := func(change func(*control.KeyCheck)) control.KeyCheck {
		out := read
		change(&out)
		return out
	}
	bucket := with(func(k *control.KeyCheck) { k.Path = nil })
	write := with(func(k *control.KeyCheck) { k.Op = macaroon.OpWrite })
	other := with(func(k *control.KeyCheck) { k.Bucket = []byte("videos") })
	beside := with(func(k *control.KeyCheck) { k.Path = []byte("b/b") })
	foreign := with(func(k *control.KeyCheck) { k.Project = newID() })
	own := with(func(k *control.KeyCheck) { k.Project = p.ID })
	place := macaroon.Path{Bucket: []byte("photos"), EncryptedPathPrefix: []byte("a/")}
	now := h.clock.now()
	for _, test := range []struct {
		name   string
		caveat macaroon.Caveat
		ask    control.KeyCheck
		want   reeve.VerdictCode
	}{
		{"nothing", macaroon.Caveat{}, read, reeve.CodeValid},
		{"own project", macaroon.Caveat{}, own, reeve.CodeValid},
		{"another project", macaroon.Caveat{}, foreign, reeve.CodeNotFound},
		{"no writing", macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)}, write, reeve.CodeForbidden},
		{"no writing", macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)}, read, reeve.CodeValid},
		{"no reading, of a bucket", macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpRead)}, bucket, reeve.CodeForbidden},
		{"a bucket in which is one place", macaroon.Caveat{AllowedPaths: []macaroon.Path{place}}, bucket, reeve.CodeForbidden},
		{"a whole bucket", macaroon.Caveat{AllowedPaths: []macaroon.Path{place, {Bucket: []byte("photos")}}}, bucket, reeve.CodeValid},
		{"one place", macaroon.Caveat{AllowedPaths: []macaroon.Path{place}}, read, reeve.CodeValid},
		{"another bucket", macaroon.Caveat{AllowedPaths: []macaroon.Path{place}}, other, reeve.CodeForbidden},
		{"another prefix", macaroon.Caveat{AllowedPaths: []macaroon.Path{place}}, beside, reeve.CodeForbidden},
		{"at its end", macaroon.Caveat{NotAfter: now}, read, reeve.CodeValid},
		{"after its end", macaroon.Caveat{NotAfter: now.Add(-1)}, read, reeve.CodeExpired},
		{"before its beginning", macaroon.Caveat{NotBefore: now.Add(1)}, read, reeve.CodeForbidden},
		{"expired and forbidden", macaroon.Caveat{NotAfter: now.Add(-1), Disallow: macaroon.Ops(macaroon.OpRead)}, read, reeve.CodeExpired},
	} {
		key, err := root.Attenuate(test.caveat)
		h.check(err)
		test.ask.Key = key.Serialize()
		verdict, err := h.c.VerifyKey(gateway, test.ask)
		same(t, test.name, test.want, verdict.Code, err)
		if hidden := test.want == reeve.CodeNotFound; hidden != (verdict.ProjectID == reeve.Zero) {
			t.Errorf("%s: the verdict tells of project %s", test.name, verdict.ProjectID)
		}
	}
}

// TestGarbageNeedsNoDatabase: whatever is shown as a key is judged without the
// database once all keys are in memory.
func TestGarbageNeedsNoDatabase(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	_, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	follow(t, h.c)
	h.s.Close()
	text := root.Serialize()
	unknown := macaroon.Mint(macaroon.Secret{1}, [32]byte{2})
	forged := macaroon.Mint(macaroon.Secret{1}, root.Head())
	for key, want := range map[string]reeve.VerdictCode{
		text: reeve.CodeValid, unknown.Serialize(): reeve.CodeNotFound, forged.Serialize(): reeve.CodeNotFound,
		"": reeve.CodeMalformed, "x": reeve.CodeMalformed, text[1:]: reeve.CodeMalformed, text + "1": reeve.CodeMalformed,
		strings.Repeat("1", 1<<20): reeve.CodeMalformed, strings.Repeat("z", 1<<20): reeve.CodeMalformed,
		"reeve_gw_00000000000000000000000000000000000000000002CZclj": reeve.CodeMalformed,
	} {
		verdict, err := h.c.VerifyKey(gateway, control.KeyCheck{Key: key, Op: macaroon.OpRead})
		same(t, key[:min(len(key), 20)], want, verdict.Code, err)
	}
}

// TestTrustEnds: a replica that has not reached the database for as long as its
// session lasts does not answer from memory any more.
func TestTrustEnds(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	h := newHouse(t, config)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	opened, err := store.Open(t.Context(), config)
	h.check(err)
	ring, err := control.NewKeyring(masterKey)
	h.check(err)
	_, token, err := h.c.CreateGateway(h.ctx, "edge")
	h.check(err)
	const lease = 500 * time.Millisecond
	c := control.New(opened, control.Settings{Keyring: ring, SessionLease: lease})
	follow(t, c)
	opened.Close()
	same(t, "at first", reeve.CodeValid, judged(t, c, gateway, key), nil)
	_, err = c.AuthenticateGateway(t.Context(), string(token), nowhere)
	h.check(err)
	time.Sleep(lease)
	if _, err := c.VerifyKey(gateway, control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead}); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("after the lease: %v", err)
	}
	if err := c.Ready(t.Context()); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("ready: %v", err)
	}
	if _, err := c.AuthenticateGateway(t.Context(), string(token), nowhere); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("a gateway's token, which may be revoked: %v", err)
	}
}

// TestReplicasFollow: what one replica changes the other one knows, and a
// receipt says so. Gone changes make it load everything anew.
func TestReplicasFollow(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	h := newHouse(t, config)
	other := newControl(t, storetest.Open(t, config), masterKey)
	follow(t, h.c)
	follow(t, other)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	for i := range 20 {
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, fmt.Sprint(i), nil)
		h.check(err)
		await(t, "known", func() bool { return judged(t, other, gateway, key) == reeve.CodeValid })
		revoked, err := h.c.DeleteAPIKeyByName(h.ctx, p.ID, fmt.Sprint(i))
		h.check(err)
		same(t, "here, at once", reeve.CodeRevoked, h.code(gateway, key), nil)
		number, err := h.c.Epoch(h.ctx, revoked)
		h.check(err)
		receipt, err := h.c.Receipt(h.ctx, number, 10*time.Second)
		same(t, "receipt", true, receipt.Complete, err)
		same(t, "sessions", 2, len(receipt.Sessions), nil)
		same(t, "there, after the receipt", reeve.CodeRevoked, judged(t, other, gateway, key), nil)
	}
	_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "last", nil)
	h.check(err)
	await(t, "known", func() bool { return judged(t, other, gateway, key) == reeve.CodeValid })
	// A database that was put back: the key was never made.
	storetest.Exec(t, config, "DELETE FROM api_keys")
	storetest.Exec(t, config, "UPDATE change_ends SET number = number + 7 WHERE name = 'head'")
	h.check(h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{Rate: ptr(reeve.LimitOf(9))}))
	await(t, "unknown", func() bool { return judged(t, other, gateway, key) == reeve.CodeNotFound })
}

func ptr[T any](v T) *T { return &v }
