package reeve

import "time"

// Lease lets a gateway admit so much on its own until it ends. What it holds
// counts against the project's limits: of rate until the end of the second in
// which it ends, of the other meters until its holder settles it, for a holder
// that is cut off may have admitted it all.
type Lease struct {
	ID        ID
	ProjectID ID
	GatewayID ID
	Amounts   Amounts
	ExpiresAt time.Time
	CreatedAt time.Time
	Left      time.Duration // of its time, if it was held already when it was asked for
}

// MaxLease is how long a lease may last.
const MaxLease = time.Hour

// Lapsed tells whether what a lease held of the rate is free again in a period
// of that meter.
func (l Lease) Lapsed(period int64) bool { return MeterRate.Period(l.ExpiresAt) < period }

// Check refuses a lease of nothing, of less than nothing, or for longer than
// may be.
func (a Amounts) Check() error {
	for _, m := range Meters {
		if *a.Of(m) < 0 {
			return Errorf(Invalid, "%s must not be negative", m)
		}
	}
	if a == (Amounts{}) {
		return Errorf(Invalid, "a lease must hold something of rate, bandwidth or usage")
	}
	return nil
}
