package server

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestIntake: a batch counts once, also where it failed half way and came again.
func TestIntake(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	var mu sync.Mutex
	kept, room := map[int64]int{}, int64(2)
	in := &intake{streams: map[string]*intakeStream{}, report: func(_ context.Context, r reeve.UsageRecord) error {
		mu.Lock()
		defer mu.Unlock()
		if room == 0 {
			return full
		}
		room--
		kept[r.Value]++
		return nil
	}}
	record := func(value int64) control.UsageItem {
		return control.UsageItem{UsageRecord: reeve.UsageRecord{ProjectID: reeve.ID{1}, Meter: reeve.UsageEgress, At: time.Now(), Value: value}}
	}
	batch := control.UsageBatch{Stream: "a", Sequence: 3, Records: []control.UsageItem{
		record(1), record(2), {Flaw: "malformed time"}, record(-1), record(3),
	}}
	if _, err := in.ingest(t.Context(), batch); !errors.Is(err, full) || !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("without room: %v", err)
	}
	room = 100
	for range 3 {
		refusals, err := in.ingest(t.Context(), batch)
		if diff := cmp.Diff([]string{"", "", "malformed time", "negative value", ""}, refusals); diff != "" || err != nil {
			t.Errorf("refusals (-want +got):\n%s, %v", diff, err)
		}
	}
	if diff := cmp.Diff(map[int64]int{1: 1, 2: 1, 3: 1}, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	other := batch
	other.Records = other.Records[:1]
	lower := batch
	lower.Sequence = 2
	for name, batch := range map[string]control.UsageBatch{"another batch": other, "a lower one": lower} {
		_, err := in.ingest(t.Context(), batch)
		if cause, ok := errors.AsType[*control.SequenceTaken](err); !ok || cause.Newest != 3 || !reeve.IsKind(err, reeve.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lower.Stream = "b"
	if _, err := in.ingest(t.Context(), lower); err != nil {
		t.Error(err)
	}
	if _, err := in.ingest(t.Context(), control.UsageBatch{}); !reeve.IsKind(err, reeve.Invalid) {
		t.Error(err)
	}
}
