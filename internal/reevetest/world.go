package reevetest

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// World is a SQLite database with things in it that tests begin from, each with
// a copy of its own.
type World struct {
	file  []byte
	names map[string]string
	clock *Clock
}

// NewWorld builds a world once.
func NewWorld(t *testing.T, build func(t *testing.T, s *Server)) *World {
	t.Helper()
	w := &World{clock: NewClock()}
	config := storetest.ConfigSQLite(t)
	config.Now = w.clock.Now
	s := start(t, storetest.Open(t, config), w.clock, options{})
	build(t, s)
	w.names = s.names
	s.end()
	s.Store.Close() // makes the file whole
	var err error
	if w.file, err = os.ReadFile(config.SQLite); err != nil {
		t.Fatal(err)
	}
	return w
}

// Open makes a Server on a copy of the world.
func (w *World) Open(t *testing.T) *Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reeve.db")
	if err := os.WriteFile(path, w.file, 0o600); err != nil {
		t.Fatal(err)
	}
	clock := &Clock{now: w.clock.Now()}
	s := start(t, storetest.Open(t, store.Config{SQLite: path, MaxConnections: 4, Now: clock.Now}), clock, options{})
	maps.Copy(s.names, w.names)
	return s
}
