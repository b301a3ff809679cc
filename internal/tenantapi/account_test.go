package tenantapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// public call every operation that asks for no credential.
var public = []step{
	{Call: "POST /user/login", Body: `{"email":"x@mail.test","password":"x"}`},
	{Call: "POST /user/password/reset", Body: `{"email":"x@mail.test"}`},
	{Call: "POST /user/password", Body: `{"token":"{reset_token}","new_password":"xxxxxxxx"}`},
	{Call: "POST /user/invitation", Body: `{"token":"{invitation_token}"}`},
	{Call: "POST /user/invitation/accept", Body: `{"token":"{invitation_token}"}`},
}

func all() []step { return slices.Concat(examples, public) }

const (
	nothing  = `{"status":"success","body":{}}`
	rightly  = `"password":"` + reevetest.Password + `"`
	sessions = "GET /user/{usr:alice}/sessions"
)

// wrongSignIn is the one answer to whatever is wrong with an address or a
// password.
var wrongSignIn = fault(401, "invalid email or password")

// TestLogin: as the clients of the API know it.
func TestLogin(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Bind("start", s.Value(t, "now3"))
		for _, user := range []string{"alice", "bob", "mallory"} {
			s.GivePassword(t, user)
		}
		s.Member(t, "organizations", "evil", "bob", "editor")
		login := "POST /user/login?expand=redirect_project_id.org_id"
		alice := `{"email":"ALICE@mail.test",` + rightly + `}`
		s.Run(t, []step{
			{
				Call: login, As: "-", Body: alice, Status: 200,
				Reply: `{"status":"success","body":{"users":[{"id":"{usr:alice}","first_name":"Alice","last_name":"van Test",` +
					`"email":"alice@mail.test","avatar_url":null,"create_time":"{start}","auth_token":"{alice_token}",` +
					`"redirect_project_id":"{prj:px}"}],"projects":[{"id":"{prj:px}","name":"px","org_id":"{org:acme}","tva_id":"{tva}",` +
					`"gateway_id":null,"create_time":"{start}"}],"organizations":[{"id":"{org:acme}","name":"acme","role":"admin"}]}}`,
			},
			{Call: "GET /project/{prj:px}", As: "session alice", Status: 200, Reply: reevetest.Any},
			{
				Name: "as clients send it", Call: "GET /project/{prj:px}", As: "-", Status: 200, Reply: reevetest.Any,
				Header: http.Header{"X-Auth-Id": {"{usr:alice}"}, "X-Auth-Token": {"{alice_token}"}, "Authorization": {"Bearer {alice_token}"}},
			},
			{Name: "foreign", Call: "GET /project/{prj:foreign}", As: "session alice", Status: 403, Reply: denied},
			{
				Name: "of two organisations", Call: login, Body: `{"email":"bob@mail.test",` + rightly + `}`, Status: 200, Reply: reevetest.Any,
				Has: []string{`"redirect_project_id":"{prj:px}"`, `"name":"foreign"`, `"role":"viewer"}`, `"role":"editor"}`},
			},
			{Call: login, As: "-", Body: `{"email":"alice@mail.test","password":"wrong"}`, Status: 401, Reply: wrongSignIn},
			{Call: login, As: "-", Body: `{"email":"nobody@mail.test","password":"wrong"}`, Status: 401, Reply: wrongSignIn},
			{Call: login, As: "-", Body: `{"email":"carol@mail.test","password":"none"}`, Status: 401, Reply: wrongSignIn},
			{Call: login, As: "-", Body: `{}`, Loose: true, Status: 401, Reply: wrongSignIn},
			{Call: login, As: "-", Body: `{"email":1}`, Status: 400, Reply: fault(400, "email must be a string")},
			{Call: login, As: "-", Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: "GET /user/login", As: "-", Status: 405, Allow: "POST", Reply: fault(405, "method not allowed")},
		}...)
		s.User(t, "dora", "Dora")
		s.GivePassword(t, "dora")
		s.Do(t, step{
			Name: "in nothing", Call: login, As: "-", Body: `{"email":"dora@mail.test",` + rightly + `}`, Status: 200, Reply: reevetest.Any,
			Has: []string{`"redirect_project_id":null}],"projects":[],"organizations":[]}`},
		})
		for range 9 {
			s.Do(t, step{Call: login, As: "-", Body: `{"email":"carol@mail.test","password":"x"}`, Status: 401, Reply: wrongSignIn})
		}
		reply := s.Do(t, step{Call: login, As: "-", Body: `{"email":"carol@mail.test","password":"x"}`, Status: 429, Reply: fault(429, "too many failed attempts")})
		if wait := reply.Header.Get("Retry-After"); wait != "90" && wait != "89" || reply.Header.Get("RateLimit") != `"sign-in-account";r=0;t=`+wait ||
			reply.Header.Get("RateLimit-Policy") != `"sign-in-account";q=10;w=900` {
			t.Errorf("%v", reply.Header)
		}
		if log := s.Log.String(); strings.Contains(log, "correct") || strings.Contains(log, "reeve_ses_") || strings.Contains(log, "mail.test") {
			t.Error("the log tells a secret or an address")
		}
	})
}

// TestSessions: users see and end their sessions; an organisation key is nobody.
func TestSessions(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.SignIn(t, "alice")
		s.SignIn(t, "bob")
		s.Bind("first", s.Value(t, "alice_token"))
		s.LogIn(t, "alice")
		if s.Value(t, "first") == s.Value(t, "alice_token") {
			t.Error("the same token")
		}
		old := http.Header{"X-Auth-Id": {"{usr:alice}"}, "X-Auth-Token": {"{first}"}}
		s.Bind("t", s.Value(t, "now3"))
		session := func(id, current string) string {
			return `{"id":"{ses:` + id + `}","address":"127.0.0.1","agent":"Go-http-client/1.1","create_time":"{t}","last_used_time":"{t}","current":` + current + `}`
		}
		s.Run(t, []step{
			{
				Call: sessions, As: "session alice", Status: 200,
				Reply: `{"status":"success","body":{"total_count":2,"sessions":[` + session("b", "true") + "," + session("a", "false") + `]}}`,
			},
			{Call: sessions, As: "session bob", Status: 403, Reply: denied},
			{Call: sessions, As: "{key}", Status: 403, Reply: denied},
			{
				Name: "stolen", Call: "GET /user/{usr:bob}", As: "-", Status: 401, Reply: unauthorized,
				Header: http.Header{"X-Auth-Id": {"{usr:bob}"}, "X-Auth-Token": {"{alice_token}"}},
			},
			{
				Name: "of nobody", Call: sessions, As: "-", Status: 401, Reply: unauthorized,
				Header: http.Header{"X-Auth-Id": {"00000000-0000-0000-0000-000000000000"}, "X-Auth-Token": {"{alice_token}"}},
			},
			{
				Name: "without the id", Call: sessions, As: "-", Status: 401, Reply: unauthorized,
				Header: http.Header{"X-Auth-Token": {"{alice_token}"}},
			},
			{
				Name: "an organisation's key", Call: sessions, As: "-", Status: 401, Reply: unauthorized,
				Header: http.Header{"X-Auth-Id": {"{usr:alice}"}, "X-Auth-Token": {"{key}"}},
			},
			{Call: "DELETE /user/{usr:bob}/session/{ses:a}", As: "session bob", Status: 403, Reply: denied},
			{Call: "DELETE /user/{usr:alice}/session/x", As: "session alice", Status: 403, Reply: denied},
			{Call: "DELETE /user/{usr:alice}/session/{ses:a}", As: "session alice", Status: 204},
			{Name: "ended", Call: sessions, As: "-", Header: old, Status: 401, Reply: unauthorized},
			{Call: "DELETE /user/{usr:alice}/sessions", As: "session bob", Status: 403, Reply: denied},
			{Call: "DELETE /user/{usr:alice}/sessions", As: "session alice", Status: 204},
			{Name: "all ended", Call: sessions, As: "session alice", Status: 401, Reply: unauthorized},
			{Call: "POST /user/logout", As: "{key}", Status: 403, Reply: denied},
			{Call: "POST /user/logout", As: "session bob", Status: 204},
			{Name: "replayed", Call: "GET /user/{usr:bob}", As: "session bob", Status: 401, Reply: unauthorized},
		}...)
		s.Do(t, step{
			Name: "an agent that is no text", Call: "POST /user/login", As: "-", Body: `{"email":"bob@mail.test",` + rightly + `}`, Status: 200,
			Reply: reevetest.Any, Header: http.Header{"User-Agent": {"\xff\t" + strings.Repeat("é", 150)}},
		})
		s.LogIn(t, "bob")
		s.Do(t, step{
			Call: "GET /user/{usr:bob}/sessions", As: "session bob", Status: 200, Reply: reevetest.Any,
			Has: []string{`"agent":"` + strings.Repeat("é", 100) + `"`},
		})
		s.Clock.Advance(24 * time.Hour)
		s.Do(t, step{Name: "idle", Call: "GET /user/{usr:bob}", As: "session bob", Status: 401, Reply: unauthorized})
	})
}

// TestOwnAccount: names and passwords.
func TestOwnAccount(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Bind("t", s.Value(t, "now3"))
		s.SignIn(t, "alice")
		s.SignIn(t, "bob")
		account := func(first, last string) string {
			return `{"status":"success","body":{"users":[{"id":"{usr:alice}","first_name":"` + first + `","last_name":"` + last + `",` +
				`"email":"alice@mail.test","avatar_url":null,"create_time":"{t}","totp_enabled":false}]}}`
		}
		own, password := "/user/{usr:alice}", "PUT /user/{usr:alice}/password"
		next := func(old, next string) string { return `{"old_password":"` + old + `","new_password":"` + next + `"}` }
		steps := []step{
			{Call: "GET " + own, Status: 200, Reply: account("Alice", "van Test")},
			{Call: "GET /user/{alice}", Status: 200, Reply: account("Alice", "van Test")},
			{Call: "GET " + own, As: "session bob", Status: 403, Reply: denied},
			{Call: "GET " + own, As: "{key}", Status: 403, Reply: denied},
			{Call: "GET /user/x", Status: 403, Reply: denied},
			{Call: "PUT " + own, Body: `{"first_name":"Al","last_name":"Test"}`, Status: 200, Reply: account("Al", "Test")},
			{Call: "PUT " + own, Body: `{"last_name":""}`, Status: 200, Reply: account("Al", "")},
			{Call: "PUT " + own, Body: `{"first_name":" "}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: "PUT " + own, Body: `{"first_name":1}`, Status: 400, Reply: fault(400, "first_name must be a string")},
			{Call: "PUT " + own, As: "session bob", Body: `{`, Status: 403, Reply: denied},
			{Call: password, Body: next(reevetest.Password, "short"), Status: 400, Reply: fault(400, "new_password is shorter than 8 bytes")},
			{Call: password, Body: next("wrong", "12345678"), Status: 403, Reply: fault(403, "the password is wrong")},
			{Call: password, As: "session bob", Body: next(reevetest.Password, "12345678"), Status: 403, Reply: denied},
			{Call: password, Body: next(reevetest.Password, "12345678"), Status: 204},
			{Call: "POST /user/login", As: "-", Body: `{"email":"alice@mail.test","password":"12345678"}`, Status: 200, Reply: reevetest.Any},
			{Call: "GET " + own, Status: 200, Reply: account("Al", "")},
		}
		for i := range steps {
			if steps[i].As == "" {
				steps[i].As = "session alice"
			}
		}
		s.Run(t, steps...)
		for range 9 {
			s.Do(t, step{Call: password, As: "session alice", Body: next("wrong", "12345678"), Status: 403, Reply: reevetest.Any})
		}
		s.Do(t, step{Call: password, As: "session alice", Body: next("12345678", "87654321"), Status: 429, Reply: fault(429, "too many failed attempts")})
		s.Do(t, step{Call: "POST " + own + "/totp", As: "session alice", Body: `{"password":"12345678"}`, Status: 429, Reply: reevetest.Any})
		s.Do(t, step{Call: "PUT " + own + "/totp", As: "session alice", Body: `{"code":"1"}`, Status: 429, Reply: reevetest.Any})
		s.Do(t, step{Call: "DELETE " + own + "/totp", As: "session alice", Body: `{"password":"12345678"}`, Status: 429, Reply: reevetest.Any})
	})
}

// TestCodes: they are asked for once one was shown.
func TestCodes(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.SignIn(t, "alice")
		path := "/user/{usr:alice}/totp"
		as := "session alice"
		code := func() string {
			out, err := totp.GenerateCode(s.Value(t, "secret"), s.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		login := func(code string) string { return `{"email":"alice@mail.test",` + rightly + `,"code":"` + code + `"}` }
		s.Run(t, []step{
			{Call: "PUT " + path, As: as, Body: `{"code":"123456"}`, Status: 409, Reply: fault(409, "codes are not asked for")},
			{Call: "DELETE " + path, As: as, Body: `{` + rightly + `}`, Status: 409, Reply: fault(409, "codes are not asked for")},
			{Call: "POST " + path, As: as, Body: `{"password":"x"}`, Status: 403, Reply: fault(403, "the password is wrong")},
			{Call: "POST " + path, As: as, Body: `{"password":1}`, Status: 400, Reply: fault(400, "password must be a string")},
			{Call: "POST " + path, As: "{key}", Body: `{`, Status: 403, Reply: denied},
			{Call: "POST " + path, As: as, Body: `{` + rightly + `}`, Status: 200, Reply: `{"status":"success","body":{"secret":"{secret}","uri":"{uri}"}}`},
			{Call: "PUT " + path, As: as, Body: `{"code":"x"}`, Status: 403, Reply: fault(403, "invalid code")},
			{Call: "PUT " + path, As: as, Body: `{"code":1}`, Status: 400, Reply: fault(400, "code must be a string")},
		}...)
		s.Run(t, []step{
			{Call: "PUT " + path, As: as, Body: `{"code":"` + code() + `"}`, Status: 200, Reply: reevetest.Any, Has: []string{`{"recovery_codes":["`}},
			{Call: "POST " + path, As: as, Body: `{` + rightly + `}`, Status: 409, Reply: fault(409, "codes are asked for already")},
			{Call: "GET /user/{usr:alice}", As: as, Status: 200, Reply: reevetest.Any, Has: []string{`"totp_enabled":true`}},
			{Call: "POST /user/login", As: "-", Body: login(""), Status: 401, Reply: fault(401, "code required")},
			{Call: "POST /user/login", As: "-", Body: login(code()), Status: 401, Reply: fault(401, "invalid code")},
			{Call: "POST /user/login", As: "-", Body: strings.Replace(login(""), "correct", "wrong", 1), Status: 401, Reply: wrongSignIn},
		}...)
		s.Clock.Advance(time.Minute)
		s.Do(t, step{Call: "POST /user/login", As: "-", Body: login(code()), Status: 200, Reply: reevetest.Any})
		s.Clock.Advance(time.Minute)
		s.Run(t, []step{
			{Call: "DELETE " + path, As: as, Body: `{` + rightly + `}`, Status: 400, Reply: fault(400, "code is not set")},
			{Call: "DELETE " + path, As: as, Body: `{` + rightly + `,"code":"x"}`, Status: 403, Reply: fault(403, "invalid code")},
			{Call: "DELETE " + path, As: as, Body: `{` + rightly + `,"code":"` + code() + `"}`, Status: 204},
			{Call: "POST /user/login", As: "-", Body: login(""), Status: 200, Reply: reevetest.Any},
		}...)
		if log := s.Log.String(); strings.Contains(log, s.Value(t, "secret")) {
			t.Error("the log tells the secret")
		}
	})
}

// TestForgottenPassword: what is answered tells nobody who has an account.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	reset, choose := "POST /user/password/reset", "POST /user/password"
	without := reevetest.Open(t)
	without.Do(t, step{Call: reset, As: "-", Body: `{"email":"alice@mail.test"}`, Status: 503, Reply: fault(503, "mail is not configured")})

	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.SignIn(t, "alice")
	s.Run(t, []step{
		{Call: reset, As: "-", Body: `{"email":"nobody@mail.test"}`, Status: 200, Reply: nothing},
		{Call: reset, As: "-", Body: `{"email":"alice@mail.test"}`, Status: 200, Reply: nothing},
		{Call: reset, As: "-", Body: `{"email":""}`, Status: 400, Reply: fault(400, "email is not set")},
	}...)
	mail := <-s.Mail
	_, rest, _ := strings.Cut(mail.Text, "https://cloud.test/console/password#")
	token, _, _ := strings.Cut(rest, "\n")
	body := func(password string) string { return `{"token":"` + token + `","new_password":"` + password + `"}` }
	s.Run(t, []step{
		{Call: choose, As: "-", Body: body("short"), Status: 400, Reply: fault(400, "new_password is shorter than 8 bytes")},
		{Call: choose, As: "-", Body: `{"token":"x","new_password":"12345678"}`, Status: 404, Reply: fault(404, "the link is not valid")},
		{Call: choose, As: "-", Body: body("12345678"), Status: 200, Reply: nothing},
		{Call: choose, As: "-", Body: body("87654321"), Status: 404, Reply: fault(404, "the link is not valid")},
		{Call: "GET /user/{usr:alice}", As: "session alice", Status: 401, Reply: unauthorized},
		{Call: "POST /user/login", As: "-", Body: `{"email":"alice@mail.test","password":"12345678"}`, Status: 200, Reply: reevetest.Any},
	}...)
	if mail.To != "alice@mail.test" || len(s.Mail) > 0 {
		t.Errorf("%+v, and %d more", mail, len(s.Mail))
	}
	for range 9 {
		s.Do(t, step{Call: reset, As: "-", Body: `{"email":"nobody@mail.test"}`, Status: 200, Reply: nothing})
	}
	s.Do(t, step{Call: reset, As: "-", Body: `{"email":"nobody@mail.test"}`, Status: 429, Reply: fault(429, "too many failed attempts")})
	if strings.Contains(s.Log.String(), token) {
		t.Error("the log tells the token")
	}
}
