package tenantapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// by is the session of a user.
func by(user string) string { return "session " + user }

// people are the tenants with alice (owner and admin of acme), bob (viewer) and
// mallory (of evil) signed in.
func people(t *testing.T, s *reevetest.Server) {
	s.Tenants(t)
	for _, user := range []string{"alice", "bob", "mallory"} {
		s.OpenSession(t, user)
	}
}

// TestOrganization: who is in an organisation sees and renames it as the role
// allows; to others it is not there.
func TestOrganization(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Bind("at", s.Value(t, "now3"))
		people(t, s)
		acme := func(name string) string {
			return `{"id":"{org:acme}","name":"` + name + `","owner_id":"{usr:alice}","create_time":"{at}"`
		}
		one := func(name string) string {
			return `{"status":"success","body":{"organizations":[` + acme(name) + `}]}}`
		}
		place := func(role string) string {
			return `{"status":"success","body":{"total_count":1,"organizations":[` + acme("acme") + `,"role":"` + role + `"}]}}`
		}
		get, put := "GET /organization/{org:acme}", "PUT /organization/{org:acme}"
		s.Run(t, []step{
			{Call: get, As: by("alice"), Status: 200, Reply: one("acme")},
			{Call: get, As: by("bob"), Status: 200, Reply: one("acme")},
			{Call: get, As: "{viewer}", Status: 200, Reply: one("acme")},
			{Call: get, As: by("mallory"), Status: 403, Reply: denied},
			{Call: get, As: "{stranger}", Status: 403, Reply: denied},
			{Call: get, As: "-", Status: 401, Reply: unauthorized},
			{Call: "GET /organization/" + nobody, As: by("alice"), Status: 403, Reply: denied},
			{Call: "GET /organization/x", As: by("alice"), Status: 403, Reply: denied},
			{Call: "GET /user/{usr:alice}/orgs", As: by("alice"), Status: 200, Reply: place("admin")},
			{Call: "GET /user/{bob}/orgs?page=0&number=1", As: by("bob"), Status: 200, Reply: place("viewer")},
			{Call: "GET /user/{bob}/orgs?page=1&number=1", As: by("bob"), Status: 200, Reply: `{"status":"success","body":{"total_count":1,"organizations":[]}}`},
			{Call: "GET /user/{bob}/orgs?page=-1", As: by("bob"), Status: 400, Reply: fault(400, "page must be 0 to 1000000")},
			{Call: "GET /user/{bob}/orgs?page=-1", As: by("alice"), Status: 403, Reply: denied},
			{Call: "GET /user/{bob}/orgs", As: by("alice"), Status: 403, Reply: denied},
			{Call: "GET /user/{alice}/orgs", As: "{key}", Status: 403, Reply: denied},
			{Call: "GET /user/{alice}/orgs", As: "-", Status: 401, Reply: unauthorized},
			{Call: put, As: by("bob"), Body: `{"name":"x"}`, Status: 403, Reply: denied},
			{Call: put, As: "{editor}", Body: `{`, Status: 403, Reply: denied},
			{Call: put, As: by("mallory"), Body: `{"name":"x"}`, Status: 403, Reply: denied},
			{Call: put, As: by("alice"), Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: put, As: by("alice"), Body: `{}`, Status: 400, Reply: fault(400, "Name is not set")},
			{Call: put, As: by("alice"), Body: `{"name":" Acme & Co "}`, Status: 200, Reply: one(`Acme \u0026 Co`)},
			{Call: put, As: "{key}", Body: `{"name":"Acme"}`, Status: 200, Reply: one("Acme")},
		}...)
	})
}

// TestOrganizationLists: projects and users page by page.
func TestOrganizationLists(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	people(t, s)
	s.Clock.Advance(time.Second)
	s.Project(t, "py", "alice", "acme")
	projects, users := "GET /organization/{org:acme}/projects", "GET /organization/{org:acme}/users"
	s.Run(t, []step{
		{Call: projects, As: by("bob"), Status: 200, Reply: reevetest.Any, Has: []string{`"total_count":2`, `"id":"{prj:px}"`, `"id":"{prj:py}"`}, Not: []string{"{prj:foreign}"}},
		{Call: projects + "?number=1&page=1", As: "{viewer}", Status: 200, Reply: reevetest.Any, Has: []string{`"total_count":2`, `"id":"{prj:py}"`}, Not: []string{"{prj:px}"}},
		{Call: projects + "?number=0", As: by("bob"), Status: 400, Reply: fault(400, "number must be 1 to 500")},
		{Call: projects + "?number=0", As: by("mallory"), Status: 403, Reply: denied},
		{Call: projects, As: by("mallory"), Status: 403, Reply: denied},
		{Call: users, As: by("bob"), Status: 200, Reply: reevetest.Any, Has: []string{`"total_count":3`, `"alice@mail.test"`, `"carol@mail.test"`}, Not: []string{"mallory"}},
		{Call: users + "?number=1&page=1", As: "{viewer}", Status: 200, Reply: reevetest.Any, Has: []string{`"total_count":3`, `"bob@mail.test"`}, Not: []string{"alice@", "carol@"}},
		{Call: users + "?page=x", As: by("bob"), Status: 400, Reply: fault(400, "page must be 0 to 1000000")},
		{Call: users, As: by("mallory"), Status: 403, Reply: denied},
	}...)
}

// TestOwnProjects: an organisation's admins create and delete projects, within
// the owner's limit.
func TestOwnProjects(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		people(t, s)
		create := func(as, body string, status int, reply string) step {
			return step{Call: "POST /project", As: as, Body: body, Status: status, Reply: reply}
		}
		made := `{"status":"success","body":{"projects":[{"id":"{made}","name":"New","org_id":"{org:acme}","tva_id":"{account}",` +
			`"gateway_id":null,"create_time":"{now3}"}]}}`
		s.Run(t, []step{
			create(by("bob"), `{"name":"New","org_id":"{org:acme}"}`, 403, denied),
			create("{editor}", `{"name":"New","org_id":"{org:acme}"}`, 403, denied),
			create(by("alice"), `{"name":"New","org_id":"{org:evil}"}`, 403, denied),
			create(by("alice"), `{"name":"New","org_id":"{nobody}"}`, 403, denied),
			create(by("alice"), `{"name":"New"}`, 403, denied),
			create("-", `{"name":"New","org_id":"{org:acme}"}`, 401, unauthorized),
			create(by("alice"), `{"org_id":"{org:acme}"}`, 400, fault(400, "name is not set")),
			create(by("alice"), `{"name":"New","org_id":"{acme}","description":"`+strings.Repeat("x", 2001)+`"}`, 400, fault(400, "description is longer than 2000 characters")),
			create(by("alice"), `{"name":"New","org_id":"{org:acme}"}`, 200, made),
			{Call: "GET /project/{made}", As: by("bob"), Status: 200, Reply: made},
			{Call: "DELETE /project/{made}", As: by("bob"), Status: 403, Reply: denied},
			{Call: "DELETE /project/{made}", As: by("mallory"), Status: 403, Reply: denied},
			{Call: "DELETE /project/{made}", As: by("alice"), Status: 204},
			{Call: "DELETE /project/{made}", As: by("alice"), Status: 403, Reply: denied},
			{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: reevetest.Any},
			{Call: "DELETE /project/{prj:px}", As: by("alice"), Status: 409, Reply: fault(409, "api-keys still exist")},
			create("{key}", `{"name":"By key","org_id":"{org:acme}"}`, 200, reevetest.Any),
			{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":2}`, Status: 200},
			create("{key}", `{"name":"More","org_id":"{org:acme}"}`, 409, fault(409, "project limit reached")),
		}...)
	})
}

// TestMemberships: roles are changed and members removed by admins, and the
// owner and the last admin stay.
func TestMemberships(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		people(t, s)
		org, project := "/organization/{org:acme}/member/", "/project/{prj:px}/member/"
		role := func(name string) string {
			return `{"status":"success","body":{"model":"users","models":{},"id":"{usr:bob}","role":"` + name + `","create_time":"{at}","disabled":false}}`
		}
		s.Bind("at", s.Value(t, "now3"))
		s.Run(t, []step{
			{Call: "PUT " + org + "{usr:bob}", As: by("bob"), Body: `{"role":"admin"}`, Status: 403, Reply: denied},
			{Call: "PUT " + org + "{usr:bob}", As: by("mallory"), Body: `{"role":"admin"}`, Status: 403, Reply: denied},
			{Call: "PUT " + org + "{usr:bob}", As: "{viewer}", Body: `{"role":"king"}`, Status: 403, Reply: denied},
			{Call: "PUT " + org + "{usr:bob}", As: "{viewer}", Body: `{`, Status: 403, Reply: denied},
			{Call: "PUT " + org + "{usr:bob}", As: by("alice"), Body: `{"role":"king"}`, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: "PUT " + org + "{usr:mallory}", As: by("alice"), Body: `{"role":"admin"}`, Status: 403, Reply: denied},
			{Call: "PUT " + org + nobody, As: by("alice"), Body: `{"role":"admin"}`, Status: 403, Reply: denied},
			{Call: "PUT " + org + "{usr:alice}", As: by("alice"), Body: `{"role":"viewer"}`, Status: 409, Reply: fault(409, "the owner cannot be removed or demoted")},
			{Call: "PUT " + org + "{usr:bob}", As: by("alice"), Body: `{"role":"editor"}`, Status: 200, Reply: role("editor")},
			{Call: "PUT " + project + "{usr:bob}", As: by("alice"), Body: `{"role":"editor"}`, Status: 403, Reply: denied},
			{Call: "POST /project/{prj:px}/user", Body: `{"user_id":"{usr:bob}","role":"viewer"}`, Status: 200, Reply: role("viewer")},
			{Call: "PUT " + project + "{usr:bob}", As: by("bob"), Body: `{"role":"admin"}`, Status: 403, Reply: denied},
			{Call: "PUT " + project + "{usr:bob}", As: by("bob"), Body: `{`, Status: 403, Reply: denied},
			{Call: "PUT " + project + "{usr:bob}", As: by("bob"), Body: `{}`, Status: 403, Reply: denied},
			{Call: "PUT " + project + "{usr:bob}", As: by("alice"), Body: `{}`, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: "PUT " + project + "{usr:bob}", As: by("alice"), Body: `{"role":"admin"}`, Status: 200, Reply: role("admin")},
			{Call: "PUT " + project + "{usr:alice}", As: by("bob"), Body: `{"role":"viewer"}`, Status: 409, Reply: fault(409, "the owner cannot be removed or demoted")},
			{Name: "now an admin of the project", Call: "PUT " + project + "{usr:bob}", As: by("bob"), Body: `{"role":"viewer"}`, Status: 200, Reply: role("viewer")},
			{Call: "DELETE " + project + "{usr:bob}", As: by("bob"), Status: 403, Reply: denied},
			{Call: "DELETE " + project + "{usr:alice}", As: by("alice"), Status: 409, Reply: fault(409, "the owner cannot be removed or demoted")},
			{Call: "DELETE " + project + "{usr:bob}", As: by("alice"), Status: 204},
			{Call: "DELETE " + project + "{usr:bob}", As: by("alice"), Status: 403, Reply: denied},
			{Call: "DELETE " + org + "{usr:alice}", As: by("alice"), Status: 409, Reply: fault(409, "the owner cannot be removed or demoted")},
			{Call: "DELETE " + org + "{usr:bob}", As: by("bob"), Status: 403, Reply: denied},
			{Call: "GET /project/{prj:px}", As: by("bob"), Status: 200, Reply: reevetest.Any},
			{Call: "DELETE " + org + "{usr:bob}", As: by("alice"), Status: 204},
			{Call: "GET /project/{prj:px}", As: by("bob"), Status: 403, Reply: denied},
			{Call: "DELETE " + org + "{usr:bob}", As: by("alice"), Status: 403, Reply: denied},
		}...)
	})
}

// TestDisabledMember: who is disabled in a project has no rights on it, unless
// an admin of the organisation.
func TestDisabledMember(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	people(t, s)
	get := "GET /project/{prj:px}"
	s.Run(t, []step{
		{Call: "POST /project/{prj:px}/user", Body: `{"user_id":"{usr:bob}","role":"editor"}`, Status: 200, Reply: reevetest.Any},
		{Name: "more than in the organisation", Call: "PUT /project/{prj:px}", As: by("bob"), Body: `{"name":"px"}`, Status: 200, Reply: reevetest.Any},
		{Call: "DELETE /project/{prj:px}/user/{usr:bob}", Status: 204},
		{Call: get, As: by("bob"), Status: 403, Reply: denied},
		{Call: "PUT /project/{prj:px}/user/{usr:bob}/enable", Status: 200, Reply: reevetest.Any},
		{Call: get, As: by("bob"), Status: 200, Reply: reevetest.Any},
	}...)
}

// TestLimitsInForce: the limits with what counts against them.
func TestLimitsInForce(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		people(t, s)
		s.Gateway(t, "meter")
		get := "GET /project/{prj:px}/limits"
		limits := func(usage, bandwidth, rate, buckets string) string {
			return `{"status":"success","body":{"usage":` + usage + `,"bandwidth":` + bandwidth + `,"rate":` + rate + `,"buckets":` + buckets + `}}`
		}
		s.Run(t, []step{
			{Call: get, As: by("mallory"), Status: 403, Reply: denied},
			{Call: get, As: by("bob"), Status: 200, Reply: limits(
				`{"limit":null,"own":false,"unit":"bytes","used":0}`, `{"limit":null,"own":false,"unit":"bytes","used":0}`,
				`{"limit":null,"own":false,"unit":"requests/s"}`, `{"limit":null,"own":false,"unit":"buckets","used":0}`,
			)},
			{Call: "PUT /api/projects/{px}/limit?usage=1000&bandwidth=2000&rate=30&buckets=4", Status: 200},
			{Call: "PUT /gateway/projects/{px}/buckets/a", Status: 200, Reply: reevetest.Any},
			{Call: "POST /gateway/leases", Body: `{"project":"{px}","usage":10,"bandwidth":20}`, Status: 200, Reply: reevetest.Any},
			{Call: get, As: "{viewer}", Status: 200, Reply: limits(
				`{"limit":1000,"own":true,"unit":"bytes","used":10}`, `{"limit":2000,"own":true,"unit":"bytes","used":20}`,
				`{"limit":30,"own":true,"unit":"requests/s"}`, `{"limit":4,"own":true,"unit":"buckets","used":1}`,
			)},
		}...)
	})
}

// TestOrganizationChanges: an organisation's admins read what was changed of
// it and of its projects, by whom, and nothing of others.
func TestOrganizationChanges(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		people(t, s)
		changes := "GET /organization/{org:acme}/changes"
		s.Run(t, []step{
			{Call: "PUT /project/{prj:px}", As: by("alice"), Body: `{"name":"by alice"}`, Status: 200, Reply: reevetest.Any},
			{Call: "PUT /project/{prj:px}", As: "{editor}", Body: `{"name":"by key"}`, Status: 200, Reply: reevetest.Any},
			{Call: "PUT /api/projects/{foreign}", Body: `{"projectName":"secret"}`, Status: 200},
			{Call: "PUT /api/projects/{px}/members/{bob}", Body: `{"role":"viewer"}`, Status: 200},
			{Call: changes, As: by("bob"), Status: 403, Reply: denied},
			{Call: changes, As: by("mallory"), Status: 403, Reply: denied},
			{Call: changes + "?number=x", As: by("bob"), Status: 403, Reply: denied},
			{Call: changes + "?number=x", As: by("alice"), Status: 400, Reply: fault(400, "number must be 1 to 500")},
			{Call: changes + "?after=0", As: by("alice"), Status: 400, Reply: fault(400, "after is not a cursor")},
			{
				Call: changes, As: by("alice"), Status: 200, Reply: reevetest.Any,
				Has: []string{
					`"actor":{"type":"user","id":"{usr:alice}"},"action":"project.update","target":"{prj:px}","before":{"name":"px"},"after":{"name":"by alice"}`,
					`"actor":{"type":"organization_key","id":"{orgkey:editor_id}"}`, `"after":{"name":"by key"}`,
					`"actor":{"type":"operator","id":null},"action":"organization.create","target":"{org:acme}","before":null,"after":{"name":"acme","owner_id":"{usr:alice}"}`,
					`"action":"member.create","target":"{prj:px}","before":null,"after":{"disabled":false,"role":"viewer","user_id":"{usr:bob}"}`,
					`"action":"member.create","target":"{org:acme}"`,
					`"target":"{orgkey:editor_id}","before":null,"after":{"expires_time":null,"name":"editor","org_id":"{org:acme}","role":"editor"}`,
				},
				Not: []string{"{acme}", "{px}", "{bob}", "{editor_id}", "secret", "{foreign}", "{prj:foreign}", "{org:evil}", "{evil}", "mallory", `"reason"`},
			},
			{
				Call: changes + "?action=project.update&number=1", As: "{key}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"after":{"name":"by key"}`, `"next":"`}, Not: []string{`"after":{"name":"by alice"}`},
			},
			{Call: changes + "?target={prj:foreign}", As: by("alice"), Status: 200, Reply: `{"status":"success","body":{"changes":[],"next":null}}`},
			{Call: changes + "?target=x", As: by("alice"), Status: 200, Reply: `{"status":"success","body":{"changes":[],"next":null}}`},
		}...)
	})
}
