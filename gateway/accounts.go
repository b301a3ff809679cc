package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// accounts holds slices of the limits of projects.
type accounts struct {
	remote *remote
	outage Outage
	paces  [meters]pace
	shards [accountShards]accountShard

	mu      sync.Mutex
	closed  bool
	flights sync.WaitGroup
	life    context.Context // ends with the client
	late    []settlement    // to be tried again
}

// accountShard holds some of the accounts: few, since their projects' ids are random, and the control plane makes them.
// What it points to is never written to but replaced, so that reading takes no lock.
type accountShard struct {
	places atomic.Pointer[[]place]
	mu     sync.Mutex // who replaces them
}

type place struct {
	id      accountID
	account *account
}

const accountShards = 4096

func newAccounts(life context.Context, r *remote, outage Outage) *accounts {
	return &accounts{remote: r, outage: outage, paces: paces, life: life}
}

func (as *accounts) shard(id accountID) *accountShard {
	at := uint(id.project[15]) | uint(id.project[14])<<8
	return &as.shards[(at+uint(id.meter))%accountShards]
}

// all gives the accounts of a shard.
func (s *accountShard) all() []place {
	if found := s.places.Load(); found != nil {
		return *found
	}
	return nil
}

func (s *accountShard) find(id accountID) *account {
	places := s.all()
	for i := range places {
		if places[i].id == id {
			return places[i].account
		}
	}
	return nil
}

// get finds an account or makes it.
func (as *accounts) get(id accountID) *account {
	s := as.shard(id)
	if found := s.find(id); found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(id); found != nil {
		return found
	}
	made := &account{id: id, used: time.Now()}
	next := append(slices.Clone(s.all()), place{id, made})
	s.places.Store(&next)
	return made
}

// remove takes an account out of its shard.
func (s *accountShard) remove(a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(s.all()), func(p place) bool { return p.account == a })
	s.places.Store(&next)
}

// admit takes units, fetching a slice and waiting for it where none that is held has so many.
func (as *accounts) admit(ctx context.Context, id accountID, n int64) error {
	for {
		a := as.get(id)
		ok, low := a.take(n)
		if low != nil {
			as.ahead(a, low)
		}
		if ok {
			return nil
		}
		flight, err := as.fetch(a, n)
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
func (as *accounts) fetch(a *account, n int64) (<-chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return gone, nil
	}
	if ok, _ := a.take(n); ok { // a flight ended in between
		return nil, errAdmitted
	}
	now := time.Now()
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
	if as.outage == Serve && n <= mostUnits-a.debt {
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

// sweep settles slices that have ended, charges what was admitted without one,
// and forgets accounts that nobody uses.
func (as *accounts) sweep(now time.Time) {
	for i := range as.shards {
		s := &as.shards[i]
		for _, p := range s.all() {
			if as.sweepOne(s, p.account, now) {
				as.payDebt(p.account)
			}
		}
	}
}

// sweepOne tells whether the account has a debt.
func (as *accounts) sweepOne(s *accountShard, a *account, now time.Time) (indebted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id.meter == ofRate {
		a.debt = 0 // the seconds of a rate are over
	}
	indebted = a.debt > 0 && now.After(a.refused.until)
	if a.flight != nil {
		return indebted
	}
	if held := a.held.Load(); held != nil {
		if !held.running(now) {
			a.held.Store(nil)
			as.settleLater(held)
		}
		return indebted
	}
	if a.debt == 0 && now.Sub(a.used) > accountIdle {
		a.gone = true
		s.remove(a)
	}
	return indebted
}
