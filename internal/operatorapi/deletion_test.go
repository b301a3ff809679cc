package operatorapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestDeletions(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.User(t, "dave", "Dave")
		s.Organization(t, "lonely", "dave")
		nothing := fault("nothing to restore")
		erase := fault("erase must be now")
		s.Run(t, []step{
			{Call: "GET /api/deletions", Status: 200, Reply: `{"deletions":[],"next":null}`},
			{Call: "GET /api/deletions?kind=x", Status: 400, Reply: fault("kind must be user, project or organization")},
			{Call: "GET /api/deletions?limit=0", Status: 400, Reply: fault("limit must be 1 to 500")},
			{Call: "GET /api/deletions?after=x", Status: 400, Reply: fault("after is not a cursor")},
			{Call: "GET /api/deletions?after=1.x", Status: 400, Reply: fault("after is not a cursor")},
			{Call: "DELETE /api/projects/{px}?erase=later", Status: 400, Reply: erase},
			{Call: "DELETE /api/users/carol@mail.test?erase=later", Status: 400, Reply: erase},
			{Call: "DELETE /api/organizations/{acme}?erase=later", Status: 400, Reply: erase},
			{Call: "POST /api/projects/x/restore", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Call: "POST /api/organizations/x/restore", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "POST /api/projects/{px}/restore", Status: 404, Reply: nothing},
			{Call: "POST /api/organizations/{acme}/restore", Status: 404, Reply: nothing},
			{Call: "POST /api/users/alice@mail.test/restore", Status: 404, Reply: nothing},
			{Call: "DELETE /api/users/dave@mail.test", Status: 200},
			{Call: "GET /api/deletions?kind=user", Status: 200, Reply: reevetest.Any, Has: []string{`"kind":"user","id":"{dave}","name":"dave@mail.test","deletedAt":`}},
			{Call: "GET /api/deletions?limit=1", Status: 200, Reply: reevetest.Any, Has: []string{`"next":"`}},
			{Call: "POST /api/organizations/{lonely}/restore", Status: 409, Reply: fault("the owner is deleted")},
			{Call: "POST /api/users", Body: `{"email":"dave@mail.test","fullName":"Dave II","password":"123456"}`, Status: 200, Reply: reevetest.Any},
			{Call: "POST /api/users/{usr:dave}/restore", Status: 409, Reply: fault("user with email already exists dave@mail.test")},
			{Name: "for good", Call: "DELETE /api/users/dave@mail.test?erase=now", Status: 200},
			{Call: "POST /api/users/DAVE@mail.test/restore", Status: 200},
			{Call: "GET /api/organizations/{lonely}", Status: 200, Reply: reevetest.Any},
			{Call: "DELETE /api/organizations/{lonely}", Status: 200},
			{Call: "POST /api/organizations/{org:lonely}/restore", Status: 200},
			{Call: "DELETE /api/organizations/{lonely}?erase=now", Status: 200},
			{Call: "POST /api/organizations/{lonely}/restore", Status: 404, Reply: nothing},
			{Call: "DELETE /api/projects/{px}", Status: 200},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":1}`, Status: 200},
			{Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"p","organizationId":"{acme}"}`, Status: 200, Reply: `{"projectId":"{p}"}`},
			{Call: "POST /api/projects/{px}/restore", Status: 409, Reply: fault("project limit reached", "limit 1")},
			{Call: "DELETE /api/projects/{p}?erase=now", Status: 200},
			{Call: "POST /api/projects/{prj:px}/restore", Status: 200},
			{Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any},
			{Call: "DELETE /api/projects/{px}", Status: 200},
		}...)
		s.Clock.Advance(720 * time.Hour)
		s.Do(t, step{Name: "too late", Call: "POST /api/projects/{px}/restore", Status: 404, Reply: nothing})
	})
}

func TestTransferProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		post := "POST /api/projects/{px}/transfer"
		s.Run(t, []step{
			{Call: "POST /api/projects/x/transfer", Body: `{}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Call: "POST /api/projects/" + nobody + "/transfer", Body: `{"ownerId":"{bob}"}`, Status: 404, Reply: fault("project not found")},
			{Call: post, Body: `{}`, Status: 400, Reply: fault("ownerId or organizationId must be set")},
			{Call: post, Body: `{"organizationId":"{evil}"}`, Status: 409, Reply: fault("owner is not a member of the organization")},
			{Call: post, Body: `{"ownerId":"{usr:bob}"}`, Status: 200},
			{Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any, Has: []string{`"ownerId":"{bob}"`}},
		}...)
	})
}
