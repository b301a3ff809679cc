package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestInvite: without mail, who invites gets the link, once; the invitation is in
// the list until it is taken back.
func TestInvite(t *testing.T) {
	s, b := tenant(t, "alice")
	list := b.get(s.Expand("organizations/{org:acme}/invitations")).titled("Invitations").says("No invitation is open.")
	asked := list.follow("Invite somebody").titled("Invite somebody to acme").says("acme and every project of it", "30 days")
	made := asked.send(fields{"email": "eve@mail.test", "role": "editor", "days": "14"}).titled("The invitation of eve@mail.test is made").
		says("This is shown only now", "https://cloud.test/console/invitation#reeve_", "hand this link on")
	made.follow("Done").titled("Invitations").says("eve@mail.test", "The organisation", "editor", s.Clock.Now().Add(14*24*time.Hour).Format("2006-01-02")).
		silent("reeve_")
	asked.send(fields{"email": "eve@mail.test"}).answered(http.StatusUnprocessableEntity, "Invite somebody to acme").says("This form was sent before")
	b.get(s.Expand("organizations/{org:acme}/invitations/new")).send(fields{"email": "eve@mail.test"}).
		answered(http.StatusConflict, "Invite somebody to acme").says("Email is already invited")
	for _, wrong := range []fields{{"email": "nonsense"}, {"email": "x@mail.test", "role": "god"}, {"email": "x@mail.test", "days": "31"}, {"email": "x@mail.test", "days": "x"}} {
		b.get(s.Expand("organizations/{org:acme}/invitations/new")).send(wrong).answered(http.StatusBadRequest, "Invite somebody to acme")
	}
	b.get(s.Expand("projects/{prj:px}/members")).follow("Invite somebody new").titled("Invite somebody to px").
		says("the project px", "Who is not in acme yet comes in there as a viewer").
		send(fields{"email": "kim@mail.test"}).titled("The invitation of kim@mail.test is made")
	list = b.get(s.Expand("organizations/{org:acme}/invitations")).says("kim@mail.test px viewer", "1 to 2 of 2")
	question := list.follow("Take back the invitation of eve@mail.test")
	_, acmes, _ := strings.Cut(question.url.Path, "/invitations/")
	signedIn(t, s, "mallory").get(s.Expand("organizations/{org:evil}/invitations/"+acmes)).answered(http.StatusForbidden, "Not allowed").
		silent("eve@mail.test")
	question.titled("Take back the invitation of eve@mail.test").says("not valid any more at once").
		send(nil).titled("Invitations").says("The invitation is taken back.", "1 to 1 of 1").silent("eve@mail.test")
}

// TestInviteByMail: where mail is sent, the link is nobody's to see.
func TestInviteByMail(t *testing.T) {
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	b := signedIn(t, s, "alice")
	b.get(s.Expand("organizations/{org:acme}/invitations/new")).send(fields{"email": "eve@mail.test"}).
		titled("Invitations").says("The invitation is sent to eve@mail.test.").silent("invitation#")
	if m := <-s.Mail; m.To != "eve@mail.test" || !strings.Contains(m.Text, "/console/invitation#") {
		t.Errorf("mailed %+v", m)
	}
}
