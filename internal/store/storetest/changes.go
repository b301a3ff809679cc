package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// record writes changes in one transaction and numbers them.
func (w world) record(changes ...reeve.Change) {
	w.t.Helper()
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		for _, c := range changes {
			tx.Record(c)
		}
		return nil
	})
	if err == nil {
		err = w.s.NumberChanges(w.ctx())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// chain reads the whole log and checks that it is one chain from the anchor to
// the head.
func (w world) chain() []reeve.Change {
	w.t.Helper()
	number, hash, err := w.s.ChangeEnd(w.ctx(), "anchor")
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := w.s.ChangesAfter(w.ctx(), number, 100_000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		number++
		if hash = row.Chain(hash); row.Number != number || row.Hash != hash {
			w.t.Fatalf("the chain breaks at %d: %+v", number, row)
		}
	}
	head, headHash, err := w.s.ChangeEnd(w.ctx(), "head")
	if err != nil || head != number || headHash != hash {
		w.t.Fatalf("the chain ends at %d, the head is %d, %v", number, head, err)
	}
	return rows
}

func testChanges(t *testing.T, w world) {
	for _, end := range []string{"head", "anchor"} {
		number, hash, err := w.s.ChangeEnd(w.ctx(), end)
		same(t, end, reeve.ChangeHash{}, hash, err)
		same(t, end, 0, number, err)
	}
	if _, _, err := w.s.ChangeEnd(w.ctx(), "middle"); !reeve.IsKind(err, reeve.NotFound) {
		t.Errorf("no such end: %v", err)
	}
	before := w.s.Now()
	first := reeve.Change{
		Actor: "root", Action: "project.create", Target: newID(), After: reeve.Fields(`{"name":"ä😀<&>"}`),
		Reason: "because\nof it", RequestID: "r-1",
	}
	second := reeve.Change{Actor: "root", Action: "project.delete", Target: first.Target, Before: first.After}
	w.record(first, second)
	rows := w.chain()
	if len(rows) != 2 || rows[0].At.Before(before) || rows[0].At.After(w.s.Now()) {
		t.Fatalf("%+v", rows)
	}
	first.Number, first.At, first.Hash = 1, rows[0].At, rows[0].Hash
	second.Number, second.At, second.Hash = 2, rows[0].At, rows[1].Hash
	same(t, "rows", []reeve.Change{first, second}, rows, nil)
	w.record()
	w.chain()
}

func testChangeFilter(t *testing.T, w world) {
	one, two := newID(), newID()
	w.record(
		reeve.Change{Actor: "root", Action: "a.b", Target: one},
		reeve.Change{Actor: "root", Action: "a.c", Target: two},
		reeve.Change{Actor: "system", Action: "a.b", Target: two},
		reeve.Change{Actor: "system", Action: "a.c", Target: one},
	)
	for _, test := range []struct {
		filter store.ChangeFilter
		want   []int64
	}{
		{store.ChangeFilter{Limit: 9}, []int64{4, 3, 2, 1}},
		{store.ChangeFilter{Limit: 2}, []int64{4, 3}},
		{store.ChangeFilter{Limit: 9, Before: 3}, []int64{2, 1}},
		{store.ChangeFilter{Limit: 9, Before: 1}, nil},
		{store.ChangeFilter{Limit: 9, Actor: "root"}, []int64{2, 1}},
		{store.ChangeFilter{Limit: 9, Action: "a.b"}, []int64{3, 1}},
		{store.ChangeFilter{Limit: 9, Target: &one}, []int64{4, 1}},
		{store.ChangeFilter{Limit: 9, Target: &two, Actor: "system", Action: "a.b"}, []int64{3}},
		{store.ChangeFilter{Limit: 1, Target: &one, Before: 4}, []int64{1}},
		{store.ChangeFilter{Limit: 9, Actor: "Root"}, nil},
		{store.ChangeFilter{Limit: 9, Actor: "'; DROP TABLE changes; --"}, nil},
	} {
		rows, err := w.s.Changes(w.ctx(), test.filter)
		var got []int64
		for _, row := range rows {
			got = append(got, row.Number)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil || rows == nil {
			t.Errorf("%+v: %v (-want +got):\n%s", test.filter, err, diff)
		}
	}
}

// testChangeFields: both readers give every field of a row.
func testChangeFields(t *testing.T, w world) {
	w.record(reeve.Change{
		Actor: "root", Action: "a.b", Target: newID(), Before: reeve.Fields(`{}`), After: reeve.Fields(`{"b": [1, 2.50]}`),
		Reason: "reason", RequestID: "request",
	})
	up, err := w.s.ChangesAfter(w.ctx(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	down, err := w.s.Changes(w.ctx(), store.ChangeFilter{Limit: 1})
	same(t, "rows", up, down, err)
	if got := string(up[0].After); got != `{"b": [1, 2.50]}` {
		t.Errorf("the text of the fields became %s", got)
	}
}

// testNumbering: while writers change a few things, a reader that follows the
// log misses nothing and sees no gap, and the changes of each thing are in the
// order in which they happened.
func testNumbering(t *testing.T, w world) {
	const writers, rounds = 4, 25
	users := []reeve.User{w.user("0@mail.test"), w.user("1@mail.test"), w.user("2@mail.test")}
	var writing, reading sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			for i := range rounds {
				if err := w.count(users[(n+i)%len(users)].Email); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	reading.Go(func() {
		for last, over := int64(0), false; ; {
			select {
			case <-done:
				over = true
			default:
			}
			if err := w.s.NumberChanges(w.ctx()); err != nil {
				t.Error(err)
				return
			}
			rows, err := w.s.ChangesAfter(w.ctx(), last, 7)
			if err != nil {
				t.Error(err)
				return
			}
			for _, row := range rows {
				if last++; row.Number != last {
					t.Errorf("%d follows %d", row.Number, last-1)
					return
				}
			}
			if over && len(rows) == 0 {
				return
			}
		}
	})
	writing.Wait()
	close(done)
	reading.Wait()

	counts := map[reeve.ID]int{}
	rows := w.chain()
	for _, row := range rows[len(users):] {
		counts[row.Target]++
		if got, want := string(row.After), fmt.Sprintf(`{"n":%d}`, 10+counts[row.Target]); got != want {
			t.Errorf("change %d of %s is %s, want %s", row.Number, row.Target, got, want)
		}
	}
	if len(rows) != len(users)+writers*rounds {
		t.Errorf("%d rows", len(rows))
	}
}

// count increments a user's counter and records which number it got.
func (w world) count(email string) error {
	return w.s.Write(w.ctx(), func(tx *store.Tx) error {
		u, err := tx.LockUserByEmail(w.ctx(), email)
		if err != nil {
			return err
		}
		u.ProjectLimit++
		tx.UpdateUser(u)
		tx.Record(reeve.Change{Action: "test", Target: u.ID, After: reeve.Fields(fmt.Sprintf(`{"n":%d}`, u.ProjectLimit))})
		return nil
	})
}

// testManyChanges: one transaction may record more than is numbered at once.
func testManyChanges(t *testing.T, w world) {
	const many = 1201
	changes := make([]reeve.Change, many)
	for i := range changes {
		changes[i].Reason = fmt.Sprint(i)
	}
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		for _, c := range changes {
			tx.Record(c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.s.Dialect() != "sqlite" { // where a transaction numbers its own
		if err := w.s.NumberChanges(w.ctx()); err != nil {
			t.Fatal(err)
		}
	}
	rows := w.chain()
	if len(rows) != many {
		t.Fatalf("%d of %d", len(rows), many)
	}
	for i, row := range rows {
		if row.Reason != fmt.Sprint(i) {
			t.Fatalf("%d is the %sth", i, row.Reason)
		}
	}
}

// testRetention: old rows go from the oldest on, in batches, and what is left
// is a chain from the anchor.
func testRetention(t *testing.T, w world) {
	remove := func(limit int) (n int) {
		t.Helper()
		err := w.s.Write(w.ctx(), func(tx *store.Tx) (err error) {
			n, err = tx.DeleteChangesBefore(w.ctx(), w.s.Now(), limit)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	same(t, "nothing to remove", 0, remove(10), nil)
	w.record(reeve.Change{Reason: "1"}, reeve.Change{Reason: "2"}, reeve.Change{Reason: "3"})
	for w.s.Now().Equal(w.chain()[2].At) { // a row of this very microsecond is not old
	}
	same(t, "first batch", 2, remove(2), nil)
	rows := w.chain()
	if len(rows) != 1 || rows[0].Number != 3 || rows[0].Reason != "3" {
		t.Fatalf("%+v", rows)
	}
	same(t, "second batch", 1, remove(2), nil)
	same(t, "third batch", 0, remove(2), nil)
	if rows := w.chain(); len(rows) != 0 {
		t.Fatalf("%+v", rows)
	}
	w.record(reeve.Change{Reason: "4"})
	if rows := w.chain(); len(rows) != 1 || rows[0].Number != 4 {
		t.Fatalf("%+v", rows)
	}
}
