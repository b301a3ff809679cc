package control

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// usagePasses adds up what was taken in, some batches in each pass. One replica
// at a time makes a pass; the one that made the last remembers what it wrote and
// reads nothing again.
type usagePasses struct {
	turn    chan struct{} // of who makes a pass, or looks at the memory
	memory  usageMemory
	damaged []int64 // batches that could not be read, and nobody was told of

	waiting atomic.Int64 // records that this replica has taken in since the last pass
	passed  atomic.Pointer[chan struct{}]
}

// maxWaiting is how many records this replica takes in between two passes
// without a pause: more than passes can keep up with would only lag behind.
const maxWaiting = 64_000

// pauseAtMost is how long a batch is kept waiting for a pass.
const pauseAtMost = time.Second

// pause waits for the next pass if more was taken in than that should add up.
func (p *usagePasses) pause(ctx context.Context) {
	if p.waiting.Load() < maxWaiting {
		return
	}
	select {
	case <-*p.passed.Load():
	case <-ctx.Done():
	case <-time.After(pauseAtMost):
	}
}

func newUsagePasses() *usagePasses {
	out := &usagePasses{turn: make(chan struct{}, 1)}
	out.pass()
	return out
}

// pass is called when some replica has made a pass.
func (p *usagePasses) pass() {
	next := make(chan struct{})
	p.waiting.Store(0)
	if last := p.passed.Swap(&next); last != nil {
		close(*last)
	}
}

// How many batches a pass takes at most, after how long the next takes fewer, and
// how many rows are remembered.
const (
	passBatches = 200
	passLong    = 3 * time.Second
	maxRemember = 400_000
)

// How often a replica looks for what is to be added up, and at how many looks in
// a row another replica may have left it undone.
const (
	passLook      = 200 * time.Millisecond
	passLookLater = 5 * time.Second // at most, while passes fail
	passPatience  = 3
)

// addUsage makes passes until the context ends; failures are handed to report,
// and tried again, after longer and longer pauses. The replica that made the
// last pass makes the next: it need not read what it remembers. Another one steps
// in when that is idle.
func (c *Control) addUsage(ctx context.Context, report func(error)) {
	var seen int64 // the number of the newest pass, of which nothing has come for
	var idle int   // so many looks
	for pause := passLook; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		err := c.jobs.run(jobUsage, passLook, func() error {
			number, waiting, err := c.store.UsagePass(ctx)
			if number != seen || !waiting {
				seen, idle = number, 0
				c.usage.pass()
			}
			if err == nil && waiting {
				if idle++; idle >= passPatience || !c.store.Shared() || c.usage.made(ctx, number) {
					err = errors.Join(c.drainUsage(ctx), c.usage.damage(ctx))
				}
			}
			return err
		})
		if err == nil || ctx.Err() != nil {
			pause = passLook
			continue
		}
		report(err)
		pause = min(2*pause, passLookLater)
		c.jobs.postpone(jobUsage, pause)
	}
}

// enter waits for the turn; leave gives it back.
func (p *usagePasses) enter(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return tookTooLong(ctx)
	}
}

func (p *usagePasses) leave() { <-p.turn }

// made tells whether this replica made the pass of a number.
func (p *usagePasses) made(ctx context.Context, number int64) bool {
	if p.enter(ctx) != nil {
		return false
	}
	defer p.leave()
	return p.memory.pass == number
}

// damage tells, once, of the batches that could not be read.
func (p *usagePasses) damage(ctx context.Context) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	damaged := p.damaged
	p.damaged = nil
	if len(damaged) == 0 {
		return nil
	}
	return fmt.Errorf("batches of usage that cannot be read are in usage_damaged: %v", damaged)
}

// AddUpUsage adds up all usage that was taken in before the call, for a caller
// who is known. A deletion that is a part of a transaction cannot do so itself.
func (c *Control) AddUpUsage(ctx context.Context) error {
	if _, err := operator(ctx, reeve.Look); err != nil {
		switch err := c.AuthenticateTenant(ctx); {
		case reeve.IsKind(err, reeve.Unauthenticated):
			return reeve.ErrDenied
		case err != nil:
			return err
		}
	}
	return c.drainUsage(ctx)
}

// drainUsage adds up all that was taken in before the call. It does nothing
// inside a transaction: what is in memory must be what was committed, and the
// passes of others wait for what that transaction has locked.
func (c *Control) drainUsage(ctx context.Context) error {
	if c.store.Enclosed(ctx) {
		return nil
	}
	for more := true; more; {
		_, waiting, err := c.store.UsagePass(ctx)
		if err != nil || !waiting {
			return err
		}
		if more, err = c.usagePass(ctx); err != nil {
			return err
		}
	}
	return nil
}

// usagePass adds up some batches, and tells whether there may be more.
func (c *Control) usagePass(ctx context.Context) (more bool, err error) {
	if err := c.usage.enter(ctx); err != nil {
		return false, err
	}
	defer c.usage.leave()
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	m, began := &c.usage.memory, time.Now()
	m.limit = max(m.limit, 1)
	limit := m.limit
	var sums usageSums
	var damaged []int64
	var pass int64
	err = c.store.Write(ctx, func(tx *store.Tx) (err error) {
		before := m.pass
		m.pass = 0 // what it holds is half done until the commit
		if pass, err = tx.BeginUsagePass(ctx); err != nil {
			return err
		}
		if before == 0 || pass != before+1 || m.size() > maxRemember {
			m.forget()
		}
		sums = newUsageSums()
		batches := 0
		if batches, damaged, err = tx.TakeUsageBatches(ctx, limit, sums.add); err != nil {
			return err
		}
		more = batches == limit
		return m.write(ctx, tx, &sums)
	})
	m.adjust(time.Since(began), err)
	if err != nil {
		return false, err
	}
	c.usage.pass()
	m.pass = pass
	c.usage.damaged = append(c.usage.damaged, damaged...)
	for key := range sums.months() {
		c.admissions.changed(key.project)
		c.alerts.touch(key.project)
	}
	return more, nil
}

// adjust sets how many batches the next pass takes. Many at once are cheaper,
// for each row is written once; but a pass must be done in its time, and others
// wait for SQLite's writer meanwhile.
func (m *usageMemory) adjust(took time.Duration, err error) {
	switch {
	case err != nil:
		m.limit /= 4
	case took > passLong:
		m.limit /= 2
	default:
		m.limit = min(2*m.limit, passBatches)
	}
}
