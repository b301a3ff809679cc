package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// The numbers of the locks: replicas of different versions must agree on them.
const (
	sequencerLock      = 0x7265657665
	operatorTokensLock = sequencerLock + 1
)

// TestAdvisoryLocks: what replicas must do one after the other waits while
// another holds its lock, and ends once it is let go.
func TestAdvisoryLocks(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t))
	for _, test := range []struct {
		name string
		lock int64
		do   func() error
	}{
		{"first operator token", operatorTokensLock, func() error { _, _, err := h.c.FirstOperatorToken(h.ctx); return err }},
		{"replaced operator token", operatorTokensLock, func() error { _, err := h.c.ReplaceOperatorToken(h.ctx); return err }},
		{"numbering", sequencerLock, func() error { return h.s.NumberChanges(h.ctx) }},
		{"retention", sequencerLock, func() error {
			return h.s.Write(h.ctx, func(tx *store.Tx) error {
				_, err := tx.DeleteChangesBefore(h.ctx, epoch, 1)
				return err
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) { waitsForLock(t, h, test.lock, test.do) })
	}
}

// TestNothingToNumber: with nothing pending, nobody waits for who numbers.
func TestNothingToNumber(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t))
	h.tenant("ada@mail.test")
	h.check(h.s.NumberChanges(h.ctx))
	tx, err := storetest.Raw(t, h.config).BeginTx(t.Context(), nil)
	h.check(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock($1)", sequencerLock)
	h.check(err)
	ctx, cancel := context.WithTimeout(h.ctx, 5*time.Second)
	defer cancel()
	h.check(h.s.NumberChanges(ctx))
}

func waitsForLock(t *testing.T, h house, lock int64, do func() error) {
	t.Helper()
	db := storetest.Raw(t, h.config)
	tx, err := db.BeginTx(t.Context(), nil)
	h.check(err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock($1)", lock)
	h.check(err)
	done := make(chan error, 1)
	go func() { done <- do() }()
	for waiting, start := 0, time.Now(); waiting == 0; {
		// A bigint's halves are in classid and objid.
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND (classid::bigint << 32) + objid::bigint = $1`, lock).Scan(&waiting)
		h.check(err)
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		if time.Since(start) > 30*time.Second {
			t.Fatal("neither waits nor ends")
		}
	}
	h.check(tx.Rollback())
	h.check(<-done)
}
