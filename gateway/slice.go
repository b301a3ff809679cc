package gateway

import (
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
	ttl    time.Duration
	until  int64 // by the wall clock, in Unix nanoseconds

	used atomic.Int64 // units that were asked for; closed once it is settled
	vain atomic.Int64 // units of used that were refused
}

const (
	// mostUnits is more than anybody takes at once, and the most that a slice has: 2^53 bytes are 8 PiB.
	mostUnits = 1 << 53
	// closed is more than any slice has, however many are taken in vain before each of them is settled.
	closed = 1 << 62
)

func newSlice(of accountID, lease uuid.UUID, amount int64, sent time.Time, ttl time.Duration) *slice {
	ttl -= ttl / 1000 // as lasting does
	return &slice{
		of: of, lease: lease, amount: amount, low: (amount + 1) / 2,
		sent: sent, ttl: ttl, until: sent.Add(ttl).UnixNano(),
	}
}

// running tells whether the lease has not ended. The monotonic clock stands still while the machine sleeps and the
// wall clock can be set; the one that says that more time has gone by counts. Only a wall clock that is set back by as
// long as the machine slept is not noticed. A clock that runs during sleep would cost a system call each time.
func (s *slice) running(now time.Time) bool {
	return now.UnixNano() < s.until && now.Sub(s.sent) < s.ttl
}

// take takes units if there are so many. fetch tells the one caller who crosses the mark that the next slice is due. One
// who asks for more than there is ends the slice for all, which spares a loop: the next one is due anyway.
func (s *slice) take(n int64) (ok, fetch bool) {
	if n > s.amount || s.used.Load() > s.amount {
		return false, false
	}
	used := s.used.Add(n) // far from overflowing: see mostUnits
	if used > s.amount {
		s.vain.Add(n)
		return false, false
	}
	return true, used >= s.low && used-n < s.low
}

// close ends the admission and gives what was admitted, or a little more if somebody is just being refused; the second
// time it gives nothing.
func (s *slice) close() (used int64, first bool) {
	vain := s.vain.Load() // first: what is added to it later may not be in used
	used = s.used.Swap(closed)
	return min(used-vain, s.amount), used < closed
}

// rest gives how many units are left.
func (s *slice) rest() int64 { return max(0, s.amount-s.used.Load()) }
