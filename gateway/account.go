package gateway

import (
	"sync"
	"sync/atomic"
	"time"
)

// account is what is held of one project's meter.
type account struct {
	id   accountID
	held atomic.Pointer[slice]

	mu     sync.Mutex
	flight chan struct{} // closed when the fetch that is under way ends; nil: there is none
	gone   bool          // out of the table: take another

	refused refusedFetch
	demand  demand
	debt    int64     // admitted without a lease, and not yet told
	used    time.Time // when a slice was last fetched or asked for in vain
}

// refusedFetch says that asking again is of no use for a moment.
type refusedFetch struct {
	until time.Time
	least int64 // so many units and more
	err   error
}

// pace says how slices of a meter are cut: for so much time's demand, to be used for so long at most, and how soon
// one is asked for again after a refusal.
//
// A slice of a rate is taken from what other gateways may use in each second that it is held, so that it is small and
// short. One of bandwidth or usage stays charged if this process dies.
type pace struct {
	horizon, ttl, holdOff time.Duration
	least                 int64
}

var paces = [meters]pace{
	ofRate:      {horizon: 250 * time.Millisecond, ttl: 2 * time.Second, holdOff: 100 * time.Millisecond, least: 4},
	ofBandwidth: {horizon: 2 * time.Second, ttl: 30 * time.Second, holdOff: time.Second, least: 1},
	ofUsage:     {horizon: 2 * time.Second, ttl: 30 * time.Second, holdOff: time.Second, least: 1},
}

// demand watches how much is asked for, to say how large the next slice shall be.
type demand struct {
	begun   time.Time
	fetched int64 // units in slices since begun
	fetches int
	target  int64
}

const (
	demandWindow  = time.Second
	demandFetches = 8 // in a window; more mean that slices are too small
)

// next gives the size of the next slice; dry says that somebody waits for it.
func (d *demand) next(p pace, now time.Time, dry bool) int64 {
	elapsed := now.Sub(d.begun)
	switch {
	case d.begun.IsZero() || elapsed > 10*demandWindow:
		*d = demand{begun: now, target: p.least}
	case elapsed >= demandWindow:
		*d = demand{begun: now, target: int64(float64(d.fetched) * float64(p.horizon) / float64(elapsed))}
	case dry && d.fetches > 0, d.fetches >= demandFetches:
		d.fetches, d.target = 0, 2*d.target
	}
	d.target = min(max(d.target, p.least), mostUnits)
	return d.target
}

// got counts a slice; 0 is none, for there was nothing left. What is left of a limit bounds the next one too.
func (d *demand) got(amount int64) {
	d.fetches++
	d.fetched = min(d.fetched+amount, mostUnits)
	d.target = min(d.target, max(amount, d.target/4))
}

// take takes units from what is held. The slice is given that runs low with it, nil otherwise. Only of a rate must none
// be taken after the lease's end: of the others it counts until it is settled.
func (a *account) take(n int64) (ok bool, low *slice) {
	s := a.held.Load()
	if s == nil {
		return false, nil
	}
	ok, fetch := s.take(n)
	// The time is read last: this process may have been stopped on the way.
	if ok && a.id.meter == ofRate && !s.running(time.Now()) {
		s.vain.Add(n)
		return false, nil
	}
	if fetch {
		return ok, s
	}
	return ok, nil
}
