package store_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestReadyNeedsTheSchema: a database that answers is of no use before it is
// migrated, nor when it was put back to an older schema. A newer one will do.
func TestReadyNeedsTheSchema(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			alter string
			ready bool
		}{
			{"UPDATE goose_db_version SET version_id = version_id + 1000 WHERE version_id > 0", true},
			{"DELETE FROM goose_db_version WHERE version_id > 0", false},
			{"DELETE FROM goose_db_version", false},
			{"DROP TABLE goose_db_version", false},
		} {
			storetest.Exec(t, config, test.alter)
			err := s.Ready(t.Context())
			if test.ready != (err == nil) || !test.ready && !reeve.IsKind(err, reeve.Unavailable) {
				t.Errorf("after %s: %v", test.alter, err)
			}
		}
	})
}

// TestReadySQLiteWriter: a writer that cannot write is found; one that is at
// work is not waited for.
func TestReadySQLiteWriter(t *testing.T) {
	config := storetest.ConfigSQLite(t)
	s := storetest.Open(t, config)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.OperatorTokens(t.Context()); err != nil {
			return err
		}
		return s.Ready(t.Context())
	})
	if err != nil {
		t.Errorf("while another writes: %v", err)
	}
	raw := storetest.Raw(t, config)
	raw.SetMaxOpenConns(1)
	if _, err := raw.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("while the file is locked: %v", err)
	}
	if _, err := raw.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
