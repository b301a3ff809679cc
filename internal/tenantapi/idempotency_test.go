package tenantapi_test

import (
	"net/http"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestIdempotencyAcrossSessions: who signs in again and repeats a request gets
// the reply that was kept; to another user the same key is a new one.
func TestIdempotencyAcrossSessions(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		people(t, s)
		create := func(as string) string {
			return s.Do(t, step{
				Call: "POST /organization/{org:acme}/key", As: as, Body: `{"name":"once","role":"viewer"}`,
				Header: http.Header{"Idempotency-Key": {"k"}}, Status: 200, Reply: reevetest.Any,
			}).Body
		}
		first := create(by("alice"))
		s.Run(t, step{Call: "POST /user/logout", As: by("alice"), Status: 204})
		s.OpenSession(t, "alice")
		if again := create(by("alice")); again != first {
			t.Errorf("another reply after another sign-in:\n%s\n%s", first, again)
		}
		s.Run(t, []step{
			{Call: "PUT /api/organizations/{acme}/members/{bob}", Body: `{"role":"admin"}`, Status: 200},
			{
				Call: "POST /organization/{org:acme}/key", As: by("bob"), Body: `{"name":"once","role":"viewer"}`,
				Header: http.Header{"Idempotency-Key": {"k"}}, Status: 409, Reply: reevetest.Any,
			},
		}...)
	})
}
