package operatorapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

func TestCredits(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.Organization(t, "acme", "alice")
		post := "POST /api/credits"
		body := func(rest string) string {
			return `{"organizationId":"{acme}","amount":500,"description":"sorry"` + rest + `}`
		}
		credit := func(name, times, status string) string {
			return `{"id":"{` + name + `}","organizationId":"{acme}","amount":500,"applied":0,"remaining":500,"priority":0,"description":"sorry",` +
				times + `,"status":"` + status + `","createdAt":"{now}"}`
		}
		always := `"effectiveAt":"{now}","expiresAt":null`
		december := `"effectiveAt":"2026-12-01T00:00:00Z","expiresAt":"2026-12-24T00:00:00Z"`
		before := s.Count(t)
		s.Run(t, []step{
			{Call: post, Status: 400, Reply: fault("failed to unmarshal request", "unexpected end of JSON input")},
			{Call: post, Body: `{}`, Status: 400, Reply: fault("OrganizationID is not set")},
			{Call: post, Body: `{"organizationId":"{usr:acme}"}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: post, Body: `{"organizationId":"{acme}"}`, Status: 400, Reply: fault("Amount is not set")},
			{Call: post, Body: `{"organizationId":"{acme}","amount":-1}`, Status: 400, Reply: fault("negative amount")},
			{Call: post, Body: `{"organizationId":"{acme}","amount":1}`, Status: 400, Reply: fault("Description is not set")},
			{Call: post, Body: body(`,"effectiveAt":"tomorrow"`), Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}, Loose: true},
			{Call: post, Body: body(`,"expiresAt":"2026-11-01T00:00:00Z"`), Status: 400, Reply: fault("expiresAt is not after effectiveAt")},
			{Call: post, Body: strings.Replace(body(""), "{acme}", nobody, 1), Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/credits/x", Status: 400, Reply: fault("invalid credit-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/credits/{cpn:alice}", Status: 400, Reply: reevetest.Any, Has: []string{"invalid credit-uuid"}},
			{Call: "GET /api/credits/" + nobody, Status: 404, Reply: fault("credit not found")},
			{Call: "GET /api/organizations/x/credits", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "GET /api/organizations/" + nobody + "/credits", Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/{acme}/credits", Status: 200, Reply: `{"credits":[]}`},
			{Call: "POST /api/credits/x/void", Status: 400, Reply: reevetest.Any, Has: []string{"invalid credit-uuid"}},
			{Call: "POST /api/credits/" + nobody + "/void", Status: 404, Reply: fault("credit not found")},
		}...)
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Run(t, []step{
			{Call: post, Body: body(""), Status: 200, Reply: `{"id":"{one}"}`},
			{Call: "GET /api/credits/{one}", Status: 200, Reply: credit("one", always, "active")},
			{Call: "GET /api/credits/{crd:one}", Status: 200, Reply: credit("one", always, "active")},
			{Call: post, Body: body(`,` + december), Status: 200, Reply: `{"id":"{two}"}`},
			{Call: "GET /api/credits/{two}", Status: 200, Reply: credit("two", december, "pending")},
			{
				Call: "GET /api/organizations/{org:acme}/credits", Status: 200,
				Reply: `{"credits":[` + credit("two", december, "pending") + `,` + credit("one", always, "active") + `]}`,
			},
			{Call: "POST /api/credits/{one}/void", Status: 200},
			{Call: "POST /api/credits/{one}/void", Status: 409, Reply: fault("the credit is void")},
			{Call: "GET /api/credits/{one}", Status: 200, Reply: credit("one", always, "void")},
			{
				Call: "GET /api/changes?target={one}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"action":"credit.void"`, `"action":"credit.create"`, `"amount":500`},
			},
		}...)
		s.Clock.Advance(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC).Sub(s.Clock.Now()) - time.Microsecond)
		s.Do(t, step{Call: "GET /api/credits/{two}", Status: 200, Reply: reevetest.Any, Has: []string{`"status":"active"`}})
		s.Clock.Advance(time.Microsecond)
		s.Do(t, step{Call: "GET /api/credits/{two}", Status: 200, Reply: reevetest.Any, Has: []string{`"status":"expired"`}})
	})
}

// TestCreditUse: what is used of a credit shows.
func TestCreditUse(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.User(t, "alice", "Alice")
	s.Organization(t, "acme", "alice")
	organization, err := reeve.ParseAnyID(s.Value(t, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	for applied, want := range map[int64]string{
		200: `"amount":500,"applied":200,"remaining":300`,
		500: `"amount":500,"applied":500,"remaining":0`,
	} {
		id := reevetest.NewID()
		s.Write(t, func(tx *store.Tx) {
			tx.CreateCredit(reeve.Credit{ID: id, OrganizationID: organization, Amount: 500, Applied: applied, CreatedAt: tx.Now()})
			tx.Record(reeve.Change{Actor: "system", Action: "credit.create", Target: id})
		})
		status := map[bool]string{true: `"status":"used"`, false: `"status":"active"`}[applied == 500]
		s.Do(t, step{Call: "GET /api/credits/" + id.String(), Status: 200, Reply: reevetest.Any, Has: []string{want, status}})
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		const list = `{"meter":"egress","from":"2026-01","unit":"GB","free":"25","tiers":[{"upTo":"100","price":"1/3"},{"price":"0.25"}]}`
		s.Write(t, func(tx *store.Tx) {
			tx.PutBillingMonth(store.BillingMonth{Month: 202610, Closed: true, Prices: `{"currency":"USD","prices":[` + list + `]}`})
		})
		s.Run(t, []step{
			{Name: "as configured", Call: "GET /api/prices", Status: 200, Reply: `{"month":"2026-11","currency":"USD","prices":[` +
				`{"meter":"storage","from":"2026-01","unit":"GB-hour","free":"0","tiers":[{"price":"1/3"}]},` +
				`{"meter":"egress","from":"2026-01","unit":"GB","free":"1","tiers":[{"price":"2"}]},` +
				`{"meter":"requests","from":"2026-01","unit":"1000 requests","free":"0","tiers":[{"price":"1"}]}]}`},
			{Name: "before any began", Call: "GET /api/prices?month=2025-12", Status: 200, Reply: `{"month":"2025-12","currency":"USD","prices":[]}`},
			{Name: "those of the closing", Call: "GET /api/prices?month=2026-10", Status: 200, Reply: `{"month":"2026-10","currency":"USD","prices":[` + list + `]}`},
			{Call: "GET /api/prices?month=2026-13", Status: 400, Reply: fault("a month is written as 2006-01")},
			{Call: "GET /api/prices?month=202610", Status: 400, Reply: fault("a month is written as 2006-01")},
		}...)
	})
}
