package gateway

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestCloseWhileTaken: what a slice is settled with is never less than what was
// taken of it, however the two meet.
func TestCloseWhileTaken(t *testing.T) {
	t.Parallel()
	for range 20_000 {
		s := newSlice(accountID{}, uuid.UUID{}, 100, time.Now(), time.Minute)
		s.used.Store(50)
		var admitted atomic.Int64
		admitted.Store(50)
		var ready, work sync.WaitGroup
		ready.Add(2)
		work.Go(func() {
			ready.Done()
			ready.Wait()
			for range 3 {
				if ok, _ := s.take(30); ok {
					admitted.Add(30)
				}
			}
		})
		ready.Done()
		ready.Wait()
		used, _ := s.close()
		work.Wait()
		if used < admitted.Load() {
			t.Fatalf("settled with %d, taken %d", used, admitted.Load())
		}
	}
}

// TestTakenInVain: however often more is asked for than there is, no unit is
// given twice.
func TestTakenInVain(t *testing.T) {
	t.Parallel()
	s := newSlice(accountID{}, uuid.UUID{}, mostUnits, time.Now(), time.Minute)
	if ok, _ := s.take(mostUnits); !ok {
		t.Fatal("there is so much")
	}
	for i := range 5_000 {
		if ok, _ := s.take(mostUnits); ok {
			t.Fatalf("given again at try %d", i)
		}
	}
	if used, first := s.close(); used != mostUnits || !first {
		t.Errorf("settled with %d, first %v", used, first)
	}
}
