package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// ledger counts batches by the rules that POST /gateway/usage documents. Each
// record of a test has a value of its own.
type ledger struct {
	mu      sync.Mutex
	marks   map[string]mark
	counted map[int64]int // how often each value was
	batches []Batch       // that were counted
	answer  func(batch Batch) (lost bool, err error)
}

type mark struct {
	sequence int64
	digest   [32]byte
}

func newLedger() *ledger { return &ledger{marks: map[string]mark{}, counted: map[int64]int{}} }

func (l *ledger) deliver(_ context.Context, batch Batch) ([]Refusal, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := false
	if l.answer != nil {
		var err error
		if lost, err = l.answer(batch); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return nil, err
	}
	digest, at := sha256.Sum256(body), l.marks[batch.Stream]
	switch {
	case at.sequence == batch.Sequence && at.digest == digest:
	case at.sequence >= batch.Sequence:
		return nil, &ConflictError{Newest: at.sequence, Detail: "taken"}
	default:
		l.marks[batch.Stream] = mark{batch.Sequence, digest}
		l.batches = append(l.batches, batch)
		for _, text := range batch.Records {
			var record struct{ Value int64 }
			if err := json.Unmarshal(text, &record); err != nil {
				return nil, err
			}
			l.counted[record.Value]++
		}
	}
	if lost {
		return nil, errors.New("the answer is lost")
	}
	return nil, nil
}

// check holds what was counted against what was promised: the acknowledged
// once, the doubtful once or not at all, nothing else.
func (l *ledger) check(t interface {
	Helper()
	Errorf(string, ...any)
}, acked, doubtful map[int64]bool,
) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for value := range acked {
		if l.counted[value] == 0 {
			t.Errorf("%d was reported and is lost", value)
		}
	}
	for value, n := range l.counted {
		if n != 1 || !acked[value] && !doubtful[value] {
			t.Errorf("%d was counted %d times (reported %v, doubtful %v)", value, n, acked[value], doubtful[value])
		}
	}
}

var project = reeve.ID(uuid.MustParse("0192f5a1-0000-7000-8000-000000000001"))

func usage(value int64) reeve.UsageRecord {
	return reeve.UsageRecord{ProjectID: project, Meter: reeve.UsageEgress, Value: value}
}

// opened is an open spool with its deliveries.
type opened struct {
	*Spool
	t      *testing.T
	mu     sync.Mutex
	told   []error
	cancel context.CancelFunc
	ended  chan struct{}
}

// start opens a spool that delivers to a ledger; nil delivers nothing.
func start(t *testing.T, dir string, settings SpoolSettings, l *ledger) *opened {
	t.Helper()
	o := &opened{t: t, ended: make(chan struct{})}
	settings.pause = time.Millisecond
	settings.Notify = func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.told = append(o.told, err)
	}
	s, err := OpenSpool(dir, settings)
	if err != nil {
		t.Fatal(err)
	}
	o.Spool = s
	ctx, cancel := context.WithCancel(t.Context())
	o.cancel = cancel
	go func() {
		defer close(o.ended)
		if l != nil {
			_ = s.Deliver(ctx, l.deliver)
		}
	}()
	t.Cleanup(func() { _ = o.close() })
	return o
}

func (o *opened) close() error {
	o.cancel()
	<-o.ended
	return o.Close()
}

func (o *opened) report(values ...int64) {
	o.t.Helper()
	for _, value := range values {
		if err := o.Report(o.t.Context(), usage(value)); err != nil {
			o.t.Errorf("%d: %v", value, err)
		}
	}
}

func (o *opened) drain() {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second)
	defer cancel()
	if err := o.Drain(ctx); err != nil {
		o.t.Fatalf("drain: %v; %+v, told %v", err, o.Stats(), o.events())
	}
}

func (o *opened) events() []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]error{}, o.told...)
}

// told finds the events of a type.
func told[T error](o *opened) (out []T) {
	for _, err := range o.events() {
		if event, ok := errors.AsType[T](err); ok {
			out = append(out, event)
		}
	}
	return out
}

func set(values ...int64) map[int64]bool {
	out := map[int64]bool{}
	for _, value := range values {
		out[value] = true
	}
	return out
}

// files lists the directory's files with an ending.
func files(t *testing.T, dir, ending string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "*"+ending))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// copyDir copies a directory as a backup would.
func copyDir(t interface {
	Helper()
	Fatal(...any)
}, from, to string,
) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func rawRecords(texts ...string) (out []json.RawMessage) {
	for _, text := range texts {
		out = append(out, json.RawMessage(text))
	}
	return out
}
