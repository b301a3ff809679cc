package reeve

import (
	"math/big"
	"slices"
	"time"
	"unicode/utf8"
)

// UsageMeter names what gateways report of a project. Counters add up; gauges
// are samples, each of which holds until the next.
type UsageMeter string

// The meters.
const (
	UsageStorage  UsageMeter = "storage"  // gauge: bytes stored
	UsageObjects  UsageMeter = "objects"  // gauge: objects stored
	UsageEgress   UsageMeter = "egress"   // counter: bytes sent to clients
	UsageRequests UsageMeter = "requests" // counter: admitted requests
)

// UsageMeters lists them, in the order of statements' lines.
var UsageMeters = []UsageMeter{UsageStorage, UsageObjects, UsageEgress, UsageRequests}

// ParseUsageMeter reads a meter's name.
func ParseUsageMeter(text string) (UsageMeter, error) {
	if m := UsageMeter(text); slices.Contains(UsageMeters, m) {
		return m, nil
	}
	return "", Errorf(Invalid, "unknown meter")
}

// Gauge tells whether the meter is one of samples.
func (m UsageMeter) Gauge() bool { return m == UsageStorage || m == UsageObjects }

// Unit is what the meter's quantities are shown in.
func (m UsageMeter) Unit() string {
	switch m {
	case UsageStorage:
		return "byte-hours"
	case UsageObjects:
		return "object-hours"
	case UsageEgress:
		return "bytes"
	default:
		return "requests"
	}
}

// Units gives a quantity in the meter's unit, as a whole number.
func (m UsageMeter) Units(q *big.Int) *big.Int {
	if m.Gauge() {
		return UnitHours(q)
	}
	return q
}

// UsageRecord is a gateway's word on what a project has used.
type UsageRecord struct {
	ProjectID ID
	Bucket    string // "" if it is of no bucket
	Meter     UsageMeter
	At        time.Time
	Value     int64
}

// UsageSkew is how far ahead of the clock a record may be.
const UsageSkew = 5 * time.Minute

// Check answers why a record can never be counted, whenever it arrives. The
// sentences repeat nothing of the record, so that they are short whatever it is.
func (r UsageRecord) Check() error {
	switch {
	case r.ProjectID == Zero:
		return Errorf(Invalid, "project id is missing")
	case !slices.Contains(UsageMeters, r.Meter):
		return Errorf(Invalid, "unknown meter")
	case r.Value < 0:
		return Errorf(Invalid, "negative value")
	case utf8.RuneCountInString(r.Bucket) > MaxName:
		return Errorf(Invalid, "bucket is longer than %d characters", MaxName)
	}
	return plainText("bucket", r.Bucket)
}

// UsageLateness is how many months before the current one usage is taken for.
const UsageLateness = 12

// CheckTime answers why a record cannot be counted now: it is from the future,
// or too late.
func (r UsageRecord) CheckTime(now time.Time) error {
	switch {
	case r.At.After(now.Add(UsageSkew)):
		return Errorf(Invalid, "time is in the future")
	case MonthOf(r.At) < MonthOf(now).Add(-UsageLateness):
		return Errorf(Invalid, "time is more than %d months ago", UsageLateness)
	}
	return nil
}
