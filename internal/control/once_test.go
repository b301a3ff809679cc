package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// asked is a request of the operator's with a key.
func asked(key string) reeve.Repeatable {
	return reeve.Repeatable{Face: "operator", Actor: "root", Key: key, Digest: [32]byte{1}}
}

// creating makes an organisation, and answers with its id.
func (h house) creating(owner reeve.User, runs *int) control.Work {
	return func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
		*runs++
		o, err := h.c.CreateOrganization(ctx, "Acme", owner.ID)
		return reeve.Reply{Status: 200, ContentType: "application/json", Body: []byte(`"` + o.ID.String() + `"`)}, err
	}
}

// organizations counts those that were made.
func (h house) organizations() (n int) {
	h.t.Helper()
	for _, c := range h.all() {
		if c.Action == "organization.create" {
			n++
		}
	}
	return n
}

// TestOnce: what is sent again has its reply again, and one effect.
func TestOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, runs := h.user("ada@mail.test"), 0
		first, replayed, err := h.c.Once(h.ctx, asked("k"), h.creating(u, &runs))
		if err != nil || replayed {
			t.Fatal(replayed, err)
		}
		again, replayed, err := h.c.Once(h.ctx, asked("k"), h.creating(u, &runs))
		same(t, "the reply again", first, again, err)
		same(t, "replayed", true, replayed, nil)

		other := asked("k")
		other.Digest = [32]byte{2}
		if _, _, err := h.c.Once(h.ctx, other, h.creating(u, &runs)); !errors.Is(err, reeve.ErrMismatch) {
			t.Errorf("another request: %v", err)
		}
		same(t, "organisations", 1, h.organizations(), nil)

		// Another key, actor or face is another request, whatever stands in it.
		for i, r := range []reeve.Repeatable{
			asked("k2"),
			{Face: "operator", Actor: `root" "k`, Key: "", Digest: [32]byte{1}},
			{Face: "operator", Actor: "somebody", Key: "k", Digest: [32]byte{1}},
			{Face: "tenant", Actor: "root", Key: "k", Digest: [32]byte{1}},
		} {
			if _, replayed, err := h.c.Once(h.ctx, r, h.creating(u, &runs)); err != nil || replayed {
				t.Errorf("request %d: %t %v", i, replayed, err)
			}
		}
		same(t, "runs", 5, runs, nil)

		// After a day it is done anew, be it forgotten already or not.
		h.clock.pass(24*time.Hour - time.Second)
		if _, replayed, _ := h.c.Once(h.ctx, asked("k"), h.creating(u, &runs)); !replayed {
			t.Error("forgotten within a day")
		}
		h.clock.pass(time.Second)
		later, replayed, err := h.c.Once(h.ctx, asked("k"), h.creating(u, &runs))
		if err != nil || replayed || bytes.Equal(later.Body, first.Body) {
			t.Errorf("a day later: %s %t %v", later.Body, replayed, err)
		}
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		again, _, err = h.c.Once(h.ctx, asked("k"), h.creating(u, &runs))
		same(t, "after the others are removed", later, again, err)
		h.clock.pass(24 * time.Hour)
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		if found, err := h.s.ReplyOfEachSeal(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%d replies are left: %v", len(found), err)
		}
	})
}

// TestOnceFails: what fails has no effect and is not kept, wherever it fails.
func TestOnceFails(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, runs := h.user("ada@mail.test"), 0
		before := len(h.all())
		failing := func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
			_, err := h.creating(u, &runs)(ctx, nil)
			return reeve.Reply{}, errors.Join(err, errors.New("too late"))
		}
		for range 2 {
			if _, _, err := h.c.Once(h.ctx, asked("k"), failing); err == nil {
				t.Error("no error")
			}
		}
		func() {
			defer func() { _ = recover() }()
			_, _, _ = h.c.Once(h.ctx, asked("k"), func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				_, _ = h.creating(u, &runs)(ctx, nil)
				panic("in the middle")
			})
		}()
		same(t, "changes", before, len(h.all()), nil)
		if _, replayed, err := h.c.Once(h.ctx, asked("k"), h.creating(u, &runs)); err != nil || replayed {
			t.Error(replayed, err)
		}
		same(t, "organisations", 1, h.organizations(), nil)
	})
}

// TestOnceAtOnce: of many who send the same, on one replica or two, one has the
// effect; the others have its reply, or are told that it is running.
func TestOnceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, replicas := h.user("ada@mail.test"), []*control.Control{h.c}
		if h.s.Shared() {
			replicas = append(replicas, newControl(t, storetest.Open(t, h.config), masterKey))
		}
		for round := range 5 {
			key := fmt.Sprint("key ", round)
			var mu sync.Mutex
			bodies, running := map[string]int{}, 0
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					runs := 0
					house := h
					house.c = replicas[i%len(replicas)]
					out, _, err := house.c.Once(h.ctx, asked(key), house.creating(u, &runs))
					mu.Lock()
					defer mu.Unlock()
					switch {
					case errors.Is(err, reeve.ErrRunning):
						running++
					case err != nil && reeve.AsError(err).Message != reeve.ErrRunning.Message:
						t.Error(err)
					case err == nil:
						bodies[string(out.Body)]++
					}
				})
			}
			all.Wait()
			if len(bodies) != 1 {
				t.Errorf("replies %v, %d were running", bodies, running)
			}
			same(t, "organisations", round+1, h.organizations(), nil)
		}
	})
}

// TestOnceElsewhere: while another replica works on a request it is running, and
// when it is done it has been done.
func TestOnceElsewhere(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t)) // SQLite has one process
	u, runs := h.user("ada@mail.test"), 0
	there := h
	there.c = newControl(t, storetest.Open(t, h.config), masterKey)
	first, _, err := h.c.Once(h.ctx, asked("k"), func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error) {
		out, err := h.creating(u, &runs)(ctx, settle)
		if _, _, elsewhere := there.c.Once(h.ctx, asked("k"), there.creating(u, &runs)); elsewhere == nil ||
			reeve.AsError(elsewhere).Message != reeve.ErrRunning.Message || reeve.AsError(elsewhere).RetryAfter == 0 {
			t.Errorf("meanwhile: %v", elsewhere)
		}
		return out, err
	})
	h.check(err)
	again, replayed, err := there.c.Once(h.ctx, asked("k"), there.creating(u, &runs))
	same(t, "there", first, again, err)
	same(t, "replayed", true, replayed, nil)

	// One that was quicker between the look and the work.
	late, replayed, err := h.c.Once(h.ctx, asked("quick"), func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error) {
		if first, _, err = there.c.Once(h.ctx, asked("quick"), there.creating(u, &runs)); err != nil {
			t.Error(err)
		}
		return h.creating(u, &runs)(ctx, settle)
	})
	same(t, "the quicker one's", first, late, err)
	same(t, "replayed", true, replayed, nil)
	same(t, "organisations", 2, h.organizations(), nil)
}

// TestOnceSealed: a reply may hold a secret, and is no text in the database; a
// new master key opens it after a rekey.
func TestOnceSealed(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o := h.organization(h.user("ada@mail.test"))
		p := h.project(o)
		work := func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
			_, key, err := h.c.CreateAPIKey(ctx, p.ID, "k", nil)
			text, _ := json.Marshal(map[string]string{"apikey": key.Serialize()})
			return reeve.Reply{Status: 200, ContentType: "application/json", Body: text}, err
		}
		first, _, err := h.c.Once(h.ctx, asked("k"), work)
		h.check(err)
		rows, err := h.s.ReplyOfEachSeal(t.Context())
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		if bytes.Contains(rows[0].Reply, []byte("apikey")) || bytes.Contains(rows[0].Reply, first.Body[20:40]) {
			t.Error("the reply is text")
		}

		other := [32]byte{9}
		both := newControl(t, h.s, other, masterKey)
		h.check(both.CheckMasterKey(t.Context()))
		if _, err := both.Rekey(h.ctx); err != nil {
			t.Fatal(err)
		}
		alone := newControl(t, h.s, other)
		h.check(alone.CheckMasterKey(t.Context()))
		again, replayed, err := alone.Once(h.ctx, asked("k"), work)
		same(t, "with the new key", first, again, err)
		same(t, "replayed", true, replayed, nil)
		if _, _, err := h.c.Once(h.ctx, asked("k"), work); !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("with the old key: %v", err)
		}

		// A reply that nobody can open stands in no start's way, nor in that of a rekey.
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.KeepReply(store.KeptReply{ID: newID(), Reply: []byte{1}, SealedBy: [8]byte{7}, CreatedAt: tx.Now()}, epoch)
			return nil
		}))
		h.check(alone.CheckMasterKey(t.Context()))
		if n, err := alone.Rekey(h.ctx); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
}

// TestOnceSettles: work that goes on has its change committed before it ends,
// and its last answer is the one that is kept.
func TestOnceSettles(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, runs := h.user("ada@mail.test"), 0
		kept := func() string {
			out, replayed, err := newControl(t, h.s, masterKey).Once(h.ctx, asked("k"), h.creating(u, &runs))
			if err != nil || !replayed {
				t.Errorf("nothing is kept: %v", err)
			}
			return string(out.Body)
		}
		work := func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error) {
			if _, err := h.creating(u, &runs)(ctx, nil); err != nil {
				return reeve.Reply{}, err
			}
			if err := settle(reeve.Reply{Status: 200, Body: []byte("so far")}); err != nil {
				return reeve.Reply{}, err
			}
			same(t, "organisations", 1, h.organizations(), nil)
			same(t, "kept so far", "so far", kept(), nil)
			return reeve.Reply{Status: 200, Body: []byte("in the end")}, nil
		}
		out, _, err := h.c.Once(h.ctx, asked("k"), work)
		same(t, "answer", "in the end", string(out.Body), err)
		same(t, "kept", "in the end", kept(), nil)
		same(t, "runs", 1, runs, nil)
	})
}

// TestOnceResumes: work of many transactions begins again where it broke off.
func TestOnceResumes(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, runs := h.user("ada@mail.test"), 0
		request := asked("k")
		request.Resumable = true
		_, _, err := h.c.Once(h.ctx, request, func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
			_, _ = h.creating(u, &runs)(ctx, nil)
			same(t, "organisations at once", 1, h.organizations(), nil)
			return reeve.Reply{}, errStopped
		})
		if !errors.Is(err, errStopped) {
			t.Error(err)
		}
		first, _, err := h.c.Once(h.ctx, request, h.creating(u, &runs))
		h.check(err)
		again, replayed, err := h.c.Once(h.ctx, request, h.creating(u, &runs))
		same(t, "again", first, again, err)
		same(t, "replayed", true, replayed, nil)
		same(t, "runs", 2, runs, nil)
	})
}

var errStopped = errors.New("stopped")
