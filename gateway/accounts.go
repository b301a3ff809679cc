package gateway

import (
	"context"
	"errors"
	"sync"
	"time"
)

// accounts holds slices of the limits of projects.
type accounts struct {
	remote *remote
	outage Outage
	paces  []pace
	shards [shards]accountShard

	mu      sync.Mutex
	closed  bool
	flights sync.WaitGroup
	life    context.Context // ends with the client
	late    []settlement    // to be tried again
}

// accountShard is padded as the cache's are.
type accountShard struct {
	mu   sync.RWMutex
	byID map[accountID]*account
	_    [64]byte
}

func newAccounts(life context.Context, r *remote, outage Outage) *accounts {
	out := &accounts{remote: r, outage: outage, paces: paces[:], life: life}
	for i := range out.shards {
		out.shards[i].byID = map[accountID]*account{}
	}
	return out
}

func (as *accounts) shard(id accountID) *accountShard {
	return &as.shards[(id.project[15]^id.project[14]^byte(id.meter))%shards]
}

// get finds an account or makes it.
func (as *accounts) get(id accountID) *account {
	s := as.shard(id)
	s.mu.RLock()
	found := s.byID[id]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found = s.byID[id]; found == nil {
		found = &account{id: id, used: time.Now()}
		s.byID[id] = found
	}
	return found
}

// admit takes units, fetching a slice and waiting for it where none that is held has so many.
func (as *accounts) admit(ctx context.Context, id accountID, n int64) error {
	for {
		a := as.get(id)
		now := time.Now()
		ok, low := a.take(n, now)
		if low != nil {
			as.ahead(a, low)
		}
		if ok {
			return nil
		}
		flight, err := as.fetch(a, n, now)
		if errors.Is(err, errAdmitted) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-flight:
		}
	}
}

// errAdmitted says that there is nothing to wait for.
var errAdmitted = errors.New("admitted")

// gone is a flight that has ended.
var gone = func() chan struct{} {
	out := make(chan struct{})
	close(out)
	return out
}()

// fetch sees to it that a slice is fetched that has n units, and gives what to wait for.
func (as *accounts) fetch(a *account, n int64, now time.Time) (<-chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return gone, nil
	}
	if ok, _ := a.take(n, now); ok { // a flight ended in between
		return nil, errAdmitted
	}
	if errors.Is(a.refused.err, ErrUnavailable) && now.Before(a.refused.until.Add(outageMemory)) {
		if a.flight == nil && now.After(a.refused.until) {
			_, _ = as.start(a, n) // nobody waits for it: it may take long to fail
		}
		return nil, as.without(a, n)
	}
	if now.Before(a.refused.until) && n >= a.refused.least {
		return nil, a.refused.err
	}
	if a.flight != nil {
		return a.flight, nil
	}
	return as.start(a, n)
}

// outageMemory is how long after the control plane was last found away a request does not wait to see.
const outageMemory = 5 * time.Second

// without decides without the control plane: errAdmitted, or why not. a.mu is held.
func (as *accounts) without(a *account, n int64) error {
	if as.outage == Serve && n <= closed-a.debt {
		a.debt += n
		return errAdmitted
	}
	return a.refused.err
}

// ahead fetches the next slice before the one that is held runs dry.
func (as *accounts) ahead(a *account, low *slice) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flight == nil && !a.gone && a.held.Load() == low {
		_, _ = as.start(a, 0)
	}
}

// start begins a flight for a slice of n units at least, 0 if none are needed yet. a.mu is held.
func (as *accounts) start(a *account, n int64) (<-chan struct{}, error) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.closed {
		return nil, ErrClosed
	}
	flight := make(chan struct{})
	a.flight = flight
	as.flights.Go(func() {
		old := as.fly(a, n)
		a.mu.Lock()
		a.flight = nil
		reached := a.refused.err == nil
		a.mu.Unlock()
		close(flight)
		if old != nil {
			as.settle(as.life, old)
		}
		if reached {
			as.payDebt(a)
		}
	})
	return flight, nil
}

const (
	sweepEvery  = 500 * time.Millisecond
	accountIdle = time.Minute
)

// run settles what has ended until the client does.
func (as *accounts) run() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-as.life.Done():
			return
		case now := <-tick.C:
			as.sweep(now)
			as.retry(as.life)
		}
	}
}

// sweep settles slices that have ended and forgets accounts that nobody uses.
func (as *accounts) sweep(now time.Time) {
	for i := range as.shards {
		s := &as.shards[i]
		var all []*account
		s.mu.RLock()
		for _, a := range s.byID {
			all = append(all, a)
		}
		s.mu.RUnlock()
		for _, a := range all {
			as.sweepOne(s, a, now)
		}
	}
}

func (as *accounts) sweepOne(s *accountShard, a *account, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flight != nil {
		return
	}
	if held := a.held.Load(); held != nil {
		if !held.running(now) {
			a.held.Store(nil)
			as.settleLater(held)
		}
		return
	}
	if a.debt == 0 && now.Sub(a.used) > accountIdle {
		a.gone = true
		s.mu.Lock()
		delete(s.byID, a.id)
		s.mu.Unlock()
	}
}
