package storetest

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func (w world) gateway(name string) reeve.Gateway {
	w.t.Helper()
	g := reeve.Gateway{ID: newID(), Name: name, CreatedAt: epoch}
	w.write(func(tx *store.Tx) { tx.CreateGateway(g, reeve.TokenHash(slices.Repeat(g.ID[:], 2))) })
	return g
}

// fact writes what is no change of the model.
func (w world) fact(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.s.Write(w.ctx(), fn); err != nil {
		w.t.Error(err)
	}
}

func testUsageMarks(t *testing.T, w world) {
	g, other := w.gateway("g"), w.gateway("other")
	mark := store.UsageMark{GatewayID: g.ID, Stream: "a", Sequence: math.MaxInt64, Digest: [32]byte{0, 1, 0xff}, Reply: `[{"n":1}]`}
	lock := func(g reeve.ID, stream string, want store.UsageMark) {
		t.Helper()
		w.in(func(tx *store.Tx) {
			got, err := tx.LockUsageMark(w.ctx(), g, stream)
			same(t, "mark", want, got, err)
		})
	}
	w.fact(func(tx *store.Tx) error {
		_, err := tx.LockUsageMark(w.ctx(), g.ID, "a")
		tx.PutUsageMark(mark)
		return err
	})
	lock(g.ID, "a", mark)
	lock(g.ID, "", store.UsageMark{GatewayID: g.ID})
	lock(other.ID, "a", store.UsageMark{GatewayID: other.ID, Stream: "a"})
	w.in(func(tx *store.Tx) {
		_, err := tx.LockUsageMark(w.ctx(), newID(), "a")
		refused(t, "no gateway", err, reeve.NotFound, "gateway not found")
	})

	for want, before := range []time.Time{w.s.Now().Add(-time.Hour), w.s.Now().Add(time.Hour)} {
		w.fact(func(tx *store.Tx) error {
			removed, err := tx.DeleteUsageMarksBefore(w.ctx(), before, 10)
			if removed != want {
				t.Errorf("%d marks were removed, not %d", removed, want)
			}
			return err
		})
		if want == 0 {
			lock(g.ID, "a", mark)
		}
	}
	lock(g.ID, "a", store.UsageMark{GatewayID: g.ID, Stream: "a"})

	w.fact(func(tx *store.Tx) error {
		_, err := tx.LockUsageMark(w.ctx(), g.ID, "kept")
		return err
	})
	w.write(func(tx *store.Tx) { tx.DeleteGateway(g.ID) }) // its streams go along
	w.in(func(tx *store.Tx) {
		_, err := tx.LockUsageMark(w.ctx(), g.ID, "kept")
		refused(t, "deleted", err, reeve.NotFound, "gateway not found")
	})
}

// testAddUsage: sums are added to, in lists longer than one statement takes.
func testAddUsage(t *testing.T, w world) {
	u, o, _ := w.tenant("ada@mail.test")
	var ids []reeve.ID
	w.write(func(tx *store.Tx) {
		for range 211 {
			p := reeve.Project{ID: newID(), OrganizationID: o.ID, OwnerID: u.ID, ServiceAccountID: newID(), Name: "n", CreatedAt: epoch}
			tx.CreateProject(p)
			ids = append(ids, p.ID)
		}
	})
	stranger := newID()
	for range 2 {
		w.fact(func(tx *store.Tx) error {
			exists, err := tx.KeepProjects(w.ctx(), append([]reeve.ID{stranger}, ids...))
			if err != nil || len(exists) != len(ids) || exists[stranger] {
				t.Errorf("%d of %d projects exist, %v", len(exists), len(ids), err)
			}
			for i, id := range ids {
				tx.AddUsage(reeve.UsageTotal{ProjectID: id, Month: 202611, Storage: 1, Objects: 2, Egress: int64(i), Requests: 4})
				tx.AddUsage(reeve.UsageTotal{ProjectID: id, Month: 202612, Egress: 1})
			}
			return nil
		})
	}
	for month, rows := range map[reeve.Month]int{202611: 2 * len(ids), 202612: len(ids), 202701: 0} {
		totals, err := w.s.UsageTotalsSince(w.ctx(), month, ids)
		same(t, month.String(), rows, len(totals), err)
	}
	for i, id := range ids {
		got, err := w.s.UsageTotal(w.ctx(), id, 202611)
		same(t, "total", reeve.UsageTotal{ProjectID: id, Month: 202611, Storage: 2, Objects: 4, Egress: 2 * int64(i), Requests: 8}, got, err)
	}
	w.in(func(tx *store.Tx) {
		none, err := tx.KeepProjects(w.ctx(), nil)
		same(t, "of none", 0, len(none), err)
	})
}

// testKeepProjects: a project that is kept can be changed, and is not deleted
// before the transaction is over.
func testKeepProjects(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	locked, deleted := make(chan struct{}), make(chan error)
	go func() {
		<-locked
		ctx, cancel := context.WithTimeout(w.ctx(), 10*time.Second)
		defer cancel()
		deleted <- w.s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.LockProjectForDelete(ctx, p.ID)
			tx.DeleteProject(p.ID)
			tx.Record(reeve.Change{Actor: "test", Action: "test.write"})
			return err
		})
	}()
	w.fact(func(tx *store.Tx) error {
		exists, err := tx.KeepProjects(w.ctx(), []reeve.ID{p.ID})
		if !exists[p.ID] {
			t.Error("the project is not there")
		}
		close(locked)
		time.Sleep(50 * time.Millisecond)
		tx.AddUsage(reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: 1})
		return err
	})
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}
