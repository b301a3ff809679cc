package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

// onCall opens a server with the tenants of the tests, and a browser of an
// operator with a role; the root operator's if that is "".
func onCall(t *testing.T, role string) (*reevetest.Server, *browser) {
	t.Helper()
	s := reevetest.Open(t)
	s.Tenants(t)
	return s, onDuty(t, s, role)
}

// onDuty is a browser of an operator with a role.
func onDuty(t *testing.T, s *reevetest.Server, role string) *browser {
	t.Helper()
	token := reevetest.OperatorToken
	if role != "" {
		s.Operator(t, "op_"+role, role)
		token = s.Value(t, "op_"+role)
	}
	b := newBrowser(t, s, "operator")
	b.get("sign-in").send(fields{"token": token}).titled("Search")
	return b
}

// TestUserPage: what a user has, and what was done.
func TestUserPage(t *testing.T) {
	s, b := onCall(t, "")
	path := s.Expand("users/{alice}")
	b.get("users").titled("Users").says("alice@mail.test", "Mallory Mean").follow("Alice van Test").titled("Alice van Test").
		says("alice@mail.test", "active", "px", "acme", "owner", "1 of ", "The user has no coupon.", "User created")
	b.get("users/ALICE@mail.test").titled("Alice van Test")
	s.Member(t, "projects", "px", "bob", "viewer")
	bob := b.get(s.Expand("users/{bob}")).says("Projects of others", "px")
	bob.follow("Change role of px").titled("Role of Bob")
	bob.follow("Remove acme").titled("Remove Bob from the organisation")
	b.get(path).says("The user is a member of no project that another owns.").silent("Remove acme")
	for _, nobody := range []string{"users/" + reevetest.NewID().String(), "users/x", "users/none@mail.test"} {
		b.get(nobody).answered(http.StatusNotFound, "Not found").says("no such user")
	}
	edit := b.get(path + "/edit").titled("Edit Alice van Test")
	other := b.get(path + "/edit")
	edit.send(fields{"limit": "0"}).answered(http.StatusBadRequest, "Edit Alice van Test").says("The project limit must be a number from 1")
	edit.send(fields{"name": "Alice Allowed", "limit": "7", "reason": "ticket 7"}).titled("Alice Allowed").
		says("The user is changed.", "1 of 7", "ticket 7")
	other.send(fields{"limit": "9"}).answered(http.StatusPreconditionFailed, "Edit Alice Allowed").
		says("Changed meanwhile from “Alice van Test” to “Alice Allowed”.").
		send(nil).titled("Alice Allowed").says("1 of 9") // who did not write a name takes none back
	reset := b.get(path + "/reset").send(nil).titled("Hand this link on").says("This is shown only now")
	if !strings.Contains(reset.text, "reeve_rst_") {
		t.Error("no link")
	}
	b.get(path+"/totp").send(nil).answered(http.StatusNotFound, "Not found")
}

// TestCreateUser: with a password, or with a link to one.
func TestCreateUser(t *testing.T) {
	_, b := onCall(t, "support")
	form := b.get("users/new").titled("New user")
	form.send(fields{"email": "alice@mail.test", "name": "Again", "password": "secret1"}).answered(http.StatusConflict, "New user")
	page := form.send(fields{"email": "new@mail.test", "name": "New One"}).titled("new@mail.test is a user now.")
	if !strings.Contains(page.text, "reeve_rst_") {
		t.Error("no link")
	}
	page.follow("Done").titled("New One")
	form.send(fields{"email": "two@mail.test", "name": "Two", "password": "secret2"}).titled("Two").silent("secret2")
}

// TestFreezeUser: who is frozen stays out, and it says until when.
func TestFreezeUser(t *testing.T) {
	s, b := onCall(t, "")
	s.SignIn(t, "alice")
	path := s.Expand("users/{alice}")
	b.get(path+"/freeze").titled("Freeze Alice van Test").
		says("1 session ends, and the user cannot sign in.", "0 API keys of 1 project that the user owns stop working.").
		send(fields{"type": "security", "until": "2000-01-01T00:00"}).answered(http.StatusBadRequest, "Freeze Alice van Test").
		says("Until is not in the future").
		send(fields{"type": "security", "until": "2100-01-01T00:00", "reason": "leak"}).says("The user is frozen.")
	b.get(path).titled("Alice van Test").says("frozen: security", "2100-01-01 00:00 UTC", "leak")
	b.get("users?frozen=yes").says("Alice van Test").silent("Mallory Mean")
	finance := onDuty(t, s, "finance")
	finance.get(path).titled("Alice van Test").silent("Unfreeze")
	finance.get(path+"/unfreeze").send(nil).answered(http.StatusForbidden, "Not allowed")
	b.get(path + "/unfreeze").send(nil).titled("Alice van Test").says("The user is not frozen any more.")
	finance.get(path + "/freeze").titled("Freeze Alice van Test").silent("security:")
}

// TestDeleteUser: what is in the way, deleting, restoring and erasing.
func TestDeleteUser(t *testing.T) {
	s, b := onCall(t, "")
	alice := s.Expand("users/{alice}")
	b.get(alice+"/delete").titled("Delete Alice van Test").says("It is refused as long as the user is in a project: take the user out of 1 project first.").
		send(nil).answered(http.StatusConflict, "Delete Alice van Test").says("Some projects still exist")
	bob := s.Expand("users/{bob}")
	b.get(bob+"/delete").titled("Delete Bob").says("The user loses the place in 1 organisation.", "It can be restored until").
		send(nil).titled("Users").says("bob@mail.test is deleted.").silent("Bob")
	b.get(bob).answered(http.StatusNotFound, "Not found")
	list := b.get("deletions").titled("Deletions").says("bob@mail.test", "user")
	list.follow("Restore bob@mail.test").titled("Restore bob@mail.test").send(nil).titled("Bob").says("bob@mail.test is restored.", "acme")
	b.get(bob + "/delete").send(nil).titled("Users")
	support := onDuty(t, s, "support")
	support.get("deletions").says("Restore").silent("Erase")
	erase := s.Expand("deletions/user/{bob}/erase")
	support.get(erase).answered(http.StatusForbidden, "Not allowed")
	b.get(erase).titled("Erase bob@mail.test").send(nil).titled("Deletions").says("bob@mail.test is erased for good.")
	b.get(erase).answered(http.StatusNotFound, "Not found")
	b.get("deletions/coupon/x/restore").answered(http.StatusNotFound, "Not found")
	b.get(s.Expand("users/{carol}/erase")).titled("Erase Carol Jones").says("It cannot be restored").send(nil).titled("Users")
	b.get("deletions").says("Nothing that was deleted can be restored.")
}

// TestOperatorsRoles: who may not do something is not asked about it.
func TestOperatorsRoles(t *testing.T) {
	s, viewer := onCall(t, "viewer")
	finance, support := onDuty(t, s, "finance"), onDuty(t, s, "support")
	acme := s.Expand("organizations/{acme}")
	key := s.Expand("/apikeys/{viewer_id}")
	for path, may := range map[string]string{
		s.Expand("users/{alice}/edit"): "support", s.Expand("users/{alice}/reset"): "support", s.Expand("users/{alice}/totp"): "support",
		"users/new": "support", s.Expand("users/{alice}/delete"): "support", s.Expand("users/{alice}/erase"): "",
		s.Expand("users/{alice}/freeze"): "support finance", "organizations/new": "support", acme + "/rename": "support",
		acme + "/freeze": "support finance", acme + "/delete": "support", acme + "/erase": "", acme + "/members/new": "support",
		s.Expand(acme + "/members/{bob}/role"): "support", s.Expand(acme + "/members/{bob}/remove"): "support",
		acme + "/apikeys/new": "support", acme + key + "/rotate": "support", acme + key + "/delete": "support",
		acme + "/budget": "finance", acme + "/budget/delete": "finance", acme + "/webhook": "support", acme + "/webhook/delete": "support",
	} {
		for role, b := range map[string]*browser{"viewer": viewer, "finance": finance, "support": support} {
			want := http.StatusForbidden
			if strings.Contains(may, role) {
				want = http.StatusOK
			}
			if got := b.get(path); got.status != want {
				t.Errorf("%s: %s is %d, not %d", role, path, got.status, want)
			}
			if want == http.StatusForbidden {
				b.do(http.MethodPost, path, nil, nil).answered(http.StatusForbidden, "Not allowed")
			}
		}
	}
	for _, path := range []string{"users", s.Expand("users/{alice}"), acme, "organizations", "projects", "deletions", acme + "/members", acme + "/apikeys"} {
		for _, text := range viewer.get(path).links() {
			for _, word := range []string{"New ", "Edit", "Delete ", "Erase", "Freeze", "Remove", "Rotate", "Set ", "Rename", "Add"} {
				if strings.HasPrefix(text, word) {
					t.Errorf("%s offers %q to a viewer", path, text)
				}
			}
		}
	}
}

// TestOperatorsLongLists: pages of a list are in each other's place, and the CSV has all.
func TestOperatorsLongLists(t *testing.T) {
	s, b := onCall(t, "")
	s.Write(t, func(tx *store.Tx) {
		for n := range 120 {
			id := reevetest.NewID()
			tx.CreateUser(reeve.User{ID: id, Email: "u" + id.String() + "@mail.test", FullName: "=User", PasswordHash: []byte("none"), ProjectLimit: n + 1, CreatedAt: tx.Now()})
			tx.Record(reeve.Change{Actor: "system", Action: "user.create", Target: id})
			tx.CreateMember(store.InOrganization(s.ID(t, "acme")), reeve.Member{UserID: id, Role: reeve.RoleViewer, CreatedAt: tx.Now()})
		}
	})
	rows := func(p *shown) int { return strings.Count(p.text, `<tr role="row">`) - 1 }
	first := b.get("users")
	second := first.follow("Next")
	third := second.follow("Next")
	if rows(first) != 50 || rows(second) != 50 || rows(third) != 24 {
		t.Errorf("%d, %d and %d rows", rows(first), rows(second), rows(third))
	}
	if got := third.follow("First page"); got.text != first.text {
		t.Error("the first page is another one")
	}
	csv := b.get("users?csv=users")
	if n := strings.Count(csv.text, "\r\n"); n != 125 || !strings.Contains(csv.text, "\n'=User,") {
		t.Errorf("%d lines:\n%.300s", n, csv.text)
	}
	page := b.get(s.Expand("organizations/{acme}")).says("All 123 members")
	if len(page.text) > 60_000 {
		t.Errorf("%d bytes", len(page.text))
	}
	members := page.follow("All 123 members").titled("Members of acme").says("1 to 50 of 123").follow("Next").says("51 to 100 of 123").follow("Next")
	if rows(members) != 23 {
		t.Errorf("%d rows", rows(members))
	}
	if csv := b.get(s.Expand("organizations/{acme}?csv=members")); strings.Count(csv.text, "\r\n") != 124 {
		t.Errorf("%d lines", strings.Count(csv.text, "\r\n"))
	}
}

// TestOperatorsFilters: what a list is asked for, and what cannot be.
func TestOperatorsFilters(t *testing.T) {
	s, b := onCall(t, "")
	b.get("users?q=mean").says("Mallory Mean").silent("Alice van Test")
	b.get("users?projects=no").says("Bob").silent("Alice van Test")
	b.get("users?q=nobody").says("Nothing is like that: ask for less.")
	b.get("users?to=2001-01-01").says("Nothing is like that")
	b.get("organizations?owner=alice@mail.test").says("acme").silent("evil")
	b.get("organizations?member=" + s.Value(t, "bob")).says("acme").silent("evil")
	b.get("projects?organization="+s.Value(t, "evil")).says("foreign", "Mallory Mean").silent("px")
	for _, path := range []string{
		"users?sort=x", "users?frozen=x", "users?from=x", "users?after=x", "organizations?owner=none@mail.test", "organizations?sort=email",
		"projects?organization=x", "deletions?kind=x", "deletions?after=x",
	} {
		got := b.get(path).says("Show") // the form that asked for it
		if got.status != http.StatusBadRequest {
			t.Errorf("%s is %d", path, got.status)
		}
	}
}
