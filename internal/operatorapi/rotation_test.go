package operatorapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestRotation: operators rotate keys by their names and gateways' tokens.
func TestRotation(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "edge")
		s.Ready(t)
		overlap := fault("overlap must be 0 to 2592000 seconds")
		key, organization := "POST /api/projects/{px}/apikeys/ci/rotate", "POST /api/organizations/{acme}/apikeys/viewer/rotate"
		s.Run(t, []step{
			{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"ci"}`, Status: 200, Reply: `{"apikey":"{first}"}`},
			{Call: "POST /api/projects/x/apikeys/ci/rotate", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Call: key, Body: `{"overlap":-1}`, Status: 400, Reply: overlap},
			{Call: key, Body: `{"overlap":9223372036854775807}`, Status: 400, Reply: overlap},
			{Call: key, Body: `{"overlap":"1"}`, Loose: true, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: "POST /api/projects/{px}/apikeys/none/rotate", Status: 404, Reply: fault("api key not found")},
			{Call: "POST /api/projects/" + nobody + "/apikeys/ci/rotate", Status: 404, Reply: fault("project not found")},
			{Call: key, Status: 200, Reply: `{"id":"{second_id}","apikey":"{second}"}`},
			{Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: `[{"id":"{second_id}","ownerId":"{alice}","name":"ci","partnerID":"","createdAt":"{now}","projectId":"{px}"},` +
				`{"id":"{first_id}","ownerId":"{alice}","name":"ci (replaced {digits})","partnerID":"","createdAt":"{now}","projectId":"{px}"}]`},
			{Call: "POST /api/projects/{px}/apikeys/ci%20(replaced%20{digits})/rotate", Status: 409, Reply: fault("the key was rotated already")},
			{Call: key, Body: `{"overlap":0}`, Status: 200, Reply: `{"id":"{third_id}","apikey":"{third}"}`},
			{Call: "DELETE /api/apikeys/{second}", Status: 404, Reply: fault("api key not found")},
			{Call: "DELETE /api/apikeys/{first}", Status: 200},

			{Call: "POST /api/organizations/x/apikeys/viewer/rotate", Status: 400, Reply: reevetest.Any, Has: []string{"invalid organization-uuid"}},
			{Call: organization, Body: `{"overlap":2592001}`, Status: 400, Reply: overlap},
			{Call: "POST /api/organizations/{acme}/apikeys/none/rotate", Status: 404, Reply: fault("organization key not found")},
			{Call: "POST /api/organizations/" + nobody + "/apikeys/viewer/rotate", Status: 404, Reply: fault("organization not found")},
			{Call: organization, Status: 200, Reply: `{"id":"{next_id}","apikey":"{next}"}`},
			{Call: "GET /project/{px}", As: "{viewer}", Status: 200, Reply: reevetest.Any},
			{Call: "GET /project/{px}", As: "{next}", Status: 200, Reply: reevetest.Any},
			{Call: "GET /api/organizations/{acme}/apikeys", Status: 200, Reply: reevetest.Any, Has: []string{`"name":"viewer (replaced `}},
		}...)
		digits := s.Value(t, "viewer_id")
		s.Do(t, step{
			Call: "POST /api/organizations/{acme}/apikeys/viewer%20(replaced%20" + digits[24:] + ")/rotate", Status: 409,
			Reply: fault("the key was rotated already"),
		})
		s.Clock.Advance(24*time.Hour + time.Second)
		s.Do(t, step{Call: "GET /project/{px}", As: "{viewer}", Status: 401, Reply: reevetest.Any})

		rotate := "POST /api/gateways/{edge}/token"
		use := func(token string, status int) step {
			return step{Call: "GET /gateway/nothing", As: "Bearer {" + token + "}", Status: status, Reply: reevetest.Any}
		}
		s.Bind("end", s.Clock.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano))
		s.Run(t, []step{
			use("token", 404),
			{Call: "POST /api/gateways/x/token", Status: 400, Reply: reevetest.Any, Has: []string{"invalid gateway-uuid"}},
			{Call: rotate, Body: `{"overlap":2592001}`, Status: 400, Reply: overlap},
			{Call: "POST /api/gateways/" + nobody + "/token", Status: 404, Reply: fault("gateway not found")},
			{Call: rotate, Body: `{"overlap":3600}`, Status: 200, Reply: `{"token":"{newtoken}"}`},
			use("token", 404), use("newtoken", 404), use("newtoken", 404),
			{Call: "GET /api/gateways/x/tokens", Status: 400, Reply: reevetest.Any, Has: []string{"invalid gateway-uuid"}},
			{Call: "GET /api/gateways/" + nobody + "/tokens", Status: 404, Reply: fault("gateway not found")},
			{
				Call: "GET /api/gateways/{edge}/tokens", Status: 200, Not: []string{"{token}", "{newtoken}"},
				Reply: `[{"id":"{token_id}","createdAt":"{now}","expiresAt":null,"lastUsedAt":"{now}","lastUsedFrom":"127.0.0.1"},` +
					`{"id":"{edge}","createdAt":"{created}","expiresAt":"{end}","lastUsedAt":"{now}","lastUsedFrom":"127.0.0.1"}]`,
			},
		}...)
		s.Clock.Advance(time.Hour)
		s.Run(t, []step{
			use("token", 401), use("newtoken", 404),
			{Call: "GET /api/gateways/{edge}/tokens", Status: 200, Reply: reevetest.Any, Not: []string{`"id":"{edge}"`}},
		}...)
		for range 9 {
			s.Do(t, step{Call: rotate, Status: 200, Reply: reevetest.Any})
		}
		s.Do(t, step{Call: rotate, Status: 409, Reply: fault("the gateway has 10 tokens")})
		s.Do(t, step{Call: rotate, Body: `{"overlap":0}`, Status: 200, Reply: reevetest.Any})
		s.Do(t, use("newtoken", 401))
	})
}
