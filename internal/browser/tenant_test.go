package browser

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// signIn signs a user of the tests in at the tenants' console.
func (p *person) signIn(user string) *person {
	p.t.Helper()
	return p.open("/console/").titled("Sign in").
		fill("Address", user+"@mail.test").fill("Password", reevetest.Password).
		click("Sign in").titled("Your organisations")
}

// server is one with tenants, all of whom have the password of the tests.
func server(t *testing.T) *reevetest.Server {
	t.Helper()
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	for _, user := range []string{"alice", "bob", "carol", "mallory"} {
		s.GivePassword(t, user)
	}
	return s
}

// tenants is a server of whose tenants one has signed in.
func tenants(t *testing.T, user string) (*reevetest.Server, *person) {
	t.Helper()
	s := server(t)
	return s, visitor(t, s.URL("tenant")).signIn(user)
}

// mailed follows the link of the last mail.
func (p *person) mailed(s *reevetest.Server, to string) *person {
	p.t.Helper()
	mail := <-s.Mail
	if mail.To != to {
		p.t.Fatalf("the mail is to %s, not %s", mail.To, to)
	}
	link := regexp.MustCompile(`https://\S+`).FindString(mail.Text)
	u, err := url.Parse(link)
	if err != nil || u.Fragment == "" {
		p.t.Fatalf("no link in the mail:\n%s", mail.Text)
	}
	return p.open(u.Path + "#" + u.Fragment)
}

func TestTenantProjects(t *testing.T) {
	_, p := tenants(t, "alice")
	p.click("acme").titled("acme").
		click("Rename").titled("Rename acme").fill("Name", "Acme GmbH").click("Rename").
		titled("Acme GmbH").see("The organisation is now called Acme GmbH.")
	p.click("New project").fill("Name", "Archive").fill("Description", "Old things").click("Create").
		titled("Archive").see("The project Archive is created.")
	p.click("Edit").fill("Name", "Attic").fill("Description", "Older things").click("Save").titled("Attic").see("Older things")
	p.click("Usage").titled("Usage").click("Overview").
		click("Delete").titled("Delete Attic").see("What will happen").click("Delete the project").
		titled("Acme GmbH").see("The project Attic is deleted.").miss("Archive")
	p.click("Changes").see("Attic")
}

func TestTenantMembers(t *testing.T) {
	s, p := tenants(t, "alice")
	p.click("acme").click("px").click("Members").click("Add a member").click("Bob").choose("Role", "editor").click("Add").
		see("The member is added, as editor.")
	p.click("Change role").choose("Role", "viewer").click("Change").see("The role is now viewer.")
	p.click("Disable").click("Disable").see("The member is disabled.")
	p.click("Enable").click("Enable").see("The member is enabled.")
	p.click("Remove").see("What will happen").click("Remove").see("The member is removed.").miss("Bob")

	p.click("Organisations").click("acme").click("Members").click("Invite somebody").fill("Address", "new@mail.test").choose("Role", "editor").click("Invite").
		see("The invitation is sent to new@mail.test.")
	visitor(t, s.URL("tenant")).mailed(s, "new@mail.test").titled("Join acme").
		fill("Your name", "New Hand").fill("Password", "a long password").fill("Password, once more", "a long password").
		click("Make my account and join").titled("acme").see("Welcome: you are a member of acme now.")
	p.click("Invitations").click("Invite somebody").fill("Address", "other@mail.test").click("Invite").
		click("Take back").click("Take it back").see("The invitation is taken back.")
}

func TestTenantAccount(t *testing.T) {
	s, p := tenants(t, "alice")
	p.click("Account").titled("Your account").click("Change name").fill("Your name", "Alice Álvarez").click("Change").
		see("Your name is now Alice Álvarez.")
	p.click("Change password").fill("Current password", reevetest.Password).fill("New password", "another password").
		fill("New password, once more", "another password").click("Change").see("Your password is changed.")
	p.click("Set up an authenticator").fill("Your password", "another password").click("Go on").titled("Give this to your authenticator")
	secret := p.secret("Secret")
	code := func() string {
		out, err := totp.GenerateCode(secret, s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	p.click("Enter its first code").fill("Code", code()).click("Ask for codes from now on").see("Recovery codes")
	recovery := strings.Fields(p.secret("Recovery codes"))
	p.click("Done").click("Show sessions").titled("Sessions")
	p.click("Sign out everywhere").click("Sign out everywhere").titled("Sign in")
	p.fill("Address", "alice@mail.test").fill("Password", "another password").fill("Code", recovery[0]).click("Sign in").titled("Your organisations")
	p.click("Account").click("Turn the codes off").fill("Your password", "another password").fill("Code", recovery[1]).click("Turn off").
		see("No codes are asked for any more.")
	p.click("Sign out").click("Forgotten the password?").fill("Address", "alice@mail.test").click("Send the link").titled("Sign in")
	p.mailed(s, "alice@mail.test").titled("New password").fill("New password", "a third password").
		fill("New password, once more", "a third password").click("Set the password").
		fill("Address", "alice@mail.test").fill("Password", "a third password").click("Sign in").titled("Your organisations")
}

func TestTenantSignIn(t *testing.T) {
	s := server(t)
	p := visitor(t, s.URL("tenant")).open(s.Expand("/console/organizations/{org:acme}")).titled("Sign in").
		expect("401 (Unauthorized)")
	p.fill("Address", "alice@mail.test").fill("Password", "wrong").click("Sign in").
		see("The address, the password or the code is wrong.").holds("Address", "alice@mail.test").holds("Password", "")
	p.fill("Password", reevetest.Password).click("Sign in").titled("acme")
	p.expect("403 (Forbidden)").open(s.Expand("/console/organizations/{org:evil}")).titled("Not allowed")
	p.expect("404 (Not Found)").open("/console/nowhere").titled("Not found").click("To the start page").titled("Your organisations")
}

func TestTenantStatements(t *testing.T) {
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Bill(t)
	s.GivePassword(t, "alice")
	p := visitor(t, s.URL("tenant")).signIn("alice").click(`=<b>"acme"`).click("Statements").titled("Statements")
	p.click("November 2026").click("To print").back().click("Explain")
	p.click("Organisations").click(`=<b>"acme"`).click("Usage").choose("Time", "November 2026").click("Show").see("12 GB in all").
		press("Usage in numbers").see("2026-11-30")
}

func TestTenantKeys(t *testing.T) {
	_, p := tenants(t, "alice")
	p.click("acme").click("px").click("API keys").click("Create an API key").fill("Name", "photos").click("Create").see("The API key photos is made")
	key := p.secret("API key")
	p.press("Copy").see("Copied").click("Done").titled("photos")
	p.click("Rotate").click("Rotate").see("photos").click("Done")
	p.click("API keys").click("Narrow a key").fill("Key", key).tick("Write").tick("Delete").
		fill("Where it may act", "photos/2026/\nlogs").click("Narrow").see("The narrowed key is made").click("Done")
	p.click("photos").click("Delete").click("Delete").see("The API key is deleted, with all that were narrowed from it.")

	p.click("acme").click("Organisation keys").click("Create an organisation key").fill("Name", "deploy").click("Create").
		see("The organisation key deploy is made").click("Done")
	p.click("Derive a key").fill("Name", "narrow").click("Derive").see("narrow").click("Done")
	p.click("deploy").click("Rotate").click("Rotate").click("Done")
	p.click("deploy").click("Delete").click("Delete").see("The organisation key is deleted.")
}

// TestTenantViewer: who may only look is offered nothing else.
func TestTenantViewer(t *testing.T) {
	_, p := tenants(t, "bob")
	p.click("acme").titled("acme").miss("Rename", "New project", "Invitations", "Organisation keys", "Changes").
		click("Members").see("Alice van Test").miss("Invite somebody")
	p.click("Overview").click("px").titled("px").miss("Edit", "Delete").click("API keys").miss("Create an API key")
}

// TestDownload: a table can be had as CSV.
func TestDownload(t *testing.T) {
	_, p := tenants(t, "alice")
	p.click("acme")
	if got := p.download("CSV of Projects"); !strings.HasPrefix(got, "Name,Created,ID\r\npx,") {
		t.Errorf("the CSV is %q", got)
	}
}
