package control

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve/internal/store"
)

// usagePasses adds up what was taken in, some batches in each pass. One replica
// at a time makes a pass; the one that made the last remembers what it wrote and
// reads nothing again.
type usagePasses struct {
	mu     sync.Mutex // held through a pass
	memory usageMemory

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
	out := &usagePasses{}
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

// How many batches a pass takes at most, after some passes that took fewer, and
// how many rows are remembered.
const (
	passBatches = 200
	maxRemember = 400_000
)

// How often a replica looks for what is to be added up, and at how many looks in
// a row another replica may have left it undone.
const (
	passLook     = 200 * time.Millisecond
	passPatience = 3
)

// addUsage makes passes until the context ends; failures are handed to report,
// and tried again. The replica that made the last pass makes the next: it need
// not read what it remembers. Another one steps in when that is idle.
func (c *Control) addUsage(ctx context.Context, report func(error)) {
	look := time.NewTicker(passLook)
	defer look.Stop()
	var seen int64 // the number of the newest pass, of which nothing has come for
	var idle int   // so many looks
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		number, waiting, err := c.store.UsagePass(ctx)
		if number != seen || !waiting {
			seen, idle = number, 0
			c.usage.pass()
		}
		if err == nil && waiting {
			if idle++; idle >= passPatience || !c.store.Shared() || c.usage.made(number) {
				err = c.drainUsage(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			report(err)
		}
	}
}

// made tells whether this replica made the pass of a number.
func (p *usagePasses) made(number int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory.pass == number
}

// drainUsage adds up all that was taken in before the call.
func (c *Control) drainUsage(ctx context.Context) error {
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
	ctx, cancel := context.WithTimeout(ctx, retentionTimeout)
	defer cancel()
	c.usage.mu.Lock()
	defer c.usage.mu.Unlock()
	m := &c.usage.memory
	m.limit = max(m.limit, 1)
	limit := m.limit
	var sums usageSums
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
		batches, err := tx.TakeUsageBatches(ctx, limit, sums.add)
		if err != nil {
			return err
		}
		more = batches == limit
		return m.write(ctx, tx, &sums)
	})
	if err != nil { // it may have been too much for its time
		m.limit = limit / 4
		return false, err
	}
	c.usage.pass()
	m.limit = min(2*limit, passBatches)
	m.pass = pass
	for key := range sums.months() {
		c.admissions.changed(key.project)
		c.alerts.touch(key.project)
	}
	return more, nil
}
