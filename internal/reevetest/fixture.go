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

// OpenSession opens a session of a bound user without a password, which would take
// long, and binds its token as {name_token} and its id as {name_session}.
func (s *Server) OpenSession(t *testing.T, name string) {
	t.Helper()
	random, session := NewID(), NewID()
	token := reeve.NewToken(reeve.TokenSession, [32]byte(append(random[:], random[:]...)))
	s.Write(t, func(tx *store.Tx) {
		tx.CreateUserSession(reeve.UserSession{ID: session, UserID: s.ID(t, name), CreatedAt: tx.Now()}, token.Hash())
	})
	s.Bind(name+"_token", string(token))
	s.Bind(name+"_session", session.String())
}

// Operator makes a named operator and binds the token to its name.
func (s *Server) Operator(t *testing.T, name, role string) {
	t.Helper()
	s.Do(t, Step{
		Call: "POST /api/operators", Body: `{"name":"` + name + `","role":"` + role + `"}`,
		Status: 200, Reply: `{"id":"{` + name + `_id}","token":"{` + name + `}"}`,
	})
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

// prices are two cents for each GB of egress after the first, one cent for a
// thousand requests and 1/3 cent for a GB-hour; objects cost nothing.
func prices(t *testing.T) reeve.PriceList {
	t.Helper()
	var out []reeve.Price
	for _, p := range []struct {
		meter             reeve.UsageMeter
		unit, free, price string
	}{
		{reeve.UsageEgress, "GB", "1", "2"}, {reeve.UsageRequests, "1000 requests", "0", "1"}, {reeve.UsageStorage, "GB-hour", "0", "1/3"},
	} {
		price := reeve.Price{Meter: p.meter, From: 202601}
		var err error
		if price.Unit, err = reeve.ParsePriceUnit(p.meter, p.unit); err != nil {
			t.Fatal(err)
		}
		if price.Free, err = reeve.ParseNumber(p.free); err != nil {
			t.Fatal(err)
		}
		number, err := reeve.ParseNumber(p.price)
		if err != nil {
			t.Fatal(err)
		}
		price.Tiers = []reeve.PriceTier{{Price: number}}
		out = append(out, price)
	}
	list, err := reeve.NewPriceList(out)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Bill bills November 2026. The organisations acme, which is called
// =<b>"acme", and evil have used 11 GB of egress each and, of no price, an
// object for an hour; alice has a coupon {coupon} of 15 cents, -cheers. Then it
// is the second of December, November is closed, and 1 GB more has come for
// November, of acme. The statements are {bill} of acme, {draft} of acme's
// December and {theirs} of evil.
func (s *Server) Bill(t *testing.T) {
	t.Helper()
	s.Tenants(t)
	s.Gateway(t, "meter")
	record := func(project, meter, at, value string) string {
		return `{"projectId":"{` + project + `}","bucket":"a","meter":"` + meter + `","at":"2026-11-` + at + `Z","value":` + value + `}`
	}
	send := func(sequence, records string) Step {
		return Step{
			Call: "POST /gateway/usage", Body: `{"gateway":"bill","sequence":` + sequence + `,"records":[` + records + `]}`, Status: 200, Reply: Any,
			Not: []string{"refused"},
		}
	}
	s.Run(
		t,
		Step{Call: "PUT /api/organizations/{acme}", Body: `{"name":"=<b>\"acme\""}`, Status: 200},
		Step{
			Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":15,"description":"-cheers"}`,
			Status: 200, Reply: `{"id":"{coupon}"}`,
		},
		send("1", record("px", "egress", "22T10:00:00", "11000000000")+","+record("foreign", "egress", "22T10:59:59", "11000000000")+","+
			record("px", "objects", "22T10:00:00", "1")+","+record("px", "objects", "22T11:00:00", "0")),
	)
	s.Clock.Advance(10 * 24 * time.Hour)
	s.Run(
		t,
		Step{Call: "POST /api/months/2026-11/close", Status: 200, Reply: `{"month":"2026-11","status":"closed","statements":2}`},
		send("2", record("px", "egress", "22T11:30:00", "1000000000")),
	)
	for name, of := range map[string]string{"bill": "acme", "theirs": "evil"} {
		s.Bind(name, reeve.StatementID(s.ID(t, of), 202611).String())
	}
	s.Bind("draft", reeve.StatementID(s.ID(t, "acme"), 202612).String())
	s.Used(t, reeve.UsageTotal{
		ProjectID: s.ID(t, "px"), Month: 202611, Egress: reeve.Count(12_000_000_000), Objects: reeve.Hold(1, time.Hour),
	})
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
