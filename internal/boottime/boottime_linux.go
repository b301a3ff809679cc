package boottime

import (
	"time"

	"golang.org/x/sys/unix"
)

// now reads CLOCK_BOOTTIME (clock_gettime(2)).
func now() time.Duration {
	var at unix.Timespec
	// It fails only for a clock that the kernel does not know: before 2.6.39.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &at)
	return time.Duration(at.Nano())
}
