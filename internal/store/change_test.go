package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestRetentionAndClocks: replicas' clocks differ, so times do not always rise
// with the numbers. Only a run of old rows from the oldest on may go.
func TestRetentionAndClocks(t *testing.T) {
	noon := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	var now time.Time
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, s *store.Store) {
		for _, minutes := range []int{1, 2, 60, 3, 4, 5, 6} {
			now = noon.Add(time.Duration(minutes) * time.Minute)
			if err := gateway(t, s); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.NumberChanges(t.Context()); err != nil {
			t.Fatal(err)
		}
		removed := 0
		err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
			removed, err = tx.DeleteChangesBefore(t.Context(), noon.Add(30*time.Minute), 100)
			return err
		})
		if err != nil || removed != 2 {
			t.Errorf("%d removed, %v", removed, err)
		}
		rows, err := s.ChangesAfter(t.Context(), 0, 100)
		var kept []int64
		for _, row := range rows {
			kept = append(kept, row.Number)
		}
		if diff := cmp.Diff([]int64{3, 4, 5, 6, 7}, kept); diff != "" || err != nil {
			t.Errorf("%v, kept (-want +got):\n%s", err, diff)
		}
	})
}

// TestUnstorableText: text that a database cannot hold is the caller's fault,
// not ours, wherever it turns up.
func TestUnstorableText(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, text := range []string{"a\x00b", "a\xffb"} {
			_, err := s.UserByEmail(t.Context(), text)
			if !reeve.IsKind(err, reeve.NotFound) && !reeve.IsKind(err, reeve.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
			_, err = s.Changes(t.Context(), store.ChangeFilter{Actor: text, Limit: 1})
			if err != nil && !reeve.IsKind(err, reeve.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
