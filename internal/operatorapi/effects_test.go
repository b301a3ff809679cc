package operatorapi_test

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestEffects(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Member(t, "projects", "px", "bob", "viewer")
		// one gives what is counted of a thing.
		one := func(what, count string) string { return `{"what":"` + what + `","count":` + count + `,"more":false}` }
		none := func(name, counts string) string {
			return `{"name":"` + name + `","counts":[` + counts + `],"lastUsedAt":null,"owner":false,"lastAdmin":false}`
		}
		const kinds = "kind must be project, organization, user, apikey, organization_key or member"
		s.Run(t, []step{
			{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: `{"apikey":"{apikey}"}`},
			{
				Call: "GET /api/projects/{px}/apikeys", Status: 200,
				Reply: `[{"id":"{apikey_id}","ownerId":"{alice}","name":"k","partnerID":"","createdAt":"{now}","projectId":"{px}"}]`,
			},
			{
				Call: "GET /api/effects?kind=project&id={px}", Status: 200,
				Reply: none("px", one("apiKeys", "1")+","+one("members", "2")+","+one("buckets", "0")+","+one("leases", "0")),
			},
			{Name: "the other spelling", Call: "GET /api/effects?kind=project&id={prj:px}", Status: 200, Reply: reevetest.Any, Has: []string{`"name":"px"`}},
			{Call: "GET /api/effects?kind=apikey&id={apikey_id}", Status: 200, Reply: none("k", "")},
			{Call: "GET /api/effects?kind=apikey&id={apikey_id}&within={px}", Status: 200, Reply: none("k", "")},
			{Call: "GET /api/effects?kind=apikey&id={apikey_id}&within={foreign}", Status: 404, Reply: fault("api key not found")},
			{
				Call: "GET /api/effects?kind=member&id={alice}&within={acme}", Status: 200,
				Reply: `{"name":"Alice van Test","counts":[` + one("projects", "1") + `],"lastUsedAt":null,"owner":true,"lastAdmin":true}`,
			},
			{Call: "GET /api/effects?kind=project&id={alice}", Status: 404, Reply: fault("project not found")},
			{Call: "GET /api/effects", Status: 400, Reply: fault(kinds)},
			{Call: "GET /api/effects?kind=coupon&id={px}", Status: 400, Reply: fault(kinds)},
			{Call: "GET /api/effects?kind=project&id=x", Status: 400, Reply: `{"error":"invalid id","detail":"uuid: invalid string length 1 expected 36"}`},
			{Call: "GET /api/effects?kind=member&id={alice}&within=x", Status: 400, Reply: `{"error":"invalid within","detail":"uuid: invalid string length 1 expected 36"}`},
		}...)
	})
}
