//go:build !linux

package gateway

import (
	"sync/atomic"
	"time"
)

var (
	started = time.Now()
	newest  atomic.Int64
)

// bootTicks makes do without a clock that runs during suspend: it takes the monotonic or the wall clock, whichever
// says that more time has gone by, and never goes back. A wall clock that is set forward ends leases early; one that
// is set back while the machine sleeps goes unnoticed.
func bootTicks() ticks {
	now := time.Now()
	elapsed := int64(max(now.Sub(started), now.Round(0).Sub(started.Round(0))))
	for {
		last := newest.Load()
		if elapsed <= last {
			return ticks(last)
		}
		if newest.CompareAndSwap(last, elapsed) {
			return ticks(elapsed)
		}
	}
}
