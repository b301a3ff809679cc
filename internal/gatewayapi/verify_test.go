package gatewayapi_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
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
		root, err := macaroon.Parse(s.Value(t, "first"))
		if err != nil {
			t.Fatal(err)
		}
		narrow, err := root.Attenuate(macaroon.Caveat{AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("pre/")}}})
		if err != nil {
			t.Fatal(err)
		}
		s.Bind("narrow", narrow.Serialize())
		s.Do(t, step{
			Name: "only what is absent is as beside the list", Call: "POST /gateway/verify",
			Body:   `{"keys":["{narrow}",{"key":"{narrow}"},{"key":"{narrow}","path":""},{"key":"{narrow}","path":null,"bucket":"c"}],"action":"read","bucket":"b","path":"pre/x"}`,
			Status: 200, Reply: reevetest.Any,
			After: func(t *testing.T, reply reevetest.Reply) {
				t.Helper()
				var got struct{ Results []struct{ Code string } }
				if err := json.Unmarshal([]byte(reply.Body), &got); err != nil {
					t.Fatal(err)
				}
				want := []struct{ Code string }{{"valid"}, {"valid"}, {"forbidden"}, {"forbidden"}}
				if diff := cmp.Diff(want, got.Results); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			},
		})
		s.Ready(t)
		s.Store.Close()
		s.Do(t, step{
			Name: "what is in memory needs no database", Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read"}`,
			Status: 200, Reply: reevetest.Any, Has: []string{`"valid":true`},
		})
	})
}
