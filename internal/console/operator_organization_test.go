package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestOrganizationByOperators: what an organisation has, creating and renaming it.
func TestOrganizationByOperators(t *testing.T) {
	s, b := onCall(t, "")
	path := s.Expand("organizations/{acme}")
	b.get("organizations").titled("Organisations").says("evil", "Mallory Mean").follow("acme").titled("acme").
		says("Alice van Test", "Carol Jones", "px", "viewer", "The organisation was granted no credit.", "Organisation created")
	b.get("organizations/"+reevetest.NewID().String()).answered(http.StatusNotFound, "Not found").says("no such organisation")
	b.get(path+"/rename").send(fields{"name": "Acme GmbH", "reason": "asked"}).titled("Acme GmbH").says("The organisation is now called Acme GmbH.", "asked")
	form := b.get("organizations/new?owner=bob@mail.test").titled("New organisation")
	form.send(fields{"name": "Bobs", "owner": "none@mail.test"}).answered(http.StatusBadRequest, "New organisation").says("There is no user with")
	form.send(fields{"name": "Bobs", "owner": reevetest.NewID().String()}).answered(http.StatusBadRequest, "New organisation")
	form.send(fields{"name": "Bobs"}).titled("Bobs").says("Bobs is an organisation now.")
}

// TestUsageOfManyProjects: what takes a moment to add up comes after the page of
// the organisation, or is a link away.
func TestUsageOfManyProjects(t *testing.T) {
	s, b := onCall(t, "")
	s.Do(t, reevetest.Step{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":200}`, Status: 200})
	path := s.Expand("organizations/{acme}")
	later := `data-hx-get="/console/` + path + `/usage?month=2026-11"`
	if page := b.get(path + "?month=2026-11").says("Nothing was used"); strings.Contains(page.text, later) {
		t.Error("little is added up later")
	}
	for i := range 100 {
		s.Project(t, fmt.Sprint("p", i), "alice", "acme")
	}
	page := b.get(path + "?month=2026-11").says("It is added up of many projects").silent("Nothing was used")
	if !strings.Contains(page.text, later) {
		t.Errorf("nothing comes later:\n%s", page.text)
	}
	page.follow("Show usage of acme").titled("Usage of acme").says("Nothing was used")
}

// TestOrganizationEnd: freezing, deleting and restoring, with what goes with it.
func TestOrganizationEnd(t *testing.T) {
	s, b := onCall(t, "")
	path := s.Expand("organizations/{acme}")
	b.get(path+"/freeze").titled("Freeze acme").says("0 API keys of 1 project stop working.", "3 members and 3 organisation keys may read and change nothing.").
		send(fields{"type": "legal"}).says("The organisation is frozen.")
	b.get(path).says("frozen: legal")
	b.get(path + "/freeze").titled("Change the freeze of acme").send(fields{"type": "billing"})
	b.get(path + "/unfreeze").titled("Unfreeze acme").send(nil).titled("acme").says("The organisation is not frozen any more.")
	b.get(path+"/delete").titled("Delete acme").says("It is refused as long as the organisation has projects: it has 1.").
		send(nil).answered(http.StatusConflict, "Delete acme").says("Projects still exist")
	s.Do(t, reevetest.Step{Call: "DELETE /api/projects/{px}", Status: 200})
	b.get(path+"/delete").says("3 members lose access.", "3 organisation keys stop working at once").
		send(nil).titled("Organisations").says("acme is deleted.")
	b.get("deletions?kind=organization").follow("Restore acme").send(nil).titled("acme").says("acme is restored.", "The organisation has no key.")
	b.get("deletions?kind=project").follow("Restore px").titled("Restore px").send(nil)
	b.get(path).says("px")
	s.Do(t, reevetest.Step{Call: "DELETE /api/projects/{px}", Status: 200})
	b.get(path + "/erase").send(nil).titled("Organisations").says("acme is erased for good.")
}

// TestMembersByOperators: adding, changing and removing them.
func TestMembersByOperators(t *testing.T) {
	s, b := onCall(t, "support")
	path := s.Expand("organizations/{acme}/members")
	b.get(path+"/new").titled("Add a member to acme").send(fields{"user": "none@mail.test"}).answered(http.StatusBadRequest, "Add a member to acme").
		send(fields{"user": "mallory@mail.test", "role": "editor"}).titled("Members of acme").says("Mallory Mean", "mallory@mail.test").
		follow("Change role of Mallory Mean").titled("Change the role of Mallory Mean").send(fields{"role": "admin"}).
		says("The member's role is admin now.").
		follow("Remove Mallory Mean").titled("Remove Mallory Mean from the organisation").
		says("Mallory Mean loses access to acme at once, and the place in 0 projects of it.").
		send(nil).titled("Members of acme").says("The member is removed.").silent("Mallory Mean")
	found := b.get(path + "?q=CAR").titled("Members of acme").says("carol@mail.test").silent("bob@mail.test")
	found.follow("Change role of Carol Jones").titled("Change the role of Carol Jones")
	b.get(path + "?q=nobody").says("Nobody is found whose name or address begins so.")
	b.get(path+s.Expand("/{alice}/remove")).says("It is refused: the owner stays").send(nil).answered(http.StatusConflict, "Remove Alice van Test from the organisation")
	for _, below := range []string{"/role", "/remove"} {
		b.get(path+s.Expand("/{mallory}")+below).answered(http.StatusNotFound, "Not found")
	}
}

// TestOrganizationKeysByOperators: a key is shown once.
func TestOrganizationKeysByOperators(t *testing.T) {
	s, b := onCall(t, "support")
	path := s.Expand("organizations/{acme}/apikeys")
	shownOnce := func(p *shown, title string) {
		t.Helper()
		p.titled(title).says("This is shown only now")
		if !strings.Contains(p.text, "reeve_org_") {
			t.Error("no key")
		}
		if next := p.follow("Done").titled("Keys of acme"); strings.Contains(next.text, "reeve_org_") {
			t.Error("shown twice")
		}
	}
	form := b.get(path + "/new").titled("New key of acme")
	form.send(fields{"name": "ci", "role": "owner"}).answered(http.StatusBadRequest, "New key of acme")
	form.send(fields{"name": "ci", "expires": "2000-01-01T00:00"}).answered(http.StatusBadRequest, "New key of acme")
	shownOnce(form.send(fields{"name": "ci", "role": "editor", "expires": "2100-01-01T00:00"}), "The key is made")
	b.get(path).says("2100-01-01 00:00 UTC")
	if changes := b.get("changes"); !strings.Contains(changes.text, `href="/console/`+path+`"`) {
		t.Errorf("the change does not lead to the keys:\n%s", changes.text)
	}
	shownOnce(b.get(path).follow("Rotate ci").titled("Rotate the key ci").send(fields{"overlap": "1h"}), "The key is replaced")
	b.get(path).follow("Delete ci").titled("Delete the key ci").says("It stops working at once").send(nil).titled("Keys of acme").says("The key is deleted.")
	b.get(path+s.Expand("/{stranger_id}/delete")).answered(http.StatusNotFound, "Not found")
}

// TestBudgetAndWebhookByOperators: what an organisation means to spend, and who is told.
func TestBudgetAndWebhookByOperators(t *testing.T) {
	s, b := onCall(t, "")
	path := s.Expand("organizations/{acme}")
	b.get(path+"/budget").send(fields{"amount": "much"}).answered(http.StatusBadRequest, "Budget of acme")
	b.get(path+"/budget").send(fields{"amount": "1,234.5"}).titled("acme").says("The budget is $1,234.50 a month.", "$1,234.50 a month")
	b.get(path + "/budget/delete").send(nil).titled("acme").says("The budget is deleted.")
	b.get(path+"/budget/delete").send(nil).answered(http.StatusNotFound, "Not found")
	b.get(path+"/webhook").send(fields{"url": "ftp://x"}).answered(http.StatusBadRequest, "Webhook of acme")
	page := b.get(path + "/webhook").send(fields{"url": "https://hook.test/x"}).titled("The webhook is set")
	if !strings.Contains(page.text, "whsec_") {
		t.Error("no secret")
	}
	if page = page.follow("Done").titled("acme").says("https://hook.test/x"); strings.Contains(page.text, "whsec_") {
		t.Error("the secret is shown twice")
	}
	b.get(path + "/webhook/delete").says("0 messages").send(nil).titled("acme").says("The webhook is deleted.")
}

// TestOperatorsInjection: what tenants write is text, wherever operators see it.
func TestOperatorsInjection(t *testing.T) {
	s, b := onCall(t, "")
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `مرحبا 世界 🌍`} {
		user, organization := s.Expand("users/{bob}"), s.Expand("organizations/{acme}")
		b.get(user + "/edit").send(fields{"name": evil, "short": evil}).titled(evil)
		b.get(organization + "/rename").send(fields{"name": evil}).titled(evil)
		s.Do(t, reevetest.Step{Call: "PUT /api/projects/{px}", Body: `{"projectName":` + quoted(evil) + `}`, Status: 200})
		b.get(organization + "/apikeys/new").send(fields{"name": evil, "reason": evil}).titled("The key is made")
		for _, path := range []string{
			user, user + "/delete", user + "/freeze", user + "/reset", "users", organization, organization + "/delete", organization + "/members",
			organization + "/apikeys", s.Expand("organizations/{acme}/members/{bob}/remove"), "organizations", "projects", "search?q=" + escaped(evil),
			s.Expand("users/{alice}"),
		} {
			page := b.get(path)
			if page.status != http.StatusOK || strings.Contains(page.text, "<script>alert") || strings.Contains(page.text, "<img src=x") {
				t.Errorf("%s is %d, with %s:\n%s", path, page.status, evil, page.text)
			}
			page.says(evil)
		}
		b.get(organization + "/apikeys").follow("Delete " + evil).send(nil)
		b.get(user + "/edit").send(fields{"name": "Bob"})
	}
	b.get(s.Expand("users/{bob}") + "/delete").send(fields{"reason": `<script>alert(1)</script>`})
	if page := b.get("deletions").says("bob@mail.test"); strings.Contains(page.text, "<script>alert") {
		t.Error("a script")
	}
}

func quoted(s string) string {
	out, _ := json.Marshal(s) // a string never fails
	return string(out)
}

func escaped(s string) string { return url.QueryEscape(s) }
