//go:build !linux

package boottime

import "time"

var start = time.Now()

// now takes the longer of what both of Go's clocks say has passed: the wall
// clock goes on during a suspend, the monotonic one cannot be set back.
func now() time.Duration {
	at := time.Now()
	return max(at.Sub(start), at.Round(0).Sub(start.Round(0)))
}
