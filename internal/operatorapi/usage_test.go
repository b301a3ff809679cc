package operatorapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestUsageSeries: the usage of a project and of its organisation, as JSON and
// CSV, whole and in part.
func TestUsageSeries(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Project(t, "second", "alice", "acme")
		s.Gateway(t, "g")
		record := func(project, bucket, meter, at, value string) string {
			return `{"projectId":"{` + project + `}","bucket":"` + bucket + `","meter":"` + meter + `","at":"2026-11-` + at + `Z","value":` + value + `}`
		}
		s.Do(t, step{
			Call: "POST /gateway/usage", Status: 200, Reply: reevetest.Any, Body: `{"gateway":"g","sequence":1,"records":[` + strings.Join([]string{
				record("px", "a", "egress", "20T10:00:00", "5"), record("px", "", "egress", "20T11:59:59", "7"),
				record("px", "a", "requests", "21T00:00:00", "1"), record("second", "", "egress", "21T00:00:00", "9223372036854775807"),
				record("second", "", "egress", "21T00:00:00", "9223372036854775807"), record("foreign", "", "egress", "20T10:00:00", "99"),
			}, ",") + `]}`,
		})
		s.Used(t, reeve.UsageTotal{
			ProjectID: s.ID(t, "px"), Month: 202611, Egress: reeve.Count(12), Requests: reeve.Count(1),
		})
		project, organization := "/api/projects/{px}/usage/series", "/api/organizations/{acme}/usage/series"
		csv := "at,meter,unit,value\r\n"
		s.Run(t, []step{
			{
				Call: "GET " + project + "?from=2026-11-20T10:30:00Z&to=2026-11-20T14:00:00%2B02:00&step=hour&meter=egress", Status: 200,
				Reply: `{"projectId":"{px}","from":"2026-11-20T10:00:00Z","to":"2026-11-20T12:00:00Z","step":"hour","series":[` +
					`{"meter":"egress","unit":"bytes","total":12,"points":[{"at":"2026-11-20T10:00:00Z","value":5},{"at":"2026-11-20T11:00:00Z","value":7}]}]}`,
			},
			{
				Name: "of a bucket", Call: "GET " + project + "?from=2026-11-20&to=2026-11-22&bucket=a", Status: 200, Reply: reevetest.Any,
				Has: []string{
					`"step":"day"`, `{"meter":"storage","unit":"byte-hours","total":0,"points":[{"at":"2026-11-20T00:00:00Z","value":0},`,
					`"total":5,"points":[{"at":"2026-11-20T00:00:00Z","value":5},{"at":"2026-11-21T00:00:00Z","value":0}]`, `"meter":"requests","unit":"requests","total":1`,
				},
			},
			{Name: "of no bucket", Call: "GET " + project + "?meter=egress&bucket=&step=month", Status: 200, Reply: reevetest.Any, Has: []string{`"total":7`}},
			{Name: "this month so far", Call: "GET " + project, Status: 200, Reply: reevetest.Any, Has: []string{
				`"from":"2026-11-01T00:00:00Z","to":"2026-11-23T00:00:00Z","step":"day"`,
			}},
			{
				Call: "GET " + project + "?from=2026-11-20&to=2026-11-22&meter=egress&format=csv", Status: 200,
				Reply: csv + "2026-11-20T00:00:00Z,egress,bytes,12\r\n2026-11-21T00:00:00Z,egress,bytes,0\r\n",
				After: func(t *testing.T, reply reevetest.Reply) {
					for name, want := range map[string]string{
						"Content-Type": "text/csv; charset=utf-8", "X-Content-Type-Options": "nosniff",
						"Content-Disposition": `attachment; filename="usage-20261120-20261122.csv"`, "Vary": "Accept",
					} {
						if got := reply.Header.Get(name); got != want {
							t.Errorf("%s: %q, want %q", name, got, want)
						}
					}
				},
			},
			{Call: "HEAD " + project + "?format=csv", Status: 200},
			{
				Name: "more than 64 bits", Call: "GET " + organization + "?from=2026-11-20&to=2026-11-22&meter=egress", Status: 200,
				Header: map[string][]string{"Accept": {"application/json"}},
				Reply: `{"organizationId":"{acme}","from":"2026-11-20T00:00:00Z","to":"2026-11-22T00:00:00Z","step":"day","series":[` +
					`{"meter":"egress","unit":"bytes","total":18446744073709551626,"points":[{"at":"2026-11-20T00:00:00Z","value":12},` +
					`{"at":"2026-11-21T00:00:00Z","value":18446744073709551614}]}]}`,
			},
			{
				Call: "GET " + organization + "?step=month&meter=requests", Header: map[string][]string{"Accept": {"text/csv"}}, Status: 200,
				Reply: csv + "2026-11-01T00:00:00Z,requests,requests,1\r\n",
			},
			{Call: "GET " + strings.Replace(project, "{px}", "{prj:px}", 1) + "?step=month&meter=requests", Status: 200, Reply: reevetest.Any, Has: []string{`"total":1`}},
		}...)
		for query, message := range map[string]string{
			"format=html":                   "format must be json or csv",
			"step=week":                     "step must be hour, day or month",
			"meter=light":                   "unknown meter",
			"from=yesterday":                "from must be a time such as 2026-11-01T00:00:00Z or a date",
			"to=2026-11":                    "to must be a time such as 2026-11-01T00:00:00Z or a date",
			"from=2026-11-02&to=2026-11-02": "from must be before to",
			"from=2026-11-30":               "from must be before to",
			"from=2025-11-02&step=hour":     "more than 2000 points: take a longer step or a shorter time",
			"from=1969-12-31&step=month":    "from and to must be within the years 1970 to 9999",
			"from=2026-11-01T00:00:00%2B26": "from must be a time such as 2026-11-01T00:00:00Z or a date",
		} {
			for _, path := range []string{project, organization} {
				s.Do(t, step{Call: "GET " + path + "?" + query, Status: 400, Reply: fault(message)})
			}
		}
		s.Run(t, []step{
			{Call: "GET /api/projects/x/usage/series", Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/organizations/x/usage/series", Status: 400, Reply: fault("invalid organization-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/projects/" + nobody + "/usage/series", Status: 404, Reply: fault("project not found")},
			{Call: "GET /api/organizations/" + nobody + "/usage/series", Status: 404, Reply: fault("organization not found")},
			{Name: "the seed's call", Call: "GET /api/projects/{px}/usage", Status: 409, Reply: fault("usage for current month exists")},
		}...)
	})
}
