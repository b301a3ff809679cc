package tenantapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

const (
	acmeHead = `"organization_id":"{org:acme}","organization_name":"=\u003cb\u003e\"acme\"",`
	november = `"month":"2026-11","from":"2026-11-01T00:00:00.000Z","to":"2026-12-01T00:00:00.000Z",`
	december = `"month":"2026-12","from":"2026-12-01T00:00:00.000Z","to":"2027-01-01T00:00:00.000Z",`

	acmeBill = `{"id":"{stm:bill}",` + acmeHead + november + `"status":"final","currency":"USD",` +
		`"gross":20,"coupons":15,"credits":0,"due":5,"credit_notes":0,"open":5`
	acmeDraft = `{"id":"{stm:draft}",` + acmeHead + december + `"status":"draft","currency":"USD",` +
		`"gross":2,"coupons":0,"credits":0,"due":2,"credit_notes":0,"open":2`
)

// TestStatements: a tenant reads its own statements, as JSON, CSV and HTML.
func TestStatements(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Bill(t)
		list := func(total string, statements ...string) string {
			return `{"status":"success","body":{"total_count":` + total + `,"statements":[` + strings.Join(statements, ",") + `]}}`
		}
		lines := `,"lines":[{"number":1,"project_id":"{prj:px}","project_name":"px","meter":"objects","unit":"object-hours","month":"2026-11",` +
			`"adjustment":false,"quantity":1,"amount":0,"microcents":"0"},{"number":2,"project_id":"{prj:px}","project_name":"px","meter":"egress",` +
			`"unit":"bytes","month":"2026-11","adjustment":false,"quantity":11000000000,"amount":20,"microcents":"20000000"`
		settled := `],"settlements":[{"kind":"coupon","description":"-cheers","amount":15}]}}`
		all, one := "GET /organization/{org:acme}/statements", "GET /organization/{org:acme}/statements/{stm:bill}"
		s.Run(t, []step{
			{Call: all, Status: 200, Reply: list("2", acmeDraft+"}", acmeBill+"}")},
			{Call: all + "?number=1", As: "{viewer}", Status: 200, Reply: list("2", acmeDraft+"}")},
			{Call: all + "?page=1&number=1", Status: 200, Reply: list("2", acmeBill+"}")},
			{Call: all + "?page=2&number=1", Status: 200, Reply: list("2")},
			{Call: all + "?page=-1", Status: 400, Reply: fault(400, "page must be 0 to 1000000")},
			{Call: all + "?number=501", Status: 400, Reply: fault(400, "number must be 1 to 500")},
			{Call: one, Status: 200, Reply: `{"status":"success","body":` + acmeBill + lines + "}" + settled},
			{Call: "GET /organization/{acme}/statements/{bill}", Status: 200, Reply: reevetest.Any, Has: []string{acmeBill}},
			{
				Call: one + "?explain=2", Status: 200, Reply: `{"status":"success","body":` + acmeBill + lines +
					`,"explain":{"total":11000000000,"price_unit":"GB","tiers":[` +
					`{"from":0,"up_to":1000000000,"quantity":1000000000,"price":"0","microcents":"0"},` +
					`{"from":1000000000,"up_to":null,"quantity":10000000000,"price":"2","microcents":"20000000"}],` +
					`"billed_quantity":0,"billed_microcents":"0","records":[{"at":"2026-11-22T10:00:00.000Z","bucket":"a","quantity":11000000000},` +
					`{"at":"2026-11-22T11:00:00.000Z","bucket":"a","quantity":1000000000}]}}` + settled,
			},
			{Call: "GET /organization/{org:acme}/statements/{stm:draft}?explain", Status: 200, Reply: reevetest.Any, Has: []string{
				`{"status":"success","body":` + acmeDraft, `"adjustment":true`, `"billed_quantity":11000000000`,
			}},
			{
				Call: one + "?format=csv", Status: 200, Reply: reevetest.Any,
				Has: []string{"{stm:bill},", `"'=<b>""acme"""`, ",{prj:px},px,egress,2026-11,11000000000,bytes,20,\r\n", ",-15,'-cheers\r\n"},
				After: func(t *testing.T, reply reevetest.Reply) {
					if got := reply.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
						t.Error(got)
					}
				},
			},
			{
				Call: one, Header: map[string][]string{"Accept": {"text/html"}}, Status: 200, Reply: reevetest.Any,
				Has: []string{"{stm:bill}", "{org:acme}", "{prj:px}", "=&lt;b&gt;", "$0.05"}, Not: []string{"<b>", "<script"},
			},
			{Call: "HEAD /organization/{org:acme}/statements/{stm:bill}?format=html", Status: 200},
			{Call: one + "?format=pdf", Status: 400, Reply: fault(400, "format must be json, csv or html")},
			{Call: one + "?explain=x", Status: 400, Reply: fault(400, "explain must be true, false or the number of a line")},
			{Call: one + "?explain=9", Status: 400, Reply: fault(400, "the statement has no line 9")},
		}...)
		for _, statement := range []string{"{stm:theirs}", "{theirs}", "{org:bill}", "{px}", "x", nobody, "%00", "stm_01h2xcejqtf2nbrexx3vqjhp41"} {
			for _, query := range []string{"", "?explain", "?explain=1", "?format=csv", "?format=html"} {
				for _, organization := range []string{"{org:acme}", "{org:evil}"} {
					s.Do(t, step{Call: "GET /organization/" + organization + "/statements/" + statement + query, Status: 403, Reply: denied})
				}
			}
		}
		s.Run(t, []step{
			{Name: "of another organisation's path", Call: "GET /organization/{org:evil}/statements/{stm:bill}", Status: 403, Reply: denied},
			{Call: one, As: "{stranger}", Status: 403, Reply: denied},
			{Call: "GET /organization/{org:evil}/statements/{stm:theirs}", As: "{stranger}", Status: 200, Reply: reevetest.Any, Has: []string{`"due":20`}},
		}...)
	})
}
