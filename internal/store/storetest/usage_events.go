package storetest

import (
	"slices"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testUsageEvents(t *testing.T, w world) {
	digests := func(first, n int) (out []store.EventDigest) {
		for i := range n {
			out = append(out, store.EventDigest{byte((first + i) >> 8), byte(first + i), 15: 0xff})
		}
		return out
	}
	claim := func(month reeve.Month, list []store.EventDigest, want ...store.EventDigest) {
		t.Helper()
		w.fact(func(tx *store.Tx) error {
			claimed, err := tx.ClaimUsageEvents(w.ctx(), list, month)
			got := []store.EventDigest{}
			for _, digest := range list {
				if claimed[digest] {
					got = append(got, digest)
				}
			}
			same(t, "claimed", true, slices.Equal(want, got), err)
			return err
		})
	}
	claim(202611, digests(0, 1000), digests(0, 1000)...)
	claim(202612, digests(500, 1000), digests(1000, 500)...)
	claim(202612, digests(7, 1))

	forgotten, err := w.s.UsageEventsForgotten(w.ctx())
	same(t, "forgotten", 0, forgotten, err)
	steps := 0
	for more := true; more; steps++ {
		w.fact(func(tx *store.Tx) (err error) {
			more, err = tx.ForgetUsageEvents(w.ctx(), 202612, 700)
			return err
		})
	}
	same(t, "steps", 3, steps, nil)
	forgotten, err = w.s.UsageEventsForgotten(w.ctx())
	same(t, "forgotten", 202612, forgotten, err)
	w.fact(func(tx *store.Tx) error { // as a replica does that comes late
		more, err := tx.ForgetUsageEvents(w.ctx(), 202612, 1)
		same(t, "more", false, more, err)
		return err
	})
	claim(202612, digests(0, 1500), digests(0, 1000)...)
}
