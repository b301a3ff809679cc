package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// admitting is a project with a key, and a gateway that asks about it.
type admitting struct {
	house
	project reeve.ID
	key     string
	gateway context.Context
}

func (h house) admitting() admitting {
	h.t.Helper()
	_, _, p := h.tenant(newID().String() + "@mail.test")
	_, ctx := h.leaseholder()
	_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
	h.check(err)
	return admitting{h, p.ID, key.Serialize(), ctx}
}

// ask verifies the key for an operation.
func (a admitting) ask(op macaroon.Op, cost int64) control.Verdict {
	a.t.Helper()
	v, err := a.c.VerifyKey(a.gateway, control.KeyCheck{Key: a.key, Op: op, Cost: cost})
	a.check(err)
	return v
}

// codes asks several times and gives how often each code came.
func (a admitting) codes(op macaroon.Op, costs ...int64) map[reeve.VerdictCode]int {
	a.t.Helper()
	out := map[reeve.VerdictCode]int{}
	for _, cost := range costs {
		out[a.ask(op, cost).Code]++
	}
	return out
}

func times(n int, cost int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = cost
	}
	return out
}

// TestAdmitRate: as many units are let in each second as the limit says, no
// more and no fewer.
func TestAdmitRate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for _, n := range []int64{1, 7, 100, 1000} {
			a := h.admitting()
			if v := a.ask(macaroon.OpList, 1); v.Rate != nil || v.Code != reeve.CodeValid {
				t.Errorf("without a limit: %+v", v)
			}
			h.limit(a.project, reeve.LimitsPatch{Rate: limit(n)})
			for range 3 {
				got := a.codes(macaroon.OpList, times(int(n)+20, 1)...)
				same(t, "one by one", map[reeve.VerdictCode]int{reeve.CodeValid: int(n), reeve.CodeRateLimited: 20}, got, nil)
				same(t, "charged", n, h.used(a.project, reeve.MeterRate).Committed, nil)
				h.clock.pass(time.Second)
			}
		}
	})
}

// TestAdmitCost: a request takes all that it costs or nothing.
func TestAdmitCost(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.admitting()
		h.limit(a.project, reeve.LimitsPatch{Rate: limit(10)})
		for _, step := range []struct {
			cost, left int64
			code       reeve.VerdictCode
		}{
			{0, 10, reeve.CodeValid},
			{11, 10, reeve.CodeRateLimited},
			{4, 6, reeve.CodeValid},
			{0, 6, reeve.CodeValid},
			{7, 6, reeve.CodeRateLimited},
			{6, 0, reeve.CodeValid},
			{1, 0, reeve.CodeRateLimited},
			{0, 0, reeve.CodeValid}, // looking is free
		} {
			v := a.ask(macaroon.OpList, step.cost)
			want := control.RateState{Limit: 10, Remaining: step.left, Reset: time.Second - 397_371*time.Microsecond}
			if v.Code != step.code || *v.Rate != want {
				t.Errorf("%+v: %s %+v", step, v.Code, *v.Rate)
			}
		}
		h.limit(a.project, reeve.LimitsPatch{Rate: limit(0)})
		same(t, "a limit of nothing", reeve.CodeRateLimited, a.ask(macaroon.OpList, 1).Code, nil)
		same(t, "looking at it", reeve.CodeValid, a.ask(macaroon.OpList, 0).Code, nil)
		h.limit(a.project, reeve.LimitsPatch{Rate: limit(20)})
		same(t, "raised, in the same second", map[reeve.VerdictCode]int{reeve.CodeValid: 10, reeve.CodeRateLimited: 1}, a.codes(macaroon.OpList, times(11, 1)...), nil)
	})
}

// TestAdmitBesideLeases: the rate is one, however it is taken; what a lease
// gives back can be taken at once.
func TestAdmitBesideLeases(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.admitting()
		h.limit(a.project, reeve.LimitsPatch{Rate: limit(100)})
		l, err := h.c.ReserveLease(a.gateway, lease(a.project, reeve.Amounts{Rate: 60}, 1500*time.Millisecond))
		h.check(err)
		same(t, "beside a lease", 40, a.codes(macaroon.OpList, times(50, 1)...)[reeve.CodeValid], nil)
		h.clock.pass(time.Second)
		same(t, "in the next second", 40, a.codes(macaroon.OpList, times(50, 1)...)[reeve.CodeValid], nil)
		h.check(h.c.SettleLease(a.gateway, l.ID, reeve.Amounts{Rate: 50}))
		same(t, "after it is settled", 10, a.codes(macaroon.OpList, times(50, 1)...)[reeve.CodeValid], nil)

		h.clock.pass(time.Second)
		_, err = h.c.ReserveLease(a.gateway, lease(a.project, reeve.Amounts{Rate: 60}, time.Second))
		h.check(err)
		h.clock.pass(2 * time.Second)
		same(t, "after one has lapsed", 100, a.codes(macaroon.OpList, times(150, 1)...)[reeve.CodeValid], nil)
		h.full("the lease's turn", a.gateway, a.project, reeve.MeterRate, 0)
	})
}

// TestAdmitUsage: who stores all that he may cannot write; whose egress is used
// up cannot read. Neither costs anything of the rate.
func TestAdmitUsage(t *testing.T) {
	for _, test := range []struct {
		meter        reeve.Meter
		hit, spared  macaroon.Op
		code         reeve.VerdictCode
		patch, zero  reeve.LimitsPatch
		nextMonth    reeve.VerdictCode
		amounts, one reeve.Amounts
	}{
		{
			reeve.MeterUsage, macaroon.OpWrite, macaroon.OpRead, reeve.CodeUsageExceeded,
			reeve.LimitsPatch{Usage: limit(10)},
			reeve.LimitsPatch{Usage: limit(0)},
			reeve.CodeUsageExceeded,
			reeve.Amounts{Usage: 9},
			reeve.Amounts{Usage: 1},
		},
		{
			reeve.MeterBandwidth, macaroon.OpRead, macaroon.OpWrite, reeve.CodeBandwidthExceeded,
			reeve.LimitsPatch{Bandwidth: limit(10)},
			reeve.LimitsPatch{Bandwidth: limit(0)},
			reeve.CodeValid,
			reeve.Amounts{Bandwidth: 9},
			reeve.Amounts{Bandwidth: 1},
		},
	} {
		t.Run(string(test.meter), func(t *testing.T) {
			each(t, func(t *testing.T, h house) {
				a := h.admitting()
				h.limit(a.project, reeve.LimitsPatch{Rate: limit(100)})
				code := func(what string, op macaroon.Op, want reeve.VerdictCode) {
					t.Helper()
					same(t, what, want, a.ask(op, 1).Code, nil)
				}
				code("no limit", test.hit, reeve.CodeValid)
				h.limit(a.project, test.patch)
				code("nothing used", test.hit, reeve.CodeValid)
				big, err := h.c.ReserveLease(a.gateway, lease(a.project, test.amounts, time.Second))
				h.check(err)
				code("nearly all is leased", test.hit, reeve.CodeValid)
				last, err := h.c.ReserveLease(a.gateway, lease(a.project, test.one, time.Second))
				h.check(err)
				before := a.ask(macaroon.OpList, 0).Rate.Remaining
				code("all is leased", test.hit, test.code)
				same(t, "rate", before, a.ask(macaroon.OpList, 0).Rate.Remaining, nil)
				for _, op := range []macaroon.Op{test.spared, macaroon.OpList, macaroon.OpDelete} {
					code("another operation", op, reeve.CodeValid)
				}
				h.check(h.c.SettleLease(a.gateway, big.ID, test.amounts))
				h.clock.pass(time.Hour)
				code("used for good", test.hit, test.code)
				h.check(h.c.ReleaseLease(a.gateway, last.ID))
				code("a little is free", test.hit, reeve.CodeValid)
				last, err = h.c.ReserveLease(a.gateway, lease(a.project, test.one, time.Second))
				h.check(err)
				h.check(h.c.SettleLease(a.gateway, last.ID, test.one))
				code("all is used", test.hit, test.code)
				h.clock.pass(31 * 24 * time.Hour)
				code("next month", test.hit, test.nextMonth)
				h.limit(a.project, test.zero)
				code("a limit of nothing", test.hit, test.code)
			})
		})
	}
}

// TestAdmitOnAnotherReplica: what one replica leases and which limits it sets,
// another knows within a second.
func TestAdmitOnAnotherReplica(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.admitting()
		other := a
		other.house = h.second()
		h.limit(a.project, reeve.LimitsPatch{Usage: limit(10), Rate: limit(100)})
		same(t, "nothing used", reeve.CodeValid, other.ask(macaroon.OpWrite, 1).Code, nil)
		_, err := h.c.ReserveLease(a.gateway, lease(a.project, reeve.Amounts{Usage: 10}, time.Minute))
		h.check(err)
		same(t, "here, at once", reeve.CodeUsageExceeded, a.ask(macaroon.OpWrite, 1).Code, nil)
		h.clock.pass(time.Second)
		same(t, "there, after a second", reeve.CodeUsageExceeded, other.ask(macaroon.OpWrite, 1).Code, nil)

		same(t, "a slice is taken", reeve.CodeValid, other.ask(macaroon.OpList, 1).Code, nil)
		h.limit(a.project, reeve.LimitsPatch{Rate: limit(20)})
		same(t, "lowered below it", reeve.CodeRateLimited, other.ask(macaroon.OpList, 1).Code, nil)
		h.clock.pass(time.Second)
		same(t, "in the next second", 20, other.codes(macaroon.OpList, times(30, 1)...)[reeve.CodeValid], nil)
	})
}

// TestDefaultLimits: the platform's limits are those of projects without their
// own, wherever a limit counts.
func TestDefaultLimits(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ring, err := control.NewKeyring(masterKey)
		h.check(err)
		defaults := reeve.Limits{Usage: reeve.LimitOf(10), Bandwidth: reeve.LimitOf(0), Rate: reeve.LimitOf(3), Buckets: reeve.LimitOf(1)}
		h.c = control.New(h.s, control.Settings{ProjectLimit: 10, PasswordHashing: 2, Keyring: ring, DefaultLimits: defaults})
		a := h.admitting()
		same(t, "rate", 3, a.codes(macaroon.OpList, times(5, 1)...)[reeve.CodeValid], nil)
		same(t, "shown", defaults, a.ask(macaroon.OpList, 0).Limits, nil)
		same(t, "bandwidth", reeve.CodeBandwidthExceeded, a.ask(macaroon.OpRead, 0).Code, nil)
		h.full("usage", a.gateway, a.project, reeve.MeterUsage, 10)
		h.check(h.c.TakeBucket(a.gateway, a.project, "a"))
		refused(t, "buckets", h.c.TakeBucket(a.gateway, a.project, "b"), reeve.Exhausted, "buckets limit reached: 1 of 1")
		h.limit(a.project, reeve.LimitsPatch{Rate: &reeve.Unlimited, Bandwidth: limit(5), Buckets: limit(2)})
		same(t, "own limits", reeve.CodeValid, a.ask(macaroon.OpRead, 9).Code, nil)
		h.check(h.c.TakeBucket(a.gateway, a.project, "b"))
	})
}

// TestAdmitWithoutDatabase: what the replica holds it gives out; nothing is let
// in that was not charged.
func TestAdmitWithoutDatabase(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	a := h.admitting()
	h.limit(a.project, reeve.LimitsPatch{Rate: limit(100)})
	taken := func(cost int64) error {
		_, _, err := control.TakeRate(a.gateway, h.c, a.project, cost, 100)
		return err
	}
	h.check(taken(1)) // and a slice of 24 more
	h.s.Close()
	h.check(taken(20))
	if err := taken(20); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("more than is held: %v", err)
	}
	h.check(taken(4)) // no unit was lost
	if err := taken(1); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("nothing is held: %v", err)
	}
	h.clock.pass(time.Second)
	if err := taken(1); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("another second: %v", err)
	}
}
