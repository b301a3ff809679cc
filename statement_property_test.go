package reeve_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// TestStatementProperties: whatever was used, whoever pays and in whatever
// order it is told, coupons + credits + due = gross, nobody pays more than he
// has, and the statement is the same.
func TestStatementProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		s, err := reeve.NewStatement(in)
		if err != nil {
			t.Fatal(err)
		}
		checkStatement(t, in, s)
		shuffled := in
		shuffled.Usage = rapid.Permutation(in.Usage).Draw(t, "usage")
		shuffled.Coupons = rapid.Permutation(in.Coupons).Draw(t, "coupons")
		shuffled.Credits = rapid.Permutation(in.Credits).Draw(t, "credits")
		again, err := reeve.NewStatement(shuffled)
		if diff := cmp.Diff(s, again, bigInts); diff != "" || err != nil {
			t.Fatalf("in another order %v (-first +second):\n%s", err, diff)
		}
	})
}

func checkStatement(t *rapid.T, in reeve.StatementInput, s reeve.Statement) {
	var gross int64
	for _, line := range s.Lines {
		gross += line.Cents
		if line.Month == in.Month && (line.Cents < 0 || line.Quantity.Sign() <= 0) {
			t.Fatalf("a line of the month itself is negative: %+v", line)
		}
	}
	sums := map[reeve.SettlementKind]int64{}
	left := map[reeve.ID]int64{}
	for _, c := range in.Coupons {
		left[c.ID] = c.Remaining()
	}
	for _, c := range in.Credits {
		left[c.ID] = c.Remaining()
	}
	for _, part := range s.Settlements {
		sums[part.Kind] += part.Cents
		if left[part.SourceID] -= part.Cents; part.Cents == 0 || part.Cents > 0 && left[part.SourceID] < 0 || part.Cents < 0 && s.Gross >= 0 {
			t.Fatalf("a settlement of %+v leaves %d", part, left[part.SourceID])
		}
	}
	if s.Gross != gross || s.Coupons+s.Credits+s.Due != s.Gross || sums[reeve.SettledByCoupon] != s.Coupons || sums[reeve.SettledByCredit] != s.Credits {
		t.Fatalf("lines %d, settled %v: %+v", gross, sums, s)
	}
	given, ok := s.NewCredit()
	if s.Due < 0 || s.Coupons < 0 || s.Credits < min(s.Gross, 0) || ok != (s.Gross < 0) || ok && given.Amount != -s.Gross {
		t.Fatalf("%+v gives %+v", s, given)
	}
}

func drawInput(t *rapid.T) reeve.StatementInput {
	in := acme()
	in.Prices = always(list(drawPrices(t)...))
	quantity := func(m reeve.UsageMeter) reeve.Quantity {
		n := rapid.Int64Range(0, 1e6).Draw(t, string(m))
		if m.Gauge() {
			return reeve.Hold(n, time.Duration(rapid.IntRange(0, 720).Draw(t, "hours"))*time.Hour)
		}
		return reeve.Count(n)
	}
	for project := range rapid.IntRange(0, 4).Draw(t, "projects") {
		for _, month := range []reeve.Month{202611, 202610, 202512} {
			u := reeve.ProjectUsage{ProjectID: reeve.ID{byte(project)}, Month: month}
			for _, m := range reeve.UsageMeters {
				*u.Total.Of(m) = quantity(m)
				if before, priced := in.Prices(month).Of(m, month); month != in.Month && rapid.Bool().Draw(t, "billed") {
					billed := reeve.Billed{Quantity: quantity(m).Big(), Microcents: new(big.Int), Cents: new(big.Int)}
					if priced {
						billed.Microcents = before.Cost(billed.Quantity, month).Microcents
						billed.Cents = reeve.Cents(billed.Microcents)
					}
					if u.Billed == nil {
						u.Billed = map[reeve.UsageMeter]reeve.Billed{}
					}
					u.Billed[m] = billed
				}
			}
			in.Usage = append(in.Usage, u)
		}
	}
	moment := func() time.Time {
		return at("2026-09-15T00:00:00Z").AddDate(0, 0, rapid.IntRange(0, 90).Draw(t, "day"))
	}
	amount := func() int64 {
		return rapid.Int64Range(0, 1<<40).Draw(t, "amount") >> rapid.IntRange(0, 40).Draw(t, "less")
	}
	for id := range rapid.IntRange(0, 4).Draw(t, "number of coupons") {
		c := coupon(byte(id), "2026-11-01T00:00:00Z", amount(), 0)
		c.CreatedAt, c.Duration = moment(), rapid.Int64Range(1, 2).Draw(t, "duration")
		c.Applied = min(amount(), c.Amount)
		in.Coupons = append(in.Coupons, c)
	}
	for id := range rapid.IntRange(0, 4).Draw(t, "number of credits") {
		c := credit(byte(64+id), rapid.Int64Range(0, 2).Draw(t, "priority"), amount(), "")
		c.EffectiveAt = moment()
		if rapid.Bool().Draw(t, "expires") {
			end := moment()
			c.ExpiresAt = &end
		}
		in.Credits = append(in.Credits, c)
	}
	return in
}

// TestAdjustmentsTelescope: a month that is billed in steps, as its usage
// comes, is billed what it would have been at once, to the micro-cent, and in
// cents.
func TestAdjustmentsTelescope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := list(drawPrices(t)...)
		billed := map[reeve.UsageMeter]reeve.Billed{}
		var total reeve.UsageTotal
		for step := range rapid.IntRange(1, 4).Draw(t, "steps") {
			for _, m := range reeve.UsageMeters {
				// A correction may also take back.
				*total.Of(m) = reeve.Count(rapid.Int64Range(0, 1e12).Draw(t, string(m)))
			}
			in := acme()
			in.Month, in.Prices = in.Month.Add(step), always(l)
			in.Usage = []reeve.ProjectUsage{{ProjectID: reeve.ID{1}, Month: 202611, Total: total, Billed: billed}}
			s, err := reeve.NewStatement(in)
			if err != nil {
				t.Fatal(err)
			}
			next := map[reeve.UsageMeter]reeve.Billed{}
			for _, m := range reeve.UsageMeters {
				sum := reeve.Billed{Quantity: new(big.Int), Microcents: new(big.Int), Cents: new(big.Int)}
				if before, ok := billed[m]; ok {
					sum = before
				}
				for _, line := range s.Lines {
					if line.Meter == m {
						sum.Quantity = new(big.Int).Add(sum.Quantity, line.Quantity)
						sum.Microcents = new(big.Int).Add(sum.Microcents, line.Microcents)
						sum.Cents = new(big.Int).Add(sum.Cents, big.NewInt(line.Cents))
					}
				}
				next[m] = sum
			}
			billed = next
		}
		for _, m := range reeve.UsageMeters {
			want := new(big.Int)
			if p, ok := l.Of(m, 202611); ok {
				want = p.Cost(total.Of(m).Big(), 202611).Microcents
			}
			if billed[m].Microcents.Cmp(want) != 0 || billed[m].Quantity.Cmp(total.Of(m).Big()) != 0 {
				t.Fatalf("%s: billed %s for %s in steps, %s at once", m, billed[m].Microcents, billed[m].Quantity, want)
			}
			if cents := reeve.Cents(want); billed[m].Cents.Cmp(cents) != 0 {
				t.Fatalf("%s: billed %s cents in steps, %s at once", m, billed[m].Cents, cents)
			}
		}
	})
}
