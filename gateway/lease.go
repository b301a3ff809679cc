package gateway

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// leaseIn asks for a lease.
type leaseIn struct {
	ID      uuid.UUID `json:"id"` // ours, so that a lease whose answer is lost can be given back
	Project reeve.ID  `json:"project"`
	TTL     float64   `json:"ttl"` // seconds
	amounts
}

// lease asks for n units. The error is a LimitError where the limit has not so many left.
func (as *accounts) lease(id accountID, n int64) (*slice, error) {
	ttl := as.paces[id.meter].ttl
	name := uuid.Must(uuid.NewV7())
	sent := time.Now()
	var out struct {
		ID uuid.UUID `json:"id"`
	}
	got, err := as.remote.do(as.life, call{
		method: http.MethodPost, path: "/gateway/leases", out: &out,
		in: leaseIn{name, id.project, ttl.Seconds(), id.meter.amount(n)},
	})
	switch {
	case err == nil && out.ID != name:
		return nil, unavailable(errNoLease) // whoever answered is no control plane
	case err == nil:
		return newSlice(id, name, n, sent, ttl), nil
	case isStatus(err, http.StatusTooManyRequests):
		return nil, &LimitError{Meter: id.meter.name(), RetryAfter: max(got.retryAfter, as.paces[id.meter].holdOff)}
	case isStatus(err, http.StatusNotFound):
		return nil, reeve.Errorf(reeve.NotFound, "project not found")
	default:
		_, answered := errors.AsType[*statusError](err)
		if !untold(err) && !errors.Is(err, errNoReplica) && (!answered || errors.Is(err, ErrUnavailable)) {
			as.giveBack(newSlice(id, name, n, sent, ttl))
		}
		return nil, err
	}
}

var errNoLease = errors.New("the answer is not the lease that was asked for")

// outageHoldOff is how often an account that needs a slice tries whether the control plane is back.
const outageHoldOff = 250 * time.Millisecond

// fly fetches a slice of n units at least, 0 if none are needed yet. The slice that it replaces is given, if any, to be
// settled.
func (as *accounts) fly(a *account, n int64) (old *slice) {
	p := as.paces[a.id.meter]
	now := time.Now()
	a.mu.Lock()
	want := max(a.demand.next(p, now, n > 0), n)
	a.used = now
	a.mu.Unlock()

	old = a.held.Load()
	if old != nil && (!old.running(now) || old.rest() < max(n, 1)) {
		// What it holds is given back first: it may be what the next one needs.
		a.held.Store(nil)
		as.settle(as.life, old)
		old = nil
	}
	fetched, err := as.descend(a.id, want, max(n, 1))
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		switch {
		case errors.Is(err, ErrUnavailable):
			a.refused = refusedFetch{until: time.Now().Add(outageHoldOff), err: err}
		case n > 0:
			a.demand.got(0)
			a.refused = refusedFetch{until: time.Now().Add(p.holdOff), least: n, err: err}
		}
		return nil // the old one goes on
	}
	a.refused = refusedFetch{}
	a.demand.got(fetched.amount)
	a.held.Store(fetched)
	return old
}

// descents is how often a smaller slice is asked for than the limit has left.
const descents = 3

// descend asks for want units or, where there are not so many, for fewer, down to least.
func (as *accounts) descend(id accountID, want, least int64) (*slice, error) {
	for try := 0; ; try++ {
		out, err := as.lease(id, want)
		if _, limited := errors.AsType[*LimitError](err); !limited || want <= least {
			return out, err
		}
		if want = max(want/2, least); try == descents {
			want = least
		}
	}
}
