package reevetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewID makes the id of something that does not exist yet.
func NewID() reeve.ID { return reeve.ID(uuid.Must(uuid.NewV7())) }

// Write runs a transaction of the test's on the store.
func (s *Server) Write(t *testing.T, fn func(tx *store.Tx)) {
	t.Helper()
	err := s.Store.Write(t.Context(), func(tx *store.Tx) error {
		fn(tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// User makes a user name@mail.test without a password, which would take long,
// and binds the id.
func (s *Server) User(t *testing.T, name, fullName string) reeve.ID {
	t.Helper()
	id := NewID()
	s.Write(t, func(tx *store.Tx) {
		tx.CreateUser(reeve.User{
			ID: id, Email: name + "@mail.test", FullName: fullName, PasswordHash: []byte("none"),
			ProjectLimit: ProjectLimit, CreatedAt: tx.Now(),
		})
		tx.Record(reeve.Change{Actor: "system", Action: "user.create", Target: id})
	})
	s.Bind(name, id.String())
	return id
}

// Organization makes an organisation and binds its id to its name.
func (s *Server) Organization(t *testing.T, name, owner string) {
	t.Helper()
	s.Do(t, Step{
		Call: "POST /api/organizations", Body: `{"name":"` + name + `","ownerId":"{` + owner + `}"}`,
		Status: 200, Reply: `{"organizationId":"{` + name + `}"}`,
	})
}

// Project makes a project of a bound owner in a bound organisation ("": the
// owner's own) and binds its id.
func (s *Server) Project(t *testing.T, name, owner, organization string) {
	t.Helper()
	body := `{"ownerId":"{` + owner + `}","projectName":"` + name + `"`
	if organization != "" {
		body += `,"organizationId":"{` + organization + `}"`
	}
	s.Do(t, Step{
		Call: "POST /api/projects", Body: body + "}",
		Status: 200, Reply: `{"projectId":"{` + name + `}"}`,
	})
}

// OrganizationKey makes a key and binds its text to its name.
func (s *Server) OrganizationKey(t *testing.T, name, organization, role string) {
	t.Helper()
	s.Do(t, Step{
		Call: "POST /api/organizations/{" + organization + "}/apikeys", Body: `{"name":"` + name + `","role":"` + role + `"}`,
		Status: 200, Reply: `{"id":"{` + name + `_id}","apikey":"{` + name + `}"}`,
	})
}

// Member makes a bound user a member of an organisation or a project:
// kind is "organizations" or "projects".
func (s *Server) Member(t *testing.T, kind, of, user, role string) {
	t.Helper()
	s.Do(t, Step{
		Call: "PUT /api/" + kind + "/{" + of + "}/members/{" + user + "}", Body: `{"role":"` + role + `"}`, Status: 200,
	})
}

// Gateway makes a gateway and binds its token as {token}.
func (s *Server) Gateway(t *testing.T, name string) {
	t.Helper()
	s.Do(t, Step{
		Call: "POST /api/gateways", Body: `{"name":"` + name + `"}`,
		Status: 200, Reply: `{"id":"{` + name + `}","token":"{token}"}`,
	})
}

// Tenants sets up two tenants: alice owns acme with the project px and the
// keys key (admin), editor and viewer; bob and carol are in acme but not in
// px; mallory owns evil with the project foreign and the key stranger.
func (s *Server) Tenants(t *testing.T) {
	t.Helper()
	s.User(t, "alice", "Alice van Test")
	s.User(t, "bob", "Bob")
	s.User(t, "carol", "Carol Jones")
	s.User(t, "mallory", "Mallory Mean")
	s.Organization(t, "acme", "alice")
	s.Organization(t, "evil", "mallory")
	s.Member(t, "organizations", "acme", "bob", "viewer")
	s.Member(t, "organizations", "acme", "carol", "editor")
	s.Project(t, "px", "alice", "acme")
	s.Project(t, "foreign", "mallory", "evil")
	s.OrganizationKey(t, "key", "acme", "admin")
	s.OrganizationKey(t, "editor", "acme", "editor")
	s.OrganizationKey(t, "viewer", "acme", "viewer")
	s.OrganizationKey(t, "stranger", "evil", "admin")
}

// Used waits until what a project has used in a month is as wanted: what was
// taken in is added up within a second.
func (s *Server) Used(t *testing.T, want reeve.UsageTotal) {
	t.Helper()
	var got reeve.UsageTotal
	for range 100 {
		var err error
		if got, err = s.Store.UsageTotal(t.Context(), want.ProjectID, want.Month, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		if got == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("used %+v, want %+v", got, want)
}

// ID gives the id that a name is bound to.
func (s *Server) ID(t *testing.T, name string) reeve.ID {
	t.Helper()
	id, err := reeve.ParseAnyID(s.Value(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Count gives how many changes are in the log.
func (s *Server) Count(t *testing.T) int64 {
	t.Helper()
	if err := s.Store.NumberChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	number, _, err := s.Store.ChangeEnd(t.Context(), "head")
	if err != nil {
		t.Fatal(err)
	}
	return number
}
