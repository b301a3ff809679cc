package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	cfg := Config{SQLite: filepath.Join(t.TempDir(), "x.db"), MaxConnections: 4}
	if dsn := os.Getenv("REEVE_TEST_POSTGRES"); dsn != "" {
		cfg = Config{Postgres: dsn, MaxConnections: 4}
	}
	s, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	u := reeve.User{ID: reeve.ID(uuid.New()), Email: "A@b.c", FullName: "A B", PasswordHash: []byte("x"), ProjectLimit: 10, CreatedAt: s.Now()}
	write := func(fn func(tx *Tx)) error {
		return s.Write(ctx, func(tx *Tx) error {
			fn(tx)
			tx.Record(reeve.Change{Actor: "root", Action: "a.b", Target: u.ID, After: reeve.Fields(`{}`)})
			return nil
		})
	}
	if err := write(func(tx *Tx) { tx.CreateUser(u) }); err != nil {
		t.Fatal(err)
	}
	if err := write(func(tx *Tx) { tx.CreateUser(u) }); !reeve.IsKind(err, reeve.Conflict) {
		t.Fatal(err)
	}
	got, err := s.UserByEmail(ctx, "a@B.C")
	t.Log(got, err)
	if err := s.NumberChanges(ctx); err != nil {
		t.Fatal(err)
	}
	cs, err := s.Changes(ctx, ChangeFilter{Limit: 10, Actor: "root", Target: &u.ID, Before: 99})
	t.Log(cs, err)
	if len(cs) != 1 {
		t.Fatal("changes")
	}
	if kp, err := s.OrganizationKeyAndProject(ctx, reeve.TokenHash{}, u.ID); !reeve.IsKind(err, reeve.Unauthenticated) {
		t.Fatal(kp, err)
	}
	t.Log(s.Version(ctx))
	t.Log(s.Durability(ctx))
}
