package control_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// second makes another replica: on SQLite, which has one process, another
// Control on the same store.
func (h house) second() house {
	h.t.Helper()
	if h.s.Dialect() != "sqlite" {
		config := h.config
		config.Now = h.clock.now
		h.s = storetest.Open(h.t, config)
	}
	h.c = newControl(h.t, h.s, masterKey)
	return h
}

const workers = 64

// crowd runs workers, half on each replica, until all are done.
func (h house) crowd(other house, work func(h house, chance *rand.Rand)) {
	var group sync.WaitGroup
	for i := range workers {
		replica := []house{h, other}[i%2]
		group.Go(func() { work(replica, rand.New(rand.NewPCG(uint64(i), 0))) })
	}
	group.Wait()
}

// TestRaceRate: two replicas and leases share one rate: while there is demand
// on both, each second lets in exactly the limit.
func TestRaceRate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		other := h.second()
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		for _, n := range []int64{10, 1000} {
			h.limit(p.ID, reeve.LimitsPatch{Rate: limit(n)})
			held, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: n / 5}, time.Hour))
			h.check(err)
			for range 2 {
				h.clock.pass(time.Second)
				var units atomic.Int64
				h.crowd(other, func(h house, chance *rand.Rand) {
					for _, cost := range []int64{1 + chance.Int64N(n/10), 1} { // the last ones one by one
						for ok := true; ok; {
							var err error
							if ok, _, err = control.TakeRate(ctx, h.c, p.ID, cost, n); ok {
								units.Add(cost)
							} else if err != nil {
								t.Error(err)
							}
						}
					}
				})
				same(t, "let in", n-n/5, units.Load(), nil)
			}
			h.check(h.c.ReleaseLease(ctx, held.ID))
		}
	})
}

// TestRaceLimitsHold: whatever 64 workers on two replicas reserve, settle and
// release, and however the limit moves, nothing is let in that goes over it.
func TestRaceLimitsHold(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		other := h.second()
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		set := func(n int64) {
			h.limit(p.ID, reeve.LimitsPatch{Usage: limit(n), Bandwidth: limit(n), Rate: limit(n), Buckets: limit(n)})
		}
		const high, low = 200, 40
		set(high)
		stop := make(chan struct{})
		var mover sync.WaitGroup
		mover.Go(func() {
			for lowered := false; ; lowered = !lowered {
				select {
				case <-stop:
					return
				default:
				}
				now := int64(high)
				if !lowered {
					now = low
				}
				set(now)
				bound := h.sum(p.ID) // who was over it may stay there, and go no further
				for m, n := range bound {
					bound[m] = max(n, now)
				}
				for range 5 {
					for m, n := range h.sum(p.ID) {
						if n > bound[m] {
							t.Errorf("%s: %d is used, at most %d may be", m, n, bound[m])
						}
					}
				}
			}
		})
		var charged [3]atomic.Int64
		h.crowd(other, func(h house, chance *rand.Rand) {
			for range 6 {
				h.holdAndSettle(ctx, p.ID, chance, &charged)
			}
		})
		close(stop)
		mover.Wait()
		for i, m := range reeve.Meters {
			same(t, string(m), reeve.MeterState{Period: m.Period(epoch), Committed: charged[i].Load()}, h.used(p.ID, m), nil)
		}
	})
}

// sum gives what counts against each limit.
func (h house) sum(project reeve.ID) map[reeve.Meter]int64 {
	out := map[reeve.Meter]int64{}
	for _, m := range reeve.Meters {
		out[m] = h.used(project, m).Used()
	}
	return out
}

// holdAndSettle takes a lease, if there is room, and settles it.
func (h house) holdAndSettle(ctx context.Context, project reeve.ID, chance *rand.Rand, charged *[3]atomic.Int64) {
	ask := reeve.Amounts{Rate: chance.Int64N(20), Bandwidth: chance.Int64N(20), Usage: 1 + chance.Int64N(20)}
	l, err := h.c.ReserveLease(ctx, lease(project, ask, time.Minute))
	if reeve.IsKind(err, reeve.Exhausted) {
		return
	}
	if err != nil {
		h.t.Error(err)
		return
	}
	var used reeve.Amounts
	if chance.IntN(2) == 0 {
		for i, m := range reeve.Meters {
			*used.Of(m) = min(chance.Int64N(2), *ask.Of(m))
			charged[i].Add(*used.Of(m))
		}
	}
	if err := h.c.SettleLease(ctx, l.ID, used); err != nil {
		h.t.Error(err)
	}
}

// TestRaceBuckets: of the places of a limit each is taken once.
func TestRaceBuckets(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		other := h.second()
		_, _, p := h.tenant(email("ada"))
		_, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Buckets: limit(5)})
		var taken atomic.Int64
		h.crowd(other, func(h house, chance *rand.Rand) {
			err := h.c.TakeBucket(ctx, p.ID, newID().String())
			if err == nil {
				taken.Add(1)
			} else if !reeve.IsKind(err, reeve.Exhausted) {
				h.t.Error(err)
			}
		})
		same(h.t, "taken", 5, taken.Load(), nil)
		n, err := h.s.CountBuckets(h.ctx, p.ID)
		same(h.t, "there", 5, n, err)
	})
}

// TestRaceBucketAndProject: no bucket is left without its project.
func TestRaceBucketAndProject(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, _, p := h.tenant(email("ada"))
		_, ctx := h.leaseholder()
		errs := race(
			func() error { return h.c.TakeBucket(ctx, p.ID, "b") },
			func() error { return h.c.DeleteProject(h.ctx, p.ID) },
			func() error {
				_, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Rate: 1}, time.Second))
				return err
			},
		)
		tally(h.t, errs, reeve.Conflict, reeve.NotFound)
		same(h.t, "bucket and deletion", true, (errs[0] == nil) != (errs[1] == nil), nil)
	})
}

// TestRaceSettle: a lease is settled once, however often that is tried.
func TestRaceSettle(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, _, p := h.tenant(email("ada"))
		_, ctx := h.leaseholder()
		l, err := h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Usage: 5, Bandwidth: 5}, time.Second))
		h.check(err)
		errs := race(repeat(4, func() error { return h.c.SettleLease(ctx, l.ID, reeve.Amounts{Usage: 3}) })...)
		same(h.t, "settled", 1, tally(h.t, errs, reeve.NotFound), nil)
		same(h.t, "usage", reeve.MeterState{Committed: 3}, h.used(p.ID, reeve.MeterUsage), nil)
	})
}

// TestRaceDeleteGateway: a lease that a gateway gets just when it is deleted is
// charged, or it does not get it.
func TestRaceDeleteGateway(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		second := h.project(o)
		id, ctx := h.leaseholder()
		projects := []reeve.ID{p.ID, second.ID}
		reserve := func(project reeve.ID) func() error {
			return func() error {
				_, err := h.c.ReserveLease(ctx, lease(project, reeve.Amounts{Usage: 2}, time.Second))
				return err
			}
		}
		errs := race(
			reserve(projects[0]), reserve(projects[1]), reserve(projects[0]), reserve(projects[1]),
			func() error { return h.c.DeleteGateway(h.ctx, id) },
		)
		tally(h.t, errs[:4], reeve.Unauthenticated)
		h.check(errs[4])
		for i, project := range projects {
			want := int64(0)
			for _, err := range []error{errs[i], errs[i+2]} {
				if err == nil {
					want += 2
				}
			}
			same(h.t, "charged", reeve.MeterState{Committed: want}, h.used(project, reeve.MeterUsage), nil)
		}
	})
}

// TestExhaustedAsksNobody: while a second lasts, requests that cannot fit do
// not reach the database.
func TestExhaustedAsksNobody(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	_, ctx := h.leaseholder()
	h.limit(p.ID, reeve.LimitsPatch{Rate: limit(5)})
	for range 5 {
		_, _, err := control.TakeRate(ctx, h.c, p.ID, 1, 5)
		h.check(err)
	}
	h.s.Close()
	for _, cost := range []int64{1, 3, 6} {
		if ok, _, err := control.TakeRate(ctx, h.c, p.ID, cost, 5); ok || err != nil {
			t.Errorf("cost %d: %v, %v", cost, ok, err)
		}
	}
	h.clock.pass(time.Second)
	if _, _, err := control.TakeRate(ctx, h.c, p.ID, 1, 5); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("in the next second: %v", err)
	}
}

// TestIdleProjectsAreForgotten: memory is for the projects in use.
func TestIdleProjectsAreForgotten(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	const inUse = 1000 // at a time
	for range 100 {
		for range inUse {
			if ok, _, err := control.TakeRate(t.Context(), h.c, newID(), 2, 1); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		h.clock.pass(time.Second)
	}
	if n := control.Admissions(h.c); n > 12*inUse {
		t.Errorf("%d projects are in memory", n)
	}
}

// TestWaitingEnds: who asks while the database is stuck waits no longer than
// the request may, and all get what they asked for once it works again.
func TestWaitingEnds(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Rate: limit(100)})
		stuck := errors.New("give the lock back")
		err := h.s.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockProject(ctx, p.ID); err != nil {
				return err
			}
			limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			if _, _, err := control.TakeRate(limited, h.c, p.ID, 1, 100); !reeve.IsKind(err, reeve.Unavailable) {
				t.Errorf("while the project is locked: %v", err)
			}
			return stuck
		})
		if !errors.Is(err, stuck) {
			t.Error(err)
		}
		for range 50 {
			ok, _, err := control.TakeRate(ctx, h.c, p.ID, 1, 100)
			same(t, "let in", true, ok, err)
		}
	})
}
