package gateway

import (
	"sync/atomic"
	"time"
)

// ticks is a time in nanoseconds since an instant that means nothing by itself, on a clock that also runs while the
// machine sleeps: the only one that a lease may be counted by, for the server goes on counting.
type ticks int64

func (t ticks) plus(d time.Duration) ticks { return t + ticks(d) }

// minus gives how long t is after u.
func (t ticks) minus(u ticks) time.Duration { return time.Duration(t - u) }

// clock tells ticks, and the server's time from them. The machine's own idea of the date is not used once the server
// has told its own.
type clock struct {
	ticks func() ticks
	wall  func() time.Time

	offset atomic.Int64 // the server's time in Unix nanoseconds, less ticks
	synced atomic.Bool
}

func newClock() *clock { return &clock{ticks: bootTicks, wall: time.Now} }

// dateHalf is the middle of the second that a Date header names.
const dateHalf = time.Second / 2

// longestTrip is the longest round trip that says anything about the server's clock.
const longestTrip = 2 * time.Second

// learn takes the time in a reply's Date header (zero: none) for the server's: it was read between sent and received,
// so that the estimate is wrong by half of that and half a second at most.
func (c *clock) learn(date time.Time, sent, received ticks) {
	known := c.synced.Load()
	switch {
	case date.IsZero() && !known:
		c.offset.Store(c.wall().UnixNano() - int64(received))
	case date.IsZero(), known && received.minus(sent) > longestTrip:
		return
	default:
		middle := sent.plus(received.minus(sent) / 2)
		c.offset.Store(date.Add(dateHalf).UnixNano() - int64(middle))
	}
	c.synced.Store(true)
}

// at gives the server's time at some ticks.
func (c *clock) at(t ticks) time.Time { return time.Unix(0, int64(t)+c.offset.Load()) }

// lasting gives when a lease of d ends that was asked for at sent. A thousandth is taken off, twenty times what two
// clocks of ordinary machines drift apart.
func lasting(sent ticks, d time.Duration) ticks { return sent.plus(d - d/1000) }
