package storetest

import (
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
