package gateway

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// slice is a lease that is held: so many units may be admitted until it ends, whatever becomes of the control plane.
type slice struct {
	of     accountID
	lease  uuid.UUID
	amount int64
	low    int64 // used units at which the next slice is fetched
	sent   time.Time
	wall   time.Time // sent, without the monotonic clock
	ttl    time.Duration

	used atomic.Int64 // units; closed once it is settled
}

// closed is more than any slice has.
const closed = math.MaxInt64

func newSlice(of accountID, lease uuid.UUID, amount int64, sent time.Time, ttl time.Duration) *slice {
	return &slice{
		of: of, lease: lease, amount: amount, low: (amount + 1) / 2,
		sent: sent, wall: sent.Round(0), ttl: ttl - ttl/1000,
	}
}

// running tells whether the lease has not ended. The monotonic clock stands still while the machine sleeps and the
// wall clock can be set; the one that says that more time has gone by counts. Only a wall clock that is set back by as
// long as the machine slept is not noticed. A clock that runs during sleep would cost a system call each time.
func (s *slice) running(now time.Time) bool {
	return now.Sub(s.sent) < s.ttl && now.Round(0).Sub(s.wall) < s.ttl
}

// take takes units if there are so many. fetch tells the one caller who crosses the mark that the next slice is due.
func (s *slice) take(n int64) (ok, fetch bool) {
	for {
		used := s.used.Load()
		if used > s.amount-n { // n ≤ MaxInt64: no overflow
			return false, false
		}
		if s.used.CompareAndSwap(used, used+n) {
			return true, used < s.low && used+n >= s.low
		}
	}
}

// close ends the admission and gives what was admitted; the second time it gives nothing.
func (s *slice) close() (used int64, first bool) {
	used = s.used.Swap(closed)
	return used, used != closed
}

// rest gives how many units are left.
func (s *slice) rest() int64 { return max(0, s.amount-s.used.Load()) }
