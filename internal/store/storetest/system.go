package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testDatabase(t *testing.T, w world) {
	db, err := w.s.Database(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if db.Kind != w.s.Dialect() || db.Version == "" || db.Schema < 13 || db.Schema != db.Newest || db.Size < 4096 || db.Answer <= 0 {
		t.Errorf("%+v", db)
	}
	if db.Pool.Most < 1 || db.Pool.Used+db.Pool.Idle < 1 || db.Pool.Used+db.Pool.Idle > db.Pool.Most {
		t.Errorf("pool %+v", db.Pool)
	}
}

func testBacklog(t *testing.T, w world) {
	got, err := w.s.Backlog(w.ctx())
	same(t, "empty", store.Backlog{}, got, err)
	w.write(func(tx *store.Tx) {
		for i := range 3 {
			tx.QueueMail(reeve.QueuedMail{ID: newID(), Kind: "reset", Subject: string(rune('a' + i)), NextAt: epoch, CreatedAt: epoch})
		}
	})
	if err := w.s.NumberChanges(w.ctx()); err != nil { // that of the write
		t.Fatal(err)
	}
	got, err = w.s.Backlog(w.ctx())
	same(t, "mails", store.Backlog{Mails: store.Count{N: 3}}, got, err)
}

func testChangeTimes(t *testing.T, w world) {
	w.user("ada@mail.test")
	w.user("bob@mail.test")
	if err := w.s.NumberChanges(w.ctx()); err != nil {
		t.Fatal(err)
	}
	got, err := w.s.ChangeTimes(w.ctx(), nil)
	same(t, "none", map[int64]time.Time{}, got, err)
	got, err = w.s.ChangeTimes(w.ctx(), []int64{2, 1, 99})
	if err != nil || len(got) != 2 || got[1].IsZero() || got[2].IsZero() {
		t.Errorf("%v %v", got, err)
	}
}

// testLeaseSums: what gateways hold, each by itself; ended leases of the rate
// hold nothing, and no sum overflows.
func testLeaseSums(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	g, other, idle := w.gateway("edge"), w.gateway("other"), w.gateway("idle")
	w.lease(p.ID, g.ID, reeve.Amounts{Rate: 1, Bandwidth: math.MaxInt64 - 1, Usage: 1<<31 - 1}, minute(1))
	w.lease(p.ID, g.ID, reeve.Amounts{Rate: 2, Usage: 1<<31 - 1}, minute(5))
	w.lease(p.ID, g.ID, reeve.Amounts{Rate: 8}, minute(1))
	w.lease(p.ID, other.ID, reeve.Amounts{Bandwidth: math.MaxInt64}, minute(5))
	w.lease(p.ID, other.ID, reeve.Amounts{Bandwidth: math.MaxInt64}, minute(5))
	none, err := w.s.LeasesOf(w.ctx(), nil, minute(2))
	same(t, "of nobody", map[reeve.ID]store.GatewayLeases{}, none, err)
	got, err := w.s.LeasesOf(w.ctx(), []reeve.ID{g.ID, other.ID, idle.ID}, minute(2))
	same(t, "sums", map[reeve.ID]store.GatewayLeases{
		g.ID:     {Leases: 2, Held: reeve.Amounts{Rate: 2, Bandwidth: math.MaxInt64 - 1, Usage: 1<<32 - 2}},
		other.ID: {Leases: 2, Held: reeve.Amounts{Bandwidth: math.MaxInt64}},
	}, got, err)
}
