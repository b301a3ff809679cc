package web

import (
	"context"
	"sync"
	"time"
)

type exchangeKey struct{}

// timedContext is the operation's context: it ends with the client's connection
// or in time, and the exchange can be found in it. Its timer is made when
// somebody waits for it, which who answers from memory never does.
type timedContext struct {
	client   context.Context
	deadline time.Time
	exchange *exchange

	mu      sync.Mutex
	stopped bool
	timer   context.Context // nil until somebody waits
	cancel  context.CancelFunc
}

// Deadline gives the end of the operation's time.
func (c *timedContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done makes the timer.
func (c *timedContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil {
		c.timer, c.cancel = context.WithDeadline(c.client, c.deadline)
		if c.stopped {
			c.cancel()
		}
	}
	return c.timer.Done()
}

// Err tells whether the context has ended, timer or not.
func (c *timedContext) Err() error {
	if timer := c.made(); timer != nil {
		return timer.Err()
	}
	if err := c.client.Err(); err != nil {
		return err
	}
	if !time.Now().Before(c.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value finds the exchange itself, and the rest where it always was. Package
// context asks who ends this one, once it has called Done.
func (c *timedContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.exchange
	}
	if timer := c.made(); timer != nil {
		return timer.Value(key)
	}
	return c.client.Value(key)
}

// made gives the timer, if there is one.
func (c *timedContext) made() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timer
}

// stop ends the timer, if there is one: the request is done with.
func (c *timedContext) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.timer != nil {
		c.cancel()
	}
}
