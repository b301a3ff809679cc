package gatewayapi_test

import (
	"fmt"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestMain fails the suite if a documented reply was never seen.
func TestMain(m *testing.M) { reevetest.Main(m, "gateway") }

// step keeps the tables readable.
type step = reevetest.Step

// problem is an error's body (RFC 9457).
func problem(status int, title, detail string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":"%s","status":%d,"detail":"%s"}`, title, status, detail)
}

// examples is one call of each operation that succeeds on things that exist.
var examples = append([]step{
	{Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read"}`},
	{Call: "POST /gateway/feed", Body: `{}`},
	{Call: "GET /gateway/feed"},
	{Call: "DELETE /gateway/feed/{session}"},
	{
		Call: "POST /gateway/usage",
		Body: `{"gateway":"a","sequence":1,"records":[{"projectId":"{px}","meter":"egress","at":"2026-11-22T15:44:53Z","value":1}]}`,
	},
	{Call: "POST /gateway/leases", Body: `{"project":"{px}","rate":1}`},
	{Call: "PUT /gateway/leases/{lease}", Body: `{"rate":1}`},
	{Call: "DELETE /gateway/leases/{lease}"},
	{Call: "PUT /gateway/projects/{px}/buckets/b"},
	{Call: "DELETE /gateway/projects/{px}/buckets/b"},
	{Call: "POST /gateway/uses", Body: `{"uses":[{"keyId":"01890000-0000-7000-8000-000000000000","at":"2026-11-22T15:44:53Z"}]}`},
}, authExamples...)

func TestDown(t *testing.T)    { t.Parallel(); reevetest.Down(t, examples) }
func TestGuarded(t *testing.T) { t.Parallel(); reevetest.Guarded(t, examples) }
func TestBroken(t *testing.T)  { t.Parallel(); reevetest.Broken(t, examples) }
func TestTooLong(t *testing.T) { t.Parallel(); reevetest.TooLong(t, examples, world) }

// world is two tenants, a gateway's token and a key first of px; lease is none of its.
func world(t *testing.T, s *reevetest.Server) {
	t.Helper()
	s.Tenants(t)
	s.Gateway(t, "gateway")
	s.Bind("lease", reevetest.NewID().String())
	s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"first"}`, Status: 200, Reply: `{"apikey":"{first}"}`})
}

func TestHealth(t *testing.T) { t.Parallel(); reevetest.Health(t, "gateway") }

// TestReserved: the paths are reserved for calls to come.
func TestReserved(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		paths := []string{
			"/gateway/projects/{px}/buckets", "/gateway/", "/gateway/nothing", "/gateway//verify", "/gateway/verify/",
		}
		unauthorized := problem(401, "Unauthorized", "Unauthorized")
		isProblem := func(t *testing.T, reply reevetest.Reply) {
			t.Helper()
			if got := reply.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type %q", got)
			}
		}
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
				call := step{Call: method + " " + path, Status: 404, Reply: problem(404, "Not Found", "not found"), After: isProblem}
				s.Do(t, call)
				call.Status, call.Reply = 401, unauthorized
				for _, as := range []string{
					"-", "{token}", "Basic {token}", "Bearer", "Bearer x", "Bearer {token}x", "Bearer {key}", "Bearer {operator}",
					"Bearer reeve_gw_00000000000000000000000000000000000000000002CZclj",
				} {
					call.As = as
					s.Do(t, call)
				}
			}
		}
		s.Do(t, step{Call: "GET /gateway/nothing", As: "bearer {token}", Status: 404, Reply: problem(404, "Not Found", "not found")})
		s.Do(t, step{Call: "GET /gateway", Face: "gateway", As: "-", Status: 404, Reply: problem(404, "Not Found", "not found")})
		s.Do(t, step{Call: "PUT /livez", Face: "gateway", As: "-", Status: 405, Reply: problem(405, "Method Not Allowed", "method not allowed"), Allow: "GET, HEAD"})

		s.Store.Close()
		s.Do(t, step{Name: "a token that may be new", Call: "GET /gateway/nothing", As: "Bearer reeve_gw_00000000000000000000000000000000000000000002CZclj", Status: 503, Reply: problem(503, "Service Unavailable", "the database is not available"), After: isProblem})
		s.Do(t, step{Name: "what has no form is refused all the same", Call: "GET /gateway/nothing", As: "Bearer x", Status: 401, Reply: unauthorized})
	})
}
