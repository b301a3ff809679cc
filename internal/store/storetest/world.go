package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// world puts things into a fresh store. Each has the time that it was made at,
// a minute after the one before.
type world struct {
	t *testing.T
	s *store.Store
}

// epoch is when things begin: a time with microseconds, to see them kept.
var epoch = time.Date(2026, 11, 22, 15, 44, 53, 397_371_000, time.UTC)

func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

func newID() reeve.ID { return reeve.ID(uuid.Must(uuid.NewV7())) }

func (w world) ctx() context.Context { return w.t.Context() }

// try writes and records a change of nothing.
func (w world) try(fn func(tx *store.Tx)) error {
	return w.s.Write(w.ctx(), func(tx *store.Tx) error {
		fn(tx)
		tx.Record(reeve.Change{Actor: "test", Action: "test.write"})
		return nil
	})
}

func (w world) write(fn func(tx *store.Tx)) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) user(email string) reeve.User {
	w.t.Helper()
	u := reeve.User{
		ID: newID(), Email: email, FullName: "Ada Lovelace", ShortName: "Ada", PasswordHash: []byte{0, 1, 0xff},
		ProjectLimit: 10, CreatedAt: epoch,
	}
	w.write(func(tx *store.Tx) { tx.CreateUser(u) })
	return u
}

func (w world) organization(owner reeve.ID) reeve.Organization {
	w.t.Helper()
	o := reeve.Organization{ID: newID(), Name: "Acme", OwnerID: owner, CreatedAt: epoch}
	w.write(func(tx *store.Tx) { tx.CreateOrganization(o) })
	return o
}

func (w world) project(o reeve.Organization) reeve.Project {
	w.t.Helper()
	p := reeve.Project{
		ID: newID(), OrganizationID: o.ID, OwnerID: o.OwnerID, ServiceAccountID: newID(),
		Name: "alpha", Description: "two\nlines", CreatedAt: epoch,
	}
	w.write(func(tx *store.Tx) { tx.CreateProject(p) })
	return p
}

// tenant makes an organisation with an owner and a project.
func (w world) tenant(email string) (reeve.User, reeve.Organization, reeve.Project) {
	w.t.Helper()
	u := w.user(email)
	o := w.organization(u.ID)
	return u, o, w.project(o)
}

func (w world) apiKey(project reeve.ID, name string) reeve.APIKey {
	w.t.Helper()
	id := newID()
	k := reeve.APIKey{
		ID: id, ProjectID: project, Name: name, Head: [32]byte(append(id[:], id[:]...)),
		Secret: []byte("sealed"), SealedBy: [8]byte{1}, CreatedAt: epoch,
	}
	w.write(func(tx *store.Tx) { tx.CreateAPIKey(k) })
	return k
}

// same compares what was read with what must be there.
func same[T any](t *testing.T, what string, want, got T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	limits := cmp.Comparer(func(a, b reeve.Limit) bool { return a == b })
	times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() })
	if diff := cmp.Diff(want, got, limits, times); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused checks an error's kind and sentence.
func refused(t *testing.T, what string, err error, kind reeve.Kind, message string) {
	t.Helper()
	var got *reeve.Error
	if !errors.As(err, &got) || got.Kind != kind || got.Message != message {
		t.Errorf("%s: %v, want %s: %s", what, err, kind, message)
	}
}

// in runs reads that only a transaction has, and rolls back.
func (w world) in(fn func(tx *store.Tx)) {
	w.t.Helper()
	rollback := errors.New("rollback")
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		fn(tx)
		return rollback
	})
	if !errors.Is(err, rollback) {
		w.t.Error(err)
	}
}
