package browser

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// signIn signs a user of the tests in at the tenants' console.
func (p *person) signIn(user string) *person {
	p.t.Helper()
	return p.open("/console/").titled("Sign in").
		fill("Address", user+"@mail.test").fill("Password", reevetest.Password).
		click("Sign in").titled("Your organisations")
}

// tenants is a server with tenants, of whom one has signed in.
func tenants(t *testing.T, user string) (*reevetest.Server, *person) {
	t.Helper()
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.GivePassword(t, user)
	return s, visitor(t, s.URL("tenant")).signIn(user)
}

func TestTenant(t *testing.T) {
	_, p := tenants(t, "alice")
	p.click("acme").titled("acme").
		click("Rename").titled("Rename acme").fill("Name", "Acme GmbH").click("Rename").
		titled("Acme GmbH").see("The organisation is now called Acme GmbH.")
	p.click("Sign out").titled("Sign in").see("You are signed out.")
	p.expect("401 (Unauthorized)")
	p.fill("Address", "alice@mail.test").fill("Password", "wrong").click("Sign in").see("The address, the password or the code is wrong.").
		holds("Address", "alice@mail.test")
}
