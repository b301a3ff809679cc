package control_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// history is what is used over two months: in each phase after the first, some
// of it is for a month that is closed by then.
type history struct {
	first, second, third []reeve.UsageRecord
}

func randomRecords(chance *rand.Rand, n int, from, to time.Time) (out []reeve.UsageRecord) {
	for range n {
		r := reeve.UsageRecord{
			ProjectID: projectID(1 + byte(chance.IntN(6))), Meter: reeve.UsageMeters[chance.IntN(4)],
			At: from.Add(time.Duration(chance.Int64N(int64(to.Sub(from))/1000)) * 1000),
		}
		r.Value = 1 + chance.Int64N(map[reeve.UsageMeter]int64{
			reeve.UsageStorage: 200e9, reeve.UsageObjects: 1e6, reeve.UsageEgress: 3e9, reeve.UsageRequests: 100_000,
		}[r.Meter])
		if chance.IntN(3) == 0 {
			r.Bucket = "photos"
		}
		if chance.IntN(8) == 0 { // at the month's edges
			r.At = []time.Time{from, to.Add(-time.Microsecond)}[chance.IntN(2)]
		}
		out = append(out, r)
	}
	return out
}

func randomHistory(chance *rand.Rand) history {
	november, december := reeve.Month(202611), reeve.Month(202612)
	return history{
		first:  randomRecords(chance, 150, november.Start(), november.End()),
		second: append(randomRecords(chance, 100, december.Start(), december.End()), randomRecords(chance, 30, november.Start(), november.End())...),
		third:  append(randomRecords(chance, 20, november.Start(), december.End()), randomRecords(chance, 20, december.End(), reeve.Month(202701).End())...),
	}
}

// fund gives coupons and credits that do not suffice.
func (c *cloud) fund() {
	c.coupon(1, 1, 700, 2, time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC))
	c.coupon(2, 1, 400, 1, time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC))
	c.coupon(3, 2, 100_000_000, 12, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	c.credit(1, 1, 300)
	c.credit(2, 3, 555)
}

// play sends a history, in an order of chance, and closes the months by the
// function.
func (c *cloud) play(chance *rand.Rand, h history, closeMonth func(reeve.Month)) string {
	c.t.Helper()
	c.fund()
	for _, phase := range []struct {
		month   reeve.Month
		records []reeve.UsageRecord
	}{{202611, h.first}, {202612, h.second}, {202701, h.third}} {
		c.clock.set(phase.month.End())
		c.sendAnyhow(chance, phase.records)
		closeMonth(phase.month)
	}
	return text(c.t, c.statements())
}

// TestSameStatements: the same records, in any order, split and repeated
// anyhow, on either database and in any time zone, make the same statements,
// byte for byte, also where closing is interrupted and done by two at once.
func TestSameStatements(t *testing.T) {
	rounds := uint64(3)
	if testing.Short() {
		rounds = 1
	}
	for seed := range rounds {
		history := randomHistory(rand.New(rand.NewPCG(seed, 0)))
		var first string
		variant := uint64(0)
		storetest.EachConfig(t, func(t *testing.T, config store.Config) {
			for name, closing := range map[string]func(*testing.T, *cloud, *rand.Rand, reeve.Month){
				"plain":       func(_ *testing.T, c *cloud, _ *rand.Rand, m reeve.Month) { c.month(m) },
				"interrupted": closeInterrupted, "two at once": closeTwice,
			} {
				variant++
				chance := rand.New(rand.NewPCG(seed, variant))
				t.Run(name, func(t *testing.T) {
					fresh := config
					if variant > 1 {
						fresh = freshConfig(t, config)
					}
					c := newCloud(t, fresh)
					c.clock.zone = zone(t, []string{"UTC", "Europe/Warsaw", "America/New_York", "Pacific/Kiritimati"}[chance.IntN(4)])
					got := c.play(chance, history, func(m reeve.Month) { closing(t, c, chance, m) })
					if first == "" {
						first = got
					}
					if diff := cmp.Diff(first, got); diff != "" {
						t.Errorf("seed %d, variant %d (-first +this):\n%s", seed, variant, diff)
					}
				})
			}
		})
		if len(first) < 1000 {
			t.Errorf("hardly anything was billed: %s", first)
		}
	}
}

// freshConfig gives another database of a kind.
func freshConfig(t *testing.T, config store.Config) store.Config {
	if config.Postgres != "" {
		return storetest.ConfigPostgres(t)
	}
	return storetest.ConfigSQLite(t)
}

// closeInterrupted closes a month with calls that are given up at any instant,
// until one comes through.
func closeInterrupted(t *testing.T, c *cloud, chance *rand.Rand, month reeve.Month) {
	t.Helper()
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(c.ctx, time.Duration(chance.Int64N(int64(time.Duration(try)*4*time.Millisecond))))
		_, err := c.c.CloseMonth(ctx, month)
		cancel()
		switch {
		case err == nil:
			return
		case try > 500:
			t.Fatalf("the month is never closed: %v", err)
		case !reeve.IsKind(err, reeve.Unavailable) && !errors.Is(err, context.DeadlineExceeded):
			t.Fatalf("interrupted: %v", err)
		}
	}
}

// closeTwice has two replicas close a month at once.
func closeTwice(t *testing.T, c *cloud, _ *rand.Rand, month reeve.Month) {
	t.Helper()
	var group sync.WaitGroup
	counts := make([]control.ClosedMonth, 3)
	for i := range counts {
		replica := c.billing(t, 0)
		group.Go(func() {
			var err error
			if counts[i], err = replica.CloseMonth(c.ctx, month); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, got := range counts {
		same(t, "closed", counts[0], got, nil)
	}
}
