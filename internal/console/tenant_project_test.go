package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestOwnProjects: a project is created, edited and deleted, and what is in the
// way of that is said.
func TestOwnProjects(t *testing.T) {
	s, b := tenant(t, "alice")
	b.get(s.Expand("organizations/{org:acme}")).says("Your role admin", "px").follow("New project").titled("New project").
		send(fields{"name": " "}).answered(http.StatusBadRequest, "New project").says("Name is not set.").
		send(fields{"name": "数据 😀", "description": "two\r\nlines"}).titled("数据 😀").says("The project 数据 😀 is created.", "Your role admin")
	page := b.get(s.Expand("projects/{prj:px}")).titled("px").says("Service account", "Limits")
	page.follow("Edit").titled("Edit px").send(fields{"name": "py", "description": "<b>what</b>\r\nfor"}).titled("py").
		says("The project py is saved.", "<b>what</b> for").follow("Edit").send(fields{"description": ""}).titled("py").silent("what")
	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"ci"}`, Status: 200, Reply: reevetest.Any})
	asked := b.get(s.Expand("projects/{prj:px}/delete")).titled("Delete py").
		says("Members with a role of their own on it: 1.", "Its API keys must be deleted before: 1.")
	asked.send(nil).answered(http.StatusConflict, "Delete py").says("Api-keys still exist")
	s.Do(t, reevetest.Step{Call: "DELETE /api/projects/{px}/apikeys/ci", Status: 200})
	b.get(s.Expand("projects/{prj:px}/delete")).silent("API keys must").send(nil).titled("acme").says("The project py is deleted.")
	b.get(s.Expand("projects/{prj:px}")).answered(http.StatusForbidden, "Not allowed")
}

// TestManyProjects: a long list has pages, and is whole as CSV.
func TestManyProjects(t *testing.T) {
	s, b := tenant(t, "alice")
	s.Do(t, reevetest.Step{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":100}`, Status: 200})
	for i := range 59 {
		s.Project(t, fmt.Sprint("p", i), "alice", "acme")
	}
	first := b.get(s.Expand("organizations/{org:acme}")).says("1 to 50 of 60")
	first.follow("Next").titled("acme").says("51 to 60 of 60").follow("Previous").says("1 to 50 of 60")
	csv := first.follow("CSV of Projects")
	if got := strings.Count(csv.text, "\r\n"); got != 61 || !strings.HasPrefix(csv.text, "Name,Created,ID\r\n") {
		t.Errorf("the CSV has %d lines: %.80s", got, csv.text)
	}
	if len(first.text) > 30_000 {
		t.Errorf("the page has %d bytes", len(first.text))
	}
}

// TestRolesInProjects: who may not do something is not offered it, and refused
// whoever asks for it anyway.
func TestRolesInProjects(t *testing.T) {
	s, _ := tenant(t, "alice")
	for user, may := range map[string][]string{"bob": {}, "carol": {"projects/{prj:px}/edit"}} {
		b := signedIn(t, s, user)
		b.get(s.Expand("organizations/{org:acme}")).titled("acme").silent("New project", "Rename", "Invitations", "Changes", "Organisation keys")
		project := b.get(s.Expand("projects/{prj:px}")).titled("px").silent("Delete", "Changes")
		if offered := strings.Contains(project.main(), "Edit"); offered != (len(may) == 1) {
			t.Errorf("%s is offered to edit: %t", user, offered)
		}
		b.get(s.Expand("projects/{prj:px}/members")).titled("Members").silent("Add a member", "Invite")
		b.get(s.Expand("organizations/{org:acme}/members/{usr:alice}")).titled("Alice van Test").silent("Change role", "Remove")
		for _, path := range []string{
			"organizations/{org:acme}/rename", "organizations/{org:acme}/projects/new", "organizations/{org:acme}/invitations",
			"organizations/{org:acme}/invitations/new", "organizations/{org:acme}/changes", "organizations/{org:acme}/members/{usr:bob}/role",
			"organizations/{org:acme}/members/{usr:bob}/remove", "projects/{prj:px}/edit", "projects/{prj:px}/delete",
			"projects/{prj:px}/members/add", "projects/{prj:px}/members/{usr:bob}/add", "projects/{prj:px}/members/{usr:alice}/role",
			"projects/{prj:px}/members/{usr:alice}/disable", "projects/{prj:px}/members/{usr:alice}/remove", "projects/{prj:px}/invitations/new",
		} {
			if len(may) == 1 && may[0] == path {
				b.get(s.Expand(path)).titled("Edit px")
				continue
			}
			b.get(s.Expand(path)).answered(http.StatusForbidden, "Not allowed")
			if !strings.HasSuffix(path, "s") && !strings.HasSuffix(path, "members/add") {
				b.do(http.MethodPost, s.Expand(path), nil, nil).answered(http.StatusForbidden, "Not allowed")
			}
		}
	}
}

// TestOthersPages: another tenant's pages and those of nothing are the same.
func TestOthersPages(t *testing.T) {
	s, b := tenant(t, "alice")
	const no = "01h455vb4pex5vsknk084sn02q"
	organizations := []string{
		"", "/members", "/members/{usr:mallory}", "/members/{usr:mallory}/role", "/members/{usr:mallory}/remove", "/projects/new", "/invitations",
		"/invitations/new", "/invitations/inv_" + no + "/delete", "/usage", "/usage?from=2026-01&to=2026-02", "/statements", "/statements/stm_" + no,
		"/statements/stm_" + no + "/print", "/statements/stm_" + no + "/lines/1", "/changes",
	}
	projects := []string{
		"", "/edit", "/delete", "/members", "/members/add", "/members/{usr:mallory}", "/members/{usr:alice}/add", "/members/{usr:mallory}/role",
		"/members/{usr:mallory}/disable", "/members/{usr:mallory}/enable", "/members/{usr:mallory}/remove", "/invitations/new", "/usage",
	}
	words := func(path string) string {
		before, _, _ := strings.Cut(b.get(s.Expand(path)).answered(http.StatusForbidden, "Not allowed").main(), "Request")
		return before
	}
	for kind, paths := range map[string][]string{"organizations/{org:evil}": organizations, "projects/{prj:foreign}": projects} {
		for _, path := range paths {
			noun, _, _ := strings.Cut(kind, "/")
			nothing := map[string]string{"organizations": "organizations/org_" + no, "projects": "projects/prj_" + no}[noun]
			if theirs, nobodys := words(kind+path), words(nothing+path); theirs != nobodys {
				t.Errorf("%s: %q, but of nothing %q", kind+path, theirs, nobodys)
			}
		}
	}
	b.get(s.Expand("organizations/{org:acme}/members/{usr:mallory}")).answered(http.StatusForbidden, "Not allowed")
	b.get(s.Expand("projects/{prj:px}/members/{usr:mallory}/add")).answered(http.StatusForbidden, "Not allowed")
}

// TestFrozenPages: what is frozen says so to everybody who is in it, and offers
// nothing that would be refused.
func TestFrozenPages(t *testing.T) {
	s, b := tenant(t, "alice")
	viewer := signedIn(t, s, "bob")
	const means = "none of its API keys is accepted, and nothing of it can be changed"
	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"billing"}`, Status: 200, Reply: reevetest.Any})
	for _, b := range []*browser{b, viewer} {
		b.get(s.Expand("projects/{prj:px}")).titled("px").says("Frozen", "This project is frozen: "+means).silent("Edit", "Delete")
		b.get(s.Expand("organizations/{org:acme}")).titled("acme").silent("rozen")
	}
	b.get(s.Expand("projects/{prj:px}/members")).titled("Members").silent("Add a member", "Invite")
	b.get(s.Expand("projects/{prj:px}/members/{usr:alice}")).silent("Change role", "Disable")
	b.get(s.Expand("projects/{prj:px}/edit")).answered(http.StatusForbidden, "Not allowed").says("This project is frozen: nothing of it can be changed")
	viewer.get(s.Expand("projects/{prj:px}/edit")).answered(http.StatusForbidden, "Not allowed").silent("rozen")
	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/unfreeze", Status: 200, Reply: reevetest.Any})
	s.Do(t, reevetest.Step{Call: "POST /api/organizations/{acme}/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any})
	for _, b := range []*browser{b, viewer} {
		b.get(s.Expand("organizations/{org:acme}")).says("Frozen", "This organisation is frozen: "+means).silent("New project", "Rename")
		b.get(s.Expand("projects/{prj:px}")).says("This project is frozen")
	}
	b.get(s.Expand("organizations/{org:acme}/projects/new")).answered(http.StatusForbidden, "Not allowed")
}
