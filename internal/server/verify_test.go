package server

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestVerify: the log of a database is walked, on PostgreSQL beside a replica;
// an altered row is named.
func TestVerify(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		cfg, err := load(t, []string{"--database", "sqlite:" + config.SQLite, "--master-key", key(1)}, nil)
		if config.Postgres != "" {
			cfg, err = load(t, []string{"--database", config.Postgres, "--master-key", key(1)}, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		c, s, err := openControl(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.FirstOperatorToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.NumberChanges(t.Context()); err != nil {
			t.Fatal(err)
		}
		if config.SQLite != "" {
			s.Close() // nobody else may have the file
		} else {
			defer s.Close()
		}
		var out strings.Builder
		if err := Verify(t.Context(), cfg, &out); err != nil || !strings.HasPrefix(out.String(), "1 changes, chain intact, newest number 1, hash ") {
			t.Errorf("%q, %v", out.String(), err)
		}
		storetest.Exec(t, config, "UPDATE changes SET actor = 'other' WHERE number = 1")
		err = Verify(t.Context(), cfg, &out)
		if _, starting := err.(StartError); starting || err == nil || err.Error() != "the change log is broken at number 1" {
			t.Errorf("altered: %v", err)
		}
	})
}
