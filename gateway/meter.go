package gateway

import "github.com/reeve-cloud/reeve"

// Meter is what a limit counts.
type Meter uint8

// The meters that leases are taken of.
const (
	Rate      Meter = iota // units a second
	Bandwidth              // bytes of egress a month
	Usage                  // bytes stored
)

var meterNames = [...]string{Rate: "rate", Bandwidth: "bandwidth", Usage: "usage"}

// String gives the meter's name in the API.
func (m Meter) String() string {
	if int(m) >= len(meterNames) {
		return "unknown"
	}
	return meterNames[m]
}

// amounts spells an amount of one meter as the lease calls do.
type amounts struct {
	Rate      int64 `json:"rate,omitempty"`
	Bandwidth int64 `json:"bandwidth,omitempty"`
	Usage     int64 `json:"usage,omitempty"`
}

func (m Meter) amount(n int64) (out amounts) {
	switch m {
	case Rate:
		out.Rate = n
	case Bandwidth:
		out.Bandwidth = n
	case Usage:
		out.Usage = n
	}
	return out
}

// accountID names what a lease is of.
type accountID struct {
	project reeve.ID
	meter   Meter
}
