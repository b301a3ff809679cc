package operatorapi_test

import (
	"encoding/json"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestMain fails the suite if a documented reply was never seen.
func TestMain(m *testing.M) { reevetest.Main(m, "operator") }

// step keeps the tables readable.
type step = reevetest.Step

// nobody is the id of nothing.
const nobody = "01890000-0000-7000-8000-000000000000"

// fault is an error's body.
func fault(message string, detail ...string) string {
	body := struct {
		Error  string `json:"error"`
		Detail string `json:"detail"`
	}{Error: message}
	if len(detail) > 0 {
		body.Detail = detail[0]
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// examples call every operation once, with ids of nothing where one is bound
// to nothing.
var examples = []step{
	{Call: "POST /api/users", Body: `{"email":"x@mail.test","fullName":"X","password":"password"}`},
	{Call: "GET /api/users/x@mail.test"},
	{Call: "PUT /api/users/x@mail.test", Body: `{"shortName":"x"}`},
	{Call: "DELETE /api/users/x@mail.test"},
	{Call: "POST /api/users/x@mail.test/reset"},
	{Call: "DELETE /api/users/x@mail.test/totp"},
	{Call: "GET /api/users"},
	{Call: "GET /api/organizations"},
	{Call: "GET /api/projects"},
	{Call: "GET /api/coupons"},
	{Call: "GET /api/search?q=x"},
	{Call: "POST /api/search", Body: `{"q":"x"}`},
	{Call: "POST /api/scan", Body: `{"keys":["` + strangersKey + `"]}`},
	{Call: "POST /api/bulk", Body: `{"select":{"kind":"users"},"action":{"coupon":{"amount":1,"duration":1,"description":"d"}}}`},
	{Call: "POST /api/inspect", Body: `{"key":"` + strangersKey + `"}`},
	{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":3000,"description":"d"}`},
	{Call: "GET /api/coupons/{coupon}"},
	{Call: "DELETE /api/coupons/{coupon}"},
	{Call: "GET /api/coupons/{coupon}/balance"},
	{Call: "POST /api/credits", Body: `{"organizationId":"{acme}","amount":3000,"description":"d"}`},
	{Call: "GET /api/credits/{credit}"},
	{Call: "GET /api/organizations/{acme}/credits"},
	{Call: "POST /api/credits/{credit}/void"},
	{Call: "GET /api/prices"},
	{Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"p"}`},
	{Call: "GET /api/projects/{px}"},
	{Call: "PUT /api/projects/{px}", Body: `{"projectName":"p"}`},
	{Call: "DELETE /api/projects/{px}"},
	{Call: "GET /api/projects/{px}/usage"},
	{Call: "GET /api/projects/{px}/limit"},
	{Call: "PUT /api/projects/{px}/limit", Form: "usage=1"},
	{Call: "POST /api/projects/{px}/limit", Form: "usage=1"},
	{Call: "GET /api/projects/{px}/apikeys"},
	{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`},
	{Call: "DELETE /api/projects/{px}/apikeys/k"},
	{Call: "DELETE /api/apikeys/" + strangersKey},
	{Call: "GET /api/projects/{px}/members"},
	{Call: "PUT /api/projects/{px}/members/{bob}", Body: `{"role":"viewer"}`},
	{Call: "DELETE /api/projects/{px}/members/{bob}"},
	{Call: "POST /api/organizations", Body: `{"name":"o","ownerId":"{alice}"}`},
	{Call: "GET /api/organizations/{acme}"},
	{Call: "PUT /api/organizations/{acme}", Body: `{"name":"o"}`},
	{Call: "DELETE /api/organizations/{acme}"},
	{Call: "GET /api/organizations/{acme}/members"},
	{Call: "PUT /api/organizations/{acme}/members/{bob}", Body: `{"role":"viewer"}`},
	{Call: "DELETE /api/organizations/{acme}/members/{bob}"},
	{Call: "POST /api/organizations/{acme}/apikeys", Body: `{"name":"k","role":"viewer"}`},
	{Call: "GET /api/organizations/{acme}/apikeys"},
	{Call: "DELETE /api/organizations/{acme}/apikeys/k"},
	{Call: "PUT /api/organizations/{acme}/webhook", Body: `{"url":"https://example.com/alerts"}`},
	{Call: "GET /api/organizations/{acme}/webhook"},
	{Call: "DELETE /api/organizations/{acme}/webhook"},
	{Call: "PUT /api/organizations/{acme}/budget", Body: `{"amount":1}`},
	{Call: "GET /api/organizations/{acme}/budget"},
	{Call: "DELETE /api/organizations/{acme}/budget"},
	{Call: "GET /api/organizations/{acme}/alerts"},
	{Call: "POST /api/gateways", Body: `{"name":"g"}`},
	{Call: "GET /api/gateways"},
	{Call: "DELETE /api/gateways/{gateway}"},
	{Call: "POST /api/gateways/{gateway}/token", Body: `{"overlap":1}`},
	{Call: "GET /api/gateways/{gateway}/tokens"},
	{Call: "POST /api/projects/{px}/apikeys/k/rotate", Body: `{"overlap":1}`},
	{Call: "POST /api/organizations/{acme}/apikeys/k/rotate", Body: `{"overlap":1}`},
	{Call: "POST /api/operators", Body: `{"name":"o","role":"viewer"}`},
	{Call: "GET /api/operators"},
	{Call: "GET /api/operators/{staff}"},
	{Call: "GET /api/operators/me"},
	{Call: "PUT /api/operators/{staff}", Body: `{"name":"o"}`},
	{Call: "DELETE /api/operators/{staff}"},
	{Call: "POST /api/operators/{staff}/token", Body: `{"overlap":1}`},
	{Call: "POST /api/users/x@mail.test/freeze", Body: `{"type":"billing"}`},
	{Call: "POST /api/users/x@mail.test/unfreeze"},
	{Call: "POST /api/organizations/{acme}/freeze", Body: `{"type":"billing"}`},
	{Call: "POST /api/organizations/{acme}/unfreeze"},
	{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"billing"}`},
	{Call: "POST /api/projects/{px}/unfreeze"},
	{Call: "GET /api/months"},
	{Call: "POST /api/months/2026-10/close"},
	{Call: "GET /api/changes"},
	{Call: "GET /api/projects/{px}/usage/series"},
	{Call: "GET /api/organizations/{acme}/usage/series"},
	{Call: "GET /api/statements"},
	{Call: "GET /api/statements/{bill}"},
	{Call: "POST /api/statements/{bill}/pay"},
	{Call: "POST /api/statements/{bill}/void"},
	{Call: "POST /api/statements/{bill}/credit-notes", Body: `{"amount":1,"reason":"r"}`},
	{Call: "GET /api/statements/{bill}/credit-notes"},
	{Call: "GET /api/users/x@mail.test/statements"},
	{Call: "POST /api/revocations", Body: `{"projectId":"{px}","name":"k"}`},
	{Call: "GET /api/revocations/1"},
	{Call: "GET /api/sessions"},
	{Call: "GET /api/system"},
	{Call: "GET /api/effects?kind=project&id={px}"},
	{Call: "GET /api/deletions"},
	{Call: "POST /api/users/x@mail.test/restore"},
	{Call: "POST /api/projects/{px}/restore"},
	{Call: "POST /api/organizations/{acme}/restore"},
	{Call: "POST /api/projects/{px}/transfer", Body: `{"ownerId":"{alice}"}`},
}

// strangersKey is the seed's example: well formed, and nobody's.
const strangersKey = "13YqdMKxAVBamFsS6Mj3sCQ35HySoA254xmXCCQGJqffLnqrBaQDoTcCiCfbkaFPNewHT79rrFC5XRm4Z2PENtRSBDVNz8zcjS28W5v"

func TestHealth(t *testing.T)  { t.Parallel(); reevetest.Health(t, "operator") }
func TestDown(t *testing.T)    { t.Parallel(); reevetest.Down(t, examples) }
func TestGuarded(t *testing.T) { t.Parallel(); reevetest.Guarded(t, examples) }
func TestBroken(t *testing.T)  { t.Parallel(); reevetest.Broken(t, examples) }
func TestTooLong(t *testing.T) { t.Parallel(); reevetest.TooLong(t, examples, tenants) }

func tenants(t *testing.T, s *reevetest.Server) {
	s.Tenants(t)
	s.Bind("bill", nobody)
	s.Bind("staff", nobody)
	s.Bind("gateway", nobody)
}

// TestCredentials: without the token everything is 403, before the path is
// looked at.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	s.Gateway(t, "gateway")
	before := s.Count(t)
	others := []step{
		{Call: "GET /api/nothing"},
		{Call: "GET /api/"},
		{Call: "PATCH /api/users"},
		{Call: "GET /api//users"},
		{Call: "GET /api/../api/users/alice@mail.test"},
		{Call: "OPTIONS /api/users"},
		{Call: "HEAD /api/gateways", Reply: ""},
	}
	credentials := []string{
		"-", "wrong", "Bearer wrong", "Bearer", "Basic " + reevetest.OperatorToken, reevetest.OperatorToken + "x",
		"OPERATOR-TOKEN-OF-THE-TESTS", "{key}", "Bearer {token}",
		"reeve_op_00000000000000000000000000000000000000000002CZclj",
	}
	for _, as := range credentials {
		for _, call := range append(others, examples...) {
			call.As, call.Status, call.Reply = as, 403, `{"error":"Forbidden","detail":""}`
			if call.Call[:4] == "HEAD" {
				call.Reply = ""
			}
			s.Do(t, call)
		}
	}
	if after := s.Count(t); after != before {
		t.Errorf("%d changes were made", after-before)
	}
	for _, as := range []string{
		reevetest.OperatorToken, "Bearer " + reevetest.OperatorToken, "bearer  " + reevetest.OperatorToken, " " + reevetest.OperatorToken + " ",
	} {
		s.Do(t, step{Call: "GET /api/gateways", As: as, Status: 200, Reply: reevetest.Any})
	}
}
