// Package boottime is a clock for leases: it never steps, and it goes on while
// the machine sleeps, which Go's monotonic clock does not.
package boottime

import "time"

// Now gives the time since some moment before the process began. Only the
// difference of two of them means anything.
func Now() time.Duration { return now() }
