package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestOwnMembers: roles are changed and members removed, after it was
// said what that does.
func TestOwnMembers(t *testing.T) {
	s, b := tenant(t, "alice")
	list := b.get(s.Expand("organizations/{org:acme}/members")).titled("Members").says("Alice van Test", "Owner", "Bob", "viewer", "1 to 3 of 3")
	list.follow("Alice van Test").titled("Alice van Test").says("alice@mail.test").silent("Change role", "Remove")
	bob := list.follow("Bob").titled("Bob").says("bob@mail.test", "viewer", "Bob may see an organisation")
	bob.follow("Change role").titled("Role of Bob").says("in acme and every project of it", "Only from admin on").
		send(fields{"role": "admin"}).titled("Bob").says("The role is now admin.", "rename an organisation")
	bob.follow("Change role").send(fields{"role": "emperor"}).answered(http.StatusBadRequest, "Role of Bob").says("Role must be")
	s.Member(t, "projects", "px", "bob", "viewer")
	asked := list.follow("Bob").follow("Remove").titled("Remove Bob from acme").
		says("Bob loses access at once to acme and to 1 project of it.", "Roles of their own on single projects are lost, too: 1.", "API keys that were made or copied before go on working")
	asked.send(nil).titled("Members").says("The member is removed.").silent("bob@mail.test")
	b.get(s.Expand("organizations/{org:acme}/members/{usr:bob}")).answered(http.StatusForbidden, "Not allowed")
	b.get(s.Expand("organizations/{org:acme}/members/{usr:alice}/remove")).says("is the last admin", "This is you").
		send(nil).answered(http.StatusConflict, "Remove Alice van Test from acme").says("The owner cannot be removed")
}

// TestLeave: who leaves comes to where there is something to see.
func TestLeave(t *testing.T) {
	s, _ := tenant(t, "alice")
	s.Member(t, "organizations", "acme", "carol", "admin")
	b := signedIn(t, s, "carol")
	b.get(s.Expand("organizations/{org:acme}/members/{usr:carol}/remove")).says("This is you").
		send(nil).titled("Your organisations").says("You have left the organisation.", "You are in no organisation yet")
}

// TestProjectMembers: a member of the organisation is added to a project, gets
// other roles there, is disabled, enabled and removed.
func TestProjectMembers(t *testing.T) {
	s, b := tenant(t, "alice")
	list := b.get(s.Expand("projects/{prj:px}/members")).titled("Members").says("Alice van Test", "1 to 1 of 1", "Everybody in acme may do here")
	list.follow("Add a member").titled("Add a member").follow("Bob").titled("Add Bob to px").
		says("Role in acme viewer", "a weaker one than viewer takes nothing away").
		send(fields{"role": "editor"}).titled("Bob").says("The member is added, as editor.", "Role in px editor", "Role in acme viewer")
	b.get(s.Expand("projects/{prj:px}/members/{usr:bob}/add")).send(fields{"role": "admin"}).
		answered(http.StatusConflict, "Add Bob to px").says("User is already a member of the project")
	bob := b.get(s.Expand("projects/{prj:px}/members/{usr:bob}"))
	bob.follow("Change role").titled("Role of Bob").says("in the project px").send(fields{"role": "viewer"}).says("The role is now viewer.")
	bob.follow("Disable").titled("Disable Bob in px").says("can at once neither see nor change this project").
		send(nil).titled("Bob").says("The member is disabled.", "Disabled", "Nothing, while the member is disabled.")
	signedIn(t, s, "bob").get(s.Expand("projects/{prj:px}")).answered(http.StatusForbidden, "Not allowed")
	b.get(s.Expand("projects/{prj:px}/members/{usr:bob}")).follow("Enable").titled("Enable Bob in px").
		says("Bob has the role viewer on this project again at once").send(nil).titled("Bob").says("The member is enabled.").silent("Disabled")
	bob.follow("Remove").titled("Remove Bob from px").says("Bob loses the role viewer on px at once, and stays in acme.", "keeps what the role viewer in acme allows").
		send(nil).titled("Members").says("The member is removed.").silent("bob@mail.test")
	b.get(s.Expand("projects/{prj:px}/members/{usr:alice}")).titled("Alice van Test").says("Owner").silent("Change role", "Remove").
		follow("Disable").titled("Disable Alice van Test in px")
	b.get(s.Expand("projects/{prj:px}/members/{usr:alice}/disable")).says("is an admin of acme, and keeps access").
		send(nil).answered(http.StatusConflict, "Disable Alice van Test in px").says("The last enabled admin cannot be")
}

// TestTwoAdmins: who changes a role that somebody else has just changed learns
// of it.
func TestTwoAdmins(t *testing.T) {
	s, b := tenant(t, "alice")
	path := s.Expand("organizations/{org:acme}/members/{usr:bob}/role")
	first, second := b.get(path), b.get(path)
	first.send(fields{"role": "editor"}).titled("Bob")
	second.send(fields{"role": "admin"}).answered(http.StatusPreconditionFailed, "Role of Bob").says("Changed meanwhile from “viewer” to “editor”.")
}

// TestManyMembers: of a long list, one page is shown, somebody is found by the
// beginning of a name, and the CSV has everybody.
func TestManyMembers(t *testing.T) {
	s, b := tenant(t, "alice")
	s.Write(t, func(tx *store.Tx) {
		for i := range 120 {
			u := reeve.User{
				ID: reeve.ID{1: byte(i), 6: 0x70, 8: 0x80}, Email: fmt.Sprintf("member%03d@mail.test", i),
				FullName: fmt.Sprintf("Member %03d with a name of some length", i), PasswordHash: []byte("none"), CreatedAt: tx.Now(),
			}
			tx.CreateUser(u)
			tx.CreateMember(store.InOrganization(s.ID(t, "acme")), reeve.Member{UserID: u.ID, Role: reeve.RoleViewer, CreatedAt: tx.Now()})
		}
		for i := range 2 { // of one name
			u := reeve.User{ID: reeve.ID{0: 1, 1: byte(i), 6: 0x70, 8: 0x80}, Email: fmt.Sprintf("twin%d@mail.test", i), FullName: "Twin", PasswordHash: []byte("none"), CreatedAt: tx.Now()}
			tx.CreateUser(u)
			tx.CreateMember(store.InProject(s.ID(t, "px")), reeve.Member{UserID: u.ID, Role: reeve.RoleViewer, CreatedAt: tx.Now()})
		}
		tx.Record(reeve.Change{Actor: "system", Action: "user.create", Target: s.ID(t, "acme")})
	})
	for _, path := range []string{"organizations/{org:acme}/members", "projects/{prj:px}/members/add"} {
		list := b.get(s.Expand(path)).says("1 to 50 of 123")
		if len(list.text) > 30_000 {
			t.Errorf("%s has %d bytes", path, len(list.text))
		}
		list.follow("Next").follow("Next").says("101 to 123 of 123").silent("Next")
		found := b.get(s.Expand(path)+"?q="+url.QueryEscape("member 11")).says("10 are found", "Member 119").silent("Member 120", "Alice")
		found.send(fields{"q": "MEMBER007@"}).says("1 is found", "Member 007")
		b.get(s.Expand(path) + "?q=member").says("There are more")
		b.get(s.Expand(path) + "?q=nobody").says("Nobody is found")
	}
	b.get(s.Expand("projects/{prj:px}/members")).says("Twin twin0@mail.test twin0@mail.test", "Twin twin1@mail.test")
	csv := b.get(s.Expand("organizations/{org:acme}/members?csv=members"))
	if got := strings.Count(csv.text, "\r\n"); got != 124 || !strings.Contains(csv.text, "\r\nAlice van Test,alice@mail.test,admin,Owner,") {
		t.Errorf("the CSV has %d lines: %.200s", got, csv.text)
	}
}

// TestInjection: names are shown as they are, wherever, and run nowhere.
func TestInjection(t *testing.T) {
	for _, name := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'; alert(1) //`, `{{.}} ` + "\u202e" + `مرحبا`} {
		s, b := tenant(t, "alice")
		s.User(t, "eve", name)
		s.Member(t, "organizations", "acme", "eve", "viewer")
		b.get(s.Expand("organizations/{org:acme}/rename")).send(fields{"name": name}).titled(name)
		b.get(s.Expand("projects/{prj:px}/edit")).send(fields{"name": name}).titled(name)
		b.get(s.Expand("projects/{prj:px}/members/{usr:eve}/add")).send(fields{"role": "viewer"})
		b.get(s.Expand("projects/{prj:px}/invitations/new")).send(fields{"email": "new@mail.test", "role": "viewer"})
		for _, path := range []string{
			"", "organizations/{org:acme}", "organizations/{org:acme}/members", "organizations/{org:acme}/members/{usr:eve}",
			"organizations/{org:acme}/members/{usr:eve}/role", "organizations/{org:acme}/members/{usr:eve}/remove",
			"organizations/{org:acme}/members?q=" + url.QueryEscape(name), "organizations/{org:acme}/invitations",
			"organizations/{org:acme}/invitations/new", "organizations/{org:acme}/usage", "organizations/{org:acme}/changes",
			"projects/{prj:px}", "projects/{prj:px}/delete", "projects/{prj:px}/members", "projects/{prj:px}/members/add",
			"projects/{prj:px}/members/{usr:eve}", "projects/{prj:px}/members/{usr:eve}/disable", "projects/{prj:px}/invitations/new",
		} {
			page := b.get(s.Expand(path))
			if page.status != http.StatusOK || !strings.Contains(page.main(), strings.Join(strings.Fields(name), " ")) {
				t.Errorf("%s (%d) does not show %s:\n%s", path, page.status, name, page.main())
			}
			for _, raw := range []string{"<script>alert", "<img src=x"} {
				if strings.Contains(page.text, raw) {
					t.Errorf("%s holds %s", path, raw)
				}
			}
		}
	}
}
