package control

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// admission is what this replica knows of one project's meters. None of it is
// the truth, which is in the database; all of it errs to the safe side: what is
// held was charged before, and nothing is known for longer than a second.
type admission struct {
	used atomic.Int64 // the second in which somebody last asked for it

	mu      sync.Mutex
	changes int // counts what this replica did to the meters

	// The rate. What is held and known belongs to one second of this replica's
	// clock and to one limit; another second or limit begins anew.
	second  int64
	limit   int64
	held    int64 // units that are charged and not given out yet
	free    int64 // units that were left in the database
	known   bool  // whether free is what the database said
	drops   int   // counts how often what is held was forgotten
	waiting []*rateAsk
	filling bool // somebody is asking the database for units

	// Bandwidth and usage.
	states store.MeterStates // nil: not read
	readAt time.Time
	flight *meterRead // that is under way; nil: none
}

// turn begins anew if the second or the limit is another one.
func (a *admission) turn(second, limit int64) {
	if a.second == second && a.limit == limit {
		return
	}
	a.second, a.limit = second, limit
	a.held, a.free, a.known = 0, limit, false
}

// remaining is how many units are left, as far as is known.
func (a *admission) remaining() int64 { return min(a.held+a.free, a.limit) }

// meterRead is one reading of the database, for all who wait for it.
type meterRead struct {
	done   chan struct{}
	states store.MeterStates
	err    error
}

// admissions are the projects that this replica was asked about lately. Those
// that lie idle are forgotten, so that their number is that of the projects in
// use, not that of all there are.
type admissions struct{ shards [64]admissionShard }

type admissionShard struct {
	mu      sync.Mutex
	of      map[reeve.ID]*admission
	sweepAt int // the number of projects at which the idle ones are looked for
}

// How many projects a shard holds before it looks for idle ones, and after how
// many seconds one is idle.
const (
	minSweep  = 64
	idleAfter = 2
)

// shard picks by the id's end, which is random.
func (all *admissions) shard(project reeve.ID) *admissionShard {
	return &all.shards[int(project[len(project)-1])%len(all.shards)]
}

// of finds a project, or begins it.
func (all *admissions) of(project reeve.ID, second int64) *admission {
	s := all.shard(project)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.of[project]
	if a == nil {
		if len(s.of) >= max(s.sweepAt, minSweep) {
			s.sweep(second)
		}
		if s.of == nil {
			s.of = map[reeve.ID]*admission{}
		}
		a = &admission{}
		s.of[project] = a
	}
	a.used.Store(second)
	return a
}

// sweep forgets idle projects. Who still works with one of them finishes that:
// two admissions of a project are as right as those of two replicas.
func (s *admissionShard) sweep(second int64) {
	for project, a := range s.of {
		if idle := second - a.used.Load(); idle > idleAfter || idle < -idleAfter {
			delete(s.of, project)
		}
	}
	s.sweepAt = 2 * len(s.of)
}

// size counts the projects.
func (all *admissions) size() (n int) {
	for i := range all.shards {
		s := &all.shards[i]
		s.mu.Lock()
		n += len(s.of)
		s.mu.Unlock()
	}
	return n
}

func (all *admissions) find(project reeve.ID) *admission {
	s := all.shard(project)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[project]
}

// changed is called once a transaction of this replica has written a project's
// meters: whoever asks from now on learns of it.
func (all *admissions) changed(project reeve.ID) {
	if a := all.find(project); a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed()
	}
}

func (a *admission) changed() {
	a.changes++
	a.known = false
	a.states, a.flight = nil, nil
}

// limited is called once a project's limits are others: what was taken under
// the old ones is not given out any more, and stays charged.
func (all *admissions) limited(project reeve.ID) {
	if a := all.find(project); a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed()
		a.drops++
		a.held = 0
	}
}

// How old a reading of bandwidth and usage may be: with the time it takes to add
// usage up, less than a second. And how long asking the database may take, which
// others wait for.
const (
	readingAge = time.Second / 2
	askTimeout = 5 * time.Second
)

// meters gives a project's meters as they were less than readingAge ago. However
// many ask, the database is read once.
func (c *Control) meters(ctx context.Context, project reeve.ID, now time.Time) (store.MeterStates, error) {
	a := c.admissions.of(project, now.Unix())
	a.mu.Lock()
	if age := now.Sub(a.readAt); a.states != nil && age >= 0 && age < readingAge {
		defer a.mu.Unlock()
		return a.states, nil
	}
	flight := a.flight
	if flight == nil {
		flight = &meterRead{done: make(chan struct{})}
		a.flight = flight
		go c.readMeters(a, flight, project, now)
	}
	a.mu.Unlock()
	select {
	case <-flight.done:
		return flight.states, flight.err
	case <-ctx.Done():
		return nil, tookTooLong(ctx)
	}
}

func (c *Control) readMeters(a *admission, flight *meterRead, project reeve.ID, now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	flight.states, flight.err = c.store.Meters(ctx, project)
	if flight.err == nil {
		flight.err = addReported(ctx, c.store.Reader, project, flight.states, now)
	}
	a.mu.Lock()
	if a.flight == flight { // else it is of before a change
		a.flight = nil
		if flight.err == nil {
			a.states, a.readAt = flight.states, now
		}
	}
	a.mu.Unlock()
	close(flight.done)
}

// tookTooLong answers who could not wait for the database.
func tookTooLong(ctx context.Context) error {
	return reeve.Errorf(reeve.Unavailable, "the request took too long").Wrap(ctx.Err())
}
