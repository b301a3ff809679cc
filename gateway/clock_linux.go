package gateway

import "golang.org/x/sys/unix"

// bootTicks reads CLOCK_BOOTTIME, which runs during suspend and cannot be set. It costs a system call.
func bootTicks() ticks {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &at); err != nil {
		panic("gateway: CLOCK_BOOTTIME: " + err.Error()) // Linux has had it since 2.6.39
	}
	return ticks(at.Nano())
}
