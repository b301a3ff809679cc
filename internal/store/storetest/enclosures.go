package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// put writes a user in a context.
func (w world) put(ctx context.Context, email string) error {
	return w.s.Write(ctx, func(tx *store.Tx) error {
		tx.CreateUser(reeve.User{ID: newID(), Email: email, PasswordHash: []byte{}, CreatedAt: tx.Now()})
		tx.Record(reeve.Change{Action: "test"})
		return nil
	})
}

// seen tells whether a user is there for who reads in a context.
func (w world) seen(ctx context.Context, email string) bool {
	w.t.Helper()
	_, err := w.s.UserByEmail(ctx, email)
	if err != nil && !reeve.IsKind(err, reeve.NotFound) {
		w.t.Errorf("%s: %v", email, err)
	}
	return err == nil
}

// testEnclosure: writes are one transaction, which reads in their context see.
func testEnclosure(t *testing.T, w world) {
	begun, committed := 0, 0
	ctx, enclosure := w.s.Enclose(w.ctx(), func(context.Context, *store.Tx) error { begun++; return nil })
	defer enclosure.End()
	if w.seen(ctx, "a@mail.test") {
		t.Error("there before it was written")
	}
	for _, email := range []string{"a@mail.test", "b@mail.test"} {
		if err := w.put(ctx, email); err != nil {
			t.Fatal(err)
		}
		if !w.seen(ctx, email) || w.seen(w.ctx(), email) {
			t.Errorf("%s: inside %t, outside %t", email, w.seen(ctx, email), w.seen(w.ctx(), email))
		}
	}
	err := w.s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.LockUserByEmail(ctx, "a@mail.test")
		return err
	})
	if err != nil {
		t.Errorf("a write that reads what another wrote: %v", err)
	}
	w.s.AfterCommit(ctx, func() { committed++ })
	if !w.s.Enclosed(ctx) || w.s.Enclosed(w.ctx()) || committed > 0 || begun != 1 {
		t.Errorf("before the commit: begun %d times, committed %d", begun, committed)
	}
	kept := store.KeptReply{ID: newID(), Reply: []byte{1}, CreatedAt: epoch}
	err = enclosure.Commit(ctx, func(tx *store.Tx) error { tx.KeepReply(kept, epoch.Add(-time.Hour)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.s.KeptReply(w.ctx(), kept.ID)
	same(t, "what came last", kept, got, err)
	if !w.seen(w.ctx(), "a@mail.test") || !w.seen(ctx, "b@mail.test") || committed != 1 || w.s.Enclosed(ctx) {
		t.Errorf("after the commit: committed %d times", committed)
	}
	w.numbered(2)
	// It is an ordinary context from now on.
	if err := w.put(ctx, "c@mail.test"); err != nil || !w.seen(w.ctx(), "c@mail.test") {
		t.Error(err)
	}
	w.s.AfterCommit(ctx, func() { committed++ })
	if committed != 2 {
		t.Error("a function waits for a commit that was")
	}
	if err := enclosure.Commit(ctx, nil); err == nil {
		t.Error("committed twice")
	}
}

// numbered expects so many changes in the log.
func (w world) numbered(n int) {
	w.t.Helper()
	if err := w.s.NumberChanges(w.ctx()); err != nil {
		w.t.Fatal(err)
	}
	rows, err := w.s.ChangesAfter(w.ctx(), 0, 10)
	same(w.t, "changes", n, len(rows), err)
}

// testEnclosureGivenUp: nothing of what is given up stays.
func testEnclosureGivenUp(t *testing.T, w world) {
	after := func() { t.Error("told of a commit that was not") }
	giveUp := func(do func(ctx context.Context, e *store.Enclosure)) {
		t.Helper()
		ctx, enclosure := w.s.Enclose(w.ctx(), nil)
		func() {
			defer func() { _ = recover() }()
			defer enclosure.End()
			w.s.AfterCommit(ctx, after)
			do(ctx, enclosure)
		}()
		if w.seen(w.ctx(), "a@mail.test") || w.seen(w.ctx(), "b@mail.test") {
			t.Error("something stayed")
		}
		w.numbered(0)
	}
	giveUp(func(ctx context.Context, _ *store.Enclosure) { _ = w.put(ctx, "a@mail.test") })
	giveUp(func(ctx context.Context, _ *store.Enclosure) {
		_ = w.put(ctx, "a@mail.test")
		panic("given up")
	})
	// What a later write did before it failed cannot be told from the rest.
	giveUp(func(ctx context.Context, e *store.Enclosure) {
		_ = w.put(ctx, "a@mail.test")
		if err := w.put(ctx, "a@mail.test"); !reeve.IsKind(err, reeve.Conflict) {
			t.Errorf("a violated constraint: %v", err)
		}
		if err := w.put(ctx, "b@mail.test"); !reeve.IsKind(err, reeve.Unavailable) {
			t.Errorf("a write after one that failed: %v", err)
		}
		if err := e.Commit(ctx, nil); !reeve.IsKind(err, reeve.Unavailable) {
			t.Errorf("committed after a failure: %v", err)
		}
	})
	giveUp(func(ctx context.Context, e *store.Enclosure) {
		_ = w.put(ctx, "a@mail.test")
		if err := w.s.Write(ctx, func(*store.Tx) error { return errStop }); !errors.Is(err, errStop) {
			t.Error(err)
		}
		if err := e.Commit(ctx, nil); err == nil {
			t.Error("committed after a failure")
		}
	})
	giveUp(func(ctx context.Context, _ *store.Enclosure) {
		err := w.s.Write(ctx, func(tx *store.Tx) error {
			tx.CreateUser(reeve.User{ID: newID(), Email: "a@mail.test", PasswordHash: []byte{}, CreatedAt: tx.Now()})
			return nil
		})
		if err == nil {
			t.Error("an unrecorded change passes")
		}
	})
	giveUp(func(ctx context.Context, e *store.Enclosure) {
		_ = w.put(ctx, "a@mail.test")
		if err := e.Commit(ctx, func(*store.Tx) error { return errStop }); !errors.Is(err, errStop) {
			t.Error(err)
		}
	})
}

// testEnclosureBegins: a first write that fails leaves the next one to begin,
// and with none at all only the last thing is written.
func testEnclosureBegins(t *testing.T, w world) {
	ctx, enclosure := w.s.Enclose(w.ctx(), nil)
	defer enclosure.End()
	if err := w.s.Write(ctx, func(*store.Tx) error { return errStop }); !errors.Is(err, errStop) {
		t.Error(err)
	}
	if err := w.put(ctx, "a@mail.test"); err != nil {
		t.Error(err)
	}
	if err := enclosure.Commit(ctx, nil); err != nil || !w.seen(w.ctx(), "a@mail.test") {
		t.Error(err)
	}
	begun := 0
	ctx, enclosure = w.s.Enclose(w.ctx(), func(context.Context, *store.Tx) error { begun++; return nil })
	kept := store.KeptReply{ID: newID(), Reply: []byte{1}, CreatedAt: epoch}
	err := enclosure.Commit(ctx, func(tx *store.Tx) error { tx.KeepReply(kept, epoch); return nil })
	got, gotErr := w.s.KeptReply(w.ctx(), kept.ID)
	same(t, "kept", kept, got, errors.Join(err, gotErr))
	same(t, "begun", 1, begun, nil)
	ctx, enclosure = w.s.Enclose(w.ctx(), nil)
	if err := enclosure.Commit(ctx, nil); err != nil {
		t.Errorf("nothing at all: %v", err)
	}
}

// testKeptReplies: a reply is kept once, until it is stale.
func testKeptReplies(t *testing.T, w world) {
	one := store.KeptReply{ID: newID(), Request: [32]byte{1}, Reply: []byte{1, 0}, SealedBy: [8]byte{1}, CreatedAt: minute(1)}
	two := store.KeptReply{ID: newID(), Request: [32]byte{2}, Reply: []byte{2}, SealedBy: [8]byte{2}, CreatedAt: minute(2)}
	keep := func(k store.KeptReply, stale time.Time) error {
		return w.s.Write(w.ctx(), func(tx *store.Tx) error { tx.KeepReply(k, stale); return nil })
	}
	if err := errors.Join(keep(one, epoch), keep(two, epoch)); err != nil {
		t.Fatal(err)
	}
	again := one
	again.Reply, again.CreatedAt = []byte{3}, minute(3)
	if err := keep(again, epoch); !errors.Is(err, store.ErrKept) {
		t.Errorf("kept twice: %v", err)
	}
	got, err := w.s.KeptReply(w.ctx(), one.ID)
	same(t, "the first", one, got, err)
	if err := keep(again, minute(1)); err != nil {
		t.Errorf("in the place of a stale one: %v", err)
	}
	got, err = w.s.KeptReply(w.ctx(), one.ID)
	same(t, "the second", again, got, err)
	samples, err := w.s.ReplyOfEachSeal(w.ctx())
	same(t, "seals", []store.KeptReply{again, two}, samples, err)
	err = w.s.Write(w.ctx(), func(tx *store.Tx) error {
		found, err := tx.LockRepliesSealedBy(w.ctx(), [8]byte{1}, reeve.Zero, 10)
		same(t, "sealed by one", []store.KeptReply{again}, found, err)
		again.Reply, again.SealedBy = []byte{4}, [8]byte{2}
		tx.ReplaceReply(again)
		return err
	})
	got, gotErr := w.s.KeptReply(w.ctx(), one.ID)
	same(t, "resealed", again, got, errors.Join(err, gotErr))
	var gone int
	err = w.s.Write(w.ctx(), func(tx *store.Tx) (err error) {
		gone, err = tx.DeleteRepliesBefore(w.ctx(), minute(2), 10)
		return err
	})
	same(t, "gone", 1, gone, err)
	if _, err := w.s.KeptReply(w.ctx(), two.ID); !reeve.IsKind(err, reeve.NotFound) {
		t.Errorf("the older one: %v", err)
	}
}
