package operatorapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestMonths: months are closed in order, once, when they are over.
func TestMonths(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		project, err := reeve.ParseAnyID(s.Expand("{px}"))
		if err != nil {
			t.Fatal(err)
		}
		s.Write(t, func(tx *store.Tx) {
			tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: project, Month: 202611, Egress: reeve.Count(1)}})
		})
		s.Run(t, []step{
			{Call: "GET /api/months", Status: 200, Reply: `{"months":[]}`},
			{Call: "POST /api/months/2026-11/close", Status: 409, Reply: fault("the month is not over")},
			{Call: "POST /api/months/2026-13/close", Status: 400, Reply: reevetest.Any, Has: []string{"a month is written as 2006-01"}},
			{Call: "POST /api/months/0001-01/close", Status: 400, Reply: reevetest.Any, Has: []string{"a month is written as 2006-01"}},
			{Call: "POST /api/months/2026-10/close", Status: 200, Reply: `{"month":"2026-10","status":"closed","statements":0}`},
		}...)
		s.Clock.Advance(40 * 24 * time.Hour) // January
		s.Run(t, []step{
			{Call: "POST /api/months/2026-12/close", Status: 409, Reply: fault("an earlier month is not closed", "2026-11")},
			{Call: "POST /api/months/2026-11/close", Status: 200, Reply: `{"month":"2026-11","status":"closed","statements":1}`},
			{Name: "again", Call: "POST /api/months/2026-11/close", Status: 200, Reply: `{"month":"2026-11","status":"closed","statements":1}`},
			{
				Call: "GET /api/months", Status: 200,
				Reply: `{"months":[{"month":"2026-10","status":"closed"},{"month":"2026-11","status":"closed"}]}`,
			},
			{Call: "GET /api/changes?action=statement.finalize", Status: 200, Reply: reevetest.Any, Has: []string{`"month":"2026-11"`, `"actor":"root"`}},
		}...)
	})
}
