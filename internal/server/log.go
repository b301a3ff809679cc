package server

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// newLogger writes one record a line, as JSON or as text. The returned
// function writes what is still gathered.
func newLogger(cfg Config, out io.Writer) (logger *slog.Logger, flush func()) {
	gathered := &logWriter{out: out}
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewJSONHandler(gathered, options)
	if cfg.LogFormat == "text" {
		handler = slog.NewTextHandler(gathered, options)
	}
	return slog.New(urgentHandler{handler, gathered}), gathered.flush
}

// How long a record may wait for others, and how much may wait.
const (
	logDelay  = 50 * time.Millisecond
	logGather = 32 * 1024 // bytes
)

// logWriter gathers lines, so that a busy server makes one system call for
// many. What is gathered is lost if the process is killed: at most logDelay.
type logWriter struct {
	out io.Writer

	mu      sync.Mutex
	lines   []byte
	waiting bool // a timer will flush
}

// Write keeps a line; it never fails, for nobody could be told.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, line...)
	switch {
	case len(w.lines) >= logGather:
		w.write()
	case !w.waiting:
		w.waiting = true
		time.AfterFunc(logDelay, w.flush)
	}
	return len(line), nil
}

func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = false
	w.write()
}

func (w *logWriter) write() {
	if len(w.lines) > 0 {
		_, _ = w.out.Write(w.lines)
		w.lines = w.lines[:0]
	}
}

// urgentHandler writes warnings and errors at once.
type urgentHandler struct {
	slog.Handler
	gathered *logWriter
}

// Handle passes the record on.
func (h urgentHandler) Handle(ctx context.Context, record slog.Record) error {
	err := h.Handler.Handle(ctx, record)
	if record.Level >= slog.LevelWarn {
		h.gathered.flush()
	}
	return err
}

// WithAttrs keeps the urgency.
func (h urgentHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgentHandler{h.Handler.WithAttrs(attrs), h.gathered}
}

// WithGroup keeps the urgency.
func (h urgentHandler) WithGroup(name string) slog.Handler {
	return urgentHandler{h.Handler.WithGroup(name), h.gathered}
}
