package reeve_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// gaugeAt is a sample at so many hours of a month.
func gaugeAt(month reeve.Month, hours float64, value int64) reeve.Sample {
	return reeve.Sample{At: month.Start().Add(time.Duration(hours * float64(time.Hour))), Value: value}
}

// daily holds a value all month: a sample at the start of each day.
func daily(month reeve.Month, value int64) (out []reeve.Sample) {
	for hour := int64(0); hour < month.Hours(); hour += 24 {
		out = append(out, gaugeAt(month, float64(hour), value))
	}
	return out
}

// TestGaugeMonth: what a month's samples come to, in unit-hours.
func TestGaugeMonth(t *testing.T) {
	const month, leap, common = reeve.Month(202611), reeve.Month(202802), reeve.Month(202702)
	none, end := reeve.Sample{}, 10_000.0
	before := func(hours float64, value int64) reeve.Sample { return gaugeAt(month, -hours, value) }
	at := func(hours float64, value int64) reeve.Sample { return gaugeAt(month, hours, value) }
	for _, test := range []struct {
		what    string
		month   reeve.Month
		opening reeve.Sample
		samples []reeve.Sample
		hours   float64 // of the month when it is asked
		want    int64
	}{
		{"nothing", month, none, nil, end, 0},
		{"one sample holds for a day", month, none, []reeve.Sample{at(10, 3)}, end, 3 * 24},
		{"not as long yet", month, none, []reeve.Sample{at(10, 3)}, 14, 3 * 4},
		{"a day later", month, none, []reeve.Sample{at(10, 3)}, 34, 3 * 24},
		{"before it", month, none, []reeve.Sample{at(10, 3)}, 9, 0},
		{"between two it holds longer", month, none, []reeve.Sample{at(0, 2), at(100, 5)}, end, 2*100 + 5*24},
		{"a zero ends it", month, none, []reeve.Sample{at(0, 2), at(5, 0)}, end, 2 * 5},
		{"not past the month's end", month, none, []reeve.Sample{at(710, 7)}, end, 7 * 10},
		{"a day before the end", month, none, []reeve.Sample{at(696, 7)}, end, 7 * 24},
		{"of two at a time the larger, first", month, none, []reeve.Sample{at(0, 9), at(0, 4), at(1, 0)}, end, 9},
		{"of two at a time the larger, last", month, none, []reeve.Sample{at(0, 4), at(0, 9), at(1, 0)}, end, 9},
		{"two at the end", month, none, []reeve.Sample{at(0, 1), at(2, 4), at(2, 9), at(2, 5)}, 3, 2 + 9},
		{"an opening until the first sample", month, before(100, 6), []reeve.Sample{at(48, 1)}, end, 6*48 + 24},
		{"an opening and a sample at the start", month, before(1, 6), []reeve.Sample{at(0, 1)}, end, 24},
		{"an opening alone, for its own day", month, before(4, 6), nil, end, 6 * 20},
		{"so far", month, before(4, 6), nil, 3, 6 * 3},
		{"an opening a day ago", month, before(24, 6), nil, end, 0},
		{"an opening long ago", month, before(500, 6), nil, end, 0},
		{"an opening of nothing", month, before(1, 0), []reeve.Sample{at(10, 2)}, end, 48},
		{"a leap February", leap, none, daily(leap, 1), end, 29 * 24},
		{"another February", common, none, daily(common, 1), end, 28 * 24},
		{"31 days", 202612, none, daily(202612, 1), end, 31 * 24},
		{"the first of a leap February's last day", leap, none, []reeve.Sample{gaugeAt(leap, 28*24, 1)}, end, 24},
		{"February's end", common, none, []reeve.Sample{gaugeAt(common, 27.5*24, 2)}, end, 2 * 12},
		{"over the year's end", 202701, gaugeAt(202612, 743, 5), []reeve.Sample{gaugeAt(202701, 12, 0)}, end, 5 * 12},
	} {
		t.Run(test.what, func(t *testing.T) {
			var gauge reeve.GaugeMonth
			for _, s := range test.samples {
				gauge = gauge.Add(s)
			}
			asked := gaugeAt(test.month, test.hours, 0).At
			total := gauge.Total(test.opening, test.month, asked)
			holds(t, "total", unitHours(test.want), total)
			var spans reeve.Quantity
			reeve.EachSpan(test.samples, test.opening, test.month, asked, func(value int64, from, to time.Time) {
				spans = spans.Add(reeve.Hold(value, to.Sub(from)))
			})
			holds(t, "spans", unitHours(test.want), spans)
		})
	}
}

func unitHours(n int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(n), big.NewInt(time.Hour.Microseconds()))
}

// TestGaugeMonthFields: a month keeps its first sample's time, its last sample
// and what lies between, and the one before it is as it was.
func TestGaugeMonthFields(t *testing.T) {
	const month = reeve.Month(202611)
	first := reeve.GaugeMonth{}.Add(gaugeAt(month, 1, 5))
	second := first.Add(gaugeAt(month, 1, 7)).Add(gaugeAt(month, 3, 2))
	at := gaugeAt(month, 1, 0).At
	same(t, "one", reeve.GaugeMonth{First: at, Last: gaugeAt(month, 1, 5)}, first)
	same(t, "three", reeve.GaugeMonth{First: at, Last: gaugeAt(month, 3, 2), Held: reeve.Hold(7, 2*time.Hour)}, second)
}

func same[T comparable](t *testing.T, what string, want, got T) {
	t.Helper()
	if want != got {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// TestGaugeMonthLargest: the largest value may be held all month, in whatever
// steps, and is added up exactly.
func TestGaugeMonthLargest(t *testing.T) {
	const month = reeve.Month(202612)
	most := big.NewInt(math.MaxInt64)
	want := new(big.Int).Mul(most, big.NewInt(744*time.Hour.Microseconds()))
	for _, samples := range [][]reeve.Sample{
		daily(month, math.MaxInt64),
		{gaugeAt(month, 0, math.MaxInt64), gaugeAt(month, 743, math.MaxInt64)},
	} {
		var gauge reeve.GaugeMonth
		for _, s := range samples {
			gauge = gauge.Add(s)
		}
		holds(t, "month", want, gauge.Total(reeve.Sample{}, month, month.End()))
	}
	opened := reeve.GaugeMonth{}.Add(gaugeAt(month, 743, math.MaxInt64))
	holds(t, "opened", want, opened.Total(gaugeAt(month, -1, math.MaxInt64), month, month.End()))
	hours := new(big.Int).Mul(most, big.NewInt(744))
	if got := reeve.UnitHours(want); got.Cmp(hours) != 0 {
		t.Errorf("%s unit-hours, want %s", got, hours)
	}
}
