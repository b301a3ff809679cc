package reeve

import (
	"math"
	"time"
	"unicode/utf8"
)

// UsageMeter names a counter of usage, as gateways report it.
type UsageMeter string

// The counters.
const (
	UsageEgress   UsageMeter = "egress"   // bytes sent to clients
	UsageRequests UsageMeter = "requests" // admitted requests
)

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
	case r.Meter != UsageEgress && r.Meter != UsageRequests:
		return Errorf(Invalid, "unknown meter")
	case r.Value < 0:
		return Errorf(Invalid, "negative value")
	case utf8.RuneCountInString(r.Bucket) > MaxName:
		return Errorf(Invalid, "bucket is longer than %d characters", MaxName)
	}
	return plainText("bucket", r.Bucket)
}

// CheckTime answers why a record cannot be counted now: it is from the future,
// or its month is closed, as all before the last one are.
func (r UsageRecord) CheckTime(now time.Time) error {
	switch {
	case r.At.After(now.Add(UsageSkew)):
		return Errorf(Invalid, "time is in the future")
	case MonthOf(r.At) < MonthOf(now).Previous():
		return Errorf(Invalid, "month is closed")
	}
	return nil
}

// Add counts a value of a meter; ok is false, and nothing is counted, if the
// sum would not fit.
func (u *UsageTotal) Add(meter UsageMeter, value int64) (ok bool) {
	sum := &u.Egress
	if meter == UsageRequests {
		sum = &u.Requests
	}
	if value < 0 || *sum > math.MaxInt64-value {
		return false
	}
	*sum += value
	return true
}
