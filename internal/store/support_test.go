package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// patience is how long a test waits for what must happen soon.
const patience = 20 * time.Second

func newID() reeve.ID { return reeve.ID(uuid.Must(uuid.NewV7())) }

// newPair gives 32 bytes that nothing else has.
func newPair() [32]byte {
	a, b := newID(), newID()
	return [32]byte(append(a[:], b[:]...))
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); !so(); <-tick.C {
		if time.Since(start) > patience {
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}

func createUsers(t *testing.T, s *store.Store, emails ...string) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for _, email := range emails {
			tx.CreateUser(reeve.User{ID: newID(), Email: email, PasswordHash: []byte{1}, CreatedAt: tx.Now()})
		}
		tx.Record(reeve.Change{Action: "test"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
