package operatorapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestOrganizations(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		post := "POST /api/organizations"
		s.Run(t, []step{
			{Call: post, Body: `{`, Status: 400, Reply: fault("failed to unmarshal request", "unexpected end of JSON input")},
			{Call: post, Body: `{"name":"x","ownerId":"x"}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: post, Body: `{"ownerId":"{alice}"}`, Status: 400, Reply: fault("Name is not set")},
			{Call: post, Body: `{"name":"x"}`, Status: 400, Reply: fault("OwnerID is not set")},
			{Call: post, Body: `{"name":"a\u0000","ownerId":"{alice}"}`, Status: 400, Reply: fault("failed to unmarshal request", "JSON text holds a NUL")},
			{Call: post, Body: `{"name":"` + strings.Repeat("x", 201) + `","ownerId":"{alice}"}`, Status: 400, Reply: fault("Name is longer than 200 characters")},
			{Call: post, Body: `{"name":"x","ownerId":"` + nobody + `"}`, Status: 404, Reply: fault("user not found")},
			{Call: post, Body: `{"name":" Acme ","ownerId":"{usr:alice}"}`, Status: 200, Reply: `{"organizationId":"{o}"}`},
			{Call: "GET /api/organizations/{o}", Status: 200, Reply: `{"id":"{o}","name":"Acme","ownerId":"{alice}","createdAt":"{now}"}`},
			{Call: "GET /api/organizations/{org:o}", Status: 200, Reply: reevetest.Any, Has: []string{"{o}"}},
			{Call: "GET /api/organizations/{prj:o}", Status: 400, Reply: fault("invalid organization-uuid", "uuid: invalid string length 30 expected 36")},
			{Call: "GET /api/organizations/" + nobody, Status: 404, Reply: fault("organization not found")},
			{Name: "the owner is an admin", Call: "GET /api/organizations/{o}/members", Status: 200, Reply: `[{"userId":"{alice}",` +
				`"email":"alice@mail.test","fullName":"Alice van Test","role":"admin","disabled":false,"createdAt":"{now}"}]`},
			{Call: "PUT /api/organizations/" + nobody, Body: `{`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT /api/organizations/" + nobody, Body: `{"name":"x"}`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT /api/organizations/x", Body: `{`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "PUT /api/organizations/{o}", Body: `{}`, Status: 400, Reply: fault("Name is not set")},
			{Call: "PUT /api/organizations/{o}", Body: `{"name":"New"}`, Status: 200},
			{Call: "GET /api/organizations/{o}", Status: 200, Reply: reevetest.Any, Has: []string{`"name":"New"`}},
			{Call: "DELETE /api/organizations/x", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "DELETE /api/organizations/{acme}", Status: 409, Reply: fault("projects still exist", "count 1")},
			{Call: "DELETE /api/projects/{px}", Status: 200},
			{Name: "with its members and keys", Call: "DELETE /api/organizations/{acme}", Status: 200},
			{Call: "DELETE /api/organizations/{acme}", Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/{acme}/members", Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/{acme}/apikeys", Status: 404, Reply: fault("organization not found")},
			{Name: "its keys are dead", Call: "GET /project/{prj:px}", As: "{key}", Status: 401, Reply: reevetest.Any},
		}...)
	})
}

func TestOrganizationMembers(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.User(t, "dave", "Dave")
		members := "/api/organizations/{acme}/members"
		role := fault("role must be admin, editor or viewer")
		stays := fault("the owner cannot be removed or demoted")
		put := func(user, role string) step {
			return step{Call: "PUT " + members + "/{" + user + "}", Body: `{"role":"` + role + `"}`, Status: 200}
		}
		with := func(in step, status int, reply string) step { in.Status, in.Reply = status, reply; return in }
		s.Run(t, []step{
			with(put("bob", "Admin"), 400, role),
			{Call: "PUT " + members + "/{bob}", Body: `{}`, Status: 400, Reply: role},
			{Call: "PUT " + members + "/x", Body: `{"role":"admin"}`, Status: 400, Reply: fault("invalid user-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "PUT /api/organizations/x/members/{bob}", Body: `{"role":"admin"}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "PUT " + members + "/" + nobody, Body: `{"role":"admin"}`, Status: 404, Reply: fault("user not found")},
			{Call: "PUT /api/organizations/" + nobody + "/members/{bob}", Body: `{"role":"admin"}`, Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/x/members", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			with(put("alice", "editor"), 409, stays),
			{Call: "DELETE " + members + "/{alice}", Status: 409, Reply: stays},
			{Call: "DELETE " + members + "/x", Status: 400, Reply: reevetest.Any, Has: []string{"invalid user-uuid"}},
			{Call: "DELETE " + members + "/{dave}", Status: 404, Reply: fault("member not found")},
			{Call: "DELETE " + members + "/" + nobody, Status: 404, Reply: fault("member not found")},
			{Call: "DELETE /api/organizations/" + nobody + "/members/{bob}", Status: 404, Reply: fault("organization not found")},
		}...)
		s.Clock.Advance(time.Second)
		s.Run(t, []step{
			put("dave", "viewer"),
			{Call: "PUT " + members + "/{usr:bob}", Body: `{"role":"admin"}`, Status: 200},
			{Name: "a new role does not move one", Call: "GET " + members, Status: 200, Reply: reevetest.Any, Has: []string{
				`"{bob}","email":"bob@mail.test","fullName":"Bob","role":"admin"`, `{"userId":"{dave}","email":"dave@mail.test","fullName":"Dave","role":"viewer","disabled":false,"createdAt":"{now}"}]`,
			}},
			{Call: "PUT /api/projects/{px}/members/{dave}", Body: `{"role":"admin"}`, Status: 200},
			{Name: "out of the projects too", Call: "DELETE " + members + "/{dave}", Status: 200},
			{Call: "DELETE " + members + "/{dave}", Status: 404, Reply: fault("member not found")},
			{Call: "GET /api/projects/{px}/members", Status: 200, Reply: reevetest.Any, Not: []string{"{dave}"}},
			{Call: "POST /api/projects", Body: `{"ownerId":"{bob}","organizationId":"{acme}","projectName":"bobs"}`, Status: 200, Reply: `{"projectId":"{bobs}"}`},
			{Name: "not while owning a project", Call: "DELETE " + members + "/{bob}", Status: 409, Reply: fault("the owner cannot be removed or demoted", "project {bobs}")},
		}...)
	})
}

func TestProjectMembers(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		members := "/api/projects/{px}/members"
		put := func(user, role string, status int, reply string) step {
			return step{Call: "PUT " + members + "/{" + user + "}", Body: `{"role":"` + role + `"}`, Status: status, Reply: reply}
		}
		s.Run(t, []step{
			{Call: "GET " + members, Status: 200, Reply: `[{"userId":"{alice}","email":"alice@mail.test","fullName":"Alice van Test","role":"admin","disabled":false,"createdAt":"{now}"}]`},
			{Call: "GET /api/projects/x/members", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Call: "GET /api/projects/" + nobody + "/members", Status: 404, Reply: fault("project not found")},
			put("mallory", "viewer", 409, fault("user is not a member of the organization")),
			put("bob", "owner", 400, fault("role must be admin, editor or viewer")),
			{Call: "PUT " + members + "/" + nobody, Body: `{"role":"viewer"}`, Status: 404, Reply: fault("user not found")},
			{Call: "PUT /api/projects/" + nobody + "/members/{bob}", Body: `{"role":"viewer"}`, Status: 404, Reply: fault("project not found")},
			{Call: "PUT /api/projects/x/members/{bob}", Body: `{"role":"viewer"}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			put("alice", "viewer", 409, fault("the owner cannot be removed or demoted")),
			put("bob", "admin", 200, ""),
			put("bob", "viewer", 200, ""),
			put("bob", "viewer", 200, ""),
			{Call: "DELETE " + members + "/{alice}", Status: 409, Reply: fault("the owner cannot be removed or demoted")},
			{Call: "DELETE " + members + "/{carol}", Status: 404, Reply: fault("member not found")},
			{Call: "DELETE /api/projects/" + nobody + "/members/{bob}", Status: 404, Reply: fault("project not found")},
			{Call: "DELETE " + members + "/x", Status: 400, Reply: reevetest.Any, Has: []string{"invalid user-uuid"}},
			{Name: "disabled by a tenant", Call: "DELETE /project/{px}/user/{bob}", Status: 204},
			{Call: "GET " + members, Status: 200, Reply: reevetest.Any, Has: []string{`"role":"viewer","disabled":true`}},
			{Name: "the last enabled admin", Call: "DELETE /project/{px}/user/{alice}", Status: 409, Reply: reevetest.Any},
			put("bob", "editor", 200, ""),
			{Name: "enabled by a new role", Call: "GET " + members, Status: 200, Reply: reevetest.Any, Has: []string{`"role":"editor","disabled":false`}},
			{Call: "DELETE " + members + "/{bob}", Status: 200},
			{Call: "DELETE " + members + "/{bob}", Status: 404, Reply: fault("member not found")},
			{
				Name: "the log", Call: "GET /api/changes?target={px}&action=member.delete", Status: 200, Reply: reevetest.Any,
				Has: []string{`"before":{"disabled":false,"role":"editor","userId":"{bob}"},"after":null`},
			},
		}...)
	})
}

func TestOrganizationKeys(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.Organization(t, "acme", "alice")
		s.Project(t, "px", "alice", "acme")
		keys := "/api/organizations/{acme}/apikeys"
		past := s.Clock.Now().Format(time.RFC3339Nano)
		s.Run(t, []step{
			{Call: "GET " + keys, Status: 200, Reply: `[]`},
			{Call: "GET /api/organizations/x/apikeys", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "GET /api/organizations/" + nobody + "/apikeys", Status: 404, Reply: fault("organization not found")},
			{Call: "POST " + keys, Body: `{"name":"k"}`, Status: 400, Reply: fault("role must be admin, editor or viewer")},
			{Call: "POST " + keys, Body: `{"role":"admin"}`, Status: 400, Reply: fault("Name is not set")},
			{Call: "POST " + keys, Body: `{"name":"k","role":"viewer","expiresAt":"` + past + `"}`, Status: 400, Reply: fault("expiresAt is in the past")},
			{Call: "POST " + keys, Body: `{"name":"..","role":"viewer"}`, Status: 400, Reply: fault("Name must not be . or ..")},
			{Call: "POST " + keys, Body: `{"name":"k","role":"viewer","expiresAt":"soon"}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: "POST /api/organizations/" + nobody + "/apikeys", Body: `{"name":"k","role":"viewer"}`, Status: 404, Reply: fault("organization not found")},
			{Call: "POST " + keys, Body: `{"name":"short","role":"viewer","expiresAt":"2026-11-22T16:45:00+01:00"}`, Status: 200, Reply: `{"id":"{short_id}","apikey":"{short}"}`},
			{Call: "POST " + keys, Body: `{"name":"Long","role":"admin","expiresAt":null}`, Status: 200, Reply: `{"id":"{long_id}","apikey":"{long}"}`},
			{Call: "POST " + keys, Body: `{"name":"Long","role":"viewer"}`, Status: 409, Reply: fault("organization key with given name already exists")},
			{
				Call: "GET " + keys, Status: 200, Not: []string{"reeve_org_"},
				Reply: `[{"id":"{long_id}","name":"Long","role":"admin","createdAt":"{now}","expiresAt":null},` +
					`{"id":"{short_id}","name":"short","role":"viewer","createdAt":"{now}","expiresAt":"2026-11-22T15:45:00Z"}]`,
			},
			{Call: "GET /project/{px}", As: "{short}", Status: 200, Reply: reevetest.Any},
		}...)
		s.Clock.Advance(time.Minute)
		s.Run(t, []step{
			{Name: "expired", Call: "GET /project/{px}", As: "{short}", Status: 401, Reply: reevetest.Any},
			{Name: "live keys only", Call: "GET " + keys, Status: 200, Reply: reevetest.Any, Has: []string{`"Long"`}, Not: []string{`"short"`}},
			{Call: "GET /project/{px}", As: "{long}", Status: 200, Reply: reevetest.Any},
			{Call: "DELETE /api/organizations/x/apikeys/Long", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "DELETE /api/organizations/" + nobody + "/apikeys/Long", Status: 404, Reply: fault("organization not found")},
			{Call: "DELETE " + keys + "/long", Status: 404, Reply: fault("organization key not found")},
			{Call: "DELETE " + keys + "/Long", Status: 200},
			{Name: "revoked", Call: "GET /project/{px}", As: "{long}", Status: 401, Reply: reevetest.Any},
			{Call: "DELETE " + keys + "/Long", Status: 404, Reply: fault("organization key not found")},
			{Call: "GET /api/changes?target={long_id}", Status: 200, Reply: reevetest.Any, Has: []string{"organization_key.delete"}, Not: []string{"reeve_org_", "{long}"}},
		}...)
		form := s.Value(t, "long")
		if len(form) != len("reeve_org_")+49 || !strings.HasPrefix(form, "reeve_org_") {
			t.Errorf("a key has %d characters", len(form))
		}
	})
}
