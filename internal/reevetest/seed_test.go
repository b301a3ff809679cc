package reevetest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// published is one request of a published document, with the reply it shows.
type published struct {
	method, path string
	bodies       []string // alternatives; none: no body
	reply        string   // "" if none is shown
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// values finds the JSON objects and lists that begin a line.
func values(text string) (out []string) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		if line != "{" && line != "[" {
			text = rest
			continue
		}
		var raw json.RawMessage
		decoder := json.NewDecoder(strings.NewReader(text))
		if decoder.Decode(&raw) != nil {
			text = rest
			continue
		}
		out = append(out, string(raw))
		text = text[decoder.InputOffset():]
	}
	return out
}

var (
	curl    = regexp.MustCompile(`(?m)^curl (?:-X (\w+) )?.*https://[^/]+(/\S+)(?:\n-d '(.*)')?$`)
	heading = regexp.MustCompile(`(?m)^(GET|POST|PUT|DELETE) (/api/\S+)$`)
)

// tenantCalls reads the ThetaEdgeCloud document: each call is a line of curl.
func tenantCalls(t *testing.T) (out []published) {
	text := read(t, "theta.txt")
	found := curl.FindAllStringSubmatchIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		call := published{method: "GET", path: text[at[4]:at[5]]}
		if at[2] >= 0 {
			call.method = text[at[2]:at[3]]
		}
		if at[6] >= 0 {
			call.bodies = []string{text[at[6]:at[7]]}
		}
		if shown := values(text[at[1]:end]); len(shown) > 0 {
			call.reply = shown[0]
		}
		out = append(out, call)
	}
	return out
}

// operatorCalls reads the Storj document: each call is a heading.
func operatorCalls(t *testing.T) (out []published) {
	text := read(t, "storj.txt")
	found := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		call := published{method: text[at[2]:at[3]], path: text[at[4]:at[5]]}
		request, reply, _ := strings.Cut(text[at[1]:end], "A successful response body:")
		call.bodies = values(request)
		if shown := values(reply); len(shown) > 0 {
			call.reply = shown[0]
		}
		out = append(out, call)
	}
	return out
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	opaque  = regexp.MustCompile(`"(prj|org|usr|srvacc)_[0-9a-z]+"`)
	moments = regexp.MustCompile(`"20\d\d-\d\d-\d\dT[0-9:.]+(Z|\+02:00)"`)
	emails  = regexp.MustCompile(`"[^"@]*(@[a-z]+\.test|\[email.protected\])"`)
	keys    = regexp.MustCompile(`"1[0-9A-Za-z]{101,102}"`)
)

// plain parses a reply and puts a sign for what differs from call to call.
func plain(t *testing.T, text string) (out any) {
	t.Helper()
	text = uuids.ReplaceAllString(text, "UUID")
	text = opaque.ReplaceAllString(text, `"$1"`)
	text = moments.ReplaceAllString(text, `"TIME"`)
	text = emails.ReplaceAllString(text, `"EMAIL"`)
	text = keys.ReplaceAllString(text, `"KEY"`)
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

// amendments are what reeve changes in the Storj document's replies.
var amendments = map[string][]string{
	"POST /api/users":                     {`"passwordHash": ""`, `"passwordHash":"","status":1,"createdAt":"2026-11-22T15:44:53Z","projectLimit":10`},
	"GET /api/projects/{project}/apikeys": {`"createdAt"`, `"projectId":"UUID","createdAt"`},
	"GET /api/projects/{project-id}/limit": {
		"1.0 TB", "1.00 TB", `"rps": 0`, `"rps":0`, "\n}\n}", "\n},\"maxBuckets\":0}",
	},
}

// silent are the replies that the Storj document tells in words or not at all.
var silent = map[string]string{
	"GET /api/projects/{project-id}/usage": `{"result":"no project usage exist"}`,
	"GET /api/projects/{project-id}": `{"id":"UUID","name":"Project","description":"Project to store data.","partnerId":"UUID","ownerId":"UUID",` +
		`"rateLimit":null,"maxBuckets":null,"createdAt":"TIME","memberCount":1,"storageLimit":null,"bandwidthLimit":null,"organizationId":"UUID"}`,
}

// prepare makes, beyond the usual, what one call of the Storj document needs.
var prepare = map[string][]step{
	"DELETE /api/users/{user-email}": {{Call: "DELETE /api/projects/{project}", Status: 200}},
	"GET /api/projects/{project}/apikeys": {
		{Call: "POST /api/projects/{project}/apikeys", Status: 200, Reply: reevetest.Any, Body: `{"name":"family"}`},
		{
			Call: "POST /api/projects/{project}/apikeys", Status: 200, Reply: reevetest.Any,
			Body: `{"name":"mine","partnerId":"a9d3b7ee-17da-4848-bb0e-1f64cf45af18"}`,
		},
	},
	"DELETE /api/projects/{project}/apikeys/{name}": {
		{Call: "POST /api/projects/{project}/apikeys", Body: `{"name":"mine"}`, Status: 200, Reply: reevetest.Any},
	},
	"DELETE /api/apikeys/{apikey}": {
		{Call: "POST /api/projects/{project}/apikeys", Body: `{"name":"mine"}`, Status: 200, Reply: `{"apikey":"{apikey}"}`},
	},
	"GET /api/projects/{project-id}/limit": {{Call: "PUT /api/projects/{project}/limit?usage=1TB&bandwidth=1TB", Status: 200}},
}

// TestOperatorSeed replays each published request of the Storj document.
func TestOperatorSeed(t *testing.T) {
	t.Parallel()
	calls := operatorCalls(t)
	if len(calls) != 21 {
		t.Errorf("the seed has %d calls, want 21", len(calls))
	}
	for _, call := range calls {
		key := call.method + " " + call.path
		t.Run(key, func(t *testing.T) {
			want := call.reply
			if want == "" {
				want = silent[key]
			}
			want = strings.NewReplacer(amendments[key]...).Replace(want)
			if len(call.bodies) == 0 {
				call.bodies = []string{""}
			}
			for _, body := range call.bodies {
				s := seeded(t, prepare[key])
				target := strings.NewReplacer(
					"{user-email}", "alice@example.test", "{project-id}", s.Value(t, "project"), "{project}", s.Value(t, "project"),
					"{coupon-id}", s.Value(t, "coupon"), "{name}", "mine", "{value}", "5000000",
				).Replace(call.path)
				reply := s.Do(t, step{
					Call: call.method + " " + target, Status: 200, Reply: reevetest.Any,
					Body: uuids.ReplaceAllString(body, s.Value(t, "owner")),
				})
				expect, got := plain(t, want), plain(t, reply.Body)
				if list, ok := expect.([]any); ok { // ours are sorted by name
					list[0], list[1] = list[1], list[0]
				}
				if diff := cmp.Diff(expect, got); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// seeded makes the things that the Storj document's requests name.
func seeded(t *testing.T, more []step) *reevetest.Server {
	t.Helper()
	s := reevetest.Open(t)
	s.User(t, "owner", "Alice Bob")
	for _, call := range append([]step{
		{Call: "PUT /api/users/owner@mail.test", Body: `{"email":"alice@example.test"}`, Status: 200},
		{Call: "POST /api/projects", Body: `{"ownerId":"{owner}","projectName":"Project"}`, Status: 200, Reply: `{"projectId":"{project}"}`},
		{Call: "PUT /api/projects/{project}", Body: `{"description":"Project to store data."}`, Status: 200},
		{
			Call: "POST /api/coupons", Status: 200, Reply: `{"id":"{coupon}"}`,
			Body: `{"userId":"{owner}","duration":2,"amount":3000,"description":"promotional coupon (valid for 2 billing cycles)"}`,
		},
	}, more...) {
		s.Do(t, call)
	}
	return s
}

// TestTenantSeed replays the ThetaEdgeCloud document's requests in their order.
func TestTenantSeed(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		for name, full := range map[string]string{"john": "John Doe", "emma": "Emma Watson", "new": "New Comer"} {
			s.User(t, name, full)
		}
		s.Organization(t, "org", "john")
		s.OrganizationKey(t, "key", "org", "admin")
		s.Do(t, step{
			Call: "POST /api/projects", Body: `{"ownerId":"{john}","projectName":"Project X","organizationId":"{org}"}`,
			Status: 200, Reply: `{"projectId":"{project}"}`,
		})
		s.Member(t, "organizations", "org", "emma", "viewer")
		s.Member(t, "organizations", "org", "new", "viewer")
		s.Clock.Advance(1_000_000)
		s.Member(t, "projects", "project", "emma", "viewer")
		calls := tenantCalls(t)
		if len(calls) != 6 {
			t.Errorf("the seed has %d calls, want 6", len(calls))
		}
		for _, call := range calls {
			target := strings.NewReplacer("{tec_project_id}", "{prj:project}", "{tec_user_id}", "{usr:new}").Replace(call.path)
			body := strings.Replace(strings.Join(call.bodies, ""), "usr_a61vds5nc7th6jcz6x0xra34y9e4", "{usr:new}", 1)
			status := 200
			if call.reply == "" {
				status = 204
			}
			reply := s.Do(t, step{Call: call.method + " " + target, Body: body, Status: status, Reply: reevetest.Any})
			if diff := cmp.Diff(plain(t, call.reply), plain(t, reply.Body)); diff != "" {
				t.Errorf("%s %s: reply (-want +got):\n%s", call.method, call.path, diff)
			}
		}
	})
}
