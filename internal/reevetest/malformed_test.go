package reevetest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// bodied is every operation that reads JSON, with a body that would change
// something.
var bodied = []step{
	{Call: "PUT /project/{px}", Body: `{"name":"new"}`},
	{Call: "POST /project/{px}/user", Body: `{"user_id":"{usr:bob}","role":"viewer"}`},
	{Call: "POST /project/{px}/invitation", Body: `{"email":"new@mail.test","role":"viewer"}`},
	{Call: "POST /api/users", Body: `{"email":"new@mail.test","fullName":"New","password":"password"}`},
	{Call: "PUT /api/users/alice@mail.test", Body: `{"shortName":"new"}`},
	{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":3000,"description":"new"}`},
	{Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"new"}`},
	{Call: "PUT /api/projects/{px}", Body: `{"projectName":"newer"}`},
	{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"new"}`},
	{Call: "PUT /api/projects/{px}/members/{bob}", Body: `{"role":"editor"}`},
	{Call: "POST /api/organizations", Body: `{"ownerId":"{alice}","name":"new"}`},
	{Call: "PUT /api/organizations/{acme}", Body: `{"name":"new"}`},
	{Call: "PUT /api/organizations/{acme}/members/{mallory}", Body: `{"role":"viewer"}`},
	{Call: "POST /api/organizations/{acme}/apikeys", Body: `{"role":"viewer","name":"new"}`},
	{Call: "POST /api/gateways", Body: `{"name":"new"}`},
}

// malformed makes of a good body bad ones.
func malformed(good string) map[string]string {
	open := strings.TrimSuffix(good, "}")
	colon := strings.LastIndex(good, `":`) + 2
	out := map[string]string{
		"truncated": open, "cut in a string": strings.TrimSuffix(open, `"`), "doubled": good + good, "followed": good + "x",
		"after a comma": good + ",", "text": "x", "a list": "[" + good + "]", "a string": `"` + "x" + `"`, "a number": "1", "true": "true",
		"null twice": "null null", "single quotes": strings.ReplaceAll(good, `"`, "'"), "trailing comma": open + ",}",
		"comment": "/* */" + good, "byte order mark": "\ufeff" + good, "UTF-16": "\xff\xfe{\x00}\x00",
		"not UTF-8": strings.Replace(good, `{"`, "{\"\xff\":1,\"", 1), "not UTF-8 in a value": open + ",\"x\":\"\xc0\x80\"}",
		"NUL": open + ",\"x\":\"\x00\"}", "escaped NUL": open + `,"x":"\u0000"}`, "escaped NUL in a name": open + `,"\u0000":1}`,
		"lone surrogate": open + `,"x":"\ud800"}`, "control character": open + ",\"x\":\"\n\"}", "empty": "", "blank": "  \n",
		"deep": open + `,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}", "only open": strings.Repeat(`{"a":`, 50_000),
		"too long": open + `,"x":"` + strings.Repeat("x", 1<<20) + `"}`,
	}
	for _, wrong := range []string{"[]", "{}", "[1]", "1e999", "true", `{"a":1}`} {
		out["value "+wrong] = good[:colon] + wrong + "}"
	}
	return out
}

// TestMalformed: a body that is not one value of the declared types is 4xx in
// the face's form, and nothing is written.
func TestMalformed(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		before := s.Count(t)
		for _, call := range bodied {
			for name, body := range malformed(s.Expand(call.Body)) {
				method, target, _ := strings.Cut(s.Expand(call.Call), " ")
				face, header := "operator", http.Header{"Authorization": {reevetest.OperatorToken}}
				if !strings.HasPrefix(target, "/api") {
					face, header = "tenant", http.Header{"X-Api-Key": {s.Value(t, "key")}}
				}
				reply := s.Send(t, reevetest.Request{Face: face, Method: method, Target: target, Header: header, Body: body})
				want := 400
				if name == "too long" {
					want = 413
				}
				if reply.Status != want {
					t.Errorf("%s, %s: %d %s", call.Call, name, reply.Status, reply.Body)
				}
				if !json.Valid([]byte(reply.Body)) || len(reply.Body) > 2000 {
					t.Errorf("%s, %s: %s", call.Call, name, reply.Body)
				}
			}
		}
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		// The good ones are good.
		for _, call := range bodied {
			call.Status, call.Reply = 200, reevetest.Any
			s.Do(t, call)
		}
		if after := s.Count(t); after < before+int64(len(bodied)) {
			t.Errorf("%d changes were made, want one each of %d", after-before, len(bodied))
		}
	})
}

// TestLongestBody: 1 MiB is read, one byte more is not, whether its length is
// told or not.
func TestLongestBody(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	for extra, want := range map[int]int{0: 200, 1: 413} {
		head := `{"name":"n","x":"`
		body := head + strings.Repeat("x", 1<<20-len(head)-2+extra) + `"}`
		for _, hidden := range []bool{false, true} {
			request := reevetest.Request{
				Face: "tenant", Method: "PUT", Target: s.Expand("/project/{px}"), Body: body,
				Header: http.Header{"X-Api-Key": {s.Value(t, "key")}},
			}
			if hidden {
				request.Stream = struct{ *strings.Reader }{strings.NewReader(body)} // a type without a known length
			}
			if reply := s.Send(t, request); reply.Status != want {
				t.Errorf("%d bytes, length hidden %t: %d", len(body), hidden, reply.Status)
			}
		}
	}
}

// leaky are operator paths with a secret where none belongs.
var leaky = []string{
	"/api/apikeys/{secret}x", "/api/apikeys/{secret}/", "/api/apikeys//{secret}", "/api/{secret}", "/{secret}", "/api/apikeys/{secret}/more",
	"/api/users/{key}", "/api/projects/{px}/apikeys/{secret}", "/api/projects/{secret}", "/api/coupons/{token}",
	"/api/changes?after={secret}", "/api/changes?actor=%zz{key}", "/api/x?{secret}",
}

// TestSecrets: no credential, password or hash shows in the log, in errors or
// in the record of changes.
func TestSecrets(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		var replies strings.Builder
		do := func(call step) {
			call.Status = max(call.Status, 200)
			if call.Reply == "" && call.Status != 200 {
				call.Reply = reevetest.Any
			}
			replies.WriteString(s.Do(t, call).Body)
		}
		const password, hash = "correct horse battery", "JDJhJDEwJHNlY3JldGhhc2g="
		do(step{Call: "POST /api/users", Body: `{"email":"p@mail.test","fullName":"P","password":"` + password + `"}`, Reply: reevetest.Any})
		do(step{Call: "POST /api/users", Body: `{"email":"P@mail.test","fullName":"P","password":"` + password + `"}`, Status: 409})
		do(step{Call: "POST /api/users", Body: `{"email":"q","password":"` + password + `"}`, Status: 400})
		do(step{Call: "POST /api/users", Body: `{"password":"` + password + `","email":{}}`, Status: 400})
		do(step{Call: "PUT /api/users/p@mail.test", Body: `{"passwordHash":"` + hash + `"}`})
		s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: `{"apikey":"{secret}"}`})
		for _, path := range leaky {
			for _, method := range []string{"GET", "DELETE", "PATCH"} {
				reply := s.Send(t, reevetest.Request{
					Face: "operator", Method: method, Target: s.Expand(path), Header: http.Header{"Authorization": {reevetest.OperatorToken}},
				})
				if reply.Status < 400 {
					t.Errorf("%s %s: %d", method, path, reply.Status)
				}
			}
		}
		do(step{Call: "DELETE /api/apikeys/{secret}", As: "wrong-{operator}", Status: 403})
		do(step{Call: "DELETE /api/%61pikeys/{secret}"})
		do(step{Call: "DELETE /api/apikeys/{secret}", Status: 404})
		do(step{Call: "GET /project/{px}", As: "{key}x", Status: 401})
		do(step{Call: "GET /project/{key}", Status: 403})
		do(step{Call: "GET /project/{px}?key={key}", Loose: true, Reply: reevetest.Any})
		do(step{Call: "PUT /project/{px}", Body: `{"name":"a{key}\u0001"}`, Status: 400})
		do(step{Call: "GET /gateway/{token}", Status: 404})
		do(step{Call: "GET /api/changes?limit=500", Reply: reevetest.Any})
		s.Store.Close()
		do(step{Call: "DELETE /api/apikeys/{secret}", Status: 503})
		do(step{Call: "GET /project/{px}", Status: 503})

		secrets := []string{password, hash, "argon2id", "secrethash", reevetest.OperatorToken}
		for _, name := range []string{"secret", "key", "editor", "viewer", "stranger", "token"} {
			value := s.Value(t, name)
			secrets = append(secrets, value, value[20:36], value[len(value)-16:])
		}
		for i, secret := range secrets {
			if at := strings.Index(s.Log.String(), secret); at >= 0 {
				t.Errorf("secret %d is in the log: %s", i, context(s.Log.String(), at))
			}
			if at := strings.Index(replies.String(), secret); at >= 0 {
				t.Errorf("secret %d is in a reply: %s", i, context(replies.String(), at))
			}
		}
		if lines := strings.Count(s.Log.String(), "\n"); lines < 40 {
			t.Errorf("%d lines of log", lines)
		}
	})
}

// context gives what stands around a place in a text.
func context(text string, at int) string {
	return fmt.Sprintf("%q", text[max(0, at-200):min(len(text), at+120)])
}
