package gatewayapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// retryAfter checks when a refused caller is told to come back.
func retryAfter(want string) func(*testing.T, reevetest.Reply) {
	return func(t *testing.T, reply reevetest.Reply) {
		t.Helper()
		if got := reply.Header.Get("Retry-After"); got != want {
			t.Errorf("Retry-After %q, want %q", got, want)
		}
	}
}

// unauthorized are the steps without a credential.
func unauthorized(s *reevetest.Server, t *testing.T, calls ...step) {
	t.Helper()
	for _, call := range calls {
		call.As, call.Status, call.Reply = "-", 401, problem(401, "Unauthorized", "Unauthorized")
		s.Do(t, call)
	}
}

// TestLeases: a slice of the limits is reserved, and settled or given back.
func TestLeases(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?rate=10&usage=100B&bandwidth=50B", Status: 200})
		s.Bind("nothing", reevetest.NewID().String())
		gone := problem(404, "Not Found", "lease not found")
		s.Run(t,
			step{
				Call: "POST /gateway/leases", Body: `{"project":"{prj:px}","ttl":0.5,"rate":4,"usage":30}`, Status: 200,
				Reply: `{"id":"{one}","projectId":"{px}","ttl":0.5,"expiresAt":"2026-11-22T15:44:53.673422Z","rate":4,"bandwidth":0,"usage":30}`,
			},
			step{
				Call: "POST /gateway/leases", Body: `{"project":"{px}","ttl":3600,"bandwidth":50}`, Status: 200,
				Reply: `{"id":"{all}","projectId":"{px}","ttl":3600,"expiresAt":"2026-11-22T16:44:53.173422Z","rate":0,"bandwidth":50,"usage":0}`,
			},
			step{
				Call: "POST /gateway/leases", Body: `{"project":"{px}","rate":1}`, Status: 200,
				Reply: `{"id":"{third}","projectId":"{px}","ttl":10,"expiresAt":"2026-11-22T15:45:03.173422Z","rate":1,"bandwidth":0,"usage":0}`,
			},
			step{
				Call: "POST /gateway/leases", Body: `{"project":"{px}","rate":6}`, Status: 429,
				Reply: problem(429, "Too Many Requests", "rate limit reached: 5 left"), After: retryAfter("1"),
			},
			step{
				Call: "POST /gateway/leases", Body: `{"project":"{px}","usage":1,"bandwidth":1}`, Status: 429,
				Reply: problem(429, "Too Many Requests", "bandwidth limit reached: 0 left"), After: retryAfter("60"),
			},
			step{
				Name: "named", Call: "POST /gateway/leases", Body: `{"id":"{nothing}","project":"{px}","ttl":5,"rate":1}`, Status: 200,
				Reply: `{"id":"{nothing}","projectId":"{px}","ttl":5,"expiresAt":"2026-11-22T15:44:58.173422Z","rate":1,"bandwidth":0,"usage":0}`,
			},
			step{
				Name: "named again", Call: "POST /gateway/leases", Body: `{"id":"{nothing}","project":"{px}","ttl":5,"rate":2}`, Status: 409,
				Reply: problem(409, "Conflict", "another lease has that id"),
			},
			step{Name: "given back", Call: "DELETE /gateway/leases/{nothing}", Status: 200},
			step{Name: "settle", Call: "PUT /gateway/leases/{one}", Body: `{"rate":4,"usage":29}`, Status: 200},
			step{Name: "again", Call: "PUT /gateway/leases/{one}", Body: `{"rate":4,"usage":29}`, Status: 404, Reply: gone},
			step{Call: "PUT /gateway/leases/{all}", Body: `{"bandwidth":51}`, Status: 400, Reply: problem(400, "Bad Request", "bandwidth must be 0 to 50")},
			step{Call: "PUT /gateway/leases/{all}", Body: `{"usage":1}`, Status: 400, Reply: problem(400, "Bad Request", "usage must be 0 to 0")},
			step{Name: "give back", Call: "DELETE /gateway/leases/{all}", Status: 200},
			step{Name: "again", Call: "DELETE /gateway/leases/{all}", Status: 404, Reply: gone},
			step{Name: "absent is 0", Call: "PUT /gateway/leases/{third}", Body: `{}`, Status: 200},
			step{Call: "PUT /gateway/leases/x", Body: `{}`, Loose: true, Status: 400, Reply: problem(400, "Bad Request", "malformed lease id")},
			step{Call: "DELETE /gateway/leases/x", Loose: true, Status: 400, Reply: problem(400, "Bad Request", "malformed lease id")},
			step{Call: "POST /gateway/leases", Body: `{"project":"{nothing}","rate":1}`, Status: 404, Reply: problem(404, "Not Found", "project not found")},
		)
		for body, detail := range map[string]string{
			`{"rate":1}`:                                 "project is missing",
			`{"project":"x","rate":1}`:                   "malformed project id",
			`{"project":"{px}"}`:                         "a lease must hold something of rate, bandwidth or usage",
			`{"project":"{px}","rate":-1}`:               "rate must not be negative",
			`{"project":"{px}","rate":1,"ttl":0}`:        "ttl must be more than 0 and at most 3600 seconds",
			`{"project":"{px}","rate":1,"ttl":3600.001}`: "ttl must be more than 0 and at most 3600 seconds",
			`{"project":"{px}","rate":1,"ttl":1e300}`:    "ttl must be more than 0 and at most 3600 seconds",
			`{"project":"{px}","rate":1,"ttl":-1e300}`:   "ttl must be more than 0 and at most 3600 seconds",
		} {
			s.Do(t, step{Call: "POST /gateway/leases", Body: body, Loose: true, Status: 400, Reply: problem(400, "Bad Request", detail)})
		}
		unauthorized(s, t,
			step{Call: "POST /gateway/leases", Body: `{"project":"{px}","rate":1}`},
			step{Call: "PUT /gateway/leases/{one}", Body: `{}`},
			step{Call: "DELETE /gateway/leases/{one}"},
		)
		s.Clock.Advance(time.Second)
		s.Do(t, step{
			Name: "the next second", Call: "POST /gateway/leases", Body: `{"project":"{px}","ttl":1e-9,"rate":10,"usage":71,"bandwidth":50}`, Status: 200,
			Reply: `{"id":"{fourth}","projectId":"{px}","ttl":0.000001,"expiresAt":"2026-11-22T15:44:54.173423Z","rate":10,"bandwidth":50,"usage":71}`,
		})
	})
}

// TestBucketPlaces: buckets take places and give them back.
func TestBucketPlaces(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?buckets=1", Status: 200})
		s.Bind("nothing", reevetest.NewID().String())
		noProject, malformed := problem(404, "Not Found", "project not found"), problem(400, "Bad Request", "malformed project id")
		s.Run(t,
			step{Call: "PUT /gateway/projects/{prj:px}/buckets/a%20b", Status: 200},
			step{Name: "again", Call: "PUT /gateway/projects/{px}/buckets/a%20b", Status: 200},
			step{
				Call: "PUT /gateway/projects/{px}/buckets/c", Status: 429,
				Reply: problem(429, "Too Many Requests", "buckets limit reached: 1 of 1"), After: retryAfter("60"),
			},
			step{Call: "DELETE /gateway/projects/{px}/buckets/c", Status: 404, Reply: problem(404, "Not Found", "bucket not found")},
			step{Call: "DELETE /gateway/projects/{px}/buckets/a%20b", Status: 200},
			step{Call: "PUT /gateway/projects/{px}/buckets/c", Status: 200},
			step{Call: "PUT /gateway/projects/{nothing}/buckets/c", Status: 404, Reply: noProject},
			step{Call: "DELETE /gateway/projects/{nothing}/buckets/c", Status: 404, Reply: noProject},
			step{Call: "PUT /gateway/projects/x/buckets/c", Loose: true, Status: 400, Reply: malformed},
			step{Call: "DELETE /gateway/projects/x/buckets/c", Loose: true, Status: 400, Reply: malformed},
			step{Call: "PUT /gateway/projects/{px}/buckets/%0A", Status: 400, Reply: problem(400, "Bad Request", "bucket name has control characters")},
		)
		unauthorized(s, t, step{Call: "PUT /gateway/projects/{px}/buckets/c"}, step{Call: "DELETE /gateway/projects/{px}/buckets/c"})
	})
}

// TestVerifyLimits: a verdict says what of the project is used up, and what is
// left of its rate.
func TestVerifyLimits(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?rate=10&usage=100B&bandwidth=50B", Status: 200})
		s.Do(t, step{Call: "POST /gateway/leases", Body: `{"project":"{px}","usage":100,"bandwidth":50}`, Status: 200, Reply: reevetest.Any})
		verify := func(body string, has ...string) step {
			return step{Call: "POST /gateway/verify", Body: `{"key":"{first}",` + body + `}`, Status: 200, Reply: reevetest.Any, Has: has}
		}
		s.Run(t,
			verify(
				`"action":"list","cost":4`, `"code":"valid"`, `"limits":{"usage":100,"bandwidth":50,"rate":10,"buckets":null}`,
				`"rate":{"limit":10,"remaining":6,"reset":1}`,
			),
			verify(`"action":"write"`, `"valid":false,"code":"usage_exceeded"`, `"remaining":6`),
			verify(`"action":"read"`, `"valid":false,"code":"bandwidth_exceeded"`, `"remaining":6`),
			verify(`"action":"list","cost":7`, `"valid":false,"code":"rate_limited"`, `"remaining":6`),
			verify(`"action":"delete","cost":6`, `"code":"valid"`, `"remaining":0`),
			verify(`"action":"list","cost":0`, `"code":"valid"`, `"remaining":0`),
			verify(`"action":"list"`, `"code":"rate_limited"`, `"remaining":0`),
		)
		s.Clock.Advance(time.Second)
		s.Do(t, verify(`"action":"list"`, `"code":"valid"`, `"remaining":9`))
	})
}
