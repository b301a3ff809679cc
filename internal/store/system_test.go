package store

import (
	"path/filepath"
	"testing"
)

// TestDatabaseSize: it is asked for once a minute, and what is told of the
// database does not depend on it.
func TestDatabaseSize(t *testing.T) {
	s, err := Open(t.Context(), Config{SQLite: filepath.Join(t.TempDir(), "reeve.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		t.Helper()
		db, err := s.Database(t.Context())
		if err != nil || db.Version == "" {
			t.Fatalf("%+v %v", db, err)
		}
		return db.Size
	}
	if got := size(); got < 4096 {
		t.Errorf("%d bytes", got)
	}
	broken := *s.d
	broken.size = "no_such_function()"
	s.d = &broken
	if got := size(); got < 4096 {
		t.Errorf("it is asked for anew: %d bytes", got)
	}
	s.size.asked = s.size.asked.Add(-2 * sizeAge)
	if got := size(); got != 0 {
		t.Errorf("%d bytes, which nobody told", got)
	}
}
