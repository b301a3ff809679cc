package operatorapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.Organization(t, "acme", "alice")
		hook := "/api/organizations/{acme}/webhook"
		none := "/api/organizations/" + nobody + "/webhook"
		s.Run(t, []step{
			{Call: "GET " + hook, Status: 404, Reply: fault("webhook not found")},
			{Call: "DELETE " + hook, Status: 404, Reply: fault("webhook not found")},
			{Call: "PUT " + hook, Body: `{`, Status: 400, Reply: fault("failed to unmarshal request", "unexpected end of JSON input")},
			{Call: "PUT " + hook, Body: `{}`, Status: 400, Reply: fault("url is not set")},
			{Call: "PUT " + hook, Body: `{"url":"ftp://example.com"}`, Status: 400, Reply: fault("url must be an absolute https or http URL")},
			{Call: "PUT " + hook, Body: `{"url":"https://a:b@example.com"}`, Status: 400, Reply: fault("url must not have credentials")},
			{Call: "PUT " + hook, Body: `{"url":"https://example.com/` + strings.Repeat("x", 2048) + `"}`, Status: 400, Reply: fault("url is longer than 2048 characters")},
			{Call: "PUT " + none, Body: `{`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT " + none, Body: `{"url":"https://example.com"}`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT /api/organizations/x/webhook", Body: `{"url":"https://example.com"}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "GET " + none, Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/x/webhook", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "DELETE " + none, Status: 404, Reply: fault("organization not found")},
			{Call: "DELETE /api/organizations/x/webhook", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "PUT " + hook, Body: `{"url":"https://example.com/a?b=c"}`, Status: 200, Reply: `{"secret":"{first}"}`},
			{Call: "GET " + hook, Status: 200, Reply: `{"url":"https://example.com/a?b=c","createdAt":"{now}","pending":0}`},
			{Name: "another secret each time", Call: "PUT " + hook, Body: `{"url":"http://example.com"}`, Status: 200, Reply: `{"secret":"{second}"}`, Not: []string{"{first}"}},
			{
				Name: "nothing secret in the log", Call: "GET /api/changes?target={acme}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"action":"webhook.set"`, `{"origin":"https://example.com"}`}, Not: []string{"{first}", "{second}", "b=c"},
			},
			{Call: "DELETE " + hook, Status: 200},
			{Call: "GET " + hook, Status: 404, Reply: fault("webhook not found")},
		}...)
		if text := s.Log.String(); strings.Contains(text, "whsec_") || strings.Contains(text, "example.com/a") {
			t.Error("the log tells of a webhook")
		}
	})
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.Organization(t, "acme", "alice")
		budget := "/api/organizations/{acme}/budget"
		none := "/api/organizations/" + nobody + "/budget"
		s.Run(t, []step{
			{Call: "GET " + budget, Status: 404, Reply: fault("budget not found")},
			{Call: "DELETE " + budget, Status: 404, Reply: fault("budget not found")},
			{Call: "PUT " + budget, Body: `{"amount":1.5}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: "PUT " + budget, Body: `{}`, Status: 400, Reply: fault("Amount is not set")},
			{Call: "PUT " + budget, Body: `{"amount":-1}`, Status: 400, Reply: fault("negative amount")},
			{Call: "PUT " + none, Body: `{`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT " + none, Body: `{"amount":1}`, Status: 404, Reply: fault("organization not found")},
			{Call: "PUT /api/organizations/x/budget", Body: `{"amount":1}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "GET " + none, Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/organizations/x/budget", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "DELETE " + none, Status: 404, Reply: fault("organization not found")},
			{Call: "DELETE /api/organizations/x/budget", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "PUT " + budget, Body: `{"amount":9223372036854775807}`, Status: 200},
			{Call: "PUT " + budget, Body: `{"amount":5000}`, Status: 200},
			{Call: "GET " + budget, Status: 200, Reply: `{"amount":5000}`},
			{Call: "GET /api/changes?target={acme}&action=budget.set", Status: 200, Reply: reevetest.Any, Has: []string{`"before":{"amount":9223372036854775807},"after":{"amount":5000}`}},
			{Call: "DELETE " + budget, Status: 200},
			{Call: "GET " + budget, Status: 404, Reply: fault("budget not found")},
		}...)
	})
}

// TestAlerts: usage that reaches its limit arrives at the endpoint, signed, and
// is listed.
func TestAlerts(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		type message struct {
			header http.Header
			body   string
		}
		got := make(chan message, 10)
		endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got <- message{r.Header, string(body)}
		}))
		t.Cleanup(endpoint.Close)
		alerts := "GET /api/organizations/{acme}/alerts"
		s.Run(t, []step{
			{Call: alerts, Status: 200, Reply: `{"alerts":[]}`},
			{Call: alerts + "?month=2026-13", Status: 400, Reply: fault("a month is written as 2006-01")},
			{Call: "GET /api/organizations/x/alerts", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: "GET /api/organizations/" + nobody + "/alerts", Status: 404, Reply: fault("organization not found")},
			{Call: "PUT /api/organizations/{acme}/webhook", Body: `{"url":"` + endpoint.URL + `"}`, Status: 200, Reply: `{"secret":"{secret}"}`},
			{Call: "PUT /api/projects/{px}/limit", Form: "bandwidth=1000", Status: 200},
			{
				Call: "POST /gateway/usage", Status: 200, Reply: reevetest.Any, Has: []string{"accepted"},
				Body: `{"gateway":"a","sequence":1,"records":[{"projectId":"{px}","meter":"egress","at":"{now}","value":850}]}`,
			},
		}...)
		verifier, err := standardwebhooks.NewWebhook(s.Value(t, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		for _, threshold := range []string{"50", "80"} {
			select {
			case m := <-got:
				if err := verifier.VerifyIgnoringTimestamp([]byte(m.body), m.header); err != nil {
					t.Error(err)
				}
				want := s.Expand(`{"type":"limit.threshold","timestamp":"{now}","data":{"organizationId":"{acme}","projectId":"{px}",` +
					`"kind":"bandwidth","month":"2026-11","threshold":` + threshold + `,"value":850,"limit":1000}}`)
				if m.body != want {
					t.Errorf("got  %s\nwant %s", m.body, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("no message came")
			}
		}
		one := `{"month":"2026-11","kind":"bandwidth","subjectId":"{px}","threshold":`
		s.Run(t, []step{
			{Call: alerts, Status: 200, Reply: `{"alerts":[` + one + `50,"createdAt":"{now}"},` + one + `80,"createdAt":"{now}"}]}`},
			{Call: alerts + "?month=2026-10", Status: 200, Reply: `{"alerts":[]}`},
		}...)
		if strings.Contains(s.Log.String(), s.Value(t, "secret")) {
			t.Error("the secret is in the log")
		}
	})
}
