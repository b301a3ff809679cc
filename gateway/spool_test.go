package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestSpoolBody: a batch is sent as the server documents it.
func TestSpoolBody(t *testing.T) {
	t.Parallel()
	l := newLedger()
	now := time.Date(2026, 11, 22, 16, 44, 53, 123_456_789, time.FixedZone("east", 3600))
	s := start(t, t.TempDir(), SpoolSettings{Now: func() time.Time { return now }, BatchAge: time.Hour}, l)
	s.report(5)
	r := usage(1<<63 - 1)
	r.Bucket, r.Meter, r.At = "<ü>", reeve.UsageRequests, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := s.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.Bucket, r.Meter, r.Value = "", reeve.UsageStorage, 0 // a gauge: nothing is left
	if err := s.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.drain()
	if len(l.batches) != 1 {
		t.Fatalf("%d batches", len(l.batches))
	}
	got, err := json.Marshal(l.batches[0])
	want := `{"gateway":"` + s.stream + `","sequence":1,"records":[` +
		`{"projectId":"0192f5a1-0000-7000-8000-000000000001","meter":"egress","at":"2026-11-22T15:44:53.123456Z","value":5},` +
		`{"projectId":"0192f5a1-0000-7000-8000-000000000001","bucket":"\u003cü\u003e","meter":"requests","at":"2026-01-01T00:00:00Z","value":9223372036854775807},` +
		`{"projectId":"0192f5a1-0000-7000-8000-000000000001","meter":"storage","at":"2026-01-01T00:00:00Z","value":0}]}`
	if err != nil || string(got) != want {
		t.Errorf("sent %s, %v\nwant %s", got, err, want)
	}
	if stats := s.Stats(); stats != (SpoolStats{Delivered: 1}) {
		t.Errorf("%+v", stats)
	}
}

// TestSpoolRefusals: what the server would never count is not taken.
func TestSpoolRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), SpoolSettings{}, nil)
	for what, wrong := range map[string]func(*reeve.UsageRecord){
		"project": func(r *reeve.UsageRecord) { r.ProjectID = reeve.Zero },
		"meter":   func(r *reeve.UsageRecord) { r.Meter = "light" },
		"value":   func(r *reeve.UsageRecord) { r.Value = -1 },
		"bucket":  func(r *reeve.UsageRecord) { r.Bucket = "\x00" },
		"year":    func(r *reeve.UsageRecord) { r.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		r := usage(1)
		wrong(&r)
		if err := s.Report(t.Context(), r); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if stats := s.Stats(); stats != (SpoolStats{}) {
		t.Errorf("%+v", stats)
	}
}

// TestSpoolReopened: what was reported outlives its process, in batches of the
// size that is set, and no opening uses the numbers of another.
func TestSpoolReopened(t *testing.T) {
	t.Parallel()
	dir, l := t.TempDir(), newLedger()
	want := map[int64]bool{}
	for life := range int64(3) {
		s := start(t, dir, SpoolSettings{BatchRecords: 4, BatchAge: time.Hour}, nil)
		for i := range int64(10) {
			s.report(10*life + i)
			want[10*life+i] = true
		}
		if _, err := OpenSpool(dir, SpoolSettings{}); !errors.Is(err, errInUse) {
			t.Errorf("opened twice: %v", err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if err := s.Report(t.Context(), usage(1)); !errors.Is(err, ErrSpoolClosed) {
			t.Errorf("closed: %v", err)
		}
	}
	s := start(t, dir, SpoolSettings{}, l)
	s.drain()
	l.check(t, want, nil)
	var sizes []int
	for i, batch := range l.batches {
		sizes = append(sizes, len(batch.Records))
		if batch.Sequence != int64(i%3+1) {
			t.Errorf("batch %d has sequence %d", i, batch.Sequence)
		}
	}
	if fmt.Sprint(sizes) != "[4 4 2 4 4 2 4 4 2]" || len(l.marks) != 3 {
		t.Errorf("batches of %d records in %d streams", sizes, len(l.marks))
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// TestSpoolByAge: a batch goes when it is old enough, however small.
func TestSpoolByAge(t *testing.T) {
	t.Parallel()
	l := newLedger()
	s := start(t, t.TempDir(), SpoolSettings{BatchAge: 10 * time.Millisecond}, l)
	s.report(1)
	err := s.wait(t.Context(), func() (bool, error) { return s.delivered == 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	l.check(t, set(1), nil)
}

// TestSpoolGroups: callers at once share syncs, and large records make a batch
// end before the server's limit on a body.
func TestSpoolGroups(t *testing.T) {
	t.Parallel()
	var syncs atomic.Int64
	l := newLedger()
	s := start(t, t.TempDir(), SpoolSettings{fault: func(op, _ string) error {
		if op == "sync" {
			syncs.Add(1)
			time.Sleep(time.Millisecond)
		}
		return nil
	}}, l)
	const callers, each = 50, 40
	want := map[int64]bool{}
	var group sync.WaitGroup
	for caller := range int64(callers) {
		for i := range int64(each) {
			want[each*caller+i] = true
		}
		group.Go(func() {
			for i := range int64(each) {
				r := usage(each*caller + i)
				r.Bucket = strings.Repeat("<", 200) // 1,200 bytes of JSON
				if err := s.Report(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	s.drain()
	l.check(t, want, nil)
	if n := syncs.Load(); n > callers*each/4 {
		t.Errorf("%d syncs for %d reports", n, callers*each)
	}
	for _, batch := range l.batches {
		if body, err := json.Marshal(batch); err != nil || len(body) > 1<<20 {
			t.Errorf("a body of %d bytes, %v", len(body), err)
		}
	}
}

// TestSpoolFull: a spool that holds as much as it may refuses, and takes again
// what there is room for when it has delivered.
func TestSpoolFull(t *testing.T) {
	t.Parallel()
	dir, l := t.TempDir(), newLedger()
	s := start(t, dir, SpoolSettings{MaxBytes: 1000, BatchRecords: 2, BatchAge: time.Hour}, nil)
	want := map[int64]bool{}
	var err error
	for value := int64(100); err == nil; value++ {
		if err = s.Report(t.Context(), usage(value)); err == nil {
			want[value] = true
		}
	}
	if !errors.Is(err, ErrSpoolFull) || len(want) < 5 {
		t.Errorf("%d records, then %v", len(want), err)
	}
	if stats := s.Stats(); stats.Bytes > 1000 || stats.Batches != len(want)/2 {
		t.Errorf("%+v", stats)
	}
	_ = s.close()
	s = start(t, dir, SpoolSettings{MaxBytes: 1000}, l)
	s.drain()
	s.report(1)
	s.drain()
	want[1] = true
	l.check(t, want, nil)
}

// TestSpoolFaults: every operation on the disk fails once, at every place. What
// was promised is counted, what was refused is not.
func TestSpoolFaults(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"create", "write", "sync", "truncate", "rename", "remove", "syncdir"} {
		for nth := 1; nth <= 12; nth++ {
			for _, also := range []string{"", "truncate", "rename"} {
				t.Run(fmt.Sprintf("%s %d %s", op, nth, also), func(t *testing.T) {
					dir, l := fastDir(t), newLedger()
					var mu sync.Mutex
					left, second := 0, also // nothing fails while the directory is opened
					fault := func(at, _ string) error {
						mu.Lock()
						defer mu.Unlock()
						if at == op {
							left--
						}
						switch {
						case at == op && left == 0:
						case left < 0 && left > -100 && at == second:
							second = ""
						default:
							return nil
						}
						return syscall.ENOSPC
					}
					s := start(t, dir, SpoolSettings{BatchRecords: 3, BatchAge: time.Hour, fault: fault}, l)
					mu.Lock()
					left = nth
					mu.Unlock()
					acked := map[int64]bool{}
					for value := range int64(20) {
						err := s.Report(t.Context(), usage(value))
						if err == nil {
							acked[value] = true
						} else if !errors.Is(err, syscall.ENOSPC) {
							t.Error(err)
						}
					}
					if len(acked) < 20-3 {
						t.Errorf("only %d were taken", len(acked))
					}
					mu.Lock()
					left = -1000
					mu.Unlock()
					s.drain()
					_ = s.close()
					s = start(t, dir, SpoolSettings{}, l)
					s.drain()
					l.check(t, acked, nil)
				})
			}
		}
	}
}

// TestSpoolBuffered: a buffered record is on disk after Flush; a disk that fails
// makes Report refuse until it works again, and loses nothing that was taken.
func TestSpoolBuffered(t *testing.T) {
	t.Parallel()
	dir, l := t.TempDir(), newLedger()
	var full atomic.Bool
	s := start(t, dir, SpoolSettings{Buffered: true, BatchAge: time.Hour, fault: func(op, _ string) error {
		if full.Load() && (op == "write" || op == "create") {
			return syscall.ENOSPC
		}
		return nil
	}}, l)
	s.report(1, 2)
	if err := s.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	copied := t.TempDir()
	copyDir(t, dir, copied)
	if found := files(t, copied, openEnding); len(found) != 1 {
		t.Fatalf("open segments %v", found)
	} else if data, err := os.ReadFile(found[0]); err != nil || bytes.Count(data, []byte("\n")) != 2 {
		t.Errorf("%s, %v", data, err)
	}
	full.Store(true)
	s.report(3)
	if err := s.Flush(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("flushed to a full disk: %v", err)
	}
	if err := s.Report(t.Context(), usage(4)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("reported to a full disk: %v", err)
	}
	full.Store(false)
	if err := s.wait(t.Context(), func() (bool, error) { return s.failed == nil, nil }); err != nil {
		t.Fatal(err)
	}
	for value := int64(10); value < 20_000; value++ { // more than the groups hold
		s.report(value)
	}
	s.drain()
	want := set(1, 2, 3)
	for value := int64(10); value < 20_000; value++ {
		want[value] = true
	}
	l.check(t, want, nil)

	full.Store(true)
	s.report(4)
	if err := s.close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closed with a record that is lost: %v", err)
	}
}

// TestSpoolCancelled: a context that is over takes nothing.
func TestSpoolCancelled(t *testing.T) {
	t.Parallel()
	l := newLedger()
	s := start(t, t.TempDir(), SpoolSettings{}, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, call := range []func(context.Context) error{
		func(ctx context.Context) error { return s.Report(ctx, usage(1)) },
		func(ctx context.Context) error {
			return s.Deliver(ctx, func(context.Context, Batch) ([]Refusal, error) { return nil, nil })
		},
	} {
		s.cancel()
		<-s.ended
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	l.check(t, nil, nil)
}
