package operatorapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// headers checks a reply's headers, "" for one that must not be there.
func headers(want map[string]string) func(*testing.T, reevetest.Reply) {
	return func(t *testing.T, reply reevetest.Reply) {
		t.Helper()
		for name, value := range want {
			if got := reply.Header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
	}
}

const (
	acmeHead = `"organizationId":"{acme}","organizationName":"=\u003cb\u003e\"acme\"","ownerId":"{alice}",`
	november = `"month":"2026-11","from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z",`
	december = `"month":"2026-12","from":"2026-12-01T00:00:00Z","to":"2027-01-01T00:00:00Z",`
)

// acmeBill is the summary of {bill} in a status.
func acmeBill(status, notes, open string) string {
	return `{"id":"{bill}",` + acmeHead + november + `"status":"` + status + `","currency":"USD",` +
		`"gross":20,"coupons":15,"credits":0,"due":5,"creditNotes":` + notes + `,"open":` + open
}

// TestStatement: a statement as JSON, CSV and HTML, with what is behind it.
func TestStatement(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Bill(t)
		object := `{"number":1,"projectId":"{px}","projectName":"px","meter":"objects","unit":"object-hours","month":"2026-11","adjustment":false,` +
			`"quantity":1,"amount":0,"microcents":"0"`
		egress := `{"number":2,"projectId":"{px}","projectName":"px","meter":"egress","unit":"bytes","month":"2026-11","adjustment":false,` +
			`"quantity":11000000000,"amount":20,"microcents":"20000000"`
		settled := `],"settlements":[{"kind":"coupon","id":"{coupon}","description":"-cheers","amount":15}]}`
		csv := "statement,organization,month,status,kind,number,project,project_name,meter,usage_month,quantity,unit,amount,description\r\n" +
			`{bill},"'=<b>""acme""",2026-11,final,usage,1,{px},px,objects,2026-11,1,object-hours,0,` + "\r\n" +
			`{bill},"'=<b>""acme""",2026-11,final,usage,2,{px},px,egress,2026-11,11000000000,bytes,20,` + "\r\n" +
			`{bill},"'=<b>""acme""",2026-11,final,coupon,1,,,,,,,-15,'-cheers` + "\r\n"
		get := "GET /api/statements/{bill}"
		s.Run(t, []step{
			{Call: get, Status: 200, Reply: acmeBill("final", "0", "5") + `,"lines":[` + object + `},` + egress + `}` + settled},
			{Call: "GET /api/statements/{stm:bill}?explain=false", Status: 200, Reply: acmeBill("final", "0", "5") + `,"lines":[` + object + `},` + egress + `}` + settled},
			{
				Name: "explained", Call: get + "?explain", Status: 200, Reply: acmeBill("final", "0", "5") + `,"lines":[` + object +
					`,"explain":{"total":1,"tiers":[],"billedQuantity":0,"billedMicrocents":"0",` +
					`"records":[{"at":"2026-11-22T10:00:00Z","bucket":"a","quantity":1}]}},` + egress +
					`,"explain":{"total":11000000000,"priceUnit":"GB","tiers":[` +
					`{"from":0,"upTo":1000000000,"quantity":1000000000,"price":"0","microcents":"0"},` +
					`{"from":1000000000,"upTo":null,"quantity":10000000000,"price":"2","microcents":"20000000"}],` +
					`"billedQuantity":0,"billedMicrocents":"0","records":[{"at":"2026-11-22T10:00:00Z","bucket":"a","quantity":11000000000},` +
					`{"at":"2026-11-22T11:00:00Z","bucket":"a","quantity":1000000000}]}}` + settled,
			},
			{Name: "one line", Call: get + "?explain=1", Status: 200, Reply: reevetest.Any, Has: []string{object + `,"explain"`, egress + `}`}},
			{
				Name: "an adjustment", Call: "GET /api/statements/{draft}?explain=true", Status: 200,
				Reply: `{"id":"{draft}",` + acmeHead + december + `"status":"draft","currency":"USD","gross":2,"coupons":0,"credits":0,"due":2,"creditNotes":0,"open":2,` +
					`"lines":[{"number":1,"projectId":"{px}","projectName":"px","meter":"egress","unit":"bytes","month":"2026-11","adjustment":true,` +
					`"quantity":1000000000,"amount":2,"microcents":"2000000","explain":{"total":12000000000,"priceUnit":"GB","tiers":[` +
					`{"from":0,"upTo":1000000000,"quantity":1000000000,"price":"0","microcents":"0"},` +
					`{"from":1000000000,"upTo":null,"quantity":11000000000,"price":"2","microcents":"22000000"}],` +
					`"billedQuantity":11000000000,"billedMicrocents":"20000000","records":[{"at":"2026-11-22T10:00:00Z","bucket":"a","quantity":11000000000},` +
					`{"at":"2026-11-22T11:00:00Z","bucket":"a","quantity":1000000000}]}}],"settlements":[]}`,
			},
			{Call: get + "?format=csv", Status: 200, Reply: csv, After: headers(map[string]string{
				"Content-Type": "text/csv; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
				"Content-Disposition": `attachment; filename="statement-2026-11-` + s.Value(t, "bill") + `.csv"`, "Content-Security-Policy": "",
			})},
			{Call: get, Header: map[string][]string{"Accept": {"text/csv"}}, Status: 200, Reply: csv},
			{
				Call: get, Header: map[string][]string{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}, Status: 200, Reply: reevetest.Any,
				Has: []string{"<h1>Statement November 2026</h1>", `=&lt;b&gt;&#34;acme&#34;`, "$0.20", "−$0.15", "$0.05", "-cheers", "{bill}"},
				Not: []string{"<b>", "<script", "src=", "href="},
				After: func(t *testing.T, reply reevetest.Reply) {
					headers(map[string]string{
						"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Disposition": "",
						"Referrer-Policy": "no-referrer",
					})(t, reply)
					if policy := reply.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
						t.Errorf("policy %q", policy)
					}
				},
			},
			{Call: "HEAD /api/statements/{bill}?format=html", Status: 200},
			{Call: get + "?format=pdf", Status: 400, Reply: fault("format must be json, csv or html")},
			{Call: get + "?explain=all", Status: 400, Reply: fault("explain must be true, false or the number of a line")},
			{Call: get + "?explain=3", Status: 400, Reply: fault("the statement has no line 3")},
			{Call: "GET /api/statements/x", Status: 400, Reply: fault("invalid statement-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/statements/" + nobody, Status: 404, Reply: fault("statement not found")},
			{Call: "GET /api/statements/" + nobody + "?explain", Status: 404, Reply: fault("statement not found")},
		}...)
	})
}

// TestStatements: the lists.
func TestStatements(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Bill(t)
		acme, draft := acmeBill("final", "0", "5")+"}", `{"id":"{draft}",`+acmeHead+december+
			`"status":"draft","currency":"USD","gross":2,"coupons":0,"credits":0,"due":2,"creditNotes":0,"open":2}`
		s.Run(t, []step{
			{Call: "GET /api/statements?organizationId={acme}", Status: 200, Reply: `{"statements":[` + acme + `],"next":null}`},
			{Call: "GET /api/statements?month=2026-11&status=final", Status: 200, Reply: reevetest.Any, Has: []string{acme, `"id":"{theirs}"`, `"next":null`}},
			{Call: "GET /api/statements?month=2026-12", Status: 200, Reply: `{"statements":[` + draft + `],"next":null}`},
			{Call: "GET /api/statements?status=draft", Status: 200, Reply: `{"statements":[` + draft + `],"next":null}`},
			{Call: "GET /api/statements?status=paid", Status: 200, Reply: `{"statements":[],"next":null}`},
			{Call: "GET /api/statements?month=2026-10", Status: 200, Reply: `{"statements":[],"next":null}`},
			{Call: "GET /api/statements?organizationId=" + nobody, Status: 200, Reply: `{"statements":[],"next":null}`},
			{Name: "a page", Call: "GET /api/statements?limit=1", Status: 200, Reply: reevetest.Any, After: func(t *testing.T, reply reevetest.Reply) {
				_, rest, ok := strings.Cut(reply.Body, `"next":"`)
				if !ok {
					t.Fatalf("no cursor: %s", reply.Body)
				}
				s.Bind("cursor", rest[:36])
			}},
			{Name: "the next", Call: "GET /api/statements?limit=1&after={cursor}", Status: 200, Reply: reevetest.Any, Has: []string{`"next":null`}, Not: []string{`"id":"{cursor}"`}},
			{Call: "GET /api/users/alice@mail.test/statements", Status: 200, Reply: `{"statements":[` + draft + "," + acme + `]}`},
			{Call: "GET /api/users/bob@mail.test/statements", Status: 200, Reply: `{"statements":[]}`},
			{Call: "GET /api/users/nobody@mail.test/statements", Status: 404, Reply: reevetest.Any},
			{Call: "GET /api/statements?limit=0", Status: 400, Reply: fault("limit must be 1 to 500")},
			{Call: "GET /api/statements?after=x", Status: 400, Reply: fault("after is not a cursor")},
			{Call: "GET /api/statements?status=open", Status: 400, Reply: fault("status must be draft, final, paid or void")},
			{Call: "GET /api/statements?month=11", Status: 400, Reply: fault("a month is written as 2006-01")},
			{Call: "GET /api/statements?organizationId=x", Status: 400, Reply: fault("invalid organization-uuid", "uuid: invalid string length 1 expected 36")},
		}...)
	})
}

// TestStatementEnds: a final statement is corrected by notes, and paid or void
// in the end.
func TestStatementEnds(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Bill(t)
		notes := "POST /api/statements/{bill}/credit-notes"
		unmarshal := "failed to unmarshal request"
		note := func(amount, name string) string {
			return `{"id":"{` + name + `}","amount":` + amount + `,"reason":"sorry","creditId":null,"createdAt":"{now}"}`
		}
		s.Run(t, []step{
			{Call: notes, Status: 400, Reply: fault(unmarshal, "unexpected end of JSON input")},
			{Call: "POST /api/statements/" + nobody + "/credit-notes", Status: 404, Reply: fault("statement not found")},
			{Call: notes, Body: `{"reason":"x"}`, Status: 400, Loose: true, Reply: fault("Amount is not set")},
			{Call: notes, Body: `{"amount":-1,"reason":"x"}`, Status: 400, Reply: fault("negative amount")},
			{Call: notes, Body: `{"amount":1,"reason":""}`, Status: 400, Reply: fault("Reason is not set")},
			{Call: notes, Body: `{"amount":6,"reason":"sorry"}`, Status: 409, Reply: fault("the amount is more than is left of the statement", "left 5")},
			{Call: notes, Body: `{"amount":2,"reason":"sorry"}`, Status: 200, Reply: `{"id":"{first}"}`},
			{Call: "GET /api/statements/{bill}", Status: 200, Reply: reevetest.Any, Has: []string{acmeBill("final", "2", "3")}},
			{Call: "GET /api/statements/{bill}/credit-notes", Status: 200, Reply: `{"creditNotes":[` + note("2", "first") + `]}`},
			{Call: "POST /api/statements/{bill}/pay", Status: 200},
			{Name: "again", Call: "POST /api/statements/{bill}/pay", Status: 409, Reply: fault("the statement is paid")},
			{Call: "POST /api/statements/{bill}/void", Status: 409, Reply: fault("the statement is paid")},
			{Name: "of a paid one", Call: notes, Body: `{"amount":3,"reason":"sorry"}`, Status: 200, Reply: `{"id":"{second}"}`},
			{Call: "GET /api/statements/{bill}/credit-notes", Status: 200, Reply: `{"creditNotes":[` + note("2", "first") + "," +
				strings.Replace(note("3", "second"), "null", `"{credit}"`, 1) + `]}`},
			{Call: "GET /api/credits/{credit}", Status: 200, Reply: reevetest.Any, Has: []string{`"amount":3`, `"organizationId":"{acme}"`}},
			{Call: "GET /api/statements/{bill}", Status: 200, Reply: reevetest.Any, Has: []string{acmeBill("paid", "5", "0")}},
			{Call: "POST /api/statements/{theirs}/void", Status: 200},
			{Name: "again", Call: "POST /api/statements/{theirs}/void", Status: 409, Reply: fault("the statement is void")},
			{Call: "POST /api/statements/{draft}/void", Status: 409, Reply: fault("the statement is a draft")},
			{Call: "POST /api/statements/{draft}/pay", Status: 409, Reply: fault("the statement is a draft")},
			{Call: "GET /api/statements/{draft}/credit-notes", Status: 200, Reply: `{"creditNotes":[]}`},
		}...)
		for _, call := range []string{"POST /api/statements/%/pay", "POST /api/statements/%/void", "GET /api/statements/%/credit-notes"} {
			s.Do(t, step{Call: strings.Replace(call, "%", nobody, 1), Status: 404, Reply: fault("statement not found")})
			s.Do(t, step{Call: strings.Replace(call, "%", "x", 1), Status: 400, Reply: fault("invalid statement-uuid", "uuid: invalid string length 1 expected 36")})
		}
	})
}
