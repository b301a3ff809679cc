package tenantapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestUsage: the usage of a tenant's project and organisation, as JSON and CSV.
func TestUsage(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "g")
		s.Do(t, step{
			Call: "POST /gateway/usage", Status: 200, Reply: reevetest.Any, Body: `{"gateway":"g","sequence":1,"records":[` +
				`{"projectId":"{px}","bucket":"a","meter":"egress","at":"2026-11-20T10:00:00Z","value":5},` +
				`{"projectId":"{px}","meter":"egress","at":"2026-11-20T11:59:59.999999Z","value":7},` +
				`{"projectId":"{foreign}","meter":"egress","at":"2026-11-20T10:00:00Z","value":1000}]}`,
		})
		s.Used(t, reeve.UsageTotal{ProjectID: s.ID(t, "px"), Month: 202611, Egress: reeve.Count(12)})
		project, organization := "/project/{prj:px}/usage", "/organization/{org:acme}/usage"
		hours := `"from":"2026-11-20T10:00:00.000Z","to":"2026-11-20T12:00:00.000Z","step":"hour","series":[{"meter":"egress","unit":"bytes","total":12,` +
			`"points":[{"at":"2026-11-20T10:00:00.000Z","value":5},{"at":"2026-11-20T11:00:00.000Z","value":7}]}]}}`
		query := "?from=2026-11-20T10:00:00Z&to=2026-11-20T12:00:00Z&step=hour&meter=egress"
		csv := "at,meter,unit,value\r\n2026-11-20T10:00:00Z,egress,bytes,5\r\n2026-11-20T11:00:00Z,egress,bytes,7\r\n"
		s.Run(t, []step{
			{Call: "GET " + project + query, Status: 200, Reply: `{"status":"success","body":{"project_id":"{prj:px}",` + hours},
			{Call: "GET " + organization + query, Status: 200, Reply: `{"status":"success","body":{"organization_id":"{org:acme}",` + hours},
			{Call: "GET /organization/{acme}/usage" + query, As: "{viewer}", Status: 200, Reply: reevetest.Any, Has: []string{`"{org:acme}"`}},
			{Call: "GET " + project + query + "&format=csv", Status: 200, Reply: csv},
			{Call: "GET " + organization + query, Header: map[string][]string{"Accept": {"text/csv"}}, Status: 200, Reply: csv},
			{Call: "HEAD " + organization + query, Status: 200},
			{Call: "GET " + project + query + "&bucket=a", Status: 200, Reply: reevetest.Any, Has: []string{`"total":5`}},
			{Call: "GET " + project, Status: 200, Reply: reevetest.Any, Has: []string{`"step":"day"`, `"meter":"storage"`, `"meter":"objects"`, `"meter":"requests"`}},
			{Call: "GET " + project + "?format=html", Status: 400, Reply: fault(400, "format must be json or csv")},
			{Call: "GET " + project + "?step=year", Status: 400, Reply: fault(400, "step must be hour, day or month")},
			{Call: "GET " + organization + "?to=2026", Status: 400, Reply: fault(400, "to must be a time such as 2026-11-01T00:00:00Z or a date")},
			{Call: "GET " + organization + "?from=2026-12-01", Status: 400, Reply: fault(400, "from must be before to")},
		}...)
	})
}

// TestMaskingOrganizations: another's organisation is like none, however one
// asks.
func TestMaskingOrganizations(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		for _, organization := range []string{
			"{org:evil}", "{evil}", nobody, "org_01h2xcejqtf2nbrexx3vqjhp41", "x", "{prj:acme}", "{px}", "{usr:alice}", "%20", "%00", "%ff",
			strings.Repeat("x", 5000),
		} {
			for _, example := range examples {
				call := example
				call.Call = strings.Replace(call.Call, "{org:acme}", organization, 1)
				for _, query := range []string{"", "?format=csv", "?format=pdf", "?from=x", "?step=hour&from=1970-01-01", "?page=x", "?explain=x"} {
					if call.Call != example.Call {
						s.Do(t, step{Call: call.Call + query, Status: 403, Reply: denied})
					}
				}
			}
		}
	})
}
