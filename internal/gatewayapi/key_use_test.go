package gatewayapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestKeyUses: what a gateway reports is in the tenant's list.
func TestKeyUses(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Bind("then", s.Clock.Now().Add(-time.Minute).UTC().Format(time.RFC3339Nano))
		s.Bind("then3", s.Clock.Now().Add(-time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"))
		use := `{"keyId":"01890000-0000-7000-8000-000000000000","at":"{then}"}`
		call := "POST /gateway/uses"
		s.Run(t,
			step{
				Call: "GET /project/{px}/keys", Status: 200, Reply: reevetest.Any, Has: []string{`"last_used_by":null`},
				After: func(_ *testing.T, reply reevetest.Reply) {
					_, rest, _ := strings.Cut(reply.Body, `"id":"`)
					id, _, _ := strings.Cut(rest, `"`)
					s.Bind("first_id", id)
				},
			},
			step{Call: call, Body: `{"uses":[` + use + `,{"keyId":"{first_id}","at":"{then}"},{"keyId":"{token}","at":"{then}"}]}`, Loose: true, Status: 200},
			step{Call: call, Body: `{"uses":[]}`, Status: 200},
			step{Call: call, Body: `{"uses":[{"keyId":"{first_id}","at":"noon"}]}`, Loose: true, Status: 400, Reply: reevetest.Any},
			step{Call: call, Body: `{"uses":[` + use + strings.Repeat(","+use, 1000) + `]}`, Status: 400, Reply: problem(400, "Bad Request", "at most 1000 uses at a time")},
			step{Call: "GET /project/{px}/keys", Status: 200, Reply: reevetest.Any, Has: []string{`"last_used_time":"{then3}","last_used_by":{"id":"{gw:gateway}","name":"gateway"}`}},
		)
	})
}
