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

// TestChangesBetween: a range of times picks what was made in it, although the
// replicas' clocks differ, and also once the oldest are gone.
func TestChangesBetween(t *testing.T) {
	noon := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	hours := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	var now time.Time
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, s *store.Store) {
		for _, hour := range hours {
			for _, minutes := range []int{2, 40, 1} { // three a hour, in this order
				now = noon.Add(time.Duration(hour)*time.Hour + time.Duration(minutes)*time.Minute)
				if err := gateway(t, s); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.NumberChanges(t.Context()); err != nil {
			t.Fatal(err)
		}
		check := func(from, to int, want ...int64) {
			t.Helper()
			since, until := noon.Add(time.Duration(from)*time.Minute), noon.Add(time.Duration(to)*time.Minute)
			rows, err := s.Changes(t.Context(), store.ChangeFilter{Since: &since, Until: &until, Limit: 100})
			var got []int64
			for _, row := range rows {
				got = append(got, row.Number)
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("from %d to %d: %v (-want +got):\n%s", from, to, err, diff)
			}
		}
		check(-600, 0)
		check(0, 1)
		check(0, 2, 3)
		check(1, 3, 3, 1)
		check(301, 302, 18)
		check(302, 401, 21, 20, 19, 17, 16)
		check(661, 9999, 36, 35, 34)
		check(800, 9999)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.DeleteChangesBefore(t.Context(), noon.Add(5*time.Hour), 100)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		check(0, 302, 18)
		check(0, 300)
		check(661, 9999, 36, 35, 34)
	})
}
