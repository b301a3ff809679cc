package control_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// leaseholder makes a gateway and gives its id and its context.
func (h house) leaseholder() (reeve.ID, context.Context) {
	h.t.Helper()
	g, _, err := h.c.CreateGateway(h.ctx, "edge")
	h.check(err)
	return g.ID, as(h.t, reeve.Actor{Kind: reeve.GatewayProgram, ID: g.ID})
}

// limit sets limits of a project; nil ones stay.
func (h house) limit(project reeve.ID, patch reeve.LimitsPatch) {
	h.t.Helper()
	h.check(h.c.UpdateLimits(h.ctx, project, patch))
}

func limit(n int64) *reeve.Limit {
	l := reeve.LimitOf(n)
	return &l
}

func lease(project reeve.ID, amounts reeve.Amounts, ttl time.Duration) control.NewLease {
	return control.NewLease{ProjectID: project, TTL: ttl, Amounts: amounts}
}

// used gives what counts against a limit by now.
func (h house) used(project reeve.ID, m reeve.Meter) reeve.MeterState {
	h.t.Helper()
	states, err := h.s.Meters(h.ctx, project)
	h.check(err)
	out := states[m].At(m, h.s.Now())
	out.CommittedAt = 0
	return out
}

// full checks that exactly so much fits under a meter's limit, by asking.
func (h house) full(what string, ctx context.Context, project reeve.ID, m reeve.Meter, free int64) {
	h.t.Helper()
	var amounts reeve.Amounts
	*amounts.Of(m) = free + 1
	_, err := h.c.ReserveLease(ctx, lease(project, amounts, time.Second))
	if !reeve.IsKind(err, reeve.Exhausted) {
		h.t.Errorf("%s: one more than %d: %v", what, free, err)
	}
	if free == 0 {
		return
	}
	*amounts.Of(m) = free
	l, err := h.c.ReserveLease(ctx, lease(project, amounts, time.Second))
	if err != nil {
		h.t.Errorf("%s: %d do not fit: %v", what, free, err)
		return
	}
	h.check(h.c.ReleaseLease(ctx, l.ID))
}

// TestLease: what a lease holds counts, what it used stays, the rest is free.
func TestLease(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		id, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100), Bandwidth: limit(50), Rate: limit(10)})
		ask := lease(p.ID, reeve.Amounts{Rate: 4, Bandwidth: 20, Usage: 30}, 90*time.Second)
		l, err := h.c.ReserveLease(ctx, ask)
		same(t, "lease", reeve.Lease{
			ID: l.ID, ProjectID: p.ID, GatewayID: id, Amounts: ask.Amounts,
			ExpiresAt: epoch.Add(90 * time.Second), CreatedAt: epoch,
		}, l, err)
		h.full("rate", ctx, p.ID, reeve.MeterRate, 6)
		h.full("bandwidth", ctx, p.ID, reeve.MeterBandwidth, 30)
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 70)

		for _, bad := range []reeve.Amounts{{Rate: 5}, {Bandwidth: 21}, {Usage: 31}, {Usage: -1}} {
			if err := h.c.SettleLease(ctx, l.ID, bad); !reeve.IsKind(err, reeve.Invalid) {
				t.Errorf("settled with %+v: %v", bad, err)
			}
		}
		h.check(h.c.SettleLease(ctx, l.ID, reeve.Amounts{Rate: 3, Bandwidth: 20, Usage: 1}))
		refused(t, "again", h.c.SettleLease(ctx, l.ID, reeve.Amounts{}), reeve.NotFound, "lease not found")
		refused(t, "again", h.c.ReleaseLease(ctx, l.ID), reeve.NotFound, "lease not found")
		h.full("rate in the second of settlement", ctx, p.ID, reeve.MeterRate, 7)
		h.full("bandwidth", ctx, p.ID, reeve.MeterBandwidth, 30)
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 99)
		h.clock.pass(time.Second)
		h.full("rate in the next", ctx, p.ID, reeve.MeterRate, 10)
		h.clock.pass(31 * 24 * time.Hour)
		h.full("bandwidth in the next month", ctx, p.ID, reeve.MeterBandwidth, 50)
		h.full("usage for good", ctx, p.ID, reeve.MeterUsage, 99)
	})
}

// TestLeaseRefusals: all or nothing, for a gateway, of what there is.
func TestLeaseRefusals(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		_, stranger := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100), Rate: limit(10)})
		reserve := func(ctx context.Context, in control.NewLease) error {
			_, err := h.c.ReserveLease(ctx, in)
			return err
		}
		denied(t, "operator", reserve(h.ctx, lease(p.ID, reeve.Amounts{Rate: 1}, time.Second)))
		refused(t, "no project", reserve(ctx, lease(newID(), reeve.Amounts{Rate: 1}, time.Second)), reeve.NotFound, "project not found")
		for _, ttl := range []time.Duration{0, -1, time.Hour + 1} {
			refused(t, ttl.String(), reserve(ctx, lease(p.ID, reeve.Amounts{Rate: 1}, ttl)), reeve.Invalid, "ttl must be more than 0 and at most 3600 seconds")
		}
		refused(t, "nothing", reserve(ctx, lease(p.ID, reeve.Amounts{}, time.Second)), reeve.Invalid, "a lease must hold something of rate, bandwidth or usage")
		err := reserve(ctx, lease(p.ID, reeve.Amounts{Usage: 50, Bandwidth: 1, Rate: 11}, time.Second))
		refused(t, "too much of one", err, reeve.Exhausted, "rate limit reached: 10 left")
		if wait := reeve.AsError(err).RetryAfter; wait != time.Second {
			t.Errorf("retry after %s", wait)
		}
		err = reserve(ctx, lease(p.ID, reeve.Amounts{Usage: 101, Rate: 1}, time.Second))
		refused(t, "too much of another", err, reeve.Exhausted, "usage limit reached: 100 left")
		if wait := reeve.AsError(err).RetryAfter; wait != time.Minute {
			t.Errorf("retry after %s", wait)
		}
		h.full("nothing was taken", ctx, p.ID, reeve.MeterUsage, 100)
		h.full("nothing was taken", ctx, p.ID, reeve.MeterRate, 10)

		// Without a limit there is still an end to counting.
		h.check(reserve(ctx, lease(p.ID, reeve.Amounts{Bandwidth: math.MaxInt64 - 5}, time.Second)))
		refused(t, "overflow", reserve(ctx, lease(p.ID, reeve.Amounts{Bandwidth: 6}, time.Second)), reeve.Exhausted, "bandwidth limit reached: 5 left")

		l, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 1}, time.Second))
		h.check(err)
		refused(t, "foreign", h.c.SettleLease(stranger, l.ID, reeve.Amounts{}), reeve.NotFound, "lease not found")
		refused(t, "foreign", h.c.ReleaseLease(stranger, l.ID), reeve.NotFound, "lease not found")
		refused(t, "unknown", h.c.SettleLease(ctx, newID(), reeve.Amounts{}), reeve.NotFound, "lease not found")
	})
}

// TestLeaseLapses: a lease of the rate counts to the end of the second in which
// it ends; one of the others for ever, until it is settled.
func TestLeaseLapses(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100), Bandwidth: limit(50), Rate: limit(10)})
		l, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 4, Bandwidth: 20, Usage: 30}, 2*time.Second))
		h.check(err)
		rated, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 1}, 2*time.Second))
		h.check(err)
		h.clock.set(l.ExpiresAt)
		h.full("the instant it ends", ctx, p.ID, reeve.MeterRate, 5)
		h.clock.set(l.ExpiresAt.Truncate(time.Second).Add(time.Second - time.Microsecond))
		h.full("to the end of the second", ctx, p.ID, reeve.MeterRate, 5)
		h.clock.pass(time.Microsecond)
		h.full("and no longer", ctx, p.ID, reeve.MeterRate, 10)
		h.clock.pass(time.Hour)
		h.full("bandwidth is held", ctx, p.ID, reeve.MeterBandwidth, 30)
		h.full("usage is held", ctx, p.ID, reeve.MeterUsage, 70)
		refused(t, "a lapsed one", h.c.SettleLease(ctx, rated.ID, reeve.Amounts{Rate: 1}), reeve.NotFound, "lease not found")
		h.check(h.c.SettleLease(ctx, l.ID, reeve.Amounts{Rate: 4, Bandwidth: 1, Usage: 2}))
		h.full("the lapsed rate is not charged", ctx, p.ID, reeve.MeterRate, 10)
		h.full("bandwidth", ctx, p.ID, reeve.MeterBandwidth, 49)
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 98)

		// Held over the end of its month, and charged to that one only.
		l, err = h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Bandwidth: 20}, time.Second))
		h.check(err)
		h.clock.set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		h.full("next month", ctx, p.ID, reeve.MeterBandwidth, 30)
		h.check(h.c.SettleLease(ctx, l.ID, reeve.Amounts{Bandwidth: 20}))
		h.full("settled", ctx, p.ID, reeve.MeterBandwidth, 50)
	})
}

// TestLowerLimit: a limit below what is used lets nothing more in, and what is
// held can still be settled.
func TestLowerLimit(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100)})
		l, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Usage: 60}, time.Second))
		h.check(err)
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(50)})
		h.full("lowered", ctx, p.ID, reeve.MeterUsage, 0)
		h.check(h.c.SettleLease(ctx, l.ID, reeve.Amounts{Usage: 55}))
		h.full("settled", ctx, p.ID, reeve.MeterUsage, 0)
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(60)})
		h.full("raised", ctx, p.ID, reeve.MeterUsage, 5)
		h.limit(p.ID, reeve.LimitsPatch{Usage: &reeve.Unlimited})
		h.full("unlimited", ctx, p.ID, reeve.MeterUsage, math.MaxInt64-55)
	})
}

// TestDeleteGatewayCharges: nobody can settle a deleted gateway's leases, so
// that they count as used up; of the rate they lapse.
func TestDeleteGatewayCharges(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		other := h.project(o)
		id, ctx := h.leaseholder()
		_, second := h.leaseholder()
		for _, project := range []reeve.ID{p.ID, other.ID} {
			h.limit(project, reeve.LimitsPatch{Usage: limit(100), Bandwidth: limit(50), Rate: limit(10)})
		}
		l, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 4, Bandwidth: 20, Usage: 30}, time.Second))
		h.check(err)
		_, err = h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Usage: 1}, time.Second))
		h.check(err)
		_, err = h.c.ReserveLease(ctx, lease(other.ID, reeve.Amounts{Bandwidth: 3}, time.Second))
		h.check(err)
		kept, err := h.c.ReserveLease(second, lease(p.ID, reeve.Amounts{Usage: 2}, time.Second))
		h.check(err)
		h.check(h.c.DeleteGateway(h.ctx, id))

		for project, want := range map[reeve.ID]store.MeterStates{
			p.ID: {
				reeve.MeterUsage: {Committed: 31, Leased: 2, CommittedAt: epoch.UnixMicro()}, reeve.MeterBandwidth: {Period: 202611, Committed: 20},
				reeve.MeterRate: {Period: epoch.Unix(), Leased: 4},
			},
			other.ID: {reeve.MeterUsage: {}, reeve.MeterBandwidth: {Period: 202611, Committed: 3}},
		} {
			got, err := h.s.Meters(h.ctx, project)
			same(t, "charged", want, got, err)
		}
		refused(t, "settle", h.c.SettleLease(ctx, l.ID, reeve.Amounts{}), reeve.NotFound, "lease not found")
		_, err = h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Usage: 1}, time.Second))
		refused(t, "reserve", err, reeve.Unauthenticated, "Unauthorized")
		h.full("its rate is held", second, p.ID, reeve.MeterRate, 6)
		h.clock.pass(2 * time.Second)
		h.full("and lapses", second, p.ID, reeve.MeterRate, 10)
		h.check(h.c.ReleaseLease(second, kept.ID))
		h.full("another's", second, p.ID, reeve.MeterUsage, 69)
	})
}

// TestLapsedLeasesGo: what a project that nobody uses any more leaves behind is
// cleared away.
func TestLapsedLeasesGo(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		for range 3 {
			_, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 2, Usage: 1}, time.Second))
			h.check(err)
		}
		h.clock.pass(2 * time.Minute)
		running, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			h.c.Run(running, control.Retention{}, func(err error) { t.Error(err) })
			close(done)
		}()
		for h.used(p.ID, reeve.MeterRate).Leased != 0 {
			time.Sleep(time.Millisecond)
		}
		stop()
		<-done
		same(t, "usage is held", reeve.MeterState{Leased: 3}, h.used(p.ID, reeve.MeterUsage), nil)
	})
}

// TestManyLeases: a gateway cannot leave leases behind without end.
func TestManyLeases(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	id, ctx := h.leaseholder()
	h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
		for range 10_000 {
			tx.CreateLease(reeve.Lease{ID: newID(), ProjectID: p.ID, GatewayID: id, Amounts: reeve.Amounts{Usage: 1}})
		}
		tx.PutMeter(p.ID, reeve.MeterUsage, reeve.MeterState{Leased: 10_000})
		return nil
	}))
	_, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 1}, time.Second))
	refused(t, "one more", err, reeve.Exhausted, "10000 leases of the project are not settled")
	_, other := h.leaseholder()
	_, err = h.c.ReserveLease(other, lease(p.ID, reeve.Amounts{Rate: 1}, time.Second))
	h.check(err)
}

// TestBuckets: a bucket has its place until it is given back; both are in the
// log.
func TestBuckets(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		other := h.project(o)
		_, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Buckets: limit(2)})
		before := len(h.log(p.ID))
		for _, name := range []string{"a", "b", "a"} {
			h.check(h.c.TakeBucket(ctx, p.ID, name))
		}
		err := h.c.TakeBucket(ctx, p.ID, "c")
		refused(t, "full", err, reeve.Exhausted, "buckets limit reached: 2 of 2")
		if wait := reeve.AsError(err).RetryAfter; wait != time.Minute {
			t.Errorf("retry after %s", wait)
		}
		h.check(h.c.TakeBucket(ctx, other.ID, "c"))
		h.check(h.c.GiveBackBucket(ctx, p.ID, "a"))
		refused(t, "again", h.c.GiveBackBucket(ctx, p.ID, "a"), reeve.NotFound, "bucket not found")
		h.check(h.c.TakeBucket(ctx, p.ID, "c"))
		h.limit(p.ID, reeve.LimitsPatch{Buckets: limit(0)})
		h.check(h.c.TakeBucket(ctx, p.ID, "c")) // keeps its place
		refused(t, "no name", h.c.TakeBucket(ctx, p.ID, ""), reeve.Invalid, "bucket name is not set")
		refused(t, "no project", h.c.TakeBucket(ctx, newID(), "a"), reeve.NotFound, "project not found")
		refused(t, "no project", h.c.GiveBackBucket(ctx, newID(), "a"), reeve.NotFound, "project not found")
		denied(t, "operator", h.c.TakeBucket(h.ctx, p.ID, "a"))
		refused(t, "deletion", h.c.DeleteProject(h.ctx, p.ID), reeve.Conflict, "buckets still exist", "[b]")
		got := strings.Join(h.log(p.ID)[before:], "; ")
		want := `bucket.create  {"name":"a"}; bucket.create  {"name":"b"}; bucket.delete {"name":"a"}; ` +
			`bucket.create  {"name":"c"}; limits.update {"buckets":"2"} {"buckets":"0"}`
		same(t, "log", want, got, nil)
	})
}
