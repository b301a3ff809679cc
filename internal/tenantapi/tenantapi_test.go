package tenantapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/server"
)

// TestMain fails the suite if a documented reply was never seen.
func TestMain(m *testing.M) { reevetest.Main(m, "tenant") }

// step keeps the tables readable.
type step = reevetest.Step

// nobody is the id of nothing.
const nobody = "01890000-0000-7000-8000-000000000000"

// fault is an error's body.
func fault(code int, message string) string {
	return fmt.Sprintf(`{"status":"error","message":"%s","code":%d}`, message, code)
}

var (
	unauthorized = fault(401, "Unauthorized")
	denied       = fault(403, "You are not allowed to perform this action")
)

// examples call every operation once.
var examples = append([]step{
	{Call: "GET /project/{prj:px}"},
	{Call: "PUT /project/{prj:px}", Body: `{"name":"x"}`},
	{Call: "GET /project/{prj:px}/users"},
	{Call: "POST /project/{prj:px}/user", Body: `{"user_id":"{usr:bob}","role":"viewer"}`},
	{Call: "DELETE /project/{prj:px}/user/{usr:bob}"},
	{Call: "PUT /project/{prj:px}/user/{usr:bob}/enable"},
	{Call: "GET /project/{prj:px}/usage"},
	{Call: "GET /organization/{org:acme}/usage"},
	{Call: "GET /organization/{org:acme}/statements"},
	{Call: "GET /organization/{org:acme}/statements/{stm:bill}"},
	{Call: "POST /project", Body: `{"name":"x","org_id":"{org:acme}"}`},
	{Call: "DELETE /project/{prj:px}"},
	{Call: "GET /project/{prj:px}/limits"},
	{Call: "PUT /project/{prj:px}/member/{usr:bob}", Body: `{"role":"viewer"}`},
	{Call: "DELETE /project/{prj:px}/member/{usr:bob}"},
	{Call: "GET /user/{usr:alice}/orgs"},
	{Call: "GET /organization/{org:acme}"},
	{Call: "PUT /organization/{org:acme}", Body: `{"name":"x"}`},
	{Call: "GET /organization/{org:acme}/projects"},
	{Call: "GET /organization/{org:acme}/users"},
	{Call: "GET /organization/{org:acme}/changes"},
	{Call: "PUT /organization/{org:acme}/member/{usr:bob}", Body: `{"role":"viewer"}`},
	{Call: "DELETE /organization/{org:acme}/member/{usr:bob}"},
	{Call: "POST /user/logout"},
	{Call: "GET /user/{usr:alice}"},
	{Call: "PUT /user/{usr:alice}", Body: `{"first_name":"x"}`},
	{Call: "PUT /user/{usr:alice}/password", Body: `{"old_password":"x","new_password":"xxxxxxxx"}`},
	{Call: "GET /user/{usr:alice}/sessions"},
	{Call: "DELETE /user/{usr:alice}/session/{ses:nothing}"},
	{Call: "DELETE /user/{usr:alice}/sessions"},
	{Call: "POST /user/{usr:alice}/totp", Body: `{"password":"x"}`},
	{Call: "PUT /user/{usr:alice}/totp", Body: `{"code":"x"}`},
	{Call: "DELETE /user/{usr:alice}/totp", Body: `{"password":"x","code":"x"}`},
	{Call: "POST /organization/{org:acme}/invitation", Body: `{"email":"x@mail.test","role":"viewer"}`},
	{Call: "POST /project/{prj:px}/invitation", Body: `{"email":"y@mail.test","role":"viewer"}`},
	{Call: "GET /organization/{org:acme}/invitations"},
	{Call: "DELETE /organization/{org:acme}/invitation/{inv:nothing}"},
}, keyExamples...)

func TestHealth(t *testing.T)  { t.Parallel(); reevetest.Health(t, "tenant") }
func TestDown(t *testing.T)    { t.Parallel(); reevetest.Down(t, all()) }
func TestGuarded(t *testing.T) { t.Parallel(); reevetest.Guarded(t, examples) }

// TestGuardedBySession: of a session and a key the session counts, and what is
// beside it does not: neither hides a guess nor is remembered.
func TestGuardedBySession(t *testing.T) {
	t.Parallel()
	s := reevetest.OpenGuarded(t, server.Config{AuthFailures: 1})
	s.Tenants(t)
	s.OpenSession(t, "alice")
	beside := func(key string) http.Header { return http.Header{"X-Api-Key": {key}} }
	guess := http.Header{"X-Auth-Id": {"{usr:alice}"}, "X-Auth-Token": {"reeve_ses_guess"}}
	s.Run(t, []step{
		{Name: "the key is known", Call: "GET /project/{px}", Status: 200, Reply: reevetest.Any},
		{Name: "so is the session", Call: "GET /project/{px}", As: "session alice", Header: beside("junk"), Status: 200, Reply: reevetest.Any},
		{Name: "a guess", Call: "GET /project/{px}", Header: guess, Status: 401, Reply: reevetest.Any},
		{Name: "another beside a key that is known", Call: "GET /project/{px}", Header: guess, Status: 429, Reply: reevetest.Any},
		{Name: "what stood beside the session", Call: "GET /project/{px}", As: "junk", Status: 429, Reply: reevetest.Any},
		{Name: "the session", Call: "GET /project/{px}", As: "session alice", Header: beside("other"), Status: 200, Reply: reevetest.Any},
		{Name: "the key", Call: "GET /project/{px}", Status: 200, Reply: reevetest.Any},
	}...)
}

func TestBroken(t *testing.T)  { t.Parallel(); reevetest.Broken(t, all()) }
func TestTooLong(t *testing.T) { t.Parallel(); reevetest.TooLong(t, all(), tenants) }

func tenants(t *testing.T, s *reevetest.Server) { s.Tenants(t) }

// TestProject: the two calls of a project, byte for byte.
func TestProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		project := func(name string) string {
			return `{"status":"success","body":{"projects":[{"id":"{prj:px}","name":"` + name + `","org_id":"{org:acme}",` +
				`"tva_id":"{tva}","gateway_id":null,"create_time":"{created}"}]}}`
		}
		s.Bind("created", s.Value(t, "now3"))
		put := "PUT /project/{prj:px}"
		s.Run(t, []step{
			{Call: "GET /project/{prj:px}", Status: 200, Reply: project("px")},
			{Name: "as a UUID", Call: "GET /project/{px}", Status: 200, Reply: project("px")},
			{Call: put, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: put, Body: `{"name":"a"}{}`, Status: 400, Reply: fault(400, "invalid character '{' after top-level value")},
			{Call: put, Body: `{"name":5}`, Status: 400, Reply: fault(400, "name must be a string")},
			{Call: put, Body: `[]`, Status: 400, Reply: fault(400, "request body must be an object")},
			{Call: put, Body: `{}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: put, Body: `null`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: put, Body: `{"name":null}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: put, Body: `{"name":"  \n "}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: put, Body: `{"name":"a\tb"}`, Status: 400, Reply: fault(400, "name has control characters")},
			{Call: put, Body: `{"name":"a\u0000"}`, Status: 400, Reply: fault(400, "JSON text holds a NUL")},
			{Call: put, Body: `{"name":"` + strings.Repeat("日", 201) + `"}`, Status: 400, Reply: fault(400, "name is longer than 200 characters")},
			{Call: "GET /project/{prj:px}", Status: 200, Reply: project("px")},
		}...)
		s.Clock.Advance(time.Hour)
		s.Run(t, []step{
			{Call: put, Body: `{"name":"Project Z"}`, Status: 200, Reply: project("Project Z")},
			{Name: "again", Call: put, Body: `{"name":"Project Z"}`, Status: 200, Reply: project("Project Z")},
			{Call: put, Body: `{"NAME":" <日> "}`, Loose: true, Status: 200, Reply: project(`\u003c日\u003e`)},
			{Call: put, Body: `{"name":"` + strings.Repeat("日", 200) + `"}`, Status: 200, Reply: project(strings.Repeat("日", 200))},
			{Call: "GET /project/{prj:px}", Status: 200, Reply: project(strings.Repeat("日", 200))},
		}...)
		s.Do(t, step{Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any, Not: []string{s.Value(t, "tva")}})
	})
}

// TestTimes always have three decimals, cut and not rounded.
func TestTimes(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int]string{
		0: "2026-11-22T15:44:54.000Z", 100_000: "2026-11-22T15:44:54.100Z", 999_999: "2026-11-22T15:44:54.999Z",
	} {
		s := reevetest.Open(t)
		s.Clock.Advance(time.Second - 173_422*time.Microsecond + time.Duration(micros)*time.Microsecond)
		s.Tenants(t)
		s.Do(t, step{Call: "GET /project/{px}", Status: 200, Reply: reevetest.Any, Has: []string{`"create_time":"` + want + `"`}})
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		alice := `{"id":"{usr:alice}","first_name":"Alice","last_name":"van Test","avatar_url":null,"create_time":"{start}",` +
			`"email":"alice@mail.test","role":"admin","disabled":false}`
		bob := func(role, disabled string) string {
			return `{"id":"{usr:bob}","first_name":"Bob","last_name":"","avatar_url":null,"create_time":"{added}",` +
				`"email":"bob@mail.test","role":"` + role + `","disabled":` + disabled + `}`
		}
		users := func(list string) step {
			return step{Call: "GET /project/{prj:px}/users", Status: 200, Reply: `{"status":"success","body":{"users":[` + list + `]}}`}
		}
		member := func(role, disabled string) string {
			return `{"status":"success","body":{"model":"users","models":{},"id":"{usr:bob}","role":"` + role +
				`","create_time":"{added}","disabled":` + disabled + `}}`
		}
		add := "POST /project/{prj:px}/user"
		disable, enable := "DELETE /project/{prj:px}/user/{usr:bob}", "PUT /project/{prj:px}/user/{usr:bob}/enable"
		s.Bind("start", s.Value(t, "now3"))
		s.Clock.Advance(time.Minute)
		s.Bind("added", s.Value(t, "now3"))
		lastAdmin := fault(409, "the last enabled admin cannot be removed, demoted or disabled")
		s.Run(t, []step{
			users(alice),
			{Call: add, Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: add, Body: `{"user_id":"{usr:bob}"}`, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: add, Body: `{"user_id":"{usr:bob}","role":"owner"}`, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: add, Body: `{"user_id":"{usr:bob}","role":"Viewer"}`, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: add, Body: `{"role":"viewer"}`, Status: 400, Reply: fault(400, "user_id is not set")},
			{Call: add, Body: `{"user_id":null,"role":"viewer"}`, Status: 400, Reply: fault(400, "user_id is not set")},
			{Call: add, Body: `{"user_id":7,"role":"viewer"}`, Status: 400, Reply: fault(400, "user_id must be a string")},
			{Call: add, Body: `{"user_id":"{usr:bob}","role":"viewer"}`, Status: 200, Reply: member("viewer", "false")},
			{Call: add, Body: `{"user_id":"{bob}","role":"admin"}`, Status: 409, Reply: fault(409, "user is already a member of the project")},
			users(alice + "," + bob("viewer", "false")),
			{Call: disable, Status: 204},
			{Name: "again", Call: disable, Status: 204},
			users(alice + "," + bob("viewer", "true")),
			{Call: enable, Status: 200, Reply: member("viewer", "false")},
			{Name: "again", Call: enable, Status: 200, Reply: member("viewer", "false")},
			{Call: disable, Status: 204},
		}...)
		s.Clock.Advance(time.Minute)
		s.Run(t, []step{
			{Name: "adding a disabled one", Call: add, Body: `{"user_id":"{bob}","role":"admin"}`, Status: 200, Reply: member("admin", "false")},
			users(alice + "," + bob("admin", "false")),
			{Name: "the owner may be disabled while another admin is enabled", Call: "DELETE /project/{px}/user/{alice}", Status: 204},
			{Name: "the last enabled admin", Call: disable, Status: 409, Reply: lastAdmin},
			{Call: "PUT /project/{px}/user/{alice}/enable", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{usr:alice}","role":"admin"`}},
			{Call: disable, Status: 204},
			{Call: "DELETE /project/{px}/user/{alice}", Status: 409, Reply: lastAdmin},
			users(alice + "," + bob("admin", "true")),
		}...)
	})
}
