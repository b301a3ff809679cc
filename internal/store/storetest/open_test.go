package storetest_test

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestEach opens databases that are migrated.
func TestEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		have, want, err := s.Version(t.Context())
		if err != nil || have != want || have == 0 {
			t.Errorf("version %d of %d, %v", have, want, err)
		}
	})
}
