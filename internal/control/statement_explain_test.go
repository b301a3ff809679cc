package control_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// explained checks that what is told of each line comes to the line, and the
// hours to all that it knows of.
func (c *cloud) explained(organization byte, month reeve.Month) {
	c.t.Helper()
	s, lines, err := c.c.ExplainStatement(c.ctx, reeve.StatementID(organizationID(organization), month), 0)
	if reeve.IsKind(err, reeve.NotFound) {
		return // nothing was used
	}
	c.check(err)
	if len(lines) != len(s.Lines) {
		c.t.Fatalf("%d of %d lines are explained", len(lines), len(s.Lines))
	}
	for i, l := range lines {
		line := s.Lines[i]
		what := fmt.Sprintf("%s line %d: %s of %s", s.Month, l.Number, line.Meter, line.Month)
		hours, cost, quantity := new(big.Int), new(big.Int), new(big.Int)
		for _, r := range l.Records {
			hours.Add(hours, r.Quantity.Big())
		}
		for _, tier := range l.Cost.Tiers {
			cost.Add(cost, tier.Microcents)
		}
		same(c.t, what+" hours", l.Total.String(), hours.String(), nil)
		same(c.t, what+" cost", line.Microcents.String(), cost.Sub(cost, l.BilledMicrocents).String(), nil)
		same(c.t, what+" quantity", line.Quantity.String(), quantity.Sub(l.Total, l.BilledQuantity).String(), nil)
		same(c.t, what+" adjusts", line.Month != s.Month || l.BilledQuantity.Sign() == 0, true, nil)
	}
}

// TestExplain: statements of random usage, late too, are explained to the last
// microsecond and micro-cent, as drafts and when they are final.
func TestExplain(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		chance := rand.New(rand.NewPCG(seed, 0))
		c := newCloud(t, config)
		usage := randomHistory(chance)
		november, december := reeve.Month(202611), reeve.Month(202612)
		all := func(month reeve.Month) {
			t.Helper()
			c.check(control.DrainUsage(c.c, t.Context()))
			for n := byte(1); n <= 3; n++ {
				c.explained(n, month)
			}
		}
		c.clock.set(november.End().Add(time.Hour))
		c.sendAnyhow(chance, usage.first)
		all(november)
		c.month(november)
		all(november)
		c.clock.set(december.End().Add(time.Hour))
		c.sendAnyhow(chance, usage.second)
		all(december)
		c.month(december)
		all(december)
	})
}

// TestExplainLimits: what is behind a statement is told as far as memory goes.
func TestExplainLimits(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		month := reeve.MonthOf(epoch)
		var records []reeve.UsageRecord
		for n := range 100 {
			for _, at := range []time.Time{month.Start(), epoch} {
				records = append(records, reeve.UsageRecord{ProjectID: p.ID, Bucket: fmt.Sprint(n), Meter: reeve.UsageObjects, At: at, Value: 1})
			}
		}
		records = append(records, reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: epoch, Value: 7})
		h.sent("g", records)
		h.clock.set(month.End())
		id := reeve.StatementID(o.ID, month)
		explain := func(number int) error {
			_, _, err := h.c.ExplainStatement(h.ctx, id, number)
			return err
		}
		refused(t, "all", explain(0), reeve.Invalid, "there is too much behind the statement: have one line explained, by its number")
		refused(t, "objects", explain(1), reeve.Invalid, "there is too much behind the line: see the usage of the project's buckets")
		_, lines, err := h.c.ExplainStatement(h.ctx, id, 2)
		want := []control.HourRecord{{At: epoch.Truncate(time.Hour), Quantity: reeve.Count(7)}}
		same(t, "egress", want, lines[0].Records, err)
		same(t, "without a price", true, lines[0].Price == nil, nil)
		refused(t, "no such line", explain(3), reeve.Invalid, "the statement has no line 3")
		refused(t, "no such line", explain(-1), reeve.Invalid, "the statement has no line -1")
		_, _, err = h.c.ExplainStatement(h.ctx, newID(), 9)
		refused(t, "unknown", err, reeve.NotFound, "statement not found")
		_, foreign, _ := h.tenant("bob@mail.test")
		_, _, err = h.c.ExplainStatement(h.keyholder(foreign, reeve.RoleAdmin), id, 9)
		denied(t, "another's", err)
	})
	for text, want := range map[string]int{"": 0, "true": 0, "1": 1, "40000": 40_000} {
		number, explain, err := control.ParseExplain(&text)
		if err != nil || !explain || number != want {
			t.Errorf("%q: %d, %v, %v", text, number, explain, err)
		}
	}
	for _, text := range []string{"0", "-1", "yes", "1.5"} {
		_, _, err := control.ParseExplain(&text)
		refused(t, text, err, reeve.Invalid, "explain must be true, false or the number of a line")
	}
}
