package operatorapi_test

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestSystem(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Run(t, []step{
			{Call: "POST /api/gateways", Body: `{"name":"edge"}`, Status: 200, Reply: `{"id":"{edge}","token":"{edge_token}"}`},
			{Call: "POST /gateway/leases", As: "Bearer {edge_token}", Body: `{"project":"{px}","bandwidth":5,"usage":7}`, Status: 200, Reply: reevetest.Any},
			{Name: "all changes get their numbers", Call: "GET /api/changes?limit=1", Status: 200, Reply: reevetest.Any},
			{
				Call: "GET /api/system", Status: 200, Reply: reevetest.Any,
				Has: []string{
					`{"at":"{now}","server":{"name":"`, `,"database":{"kind":"` + s.Store.Dialect() + `","version":"`,
					`"feed":{"newest":`, `"waiting":{"count":0,"more":false}},"backlog":{"usage":{"count":0,"more":false},"messages":{"count":0,"more":false},"mails":{"count":0,"more":false}}`,
					`"gateways":{"gateways":[{"id":"{edge}","name":"edge","createdAt":"{now}",` +
						`"sessions":{"sessions":[],"total":0},"leases":{"count":1,"rate":0,"bandwidth":5,"usage":7,"more":false}}],"total":1}`,
					`"departed":{"sessions":[],"total":0}}`,
				},
				Not: []string{"{edge_token}"},
			},
		}...)
	})
}
