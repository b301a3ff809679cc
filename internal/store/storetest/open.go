// Package storetest is the conformance suite of the store: to pass Run is what
// it means for a database to be supported. It also opens fresh, migrated
// databases for tests of the packages above.
package storetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/store"
)

// postgresVariable names the environment variable with a superuser's URL. Where
// it is not set, tests run on SQLite alone.
const postgresVariable = "REEVE_TEST_POSTGRES"

// Each runs a test on a fresh database of every kind there is.
func Each(t *testing.T, run func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachAt(t, nil, run)
}

// EachAt is Each with a clock; nil is time.Now.
func EachAt(t *testing.T, now func() time.Time, run func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachConfig(t, func(t *testing.T, config store.Config) {
		config.Now = now
		run(t, Open(t, config))
	})
}

// EachConfig runs a test for a fresh database of every kind there is, migrated
// and not opened.
func EachConfig(t *testing.T, run func(t *testing.T, config store.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, ConfigSQLite(t)) })
	if os.Getenv(postgresVariable) != "" {
		t.Run("postgres", func(t *testing.T) { run(t, ConfigPostgres(t)) })
	}
}

// OpenSQLite opens a fresh, migrated SQLite database. now may be nil.
func OpenSQLite(t *testing.T, now func() time.Time) *store.Store {
	t.Helper()
	config := ConfigSQLite(t)
	config.Now = now
	return Open(t, config)
}

// OpenPostgres opens a fresh, migrated PostgreSQL database. now may be nil. It
// skips the test where there is no PostgreSQL.
func OpenPostgres(t *testing.T, now func() time.Time) *store.Store {
	t.Helper()
	config := ConfigPostgres(t)
	config.Now = now
	return Open(t, config)
}

// Open opens a database and closes it at the test's end.
func Open(t *testing.T, config store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// connections is enough for the races that tests run.
const connections = 8

// ConfigSQLite makes a fresh, migrated SQLite database in a directory of the
// test's.
func ConfigSQLite(t *testing.T) store.Config {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "reeve.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return store.Config{SQLite: path, MaxConnections: connections}
}

// sqliteTemplate gives the bytes of a migrated file, which is made once:
// migrating is slow under the race detector.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "reeve-template")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "reeve.db")
	if err := migrate(store.Config{SQLite: path}); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // whole: closing moved the log into it
})
