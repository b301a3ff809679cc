package tenantapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.SignIn(t, "mallory")
		s.Bind("t", s.Value(t, "now3"))
		s.Bind("week", "2026-11-29"+strings.TrimPrefix(s.Value(t, "now3"), "2026-11-22"))
		organization, project := "POST /organization/{org:acme}/invitation", "POST /project/{prj:px}/invitation"
		list := "GET /organization/{org:acme}/invitations"
		invitation := func(id, project, email, role string) string {
			return `"id":"{inv:` + id + `}","organization_id":"{org:acme}","project_id":` + project + `,"email":"` + email +
				`","role":"` + role + `","create_time":"{t}","expire_time":"{week}"`
		}
		body := func(email, role string) string { return `{"email":"` + email + `","role":"` + role + `"}` }
		s.Run(t, []step{
			{
				Call: organization, Body: body("erin@mail.test", "editor"), Status: 200,
				Reply: `{"status":"success","body":{` + invitation("first", "null", "erin@mail.test", "editor") +
					`,"token":"{erin}","link":"https://cloud.test/console/invitation#{erin_again}"}}`,
			},
			{
				Call: project, Body: `{"email":"mallory@mail.test","role":"viewer","expires_in":604800}`, Status: 200,
				Reply: `{"status":"success","body":{` + invitation("second", `"{prj:px}"`, "mallory@mail.test", "viewer") + `,"token":"{mal}","link":"{link}"}}`,
			},
			{Call: organization, Body: body("ERIN@mail.test", "viewer"), Status: 409, Reply: fault(409, "email is already invited")},
			{Call: project, Body: body("alice@mail.test", "viewer"), Status: 409, Reply: fault(409, "email is already a member's")},
			{Call: organization, Body: body("erin", "viewer"), Status: 400, Reply: fault(400, "email is not an address")},
			{Call: project, Body: body("x@mail.test", "owner"), Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: project, Body: `{"email":"x@mail.test","role":"viewer","expires_in":0}`, Status: 400, Reply: fault(400, "expires_in must be 1 to 2592000 seconds")},
			{Call: project, Body: `{"email":"x@mail.test","role":"viewer","expires_in":"1"}`, Status: 400, Reply: fault(400, "expires_in must be a whole number")},
			{Call: organization, As: "{editor}", Body: body("x@mail.test", "viewer"), Status: 403, Reply: denied},
			{Call: project, As: "{stranger}", Body: body("x@mail.test", "viewer"), Status: 403, Reply: denied},
			{
				Call: list, Status: 200, Not: []string{"token", "reeve_inv_"},
				Reply: `{"status":"success","body":{"total_count":2,"invitations":[{` + invitation("first", "null", "erin@mail.test", "editor") + `},{` +
					invitation("second", `"{prj:px}"`, "mallory@mail.test", "viewer") + `}]}}`,
			},
			{Call: list + "?page=1&number=1", Status: 200, Reply: reevetest.Any, Has: []string{`"total_count":2`, "mallory"}, Not: []string{"erin"}},
			{Call: list + "?page=-1", Status: 400, Reply: fault(400, "page must be 0 to 1000000")},
			{Call: list + "?number=501", Status: 400, Reply: fault(400, "number must be 1 to 500")},
			{Call: list, As: "{viewer}", Status: 403, Reply: denied},
			{Call: list + "?number=x", As: "{stranger}", Status: 403, Reply: denied},
		}...)

		show, accept := "POST /user/invitation", "POST /user/invitation/accept"
		gone := fault(404, "invitation is not valid")
		names := `,"password":"` + reevetest.Password + `","first_name":"Erin","last_name":"Test"}`
		s.Run(t, []step{
			{
				Call: show, As: "-", Body: `{"token":"{erin}"}`, Status: 200,
				Reply: `{"status":"success","body":{"email":"erin@mail.test","role":"editor","organization":{"id":"{org:acme}","name":"acme"},` +
					`"project":null,"expire_time":"{week}"}}`,
			},
			{
				Call: show, As: "-", Body: `{"token":"{mal}"}`, Status: 200, Reply: reevetest.Any,
				Has: []string{`"project":{"id":"{prj:px}","name":"px"}`},
			},
			{Call: show, As: "-", Body: `{"token":"{mal}x"}`, Status: 404, Reply: gone},
			{Call: show, As: "-", Body: `{"token":1}`, Status: 400, Reply: fault(400, "token must be a string")},
			{Call: accept, As: "-", Body: `{"token":"{erin}"}`, Status: 400, Reply: fault(400, "first_name is not set")},
			{Call: accept, As: "-", Body: `{"token":"{erin}","first_name":"E","password":"x"}`, Status: 400, Reply: fault(400, "password is shorter than 8 bytes")},
			{Name: "not told without names", Call: accept, As: "-", Body: `{"token":"{mal}"}`, Status: 400, Reply: fault(400, "first_name is not set")},
			{Call: accept, As: "-", Body: `{"token":"{mal}"` + names, Status: 401, Reply: fault(401, "sign in with the invited address to accept")},
			{Call: accept, As: "session mallory", Body: `{"token":"{erin}"}`, Status: 403, Reply: fault(403, "the invitation is for another address")},
			{
				Name: "a user", Call: accept, As: "session mallory", Body: `{"token":"{mal}"}`, Status: 200, Reply: reevetest.Any,
				Has: []string{`"auth_token":""`, `"name":"px"`, `{"id":"{org:acme}","name":"acme","role":"viewer"}`},
			},
			{Name: "twice", Call: accept, As: "session mallory", Body: `{"token":"{mal}"}`, Status: 404, Reply: gone},
			{
				Name: "a new user", Call: accept, As: "-", Body: `{"token":"{erin}"` + names, Status: 200, Reply: reevetest.Any,
				Has: []string{`"first_name":"Erin","last_name":"Test","email":"erin@mail.test"`, `"auth_token":"reeve_ses_`, `"role":"editor"`},
			},
			{Name: "used", Call: accept, As: "-", Body: `{"token":"{erin}"` + names, Status: 404, Reply: gone},
			{Call: show, As: "-", Body: `{"token":"{erin}"}`, Status: 404, Reply: gone},
		}...)
		s.LogIn(t, "erin")
		s.Do(t, step{Call: organization, Body: body("frank@mail.test", "viewer"), Status: 200, Reply: reevetest.Any})
		s.Do(t, step{Call: list, Status: 200, Reply: reevetest.Any, After: func(_ *testing.T, reply reevetest.Reply) {
			_, rest, _ := strings.Cut(reply.Body, `"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			s.Bind("third", id)
		}})
		s.Run(t, []step{
			{Call: "DELETE /organization/{org:acme}/invitation/{third}", As: "{editor}", Status: 403, Reply: denied},
			{Call: "DELETE /organization/{org:evil}/invitation/{third}", As: "{stranger}", Status: 403, Reply: denied},
			{Call: "DELETE /organization/{org:acme}/invitation/{third}", Status: 204},
			{Name: "twice", Call: "DELETE /organization/{org:acme}/invitation/{third}", Status: 403, Reply: denied},
			{Call: list, Status: 200, Reply: `{"status":"success","body":{"total_count":0,"invitations":[]}}`},
		}...)
		for _, secret := range []string{"reeve_inv_", "erin@", "mallory@"} {
			if strings.Contains(s.Log.String(), secret) {
				t.Errorf("the log tells %s", secret)
			}
		}
	})
}

// TestMailedInvitation: the link is the address's alone.
func TestMailedInvitation(t *testing.T) {
	t.Parallel()
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.Do(t, step{
		Call: "POST /project/{prj:px}/invitation", Body: `{"email":"erin@mail.test","role":"viewer"}`, Status: 200, Reply: reevetest.Any,
		Has: []string{`"token":null,"link":null`},
	})
	mail := <-s.Mail
	if mail.To != "erin@mail.test" || !strings.Contains(mail.Text, "https://cloud.test/console/invitation#reeve_inv_") {
		t.Errorf("%+v", mail)
	}
}
