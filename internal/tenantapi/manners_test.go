package tenantapi_test

import (
	"net/http"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestChangesAreNotStored: nothing on the way keeps the answer to what is no
// read, a sign-in's and a refusal's among them.
func TestChangesAreNotStored(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	for call, want := range map[string]string{"POST": "no-store", "PUT": "no-store", "DELETE": "no-store", "GET": ""} {
		for _, path := range []string{"/project/{prj:px}", "/user/login", "/api/coupons", "/nowhere"} {
			face, target := "tenant", s.Expand(path)
			if path == "/api/coupons" {
				face = "operator"
			}
			reply := s.Send(t, reevetest.Request{Face: face, Method: call, Target: target, Loose: true})
			if got := reply.Header.Get("Cache-Control"); got != want {
				t.Errorf("%s %s: Cache-Control %q, want %q", call, path, got, want)
			}
		}
	}
}

// TestPreconditionsTellNothing: with a precondition or a key, too, another
// tenant's project is like none, and a role allows what it allows.
func TestPreconditionsTellNothing(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		tag := s.Do(t, step{Call: "GET /project/{prj:px}", Status: 200, Reply: reevetest.Any}).Header.Get("ETag")
		const denied = `{"status":"error","message":"You are not allowed to perform this action","code":403}`
		rename := func(project, as, name, value string, status int, reply string) step {
			return step{
				Call: "PUT /project/" + project, As: as, Body: `{"name":"new"}`, Header: http.Header{name: {value}},
				Status: status, Reply: reply,
			}
		}
		s.Run(t,
			rename("{prj:foreign}", "", "If-Match", tag, 403, denied),
			rename("{prj:foreign}", "", "If-Match", "*", 403, denied),
			rename("{prj:foreign}", "", "If-None-Match", "*", 403, denied),
			rename("prj_00000000000000000000000000", "", "If-Match", tag, 403, denied),
			rename("nothing", "", "If-Match", tag, 403, denied),
			rename("{prj:px}", "{viewer}", "If-Match", tag, 403, denied),
			rename("{prj:px}", "{key}x", "If-Match", tag, 401, reevetest.Any),
			rename("{prj:px}", "{key}x", "If-Match", "malformed", 401, reevetest.Any),
			rename("{prj:px}", "", "If-Match", `"other"`, 412, `{"status":"error","message":"the thing is not as it was: read it again","code":412}`),
			rename("{prj:px}", "{editor}", "If-Match", tag, 200, reevetest.Any),
		)
		add := func(as string, status int) step {
			return step{
				Call: "POST /project/{prj:px}/user", As: as, Body: `{"user_id":"{usr:bob}","role":"viewer"}`,
				Header: http.Header{"Idempotency-Key": {"k"}}, Status: status, Reply: reevetest.Any,
			}
		}
		s.Run(t, add("", 200), add("", 200), add("{key}x", 401), add("{stranger}", 403), add("{viewer}", 403))
	})
}
