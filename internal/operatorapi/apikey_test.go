package operatorapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		post, list := "POST /api/projects/{px}/apikeys", "GET /api/projects/{px}/apikeys"
		unmarshal := "failed to unmarshal request"
		s.Run(t, []step{
			{Call: list, Status: 200, Reply: `[]`},
			{Call: "GET /api/projects/x/apikeys", Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/projects/" + nobody + "/apikeys", Status: 404, Reply: fault("project not found")},
			{Call: "POST /api/projects/x/apikeys", Body: `{`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Call: "POST /api/projects/" + nobody + "/apikeys", Body: `{"name":"k"}`, Status: 404, Reply: fault("project not found")},
			{Call: post, Body: `{`, Status: 400, Reply: fault(unmarshal, "unexpected end of JSON input")},
			{Call: post, Body: `{}`, Status: 400, Reply: fault("Name is not set")},
			{Call: post, Body: `{"name":" "}`, Status: 400, Reply: fault("Name is not set")},
			{Call: post, Body: `{"name":"k","partnerId":""}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: post, Body: `{"name":"k","partnerId":"x"}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: post, Body: `{"name":"k\u007f"}`, Status: 400, Reply: fault("Name has control characters")},
			{Call: post, Body: `{"name":"My first API Key"}`, Status: 200, Reply: `{"apikey":"{first}"}`},
			{Call: post, Body: `{"name":"My first API Key"}`, Status: 409, Reply: fault("api-key with given name already exists")},
			{Call: post, Body: `{"name":"my first api key","partnerId":"A9D3B7EE-17da-4848-bb0e-1f64cf45af18"}`, Status: 200, Reply: `{"apikey":"{second}"}`},
			{Call: post, Body: `{"name":"null","partnerId":null}`, Status: 200, Reply: reevetest.Any},
			{Name: "the same name elsewhere", Call: "POST /api/projects/{foreign}/apikeys", Body: `{"name":"null"}`, Status: 200, Reply: reevetest.Any},
			{
				Name: "bytewise by name, no secrets", Call: list, Status: 200, Not: []string{"{first}", "{second}"},
				Reply: `[{"id":"{a}","ownerId":"{alice}","name":"My first API Key","partnerID":"","createdAt":"{now}","projectId":"{px}"},` +
					`{"id":"{b}","ownerId":"{alice}","name":"my first api key","partnerID":"a9d3b7ee-17da-4848-bb0e-1f64cf45af18","createdAt":"{now}","projectId":"{px}"},` +
					`{"id":"{c}","ownerId":"{alice}","name":"null","partnerID":"","createdAt":"{now}","projectId":"{px}"}]`,
			},
			{Call: "DELETE /api/projects/{px}/apikeys/my%20first%20api%20key", Status: 200},
			{Call: "DELETE /api/projects/{px}/apikeys/my%20first%20api%20key", Status: 404, Reply: fault("api key not found")},
			{Call: "DELETE /api/projects/{foreign}/apikeys/My%20first%20API%20Key", Status: 404, Reply: fault("api key not found")},
			{Call: "DELETE /api/projects/" + nobody + "/apikeys/null", Status: 404, Reply: fault("project not found")},
			{Call: "DELETE /api/projects/x/apikeys/null", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			{Name: "the name is free", Call: post, Body: `{"name":"my first api key"}`, Status: 200, Reply: reevetest.Any},
			{Name: "a name with a slash", Call: post, Body: `{"name":"a/b"}`, Status: 200, Reply: reevetest.Any},
			{Call: "DELETE /api/projects/{px}/apikeys/a%2Fb", Status: 200},
		}...)
		if key := s.Value(t, "first"); len(key) != 103 && len(key) != 102 {
			t.Errorf("a key has %d characters", len(key))
		}
	})
}

// TestFullPages lists as many keys as fill the original's pages, on which it
// failed, and one more.
func TestFullPages(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		var want []string
		for i := range 101 {
			name := fmt.Sprintf("%c%d", "aBcÄ"[i%4], i)
			s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"` + strings.ToValidUTF8(name, "_") + `"}`, Status: 200, Reply: reevetest.Any})
			want = append(want, strings.ToValidUTF8(name, "_"))
			if n := i + 1; n != 50 && n != 51 && n < 100 {
				continue
			}
			slices.Sort(want)
			reply := s.Do(t, step{Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: reevetest.Any})
			var items []struct{ Name string }
			if err := json.Unmarshal([]byte(reply.Body), &items); err != nil {
				t.Fatal(err)
			}
			got := make([]string, len(items))
			for i, item := range items {
				got[i] = item.Name
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		}
	})
}

// TestDeleteAPIKey judges the whole key: forged ones are unknown, derived ones
// fall alone.
func TestDeleteAPIKey(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: `{"apikey":"{root}"}`})
		root, err := macaroon.Parse(s.Value(t, "root"))
		if err != nil {
			t.Fatal(err)
		}
		derive := func(from macaroon.Key, name string) macaroon.Key {
			key, err := from.Attenuate(macaroon.Caveat{Nonce: []byte(name)})
			if err != nil {
				t.Fatal(err)
			}
			s.Bind(name, key.Serialize())
			return key
		}
		child := derive(root, "child")
		derive(derive(child, "grandchild"), "great")
		derive(root, "sibling")
		s.Bind("forged", macaroon.Mint(macaroon.Secret{1}, root.Head()).Serialize())
		derive(macaroon.Mint(macaroon.Secret{1}, root.Head()), "forgedchild")

		gone := func(key string) step {
			return step{Call: "DELETE /api/apikeys/{" + key + "}", Status: 404, Reply: fault("api key not found"), Not: []string{"{" + key + "}"}}
		}
		dead := func(key string) step { return step{Call: "DELETE /api/apikeys/{" + key + "}", Status: 200} }
		format := func(text, detail string) step {
			return step{Call: "DELETE /api/apikeys/" + text, Status: 400, Reply: reevetest.Any, Has: []string{`{"error":"invalid apikey format","detail":"api key format: ` + detail}}
		}
		s.Run(
			t,
			format("x", "invalid api key format"),
			format("0OIl", "invalid api key format"),
			format(s.Value(t, "root")+"1", "invalid api key format"),
			format("3MNQE1X", ""),
			step{Call: "DELETE /api/apikeys/" + strangersKey, Status: 404, Reply: fault("api key not found")},
			gone("forged"), gone("forgedchild"),
			dead("grandchild"), gone("grandchild"), gone("great"),
			dead("child"), gone("child"), gone("grandchild"),
			step{Name: "the root stays", Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: reevetest.Any, Has: []string{`"name":"k"`}},
			dead("sibling"), dead("root"), gone("root"), gone("sibling"),
			step{Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: `[]`},
			step{Call: "DELETE /api/projects/{px}/apikeys/k", Status: 404, Reply: fault("api key not found")},
			step{
				Name: "what the log tells", Call: "GET /api/changes?action=apikey.revoke", Status: 200, Reply: reevetest.Any,
				Has: []string{`"name":"k"`}, Not: []string{"{child}", "{root}", "nonce"},
			},
			step{Call: "GET /api/changes?action=apikey.delete", Status: 200, Reply: reevetest.Any, Has: []string{`"after":null`}, Not: []string{"{root}"}},
		)
	})
}
