package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// invited has acme, or its project, invite somebody, and gives the link.
func invited(t *testing.T, s *reevetest.Server, to, email string) string {
	t.Helper()
	var link string
	s.Do(t, reevetest.Step{
		Call: "POST " + to + "/invitation", As: "{key}", Body: `{"email":"` + email + `","role":"editor"}`, Status: 200, Reply: reevetest.Any,
		After: func(t *testing.T, reply reevetest.Reply) {
			_, rest, _ := strings.Cut(reply.Body, `"link":"`)
			link, _, _ = strings.Cut(rest, `"`)
		},
	})
	if !strings.HasPrefix(link, "https://cloud.test/console/invitation#reeve_inv_") {
		t.Fatalf("the link is %q", link)
	}
	return link
}

const acmeLink, pxLink = "/organization/{org:acme}", "/project/{prj:px}"

// TestInvitationOfNewUser: who has no account makes one and is in.
func TestInvitationOfNewUser(t *testing.T) {
	s, _ := tenant(t, "alice")
	link := invited(t, s, pxLink, "zoe@mail.test")
	b := newBrowser(t, s, "tenant")
	b.get("invitation").titled("Invitation").send(fields{"token": "nonsense"}).answered(http.StatusNotFound, "Invitation").says("This invitation is not valid")
	offer := b.get("invitation").send(fields{"token": link}).titled("Join px").
		says("Organisation acme", "Project px", "Role editor", "For zoe@mail.test", "I am new here", "I have an account")
	right := fields{"name": "Zoë <b>名", "new": "correct zebra", "again": "correct zebra"}
	offer.send(right.with("name", " ")).answered(http.StatusBadRequest, "Join px").says("Your name is not set.")
	offer.send(right.with("again", "x")).answered(http.StatusBadRequest, "Join px").says("The two new passwords differ.")
	offer.send(right.with("step", "accept")).titled("Join px").says("I am new here")
	offer.send(right).titled("px").says("Welcome: you are a member of px now.", "Your role editor")
	b.get("account").says("Name Zoë <b>名", "zoe@mail.test")
	newBrowser(t, s, "tenant").get("invitation").send(fields{"token": link}).answered(http.StatusNotFound, "Invitation").says("it was used")
	if _, token, _ := strings.Cut(link, "#"); strings.Contains(s.Log.String(), token[10:]) {
		t.Error("the token is in the log")
	}
}

// TestInvitationUnrecognised: a session that is over is none; whether it is cannot
// be told without a database.
func TestInvitationUnrecognised(t *testing.T) {
	s, b := tenant(t, "alice")
	old := b.jar.Cookies(b.get("").url)
	b.do(http.MethodPost, "sign-out", nil, nil)
	b.jar.SetCookies(b.get("sign-in").url, old)
	page := b.get("invitation").titled("Invitation")
	if set := page.header.Get("Set-Cookie"); !strings.Contains(set, "Max-Age=0") {
		t.Errorf("the session is not forgotten: %q", set)
	}
	b = signedIn(t, s, "bob")
	s.Store.Close()
	if page := b.get("invitation"); page.status < 500 {
		t.Errorf("without a database it is %d", page.status)
	}
}

// TestInvitationOfUser: who has an account signs in with the invited address and
// accepts; another one cannot, and is told why.
func TestInvitationOfUser(t *testing.T) {
	s, b := tenant(t, "alice")
	s.GivePassword(t, "mallory")
	link := invited(t, s, acmeLink, "mallory@mail.test")
	b.get("invitation").send(fields{"token": link}).titled("Join acme").
		says("This invitation is for mallory@mail.test, and you are signed in as alice@mail.test. Sign out").silent("Accept")
	_, token, _ := strings.Cut(link, "#")
	b.do(http.MethodPost, "invitation", map[string][]string{"token": {token}, "step": {"accept"}}, nil).
		answered(http.StatusForbidden, "Join acme").says("you are signed in as alice@mail.test")
	fresh := newBrowser(t, s, "tenant")
	offer := fresh.get("invitation").send(fields{"token": token}).titled("Join acme")
	taken := offer.send(fields{"name": "M", "new": "correct zebra", "again": "correct zebra"}).answered(http.StatusUnauthorized, "Join acme").
		says("There is an account with this address already: sign in to accept the invitation.")
	taken.send(fields{"step": "sign-in", "password": "wrong"}).answered(http.StatusUnauthorized, "Join acme").says("the password or the code is wrong")
	accept := taken.send(fields{"step": "sign-in", "password": reevetest.Password}).titled("Join acme").says("Accept the invitation").silent("I am new here")
	accept.send(nil).titled("acme").says("Welcome: you are a member of acme now.", "Your role editor")
	accept.send(nil).answered(http.StatusNotFound, "Invitation")
}
