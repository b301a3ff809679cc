package gatewayapi_test

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestVerify: a key's verdict says whose it is.
func TestVerify(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Run(t,
			step{
				Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read","bucket":"b","path":"p"}`, Status: 200, Reply: reevetest.Any,
				Has: []string{`"valid":true`, `"projectId":"{px}"`, `"keyName":"first"`},
			},
			step{
				Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read","project":"{foreign}"}`, Status: 200, Reply: reevetest.Any,
				Has: []string{`"valid":false,"code":"not_found","projectId":null`},
			},
			step{
				Call: "POST /gateway/verify", Body: `{"key":"{first}"}`, Status: 400,
				Reply: problem(400, "Bad Request", "action must be read, write, list or delete"),
			},
			step{Call: "POST /gateway/verify", As: "-", Body: `{}`, Loose: true, Status: 401, Reply: problem(401, "Unauthorized", "Unauthorized")},
		)
		s.Ready(t)
		s.Store.Close()
		s.Do(t, step{
			Name: "what is in memory needs no database", Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read"}`,
			Status: 200, Reply: reevetest.Any, Has: []string{`"valid":true`},
		})
	})
}
