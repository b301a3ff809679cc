package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"
)

// Batch is what one POST /gateway/usage carries; its JSON is the body.
type Batch struct {
	Stream   string            `json:"gateway"`
	Sequence int64             `json:"sequence"`
	Records  []json.RawMessage `json:"records"`
}

// Refusal is a record of a batch that the server does not count.
type Refusal struct {
	Record json.RawMessage
	Reason string
}

// Deliver hands one batch to the server. It answers nil only if the server has
// counted it; a [ConflictError] or a [BatchRefusedError] if the server never
// will; any other error if it is to be tried again.
type Deliver func(ctx context.Context, batch Batch) ([]Refusal, error)

// ConflictError is a Deliver's word that the batch's stream is at another one.
type ConflictError struct {
	Newest int64 // the newest sequence that the server has of the stream
	Detail string
}

// Error gives the server's word.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("conflict: %s (the stream is at %d)", e.Detail, e.Newest)
}

// BatchRefusedError is a Deliver's word that the server cannot read the batch.
type BatchRefusedError struct {
	Status int
	Detail string
}

// Error gives the server's word.
func (e *BatchRefusedError) Error() string {
	return fmt.Sprintf("refused with %d: %s", e.Status, e.Detail)
}

// The errors that SpoolSettings.Notify is told of, beside those of the disk.
type (
	// DeliveryError: a batch could not be delivered and will be tried again.
	DeliveryError struct {
		Stream   string
		Sequence int64
		Attempt  int
		Cause    error
	}
	// RecordsRefusedError: the server has not counted some records of a batch
	// and never will: their project is gone, their month closed.
	RecordsRefusedError struct {
		Stream   string
		Sequence int64
		Refusals []Refusal
	}
	// SetAsideError: a file cannot be delivered and is kept under a name of its
	// own. What it holds may not have been counted.
	SetAsideError struct {
		Path  string
		Cause error
	}
	// DeliveredBeforeError: a batch of an earlier opening was dropped, because
	// the server has counted a later one of its stream, and so this one. The
	// directory was restored from a backup, or a crash undid the file's removal.
	DeliveredBeforeError struct {
		Stream   string
		Sequence int64
		Newest   int64
	}
)

func (e *DeliveryError) Error() string {
	return fmt.Sprintf("deliver usage, batch %d of %s, attempt %d: %v", e.Sequence, e.Stream, e.Attempt, e.Cause)
}

// Unwrap gives the cause.
func (e *DeliveryError) Unwrap() error { return e.Cause }

func (e *RecordsRefusedError) Error() string {
	return fmt.Sprintf("deliver usage, batch %d of %s: %d records are refused, one as %q",
		e.Sequence, e.Stream, len(e.Refusals), e.Refusals[0].Reason)
}

func (e *SetAsideError) Error() string {
	return fmt.Sprintf("usage is set aside in %s: %v", e.Path, e.Cause)
}

// Unwrap gives the cause.
func (e *SetAsideError) Unwrap() error { return e.Cause }

func (e *DeliveredBeforeError) Error() string {
	return fmt.Sprintf("usage, batch %d of %s, was delivered before: the stream is at %d", e.Sequence, e.Stream, e.Newest)
}

// How long a batch waits after a failure: twice as long each time.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
)

// Deliver delivers batches, one after the other in their order, each until it
// is acknowledged, until the context ends or the spool is closed. Only one call
// at a time works; another waits for its end.
func (s *Spool) Deliver(ctx context.Context, deliver Deliver) error {
	s.deliver.Lock()
	defer s.deliver.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		err := s.wait(ctx, func() (bool, error) { return len(s.sealed) > 0, nil })
		if err != nil {
			return err
		}
		s.mu.Lock()
		name := s.sealed[0]
		s.mu.Unlock()
		if err := s.deliverOne(ctx, name, deliver); err != nil {
			return err
		}
	}
}

// deliverOne delivers a batch or sets it aside. Its error is the context's.
func (s *Spool) deliverOne(ctx context.Context, name string, deliver Deliver) error {
	for attempt, pause := 1, s.settings.pause; ; attempt, pause = attempt+1, min(2*pause, maxPause) {
		batch, err := s.readBatch(name)
		var refusals []Refusal
		if err == nil {
			refusals, err = deliver(ctx, batch)
		}
		if ctx.Err() != nil {
			return ctx.Err() // if it was acknowledged, it will be once more
		}
		if s.settled(name, batch, refusals, err) {
			return nil
		}
		s.notify(&DeliveryError{batch.Stream, batch.Sequence, attempt, err})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
	}
}

// settled does what follows from an attempt, and tells whether the batch is
// done with.
func (s *Spool) settled(name string, batch Batch, refusals []Refusal, err error) bool {
	conflict, isConflict := errors.AsType[*ConflictError](err)
	_, isRefused := errors.AsType[*BatchRefusedError](err)
	switch {
	case err == nil:
		if len(refusals) > 0 {
			s.notify(&RecordsRefusedError{batch.Stream, batch.Sequence, refusals})
		}
		s.drop(name, 1)
	case errors.Is(err, errCorrupt):
		s.putAside(name, corruptEnding, err)
	case isConflict && conflict.Newest > batch.Sequence && !s.own(batch.Stream):
		s.notify(&DeliveredBeforeError{batch.Stream, batch.Sequence, conflict.Newest})
		s.drop(name, 0)
	case isConflict:
		s.putAside(name, refusedEnding, err)
	case isRefused:
		s.putAside(name, refusedEnding, err)
	default:
		return false
	}
	return true
}

// own tells whether a stream is that of this opening, and gives up its name if
// it is: somebody else uses it too, such as a copy of a running machine.
func (s *Spool) own(stream string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stream != s.stream && !s.shared[stream] {
		return false
	}
	if stream == s.stream {
		s.stream, s.sequence = newStream(), 0
		if s.shared == nil {
			s.shared = map[string]bool{}
		}
		s.shared[stream] = true
	}
	return true
}

// drop removes a batch that is done with, and counts it if it was delivered. If
// the removal fails, or a crash undoes it, the server knows the batch when it
// comes again.
func (s *Spool) drop(name string, delivered int64) {
	size := s.size(name)
	if err := s.remove(name); err != nil {
		s.warn(err)
		size = 0
	}
	s.warn(s.syncDir())
	s.update(func() {
		s.sealed = s.sealed[1:]
		s.bytes -= size
		s.delivered += delivered
	})
}

// putAside keeps a batch that cannot be delivered.
func (s *Spool) putAside(name, ending string, cause error) {
	to := strings.TrimSuffix(name, batchEnding) + ending
	s.warn(s.rename(name, to))
	s.warn(s.syncDir())
	s.notify(&SetAsideError{filepath.Join(s.dir, to), cause})
	s.update(func() {
		s.sealed = s.sealed[1:]
		s.setAside++
	})
}
