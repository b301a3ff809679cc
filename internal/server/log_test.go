package server

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer is a log's destination that a test can read meanwhile.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestLogLosesNothing(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			var out lockedBuffer
			logger, flush := newLogger(Config{LogFormat: format}, &out)
			var writers sync.WaitGroup
			for range 8 {
				writers.Go(func() {
					for range 500 {
						logger.Info("request", "path", "/api/users")
					}
				})
			}
			writers.Wait()
			flush()
			if got := strings.Count(out.String(), "/api/users"); got != 4000 {
				t.Errorf("%d of 4000 records were written", got)
			}
		})
	}
}

func TestLogWritesUrgentRecordsAtOnce(t *testing.T) {
	for level, urgent := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelWarn: true, slog.LevelError: true} {
		var out lockedBuffer
		logger, _ := newLogger(Config{LogFormat: "json"}, &out)
		logger.With("listener", "tenant").WithGroup("x").Log(t.Context(), level, "something")
		if got := strings.Contains(out.String(), "something"); got != urgent {
			t.Errorf("%s: written at once: %v", level, got)
		}
	}
}

func TestLogWritesWithoutBeingAsked(t *testing.T) {
	var out lockedBuffer
	logger, _ := newLogger(Config{LogFormat: "json"}, &out)
	logger.Info("something")
	for end := time.Now().Add(10 * time.Second); !strings.Contains(out.String(), "something"); {
		if time.Now().After(end) {
			t.Fatal("the record was never written")
		}
		time.Sleep(logDelay / 5)
	}
}
