package reeve

import (
	"math/bits"
	"time"
)

// AlertKind says what an alert is about.
type AlertKind string

// The kinds of alert.
const (
	AlertUsage     AlertKind = "usage"     // bytes stored now, of a project's limit
	AlertBandwidth AlertKind = "bandwidth" // bytes of egress this month, of a project's limit
	AlertBudget    AlertKind = "budget"    // cents of this month's draft, of an organisation's budget
)

// Thresholds are the per cent at which an alert is raised, in order.
var Thresholds = []int{50, 80, 100}

// Alert is the news that a threshold was reached. Each is raised once a month,
// whatever becomes of the value and the limit afterwards.
type Alert struct {
	OrganizationID ID
	Month          Month // in which it was raised, UTC
	SubjectID      ID    // the project, or the organisation of a budget
	Kind           AlertKind
	Threshold      int // per cent
	CreatedAt      time.Time
}

// Reached gives the thresholds that a value has reached of a limit, in order.
// Nothing reaches none, even of a limit of zero; anything more than that limit
// reaches all.
func Reached(value, limit int64) []int {
	if value <= 0 {
		return nil
	}
	reached := 0
	for _, threshold := range Thresholds {
		// value / limit >= threshold / 100, in 128 bits.
		hi, lo := bits.Mul64(uint64(value), 100)
		wantHi, want := bits.Mul64(uint64(max(limit, 0)), uint64(threshold))
		if hi < wantHi || hi == wantHi && lo < want {
			break
		}
		reached++
	}
	return Thresholds[:reached]
}

// CheckBudget refuses what no monthly budget can be, in cents.
func CheckBudget(cents int64) error {
	switch {
	case cents == 0:
		return Errorf(Invalid, "Amount is not set")
	case cents < 0:
		return Errorf(Invalid, "negative amount")
	}
	return nil
}
