package operatorapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// quoted is a text in JSON.
func quoted(t *testing.T, text string) string {
	t.Helper()
	out, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestScan finds every kind of credential in a text, tells whose it is and
// nothing of itself, and revokes what opens something, once.
func TestScan(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		credentials(t, s)
		derived(t, s, "child", "apikey", macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpDelete)})
		derived(t, s, "grandchild", "child", macaroon.Caveat{Nonce: []byte("n")})
		derived(t, s, "over", "apikey", macaroon.Caveat{NotAfter: s.Clock.Now().Add(-time.Second)})
		text := quoted(t, s.Expand("key={child}, {over}\nx-api-key: {viewer}{viewer}\n\"{token}\" {session}\n"+strangersKey+" reeve_org_x"))
		of := func(kind, id, name string) string {
			return `{"kind":"` + kind + `","id":"{` + id + `}","name":"` + name + `"}`
		}
		over := len(s.Expand("key={child}, ")) + 1
		second := len(s.Expand("x-api-key: {viewer}")) + 1
		session := len(s.Expand(`"{token}" `)) + 1
		want := func(child, viewer, again, opened string) string {
			return `{"found":[` + strings.Join([]string{
				`{"line":1,"column":5,"kind":"apikey","id":"{apikey_id}","name":"backup","of":` + of("project", "px", "px") + child + `}`,
				fmt.Sprintf(`{"line":1,"column":%d,"kind":"apikey","id":"{apikey_id}","name":"backup","of":`, over) + of("project", "px", "px") + `,"state":"expired"}`,
				`{"line":2,"column":12,"kind":"organization_key","id":"{viewer_id}","name":"viewer","of":` + of("organization", "acme", "acme") + viewer + `}`,
				fmt.Sprintf(`{"line":2,"column":%d,"kind":"organization_key","id":"{viewer_id}","name":"viewer","of":`, second) + of("organization", "acme", "acme") + again + `}`,
				`{"line":3,"column":2,"kind":"gateway","id":"{edge}","name":"edge","of":null,"state":"live"}`,
				fmt.Sprintf(`{"line":3,"column":%d,"kind":"session","id":"{session_id}","of":`, session) + of("user", "bob", "Bob") + opened + `}`,
				`{"line":4,"column":1,"kind":"unknown","of":null}`,
			}, ",") + `],"more":false}`
		}
		live, revoked := `,"state":"live"`, `,"state":"revoked","revoked":true`
		secrets := []string{"{child}", "{over}", "{viewer}", "{token}", "{session}", strangersKey}
		before := s.Count(t)
		s.Do(t, step{Call: "POST /api/scan", Body: `{"text":` + text + `}`, Status: 200, Reply: want(live, live, live, live), Not: secrets})
		if after := s.Count(t); after != before {
			t.Errorf("a look has made %d changes", after-before)
		}
		s.Do(t, step{
			Call: "POST /api/scan", Body: `{"text":` + text + `,"revoke":true}`, Status: 200,
			Reply: want(revoked, revoked, `,"state":"revoked"`, revoked), Not: secrets,
		})
		if after := s.Count(t); after != before+3 {
			t.Errorf("%d changes, want 3", after-before)
		}
		s.Run(t, []step{
			{Name: "the derived key", Call: "POST /api/inspect", Body: `{"key":"{grandchild}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"revoked","by":1`}},
			{Name: "its root", Call: "POST /api/inspect", Body: `{"key":"{apikey}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"live"`}},
			{Call: "GET /project/{px}", As: "{viewer}", Status: 401, Reply: reevetest.Any},
			{Call: "GET /api/changes?action=session.revoke", Status: 200, Reply: reevetest.Any, Has: []string{`"target":"{bob}"`}},
			{
				Name: "again, as keys", Call: "POST /api/scan", Body: `{"keys":["x","{child}"," {apikey}\n","{apikey} {apikey}","{viewer}","{session}"],"revoke":true}`, Status: 200,
				Reply: `{"found":[{"index":1,"kind":"apikey","id":"{apikey_id}","name":"backup","of":` + of("project", "px", "px") + `,"state":"revoked"},` +
					`{"index":2,"kind":"apikey","id":"{apikey_id}","name":"backup","of":` + of("project", "px", "px") + revoked + `},` +
					`{"index":4,"kind":"organization_key","id":"{viewer_id}","of":` + of("organization", "acme", "acme") + `,"state":"revoked"},` +
					`{"index":5,"kind":"session","id":"{session_id}","of":` + of("user", "bob", "Bob") + `,"state":"revoked"}],"more":false}`,
			},
			{Name: "the root is gone", Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: "[]"},
			{Call: "POST /api/scan", Body: `{}`, Status: 400, Reply: fault("give one of text and keys")},
			{Call: "POST /api/scan", Body: `{"text":"x","keys":["x"]}`, Status: 400, Reply: fault("give one of text and keys")},
			{Call: "POST /api/scan", Body: `{"keys":["x"` + strings.Repeat(`,"x"`, 1000) + `]}`, Status: 400, Reply: fault("more than 1000 keys")},
			{Call: "POST /api/scan", Body: `{"text":"nothing"}`, Status: 200, Reply: `{"found":[],"more":false}`},
			{
				Call: "POST /api/scan", Body: `{"text":"` + strings.Repeat("{token} ", 1001) + `"}`, Status: 200,
				Reply: reevetest.Any, Has: []string{`"more":true`},
			},
		}...)
		for _, name := range []string{"child", "viewer", "session", "token"} {
			if strings.Contains(s.Log.String(), s.Value(t, name)) {
				t.Errorf("%s is in the log", name)
			}
		}
	})
}
