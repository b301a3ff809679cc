package store

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// model are the tables of which every change is recorded. A new table goes
// here, or into facts with a reason to tell in ARCHITECTURE.md.
var model = []string{
	"users", "organizations", "organization_members", "organization_keys", "projects", "project_members",
	"api_keys", "revoked_tails", "revoked_heads", "buckets", "coupons", "gateways", "gateway_tokens", "operators", "operator_tokens",
	"bounded_operator_tokens", "operator_identities",
	"statements", "statement_lines", "statement_settlements", "credit_notes", "credits", "webhooks",
	"user_totps", "recovery_codes", "invitations", "freezes",
}

// TestTablesAreFactsOrChanges: every table is one or the other.
func TestTablesAreFactsOrChanges(t *testing.T) {
	s, err := Open(t.Context(), Config{SQLite: filepath.Join(t.TempDir(), "reeve.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := many(t.Context(), s.Reader, read{
		sql: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('goose_db_version', 'sqlite_sequence')
			AND name NOT GLOB '*_texts_grams*'`,
	}, value[string])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{} // table → is it a fact?
	for _, name := range names {
		got[name] = facts[name]
	}
	want := map[string]bool{}
	for name := range facts {
		want[name] = true
	}
	for _, name := range model {
		want[name] = false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-listed +there):\n%s", diff)
	}
}

// TestTableOf: a write is judged by the table that it names.
func TestTableOf(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO users (id) VALUES ($1)":    "users",
		"UPDATE users SET id = $1":              "users",
		"DELETE FROM users WHERE id = $1":       "users",
		"DELETE FROM operator_tokens":           "operator_tokens",
		"UPDATE\n\t\tusers\n\t\tSET id = $1":    "users",
		"INSERT INTO\n\tbuckets\n(project_id) ": "buckets",
	} {
		if got := tableOf(sql); got != want {
			t.Errorf("%q writes %q, want %q", sql, got, want)
		}
	}
}
