package control

import (
	"context"
	"math"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// rateAsk is a request that waits for units of its project's rate.
type rateAsk struct {
	cost int64
	done chan struct{} // closed once the rest is filled in
	ok   bool
	err  error
}

// takeRate takes the cost of a request from the project's rate, which has a
// limit, and gives how much is left. ok is false where it does not fit. A cost
// of nothing always fits: it only looks.
//
// The truth is the project's meter in the database, from which the replica
// takes slices, charged at once: all replicas and leases together never exceed
// the limit. A slice is good for the second of this replica's clock in which it
// was taken; what is left of it lapses.
func (c *Control) takeRate(ctx context.Context, project reeve.ID, cost, limit int64) (ok bool, left int64, err error) {
	a := c.admissions.of(project, c.store.Now().Unix())
	a.mu.Lock()
	a.turn(c.store.Now().Unix(), limit) // read under the lock: it does not go back
	var ask *rateAsk
	switch {
	case cost <= a.held:
		a.held -= cost
		ok = true
	case cost > limit, a.known && !a.filling && cost > a.held+a.free:
		// It cannot fit in this second, so the database is not asked again.
	default:
		ask = &rateAsk{cost: cost, done: make(chan struct{})}
		a.waiting = append(a.waiting, ask)
		if !a.filling {
			a.filling = true
			go c.fillRate(a, project)
		}
	}
	left = a.remaining()
	a.mu.Unlock()
	if ask == nil {
		return ok, left, nil
	}
	select {
	case <-ask.done:
	case <-ctx.Done():
		return false, 0, tookTooLong(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return ask.ok, a.remaining(), ask.err
}

// fillRate serves who waits for units, all at once, until nobody does. Who was
// waiting before units were charged may have them even if their second is over
// by now: they were admitted in it.
func (c *Control) fillRate(a *admission, project reeve.ID) {
	for {
		a.mu.Lock()
		if len(a.waiting) == 0 {
			a.filling = false
			a.mu.Unlock()
			return
		}
		batch := a.waiting
		a.waiting = nil
		a.turn(c.store.Now().Unix(), a.limit)
		if a.known && needed(batch, a.held+a.free) <= a.held {
			a.held = serve(batch, a.held, nil) // no more is to be had
			a.mu.Unlock()
		} else {
			pool, of := a.held, a.mark()
			a.held = 0
			a.mu.Unlock()
			drawn, err := c.drawRate(project, func(free int64) int64 { return max(needed(batch, pool+free)-pool, 0) })
			if err == nil {
				of.second = drawn.second
			}
			pool = serve(batch, pool+drawn.granted, err)
			c.keep(a, of, pool, drawn, err)
		}
		for _, ask := range batch {
			close(ask.done)
		}
	}
}

// mark says what units that are taken out of an admission belong to.
type mark struct {
	second         int64
	changes, drops int
}

func (a *admission) mark() mark { return mark{a.second, a.changes, a.drops} }

// keep puts the rest of the units back, and what the database has said, if that
// is still of use.
func (c *Control) keep(a *admission, of mark, units int64, drawn drawing, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(c.store.Now().Unix(), a.limit)
	if a.second != of.second {
		return
	}
	if a.drops == of.drops {
		a.held += units
	}
	if err == nil {
		a.free, a.known = drawn.free, drawn.limited && a.changes == of.changes
	}
}

// serve gives units to who waits, in order, and gives what is left of them. An
// error is for those who got none.
func serve(batch []*rateAsk, units int64, err error) int64 {
	for _, ask := range batch {
		if ask.cost <= units {
			units -= ask.cost
			ask.ok = true
		} else {
			ask.err = err
		}
	}
	return units
}

// needed is how many units those take who can be served with so many.
func needed(batch []*rateAsk, units int64) (out int64) {
	for _, ask := range batch {
		if ask.cost <= units-out {
			out += ask.cost
		}
	}
	return out
}

// drawing is what the database gave of a project's rate.
type drawing struct {
	second  int64 // of this replica's clock
	granted int64 // units, charged
	free    int64 // units that are left
	limited bool  // whether the rate has a limit at all
}

// drawRate charges a slice of the rate. want gives how many units of those that
// are free are of use now; where none is, none is taken.
func (c *Control) drawRate(project reeve.ID, want func(free int64) int64) (out drawing, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockProject(ctx, project)
		if err != nil {
			return err
		}
		limit := p.Limits.Or(c.settings.DefaultLimits).Rate
		n, limited := limit.Number()
		if !limited {
			out = drawing{second: tx.Now().Unix(), granted: want(math.MaxInt32)}
			return nil
		}
		states, err := metersNow(ctx, tx, project)
		if err != nil {
			return err
		}
		rate := states[reeve.MeterRate]
		free := rate.Free(limit)
		granted := want(free)
		if granted > 0 {
			granted = min(free, max(granted, slice(free, n)))
			tx.PutMeter(project, reeve.MeterRate, rate.Commit(granted))
		}
		out = drawing{tx.Now().Unix(), granted, free - granted, true}
		return nil
	})
	if err != nil {
		return drawing{}, err // the function may have run before it failed
	}
	return out, nil
}

// smallLimit is a limit of which units are taken one by one: what a replica
// holds and does not use, nobody can.
const smallLimit = 64

// slice is how many units are taken ahead: a quarter of what is left, so that
// the replicas find some too, but not so few that the last ones cost a
// transaction each.
func slice(free, limit int64) int64 {
	if limit < smallLimit {
		return 0
	}
	return max(free/4, limit/smallLimit)
}
