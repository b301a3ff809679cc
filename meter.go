package reeve

import (
	"math"
	"time"
)

// Meter is one of the things of which a project may use only so much.
type Meter string

// The meters. Buckets are counted, not metered: they are few, and each is known.
const (
	MeterRate      Meter = "rate"      // units of requests, by the second
	MeterBandwidth Meter = "bandwidth" // bytes of egress, by the month (UTC)
	MeterUsage     Meter = "usage"     // bytes stored, as they stand
)

// Meters lists them, in the order in which they are looked at.
var Meters = []Meter{MeterUsage, MeterBandwidth, MeterRate}

// Period numbers the stretch of time in which a time falls, and for which what
// is committed then counts. Usage has one that never ends.
func (m Meter) Period(at time.Time) int64 {
	switch m {
	case MeterRate:
		return at.Unix()
	case MeterBandwidth:
		return int64(MonthOf(at))
	default:
		return 0
	}
}

// Amounts are what is asked or held of each meter.
type Amounts struct {
	Rate, Bandwidth, Usage int64
}

// Of gives the place of a meter's amount.
func (a *Amounts) Of(m Meter) *int64 {
	switch m {
	case MeterRate:
		return &a.Rate
	case MeterBandwidth:
		return &a.Bandwidth
	default:
		return &a.Usage
	}
}

// MeterState is what counts against one limit of a project. Its sum is never
// more than an int64 holds, for nothing is added that does not fit.
type MeterState struct {
	Period    int64 // that Committed belongs to
	Committed int64 // used for good in that period
	Leased    int64 // held by leases that are not settled, whenever they were made
	Reported  int64 // what gateways have reported of the period; never written back

	// Of usage, whose reports say what is stored, not what was added. Neither
	// Stored nor what was committed before it counts twice; times are Unix
	// microseconds.
	Stored      int64 // the newest report; never written back
	CommittedAt int64 // when something was added to Committed last
	Earlier     int64 // committed before, and perhaps not in the report yet
	EarlierAt   int64 // when something was added to Earlier last
}

// At gives the state of a meter at a time: in a new period nothing is committed
// yet, and leases hold what they hold. A period never goes back: replicas whose
// clocks differ a little share the newest one.
func (s MeterState) At(m Meter, at time.Time) MeterState {
	if period := m.Period(at); period > s.Period {
		s.Period, s.Committed, s.Reported = period, 0, 0
	}
	return s
}

// Report takes in that so much was stored at a time: what was committed before
// is in it. What is committed while reports come in is told apart by one report
// only, so that it counts until the second one after it at the latest.
func (s MeterState) Report(stored int64, at time.Time) MeterState {
	s.Stored = stored
	switch t := at.UnixMicro(); {
	case t > s.CommittedAt:
		s.Committed, s.Earlier = 0, 0
	case t > s.EarlierAt:
		s.Earlier, s.EarlierAt, s.Committed = s.Committed, s.CommittedAt, 0
	}
	return s
}

// Used gives what counts against the limit. What leases have committed and what
// was reported are the same bytes, told by one gateway in two ways, or by two
// that each know only one: the larger counts.
func (s MeterState) Used() int64 {
	used := max(s.Committed, s.Reported)
	for _, n := range []int64{s.Leased, s.Earlier, s.Stored} {
		if used > math.MaxInt64-n {
			return math.MaxInt64
		}
		used += n
	}
	return used
}

// Free gives how much fits under a limit; not less than nothing when the limit
// was lowered below what is used. Without a limit it is what can be counted.
func (s MeterState) Free(limit Limit) int64 {
	n, ok := limit.Number()
	if !ok {
		n = math.MaxInt64
	}
	return max(n-s.Used(), 0)
}

// Commit charges n, at most what is free, to the period.
func (s MeterState) Commit(n int64) MeterState {
	s.Committed += n
	return s
}

// Lease holds n, at most what is free, until it is settled.
func (s MeterState) Lease(n int64) MeterState {
	s.Leased += n
	return s
}

// Settle charges what a lease has really used, at most what it held, and gives
// back the rest. A lease that ended in an older period was used up in it, and
// charges nothing to this one. now is when it is settled.
func (s MeterState) Settle(m Meter, held, used int64, expires, now time.Time) MeterState {
	s.Leased -= held
	if m.Period(expires) >= s.Period {
		s.Committed += used
	}
	if m == MeterUsage && used > 0 {
		s.CommittedAt = max(s.CommittedAt, now.UnixMicro())
	}
	return s
}
