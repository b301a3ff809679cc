package reeve

import (
	"fmt"
	"time"
)

// Month is a calendar month in UTC, the billing period: 202611 is November
// 2026.
type Month int

// MonthOf gives the month that a time falls in.
func MonthOf(t time.Time) Month {
	t = t.UTC()
	return Month(t.Year()*100 + int(t.Month()))
}

// Previous gives the month before.
func (m Month) Previous() Month {
	if m%100 == 1 {
		return m - 100 + 11
	}
	return m - 1
}

// String gives the month as 2026-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m/100, m%100) }

// UsageTotal is what a project used in a month, its last day included.
type UsageTotal struct {
	ProjectID ID
	Month     Month
	Storage   int64 // byte-hours
	Objects   int64 // object-hours
	Egress    int64 // bytes
	Requests  int64
}

// Any tells whether anything was used that keeps a project from being deleted:
// requests alone do not, as in the original.
func (u UsageTotal) Any() bool { return u.Storage > 0 || u.Objects > 0 || u.Egress > 0 }

// BillingState says how far a month's billing record has come.
type BillingState int

// The states of a billing record.
const (
	BillingUnapplied BillingState = 0
	BillingApplied   BillingState = 1
)

// BillingRecord says that a project's month was billed.
type BillingRecord struct {
	ProjectID ID
	Month     Month
	State     BillingState
}

// Outstanding is what is known of a project's unbilled usage.
type Outstanding struct {
	Current UsageTotal
	Last    UsageTotal
	Record  *BillingRecord // of last month; nil when there is none
}

// Check answers a Conflict, in the original's words, when a project has usage
// that is not billed yet and so must not be deleted.
func (o Outstanding) Check() error {
	switch {
	case o.Current.Any():
		return Errorf(Conflict, "usage for current month exists")
	case !o.Last.Any():
		return nil
	case o.Record == nil:
		return Errorf(Conflict, "usage for last month exist, but is not billed yet")
	case o.Record.State == BillingUnapplied:
		return Errorf(Conflict, "unapplied project invoice record exist")
	}
	return nil
}
