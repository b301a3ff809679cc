package gateway

import (
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve/internal/boottime"
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

func bootTicks() ticks { return ticks(boottime.Now()) }

// longestTrip is the longest round trip that corrects what is known of the server's clock.
const longestTrip = 2 * time.Second

// learn takes a time that the server read between sent and received: the estimate is wrong by half of that at most.
func (c *clock) learn(server time.Time, sent, received ticks) {
	trip := received.minus(sent)
	if c.synced.Load() && trip > longestTrip {
		return
	}
	c.offset.Store(server.UnixNano() - int64(sent.plus(trip/2)))
	c.synced.Store(true)
}

// guess takes the Date of a reply, where nothing better is known: it is a whole second, so that the estimate is wrong
// by half a second more. Without one the machine's own clock must do.
func (c *clock) guess(date time.Time, sent, received ticks) {
	switch {
	case c.synced.Load():
	case date.IsZero():
		c.learn(c.wall(), received, received)
	default:
		c.learn(date.Add(time.Second/2), sent, received)
	}
}

// at gives the server's time at some ticks.
func (c *clock) at(t ticks) time.Time { return time.Unix(0, int64(t)+c.offset.Load()) }

// lasting gives when a lease of d ends that was asked for at sent. A thousandth is taken off, twenty times what two
// clocks of ordinary machines drift apart.
func lasting(sent ticks, d time.Duration) ticks { return sent.plus(d - d/1000) }
