package gateway

import "github.com/reeve-cloud/reeve"

// meter is a reeve.Meter that is quickly compared.
type meter uint8

const (
	ofRate meter = iota
	ofBandwidth
	ofUsage
	meters = 3
)

// meterOf finds a meter.
func meterOf(m reeve.Meter) (out meter, ok bool) {
	switch m {
	case reeve.MeterRate:
		return ofRate, true
	case reeve.MeterBandwidth:
		return ofBandwidth, true
	case reeve.MeterUsage:
		return ofUsage, true
	}
	return 0, false
}

// name gives the meter back.
func (m meter) name() reeve.Meter {
	return [meters]reeve.Meter{reeve.MeterRate, reeve.MeterBandwidth, reeve.MeterUsage}[m]
}

// amounts spells an amount of one meter as the lease calls do.
type amounts struct {
	Rate      int64 `json:"rate,omitempty"`
	Bandwidth int64 `json:"bandwidth,omitempty"`
	Usage     int64 `json:"usage,omitempty"`
}

func (m meter) amount(n int64) (out amounts) {
	switch m {
	case ofRate:
		out.Rate = n
	case ofBandwidth:
		out.Bandwidth = n
	case ofUsage:
		out.Usage = n
	}
	return out
}

// accountID names what a lease is of.
type accountID struct {
	project reeve.ID
	meter   meter
}
