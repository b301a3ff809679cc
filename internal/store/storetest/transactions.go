package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testCommit: a transaction reads what it wrote, and others do once it is over.
func testCommit(t *testing.T, w world) {
	u := reeve.User{ID: newID(), Email: "ada@mail.test", PasswordHash: []byte{1}, CreatedAt: epoch}
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		tx.CreateUser(u)
		tx.Record(reeve.Change{Action: "test"})
		got, err := tx.UserByEmail(w.ctx(), u.Email)
		same(t, "inside", u, got, err)
		_, err = w.s.UserByEmail(w.ctx(), u.Email)
		if !reeve.IsKind(err, reeve.NotFound) {
			t.Errorf("outside, before the commit: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.s.UserByEmail(w.ctx(), u.Email)
	same(t, "outside", u, got, err)
	if err := w.s.Write(w.ctx(), func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("a transaction that does nothing: %v", err)
	}
	if err := w.s.Ready(w.ctx()); err != nil {
		t.Error(err)
	}
}

var errStop = errors.New("stop")

// nothing checks that no user and no change is there.
func (w world) nothing(what string) {
	w.t.Helper()
	if _, err := w.s.UserByEmail(w.ctx(), "ada@mail.test"); !reeve.IsKind(err, reeve.NotFound) {
		w.t.Errorf("%s: the user stayed: %v", what, err)
	}
	if err := w.s.NumberChanges(w.ctx()); err != nil {
		w.t.Errorf("%s: %v", what, err)
	}
	rows, err := w.s.ChangesAfter(w.ctx(), 0, 10)
	same(w.t, what, []reeve.Change{}, rows, err)
}

// createUser collects a write; with send, it is sent before the function ends.
func (w world) createUser(tx *store.Tx, send bool) {
	tx.CreateUser(reeve.User{ID: newID(), Email: "ada@mail.test", PasswordHash: []byte{}, CreatedAt: epoch})
	if send {
		_, err := tx.UserByEmail(w.ctx(), "ada@mail.test")
		if err != nil {
			w.t.Error(err)
		}
	}
}

func testRollback(t *testing.T, w world) {
	for _, send := range []bool{false, true} {
		err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
			w.createUser(tx, send)
			tx.Record(reeve.Change{Action: "test"})
			return errStop
		})
		if !errors.Is(err, errStop) {
			t.Error(err)
		}
		w.nothing(fmt.Sprintf("sent: %v", send))
	}
	// A write that fails at the commit takes the others with it.
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		w.createUser(tx, false)
		tx.Record(reeve.Change{Action: "test"})
		tx.CreateAPIKey(reeve.APIKey{ID: newID(), ProjectID: newID(), Secret: []byte{}, CreatedAt: epoch})
		return nil
	})
	refused(t, "at the commit", err, reeve.NotFound, "project not found")
	w.nothing("at the commit")
}

// testPanic: a transaction whose function panics is given up, and the next one
// can go on.
func testPanic(t *testing.T, w world) {
	for range connections + 1 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = w.s.Write(w.ctx(), func(tx *store.Tx) error {
				w.createUser(tx, true)
				panic("stop")
			})
		}()
	}
	w.nothing("panic")
}

// testUnrecorded: a change of the model without a record of it is our fault.
func testUnrecorded(t *testing.T, w world) {
	for _, send := range []bool{false, true} {
		err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
			w.createUser(tx, send)
			return nil
		})
		if !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("sent %v: %v", send, err)
		}
		w.nothing("unrecorded")
	}
}

// testFacts: what is no change of the model needs no record.
func testFacts(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	for name, write := range map[string]func(*store.Tx){
		"usage": func(tx *store.Tx) { tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: p.ID, Month: 202611}}) },
		"retention": func(tx *store.Tx) {
			if _, err := tx.DeleteUsageBefore(w.ctx(), 202611, 10); err != nil {
				t.Error(err)
			}
		},
		"billing": func(tx *store.Tx) { tx.PutBillingMonth(store.BillingMonth{Month: 202611}) },
	} {
		if err := w.s.Write(w.ctx(), func(tx *store.Tx) error { write(tx); return nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// testSwallowed: a transaction in which a statement failed commits nothing,
// even if its function makes nothing of the failure.
func testSwallowed(t *testing.T, w world) {
	w.user("bob@mail.test")
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		w.createUser(tx, true)
		tx.Record(reeve.Change{Action: "test"})
		tx.CreateUser(reeve.User{ID: newID(), Email: "bob@mail.test", PasswordHash: []byte{}, CreatedAt: minute(1)})
		_, _ = tx.UserByEmail(w.ctx(), "ada@mail.test") // sends them, and fails
		return nil
	})
	refused(t, "swallowed", err, reeve.Conflict, "user with email already exists bob@mail.test")
	_, err = w.s.UserByEmail(w.ctx(), "ada@mail.test")
	refused(t, "not committed", err, reeve.NotFound, `user with email "ada@mail.test" not found`)
}

func testTime(t *testing.T, w world) {
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		now := tx.Now()
		if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Errorf("%s is not UTC in microseconds", now)
		}
		for range 100 {
			if !tx.Now().Equal(now) {
				t.Fatal("time goes on inside a transaction")
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// testCounters: with its row locked, a counter loses no increment.
func testCounters(t *testing.T, w world) {
	w.user("ada@mail.test")
	const writers, rounds = 6, 5
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range rounds {
				err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
					u, err := tx.LockUserByEmail(w.ctx(), "ada@mail.test")
					if err != nil {
						return err
					}
					u.ProjectLimit++
					tx.UpdateUser(u)
					tx.Record(reeve.Change{Action: "test", Target: u.ID})
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	u, err := w.s.UserByEmail(w.ctx(), "ada@mail.test")
	same(t, "counter", 10+writers*rounds, u.ProjectLimit, err)
}

// testCancelled: a transaction whose context ends lets its locks go.
func testCancelled(t *testing.T, w world) {
	w.user("ada@mail.test")
	ctx, cancel := context.WithCancel(w.ctx())
	err := w.s.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUserByEmail(ctx, "ada@mail.test"); err != nil {
			return err
		}
		cancel()
		_, err := tx.LockUserByEmail(ctx, "ada@mail.test")
		return err
	})
	refused(t, "cancelled", err, reeve.Unavailable, "the database is not available")
	err = w.s.Write(ctx, func(tx *store.Tx) error { w.createUser(tx, false); tx.Record(reeve.Change{}); return nil })
	refused(t, "over before it began", err, reeve.Unavailable, "the database is not available")
	w.write(func(tx *store.Tx) {
		if _, err := tx.LockUserForDelete(w.ctx(), "ada@mail.test"); err != nil {
			t.Error(err)
		}
	})
}

// testCancelledAnywhere: at whatever instant contexts end, the next transaction
// works, and what was acknowledged is there.
func testCancelledAnywhere(t *testing.T, w world) {
	w.user("ada@mail.test")
	acknowledged := 0
	for i := range 150 {
		ctx, cancel := context.WithTimeout(w.ctx(), time.Duration(i*10)*time.Microsecond)
		err := w.s.Write(ctx, func(tx *store.Tx) error {
			u, err := tx.LockUserByEmail(ctx, "ada@mail.test")
			if err != nil {
				return err
			}
			u.ProjectLimit++
			tx.UpdateUser(u)
			tx.Record(reeve.Change{Action: "test", Target: u.ID})
			return nil
		})
		cancel()
		if err == nil {
			acknowledged++
		} else if !reeve.IsKind(err, reeve.Unavailable) {
			t.Fatalf("after %d µs: %v", i*10, err)
		}
	}
	w.write(func(*store.Tx) {})
	u, err := w.s.UserByEmail(w.ctx(), "ada@mail.test")
	if err != nil || u.ProjectLimit < 10+acknowledged {
		t.Errorf("%d writes were acknowledged, the count is %d, %v", acknowledged, u.ProjectLimit-10, err)
	}
}

// testFailingWrites: failures of any sort cost no connection.
func testFailingWrites(t *testing.T, w world) {
	u := w.user("ada@mail.test")
	fail := []func(tx *store.Tx) error{
		func(tx *store.Tx) error { tx.CreateUser(u); return nil },
		func(tx *store.Tx) error { tx.CreateUser(u); _, err := tx.UserByEmail(w.ctx(), "x"); return err },
		func(tx *store.Tx) error { _, err := tx.LockUser(w.ctx(), newID()); return err },
		func(tx *store.Tx) error {
			tx.CreateAPIKey(reeve.APIKey{ProjectID: newID(), Secret: []byte{}})
			return nil
		},
		func(tx *store.Tx) error { tx.EraseUser(u.ID); return nil },
		func(tx *store.Tx) error { _, _ = tx.LockUser(w.ctx(), u.ID); return errStop },
	}
	for range connections + 1 {
		for i, fn := range fail {
			err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
				if i != 4 {
					tx.Record(reeve.Change{Action: "test"})
				}
				return fn(tx)
			})
			if err == nil {
				t.Errorf("failure %d succeeded", i)
			}
		}
	}
	ctx, cancel := context.WithTimeout(w.ctx(), 10*time.Second)
	defer cancel()
	if err := w.s.Ready(ctx); err != nil {
		t.Error(err)
	}
}
