package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func (w world) lease(project, gateway reeve.ID, amounts reeve.Amounts, expires time.Time) reeve.Lease {
	w.t.Helper()
	l := reeve.Lease{ID: newID(), ProjectID: project, GatewayID: gateway, Amounts: amounts, ExpiresAt: expires, CreatedAt: epoch}
	w.write(func(tx *store.Tx) { tx.CreateLease(l) })
	return l
}

func testMeters(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	none, err := w.s.Meters(w.ctx(), p.ID)
	same(t, "none", store.MeterStates{}, none, err)
	want := store.MeterStates{
		reeve.MeterRate:      {Period: 1, Committed: 2, Leased: 3},
		reeve.MeterBandwidth: {Period: 202611, Committed: math.MaxInt64},
		reeve.MeterUsage:     {Leased: math.MaxInt64},
	}
	for range 2 { // inserted, then replaced
		w.write(func(tx *store.Tx) {
			for m, s := range want {
				tx.PutMeter(p.ID, m, s)
			}
		})
		got, err := w.s.Meters(w.ctx(), p.ID)
		same(t, "meters", want, got, err)
		want[reeve.MeterRate] = reeve.MeterState{Period: 4, Committed: 5, Leased: 6}
	}
	if err := w.try(func(tx *store.Tx) { tx.PutMeter(o.ID, reeve.MeterRate, reeve.MeterState{}) }); err == nil {
		t.Error("a meter of nothing")
	}
	w.write(func(tx *store.Tx) { tx.DeleteProject(p.ID) })
	none, err = w.s.Meters(w.ctx(), p.ID)
	same(t, "gone with the project", store.MeterStates{}, none, err)
}

func testLeases(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	g, stranger := w.gateway("edge"), w.gateway("stranger")
	all := w.lease(p.ID, g.ID, reeve.Amounts{Rate: 1, Bandwidth: math.MaxInt64, Usage: 3}, minute(1))
	one := w.lease(p.ID, g.ID, reeve.Amounts{Usage: 7}, minute(2))
	w.lease(other.ID, g.ID, reeve.Amounts{Rate: 1}, minute(3))
	w.lease(p.ID, stranger.ID, reeve.Amounts{Rate: 1}, minute(4))
	for _, want := range []reeve.Lease{all, one} {
		got, err := w.s.Lease(w.ctx(), want.ID, g.ID)
		same(t, "lease", want, got, err)
		w.in(func(tx *store.Tx) {
			got, err := tx.LockProjectOfLease(w.ctx(), want.ID, g.ID)
			same(t, "its project", p, got, err)
		})
	}
	for what, ids := range map[string][2]reeve.ID{"unknown": {newID(), g.ID}, "foreign": {all.ID, stranger.ID}} {
		_, err := w.s.Lease(w.ctx(), ids[0], ids[1])
		refused(t, what, err, reeve.NotFound, "lease not found")
		w.in(func(tx *store.Tx) {
			_, err := tx.LockProjectOfLease(w.ctx(), ids[0], ids[1])
			refused(t, what, err, reeve.NotFound, "lease not found")
		})
	}
	n, err := w.s.CountLeases(w.ctx(), p.ID, g.ID)
	same(t, "leases, not rows", 2, n, err)
	w.write(func(tx *store.Tx) { tx.DeleteLease(all.ID) })
	_, err = w.s.Lease(w.ctx(), all.ID, g.ID)
	refused(t, "settled", err, reeve.NotFound, "lease not found")
	n, err = w.s.CountLeases(w.ctx(), p.ID, g.ID)
	same(t, "left", 1, n, err)
	err = w.try(func(tx *store.Tx) {
		tx.CreateLease(reeve.Lease{ID: newID(), ProjectID: p.ID, GatewayID: newID(), Amounts: reeve.Amounts{Rate: 1}})
	})
	refused(t, "of no gateway", err, reeve.Unauthenticated, "Unauthorized")
}

// testLapse: of the leases of the rate those go that ended before a time, and
// those only.
func testLapse(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	g := w.gateway("edge")
	for i := range 4 {
		w.lease(p.ID, g.ID, reeve.Amounts{Rate: int64(1) << i, Usage: 5}, minute(i))
	}
	w.lease(other.ID, g.ID, reeve.Amounts{Rate: 100}, minute(0))
	page := func(before time.Time, after reeve.ID, limit int) []reeve.ID {
		ids, err := w.s.ProjectsWithRateLeases(w.ctx(), before, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	same(t, "projects", []reeve.ID{p.ID, other.ID}, page(minute(1), reeve.Zero, 5), nil) // made in this order
	same(t, "first", []reeve.ID{p.ID}, page(minute(1), reeve.Zero, 1), nil)
	same(t, "next", []reeve.ID{other.ID}, page(minute(1), p.ID, 1), nil)
	same(t, "none", []reeve.ID{}, page(minute(0), reeve.Zero, 5), nil)
	w.write(func(tx *store.Tx) {
		for _, want := range []int64{3, 0} {
			got, err := tx.DeleteRateLeases(w.ctx(), p.ID, minute(2))
			same(t, "lapsed", want, got, err)
		}
	})
	same(t, "left", []reeve.ID{p.ID, other.ID}, page(minute(4), reeve.Zero, 5), nil)
	w.write(func(tx *store.Tx) {
		got, err := tx.DeleteRateLeases(w.ctx(), p.ID, minute(9))
		same(t, "the rest", 12, got, err)
	})
	n, err := w.s.CountLeases(w.ctx(), p.ID, g.ID)
	same(t, "what they hold of the usage stays", 4, n, err)
}

// testGatewayLeases: what a gateway's leases hold can be taken over before it
// is deleted; of the rate it stays behind until it lapses.
func testGatewayLeases(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	rated, other := w.project(o), w.project(o)
	g, stranger := w.gateway("edge"), w.gateway("stranger")
	first := w.lease(p.ID, g.ID, reeve.Amounts{Rate: 1, Usage: 2}, minute(1))
	w.lease(rated.ID, g.ID, reeve.Amounts{Rate: 4}, minute(1))
	second := w.lease(other.ID, g.ID, reeve.Amounts{Bandwidth: 8}, minute(2))
	kept := w.lease(p.ID, stranger.ID, reeve.Amounts{Usage: 16}, minute(3))
	w.write(func(tx *store.Tx) {
		if _, err := tx.LockGatewayForDelete(w.ctx(), g.ID); err != nil {
			t.Fatal(err)
		}
		projects, err := tx.LockProjectsLeasedBy(w.ctx(), g.ID)
		same(t, "projects", []reeve.ID{p.ID, other.ID}, projects, err)
		taken, err := tx.TakeLeases(w.ctx(), p.ID, g.ID)
		first.Amounts.Rate = 0
		same(t, "taken", []reeve.Lease{first}, taken, err)
		taken, err = tx.TakeLeases(w.ctx(), other.ID, g.ID)
		same(t, "taken", []reeve.Lease{second}, taken, err)
		taken, err = tx.TakeLeases(w.ctx(), rated.ID, g.ID)
		same(t, "the rate's stays", []reeve.Lease{}, taken, err)
		tx.DeleteGateway(g.ID)
	})
	_, err := w.s.Lease(w.ctx(), first.ID, g.ID)
	refused(t, "nobody's", err, reeve.NotFound, "lease not found")
	got, err := w.s.Lease(w.ctx(), kept.ID, stranger.ID)
	same(t, "another gateway's", kept, got, err)
	w.write(func(tx *store.Tx) {
		for project, want := range map[reeve.ID]int64{p.ID: 1, rated.ID: 4} {
			got, err := tx.DeleteRateLeases(w.ctx(), project, minute(2))
			same(t, "lapsed", want, got, err)
		}
	})
}

func testBucketPlaces(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	for _, name := range []string{"a", "b"} {
		w.write(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: p.ID, Name: name, CreatedAt: epoch}) })
	}
	check := func(project reeve.ID, name string, there bool, count int64) {
		t.Helper()
		got, err := w.s.HasBucket(w.ctx(), project, name)
		same(t, name, there, got, err)
		n, err := w.s.CountBuckets(w.ctx(), project)
		same(t, "count", count, n, err)
	}
	check(p.ID, "a", true, 2)
	check(p.ID, "A", false, 2)
	check(other.ID, "a", false, 0)
	w.write(func(tx *store.Tx) { tx.DeleteBucket(other.ID, "a"); tx.DeleteBucket(p.ID, "a") })
	check(p.ID, "a", false, 1)
	check(p.ID, "b", true, 1)
}
