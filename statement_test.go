package reeve_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

// cent is a list by which a request costs a cent, and a byte of egress a
// thousandth of one.
var cent = list(
	price(reeve.UsageRequests, 202001, "request", "", "1"),
	price(reeve.UsageEgress, 202001, "KB", "", "1"),
)

func always(l reeve.PriceList) func(reeve.Month) reeve.PriceList {
	return func(reeve.Month) reeve.PriceList { return l }
}

// acme is an empty input for an organisation's November.
func acme() reeve.StatementInput {
	return reeve.StatementInput{
		OrganizationID: reeve.ID{9}, OrganizationName: "Acme", OwnerID: reeve.ID{7}, Month: 202611,
		Status: reeve.StatementFinal, Prices: always(cent),
	}
}

func requests(project byte, month reeve.Month, n, billed int64) reeve.ProjectUsage {
	out := reeve.ProjectUsage{ProjectID: reeve.ID{project}, ProjectName: fmt.Sprint("p", project), Month: month}
	out.Total.Requests = reeve.Count(n)
	if billed != 0 {
		out.Billed = map[reeve.UsageMeter]reeve.Billed{
			reeve.UsageRequests: {Quantity: big.NewInt(billed), Microcents: big.NewInt(billed * reeve.MicrocentsInCent), Cents: big.NewInt(billed)},
		}
	}
	return out
}

func coupon(id byte, created string, amount, applied int64) reeve.Coupon {
	return reeve.Coupon{
		ID: reeve.ID{id}, UserID: reeve.ID{7}, Amount: amount, Applied: applied, Duration: 1,
		Description: fmt.Sprint("coupon ", id), CreatedAt: at(created),
	}
}

func credit(id byte, priority, amount int64, expires string) reeve.Credit {
	out := reeve.Credit{ID: reeve.ID{id}, OrganizationID: reeve.ID{9}, Priority: priority, Amount: amount, Description: fmt.Sprint("credit ", id)}
	if expires != "" {
		end := at(expires)
		out.ExpiresAt = &end
	}
	return out
}

// TestLines: what has a line, in what order, and what an adjustment bills.
func TestLines(t *testing.T) {
	in := acme()
	other := requests(2, 202611, 3, 0)
	other.Total.Egress, other.Total.Storage = reeve.Count(1499), reeve.Hold(5, time.Hour)
	in.Usage = []reeve.ProjectUsage{
		requests(3, 202611, 0, 0),
		requests(2, 202610, 9, 4), requests(2, 202608, 9, 9), requests(2, 202609, 4, 9),
		requests(1, 202610, 0, 2), other,
	}
	s, err := reeve.NewStatement(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range s.Lines {
		got = append(got, fmt.Sprint(line.ProjectName, " ", line.Month, " ", line.Meter, " ", line.Quantity, " ", line.Microcents, " ", line.Cents))
	}
	want := []string{
		"p1 2026-10 requests -2 -2000000 -2",
		"p2 2026-11 storage 18000000000 0 0", // of no price, and shown all the same
		"p2 2026-11 egress 1499 1499000 1",
		"p2 2026-11 requests 3 3000000 3",
		"p2 2026-09 requests -5 -5000000 -5",
		"p2 2026-10 requests 5 5000000 5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if s.Gross != 2 || s.Due != 2 || s.Status != reeve.StatementFinal || s.ID != reeve.StatementID(in.OrganizationID, in.Month) {
		t.Errorf("%+v", s)
	}
	if _, given := s.NewCredit(); given {
		t.Error("a credit is given")
	}
}

// TestAdjustmentPrice: an earlier month is billed at the price that it was
// closed with, tiers and free allowance included.
func TestAdjustmentPrice(t *testing.T) {
	in := acme()
	in.Prices = func(m reeve.Month) reeve.PriceList {
		if m == 202610 {
			return list(price(reeve.UsageRequests, 202601, "request", "5", "8:2", "3"))
		}
		return cent
	}
	late := requests(1, 202610, 10, 0)
	late.Billed = map[reeve.UsageMeter]reeve.Billed{reeve.UsageRequests: {Quantity: big.NewInt(6), Microcents: big.NewInt(2_000_000), Cents: big.NewInt(2)}}
	in.Usage = []reeve.ProjectUsage{late}
	s, err := reeve.NewStatement(in)
	if err != nil || s.Gross != 3*2+2*3-2 || s.Lines[0].Quantity.Int64() != 4 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestAdjustmentCents: late usage that comes to less than half a cent each time
// is billed when it makes a cent, and no month comes to more for being corrected.
func TestAdjustmentCents(t *testing.T) {
	for per, want := range map[string][]int64{
		"0.4": {0, 1, 0, 1, 0, 0, 1, 0, 1, 0}, // as 0.4, 0.8, 1.2, 1.6, 2, ... are rounded
		"0.6": {1, 0, 1, 0, 1, 1, 0, 1, 0, 1},
	} {
		before := reeve.Billed{Quantity: new(big.Int), Microcents: new(big.Int), Cents: new(big.Int)}
		var got []int64
		for step := range 10 {
			in := acme()
			in.Month = in.Month.Add(step)
			in.Prices = always(list(price(reeve.UsageRequests, 202001, "request", "", per)))
			usage := requests(1, 202611, int64(step+1), 0)
			usage.Billed = map[reeve.UsageMeter]reeve.Billed{reeve.UsageRequests: before}
			in.Usage = []reeve.ProjectUsage{usage}
			s, err := reeve.NewStatement(in)
			if err != nil {
				t.Fatal(err)
			}
			line := s.Lines[0]
			got = append(got, line.Cents)
			before.Quantity.Add(before.Quantity, line.Quantity)
			before.Microcents.Add(before.Microcents, line.Microcents)
			before.Cents.Add(before.Cents, big.NewInt(line.Cents))
		}
		if !slices.Equal(want, got) {
			t.Errorf("at %s cents a request: %d, want %d", per, got, want)
		}
	}
}

// TestVoidBilled: of what is void nothing is given back, and what is more than
// that is billed.
func TestVoidBilled(t *testing.T) {
	for total, want := range map[int64]int64{0: 0, 6: 0, 7: 0, 9: 2} {
		in := acme()
		usage := requests(1, 202610, total, 7)
		void := usage.Billed[reeve.UsageRequests]
		void.Void = true
		usage.Billed[reeve.UsageRequests] = void
		in.Usage = []reeve.ProjectUsage{usage}
		s, err := reeve.NewStatement(in)
		if err != nil || s.Gross != want || len(s.Lines) != int(min(want, 1)) {
			t.Errorf("of %d: %+v, %v", total, s, err)
		}
	}
}

// TestStatementSettles: who pays, in what order.
func TestStatementSettles(t *testing.T) {
	october, foreign := coupon(1, "2026-10-31T23:00:00Z", 10, 3), coupon(9, "2026-10-01T00:00:00Z", 99, 0)
	foreign.UserID = reeve.ID{8}
	november1, november2 := coupon(3, "2026-11-01T00:00:00Z", 5, 0), coupon(2, "2026-11-01T00:00:00Z", 5, 0)
	september, december := coupon(4, "2026-09-30T00:00:00Z", 99, 0), coupon(5, "2026-12-01T00:00:00Z", 2, 0)
	void, elsewhere, early := credit(25, -9, 99, ""), credit(26, -9, 99, ""), credit(24, 2, 4, "2027-01-01T00:00:00Z")
	void.VoidedAt, elsewhere.OrganizationID = &time.Time{}, reeve.ID{8}
	early.EffectiveAt = at("2026-10-31T00:00:00Z")
	late := credit(23, 2, 4, "2027-01-01T00:00:00Z")
	late.EffectiveAt = at("2026-11-30T00:00:00Z")
	in := acme()
	in.Coupons = []reeve.Coupon{december, november1, foreign, october, september, november2}
	in.Credits = []reeve.Credit{
		void, elsewhere, late, early, credit(22, 2, 4, ""), credit(21, 2, 4, "2026-12-01T00:00:00Z"), credit(20, 1, 4, ""),
		credit(27, -9, 99, "2026-11-01T00:00:00Z"),
	}
	all := []string{
		"coupon 1 7", "coupon 2 5", "coupon 3 5", "coupon 5 2",
		"credit 20 4", "credit 21 4", "credit 24 4", "credit 23 4", "credit 22 4",
	}
	for gross, want := range map[int64]struct {
		parts                 []string
		coupons, credits, due int64
	}{
		0:  {nil, 0, 0, 0},
		7:  {all[:1], 7, 0, 0},
		8:  {[]string{"coupon 1 7", "coupon 2 1"}, 8, 0, 0},
		17: {all[:3], 17, 0, 0},
		19: {all[:4], 19, 0, 0},
		28: {append(slices.Clone(all[:6]), "credit 24 1"), 19, 9, 0},
		39: {all, 19, 20, 0},
		52: {all, 19, 20, 13},
	} {
		in.Usage = []reeve.ProjectUsage{requests(1, 202611, gross, 0)}
		s, err := reeve.NewStatement(in)
		var parts []string
		for _, part := range s.Settlements {
			parts = append(parts, fmt.Sprint(part.Description, " ", part.Cents))
		}
		if diff := cmp.Diff(want.parts, parts); diff != "" || err != nil || s.Coupons != want.coupons || s.Credits != want.credits || s.Due != want.due {
			t.Errorf("of %d: coupons %d, credits %d, due %d, %v (-want +got):\n%s", gross, s.Coupons, s.Credits, s.Due, err, diff)
		}
	}
}

// TestNegative: what comes to less than nothing becomes a credit, always the
// same one, and uses up nobody's coupon.
func TestNegative(t *testing.T) {
	in := acme()
	in.Usage = []reeve.ProjectUsage{requests(1, 202610, 2, 9), requests(1, 202611, 3, 0)}
	in.Coupons = []reeve.Coupon{coupon(1, "2026-11-01T00:00:00Z", 5, 0)}
	s, err := reeve.NewStatement(in)
	if err != nil || s.Gross != -4 || s.Coupons != 0 || s.Credits != -4 || s.Due != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	got, given := s.NewCredit()
	want := reeve.Credit{
		ID: got.ID, OrganizationID: in.OrganizationID, Amount: 4, Description: "correction of earlier months in 2026-11",
		EffectiveAt: at("2026-12-01T00:00:00Z"), CreatedAt: at("2026-12-01T00:00:00Z"),
	}
	if diff := cmp.Diff(want, got); !given || diff != "" || got.ID == s.ID || got.ID == reeve.Zero {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !got.UsableIn(in.Month.Add(1)) {
		t.Error("it does not pay for the next month")
	}
	again, err := reeve.NewStatement(in)
	if diff := cmp.Diff(s, again, bigInts); diff != "" || err != nil {
		t.Errorf("again %v (-first +second):\n%s", err, diff)
	}
}

// TestTooMuch: what does not fit is refused, and never wraps.
func TestTooMuch(t *testing.T) {
	most, err := reeve.QuantityFromBytes(slices.Repeat([]byte{0xff}, 16))
	if err != nil {
		t.Fatal(err)
	}
	one := func(total int64) reeve.ProjectUsage { return requests(1, 202611, total, 0) }
	full := one(0)
	full.Total.Requests = most
	negative := requests(1, 202610, 0, 1)
	negative.Billed[reeve.UsageRequests].Cents.Neg(big.NewInt(math.MinInt64))
	unbillable := requests(1, 202610, 0, 1)
	unbillable.Billed[reeve.UsageRequests].Cents.Lsh(big.NewInt(1), 200)
	for name, test := range map[string]struct {
		usage []reeve.ProjectUsage
		fits  bool
	}{
		"the most that fits":      {[]reeve.ProjectUsage{one(math.MaxInt64)}, true},
		"a line more than fits":   {[]reeve.ProjectUsage{full}, false},
		"lines' sum does not fit": {[]reeve.ProjectUsage{one(math.MaxInt64), requests(2, 202611, 1, 0)}, false},
		"whose negative does not": {[]reeve.ProjectUsage{negative}, false},
		"nor a negative line":     {[]reeve.ProjectUsage{unbillable}, false},
	} {
		in := acme()
		in.Usage = test.usage
		s, err := reeve.NewStatement(in)
		if test.fits && (err != nil || s.Gross != math.MaxInt64 || s.Due != math.MaxInt64) || !test.fits && !reeve.IsKind(err, reeve.Conflict) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if got := most.Add(reeve.Count(1)); got != most {
		t.Errorf("one more than the most is %s", got)
	}
}

// TestContradictions: an input that says a thing twice is nobody's month.
func TestContradictions(t *testing.T) {
	for name, spoil := range map[string]func(*reeve.StatementInput){
		"usage twice": func(in *reeve.StatementInput) { in.Usage = append(in.Usage, requests(1, 202611, 2, 0)) },
		"later usage": func(in *reeve.StatementInput) { in.Usage = append(in.Usage, requests(2, 202612, 2, 0)) },
		"coupon twice": func(in *reeve.StatementInput) {
			in.Coupons = slices.Repeat([]reeve.Coupon{coupon(1, "2026-11-01T00:00:00Z", 5, 0)}, 2)
		},
		"credit twice": func(in *reeve.StatementInput) { in.Credits = slices.Repeat([]reeve.Credit{credit(1, 0, 5, "")}, 2) },
	} {
		in := acme()
		in.Usage = []reeve.ProjectUsage{requests(1, 202611, 1, 0)}
		spoil(&in)
		if s, err := reeve.NewStatement(in); !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestStatementID: the id depends on organisation and month and nothing else,
// and its time is the month's end.
func TestStatementID(t *testing.T) {
	const want = "01a22ee6-b000-783f-9094-ee8e5ddf5c2f"
	if got := reeve.StatementID(reeve.ID{9}, 202611).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	seen := map[reeve.ID]bool{}
	for _, organization := range []reeve.ID{{9}, {8}} {
		for _, month := range []reeve.Month{202610, 202611} {
			seen[reeve.StatementID(organization, month)] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d ids for 4 statements", len(seen))
	}
}
