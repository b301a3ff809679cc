package reeve_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

var november = time.Date(2026, 11, 30, 23, 59, 59, 999_999_000, time.UTC)

func TestPeriod(t *testing.T) {
	inTokyo := november.In(time.FixedZone("JST", 9*3600)) // December there
	for _, test := range []struct {
		meter reeve.Meter
		at    time.Time
		want  int64
	}{
		{reeve.MeterRate, november, november.Unix()},
		{reeve.MeterRate, november.Add(time.Microsecond), november.Unix() + 1},
		{reeve.MeterBandwidth, november, 202611},
		{reeve.MeterBandwidth, inTokyo, 202611},
		{reeve.MeterBandwidth, november.Add(time.Microsecond), 202612},
		{reeve.MeterUsage, november, 0},
		{reeve.MeterUsage, november.AddDate(10, 0, 0), 0},
	} {
		if got := test.meter.Period(test.at); got != test.want {
			t.Errorf("%s at %s: %d, want %d", test.meter, test.at, got, test.want)
		}
	}
}

// TestAt: a new period begins with nothing committed, and what leases hold; no
// period comes twice.
func TestAt(t *testing.T) {
	second := november.Unix()
	for _, test := range []struct {
		name  string
		meter reeve.Meter
		from  reeve.MeterState
		want  reeve.MeterState
	}{
		{"never used", reeve.MeterRate, reeve.MeterState{}, reeve.MeterState{Period: second}},
		{"same second", reeve.MeterRate, reeve.MeterState{Period: second, Committed: 3, Leased: 4}, reeve.MeterState{Period: second, Committed: 3, Leased: 4}},
		{"next second", reeve.MeterRate, reeve.MeterState{Period: second - 1, Committed: 3, Leased: 4}, reeve.MeterState{Period: second, Committed: 0, Leased: 4}},
		{"a replica is ahead", reeve.MeterRate, reeve.MeterState{Period: second + 1, Committed: 3, Leased: 4}, reeve.MeterState{Period: second + 1, Committed: 3, Leased: 4}},
		{"same month", reeve.MeterBandwidth, reeve.MeterState{Period: 202611, Committed: 3, Leased: 4}, reeve.MeterState{Period: 202611, Committed: 3, Leased: 4}},
		{"next month", reeve.MeterBandwidth, reeve.MeterState{Period: 202610, Committed: 3, Leased: 4}, reeve.MeterState{Period: 202611, Committed: 0, Leased: 4}},
		{"next year", reeve.MeterBandwidth, reeve.MeterState{Period: 202512, Committed: 3, Leased: 4}, reeve.MeterState{Period: 202611, Committed: 0, Leased: 4}},
		{"usage", reeve.MeterUsage, reeve.MeterState{Period: 0, Committed: 3, Leased: 4}, reeve.MeterState{Period: 0, Committed: 3, Leased: 4}},
	} {
		if diff := cmp.Diff(test.want, test.from.At(test.meter, november)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestFree(t *testing.T) {
	for _, test := range []struct {
		state reeve.MeterState
		limit reeve.Limit
		want  int64
	}{
		{reeve.MeterState{Period: 0, Committed: 3, Leased: 4}, reeve.LimitOf(10), 3},
		{reeve.MeterState{Period: 0, Committed: 3, Leased: 4}, reeve.LimitOf(7), 0},
		{reeve.MeterState{Period: 0, Committed: 3, Leased: 4}, reeve.LimitOf(2), 0}, // lowered
		{reeve.MeterState{}, reeve.LimitOf(0), 0},
		{reeve.MeterState{}, reeve.Unlimited, math.MaxInt64},
		{reeve.MeterState{}, reeve.Limit{}, math.MaxInt64},
		{reeve.MeterState{Period: 0, Committed: math.MaxInt64 - 5, Leased: 3}, reeve.Unlimited, 2},
		{reeve.MeterState{Period: 0, Committed: math.MaxInt64 - 5, Leased: 5}, reeve.LimitOf(0), 0},
		{reeve.MeterState{Period: 0, Committed: 1, Leased: 1}, reeve.LimitOf(math.MaxInt64), math.MaxInt64 - 2},
	} {
		if got := test.state.Free(test.limit); got != test.want {
			t.Errorf("%+v under %s: %d, want %d", test.state, test.limit, got, test.want)
		}
	}
}

func TestSettle(t *testing.T) {
	second := november.Unix()
	for _, test := range []struct {
		name       string
		meter      reeve.Meter
		from       reeve.MeterState
		held, used int64
		expires    time.Time
		want       reeve.MeterState
	}{
		{"part", reeve.MeterUsage, reeve.MeterState{Period: 0, Committed: 5, Leased: 10}, 4, 3, november, reeve.MeterState{Period: 0, Committed: 8, Leased: 6, CommittedAt: 7}},
		{"nothing", reeve.MeterUsage, reeve.MeterState{Period: 0, Committed: 5, Leased: 10}, 4, 0, november, reeve.MeterState{Period: 0, Committed: 5, Leased: 6}},
		{"all", reeve.MeterBandwidth, reeve.MeterState{Period: 202611, Committed: 5, Leased: 10}, 10, 10, november, reeve.MeterState{Period: 202611, Committed: 15, Leased: 0}},
		{"in its month, expired", reeve.MeterBandwidth, reeve.MeterState{Period: 202611, Committed: 5, Leased: 10}, 10, 10, november.AddDate(0, 0, -9), reeve.MeterState{Period: 202611, Committed: 15, Leased: 0}},
		{"a month late", reeve.MeterBandwidth, reeve.MeterState{Period: 202612, Committed: 5, Leased: 10}, 10, 10, november, reeve.MeterState{Period: 202612, Committed: 5, Leased: 0}},
		{"over the month's end", reeve.MeterBandwidth, reeve.MeterState{Period: 202612, Committed: 5, Leased: 10}, 10, 9, november.Add(time.Second), reeve.MeterState{Period: 202612, Committed: 14, Leased: 0}},
		{"in its second", reeve.MeterRate, reeve.MeterState{Period: second, Committed: 5, Leased: 10}, 10, 9, november, reeve.MeterState{Period: second, Committed: 14, Leased: 0}},
		{"long before its end", reeve.MeterRate, reeve.MeterState{Period: second, Committed: 5, Leased: 10}, 10, 9, november.Add(time.Hour), reeve.MeterState{Period: second, Committed: 14, Leased: 0}},
		{"lapsed", reeve.MeterRate, reeve.MeterState{Period: second + 1, Committed: 5, Leased: 10}, 10, 9, november, reeve.MeterState{Period: second + 1, Committed: 5, Leased: 0}},
	} {
		if diff := cmp.Diff(test.want, test.from.Settle(test.meter, test.held, test.used, test.expires, time.UnixMicro(7))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestMeterHolds: in whatever order units are committed, leased, settled and
// lapse, whatever the clock does and however the limit changes, what is let in
// never takes a meter over its limit, and what is used is what was let in.
func TestMeterHolds(t *testing.T) {
	type held struct {
		amount  int64
		expires time.Time
	}
	amount := rapid.OneOf(rapid.Int64Range(1, 20), rapid.Int64Range(math.MaxInt64-20, math.MaxInt64))
	limits := rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, 40), reeve.LimitOf),
		rapid.Map(rapid.Int64Range(math.MaxInt64-20, math.MaxInt64), reeve.LimitOf),
		rapid.Just(reeve.Unlimited),
	)
	rapid.Check(t, func(t *rapid.T) {
		meter := rapid.SampledFrom(reeve.Meters).Draw(t, "meter")
		limit := limits.Draw(t, "limit")
		now := november
		var state reeve.MeterState
		var leases []held
		committed := int64(0) // in the period
		move := func() {
			period := state.Period
			if state = state.At(meter, now); state.Period != period {
				committed = 0
			}
		}
		// within is called where something was let in.
		within := func() {
			if n, ok := limit.Number(); ok && state.Used() > n || state.Used() < 0 {
				t.Fatalf("%+v is over %s", state, limit)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				sum := int64(0)
				for _, l := range leases {
					sum += l.amount
				}
				if state.Leased != sum || state.Committed != committed {
					t.Fatalf("%+v, want %d committed and %d leased", state, committed, sum)
				}
			},
			"commit": func(t *rapid.T) {
				move()
				if n := amount.Draw(t, "n"); n <= state.Free(limit) {
					state, committed = state.Commit(n), committed+n
					within()
				}
			},
			"lease": func(t *rapid.T) {
				move()
				if n := amount.Draw(t, "n"); n <= state.Free(limit) {
					ttl := time.Duration(rapid.Int64Range(1, 5_000).Draw(t, "ttl")) * time.Millisecond
					state, leases = state.Lease(n), append(leases, held{n, now.Add(ttl)})
					within()
				}
			},
			"settle": func(t *rapid.T) {
				move()
				if len(leases) == 0 {
					return
				}
				i := rapid.IntRange(0, len(leases)-1).Draw(t, "i")
				l := leases[i]
				used := rapid.Int64Range(0, l.amount).Draw(t, "used")
				before := state.Used()
				state = state.Settle(meter, l.amount, used, l.expires, now)
				leases = append(leases[:i:i], leases[i+1:]...)
				if meter.Period(l.expires) >= state.Period {
					committed += used
				}
				if state.Used() > before {
					t.Fatal("settling takes room")
				}
			},
			"limit": func(t *rapid.T) { limit = limits.Draw(t, "limit") },
			"time": func(t *rapid.T) {
				by := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 20 * 24 * time.Hour, -time.Second}).Draw(t, "by")
				now = now.Add(by)
			},
		})
	})
}

// TestLimitsOr: the platform's limit stands in for one that is unset, not for
// none and not for zero.
func TestLimitsOr(t *testing.T) {
	defaults := reeve.Limits{Usage: reeve.LimitOf(1), Bandwidth: reeve.LimitOf(2), Rate: reeve.LimitOf(3)}
	got := reeve.Limits{Bandwidth: reeve.Unlimited, Rate: reeve.LimitOf(0)}.Or(defaults)
	if want := (reeve.Limits{Usage: reeve.LimitOf(1), Bandwidth: reeve.Unlimited, Rate: reeve.LimitOf(0)}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for m, want := range map[reeve.Meter]reeve.Limit{reeve.MeterUsage: reeve.LimitOf(1), reeve.MeterBandwidth: reeve.LimitOf(2), reeve.MeterRate: reeve.LimitOf(3)} {
		if got := defaults.Of(m); got != want {
			t.Errorf("%s: %s, want %s", m, got, want)
		}
	}
}

func TestAmountsCheck(t *testing.T) {
	for amounts, want := range map[reeve.Amounts]string{
		{}:                    "a lease must hold something of rate, bandwidth or usage",
		{Rate: -1, Usage: 1}:  "rate must not be negative",
		{Bandwidth: -1}:       "bandwidth must not be negative",
		{Rate: 1}:             "",
		{Bandwidth: 1}:        "",
		{Usage: 1}:            "",
		{Usage: 1, Rate: 1e9}: "",
	} {
		err := amounts.Check()
		if got := ""; err != nil {
			if got = err.Error(); got != want {
				t.Errorf("%+v: %q, want %q", amounts, got, want)
			}
		} else if want != "" {
			t.Errorf("%+v: no error, want %q", amounts, want)
		}
	}
}

func TestLapsed(t *testing.T) {
	l := reeve.Lease{ExpiresAt: november}
	for period, want := range map[int64]bool{november.Unix() - 1: false, november.Unix(): false, november.Unix() + 1: true} {
		if got := l.Lapsed(period); got != want {
			t.Errorf("%d: %v", period-november.Unix(), got)
		}
	}
}

func TestCheckBucketName(t *testing.T) {
	for name, ok := range map[string]bool{
		"b": true, " b/c ": true, "größe": true, "": false, ".": false, "..": false, "a\x00": false, "a\n": false, "\xff": false,
		string(make([]byte, reeve.MaxName+1)): false,
	} {
		if err := reeve.CheckBucketName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestReport: what a report says replaces what was committed before it, and
// only that.
func TestReport(t *testing.T) {
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	add := func(s reeve.MeterState, n, second int64) reeve.MeterState {
		return s.Lease(n).Settle(reeve.MeterUsage, n, n, november, at(second))
	}
	var s reeve.MeterState
	used := func(what string, want int64) {
		t.Helper()
		if s.Used() != want {
			t.Errorf("%s: %d used, want %d: %+v", what, s.Used(), want, s)
		}
	}
	s = add(s.Report(0, time.Time{}), 600, 10)
	used("committed", 600)
	s = s.Report(600, at(11))
	used("the report has it", 600)
	s = add(s, 5, 12).Report(600, at(11))
	used("committed after the report", 605)
	s = add(s.Report(600, at(11)), 7, 20)
	used("more of it", 612)
	s = s.Report(605, at(15))
	used("committed before a report and after it", 612)
	s = add(s, 1, 22).Report(605, at(15))
	used("once more after it", 613)
	s = s.Report(612, at(21))
	used("the next report", 613)
	s = s.Report(613, at(30))
	used("all is reported", 613)
	s = s.Report(0, at(40))
	used("deleted", 0)
	s = s.Lease(3).Report(math.MaxInt64, at(50))
	used("too much to count", math.MaxInt64)
}
