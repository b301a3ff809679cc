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

// ParseMonth reads a month as String writes it.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil {
		return 0, Errorf(Invalid, "a month is written as 2006-01")
	}
	return MonthOf(t), nil
}

// Previous gives the month before.
func (m Month) Previous() Month {
	if m%100 == 1 {
		return m - 100 + 11
	}
	return m - 1
}

// Add gives the month so many months later.
func (m Month) Add(months int) Month {
	n := int(m/100)*12 + int(m%100) - 1 + months
	return Month(n/12*100 + n%12 + 1)
}

// Start is the month's first instant.
func (m Month) Start() time.Time {
	return time.Date(int(m/100), time.Month(m%100), 1, 0, 0, 0, 0, time.UTC)
}

// End is the first instant after the month.
func (m Month) End() time.Time { return m.Add(1).Start() }

// Hours is how long the month is.
func (m Month) Hours() int64 { return int64(m.End().Sub(m.Start()) / time.Hour) }

// String gives the month as 2026-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m/100, m%100) }

// MarshalText gives the month as String does.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a month.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}

// UsageTotal is what a project used in a month, its last day included, as far
// as it is known at a time.
type UsageTotal struct {
	ProjectID ID
	Month     Month
	Storage   Quantity // byte-microseconds
	Objects   Quantity // object-microseconds
	Egress    Quantity // bytes
	Requests  Quantity
}

// Of gives the place of a meter's quantity.
func (u *UsageTotal) Of(m UsageMeter) *Quantity {
	switch m {
	case UsageStorage:
		return &u.Storage
	case UsageObjects:
		return &u.Objects
	case UsageEgress:
		return &u.Egress
	default:
		return &u.Requests
	}
}

// Any tells whether anything was used that keeps a project from being deleted:
// requests alone do not, as in the original.
func (u UsageTotal) Any() bool {
	return !u.Storage.IsZero() || !u.Objects.IsZero() || !u.Egress.IsZero()
}

// BillingState says how far a project's month has come.
type BillingState int

// The states of a project's month.
const (
	BillingOpen      BillingState = iota // the month is not closed
	BillingUnapplied                     // it is being closed: its statement is a draft
	BillingApplied                       // its statement is final
)

// Outstanding is what is known of a project's unbilled usage.
type Outstanding struct {
	Current UsageTotal
	Last    UsageTotal
	State   BillingState // of last month
}

// Check answers a Conflict, in the original's words, when a project has usage
// that is not billed yet and so must not be deleted.
func (o Outstanding) Check() error {
	switch {
	case o.Current.Any():
		return Errorf(Conflict, "usage for current month exists")
	case !o.Last.Any():
		return nil
	case o.State == BillingOpen:
		return Errorf(Conflict, "usage for last month exist, but is not billed yet")
	case o.State == BillingUnapplied:
		return Errorf(Conflict, "unapplied project invoice record exist")
	}
	return nil
}
