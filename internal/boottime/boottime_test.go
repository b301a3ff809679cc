package boottime_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/boottime"
)

// TestNow: the clock goes as fast as the other one.
func TestNow(t *testing.T) {
	boot, wall := boottime.Now(), time.Now()
	time.Sleep(20 * time.Millisecond)
	passed := boottime.Now() - boot
	if most := time.Since(wall); passed < 20*time.Millisecond || passed > most {
		t.Errorf("%v passed, want 20ms to %v", passed, most)
	}
}
