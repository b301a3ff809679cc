package gatewayapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// authExamples are those of the operations for proxies.
var authExamples = []step{
	authExample("GET", "?action=read&bucket=b"),
	authExample("GET", "/b/p"),
	authExample("PUT", "/b/p"),
	authExample("POST", "/b/p"),
	authExample("PATCH", "/b/p"),
	authExample("DELETE", "/b/p"),
}

// authExample asks for the key first, at or below /gateway/auth.
func authExample(method, rest string) step {
	return step{Call: method + " /gateway/auth" + rest, Header: http.Header{"X-Api-Key": {"{first}"}}, Status: 200}
}

// lines makes a header of "Name: value" lines.
func lines(all ...string) http.Header {
	out := http.Header{}
	for _, line := range all {
		name, value, _ := strings.Cut(line, ": ")
		out.Add(name, value)
	}
	return out
}

// refused is a step that ends with a problem. The body of a HEAD is empty.
func refused(s step, status int, detail string) step {
	s.Status, s.Reply, s.Loose, s.After = status, problem(status, http.StatusText(status), detail), true, nil
	if strings.HasPrefix(s.Call, "HEAD") {
		s.Reply = ""
	}
	return s
}

// narrow binds a narrower key than first to a name.
func narrow(t *testing.T, s *reevetest.Server, name string, caveats ...macaroon.Caveat) {
	t.Helper()
	key, err := macaroon.Parse(s.Value(t, "first"))
	for i := range caveats {
		if err == nil {
			key, err = key.Attenuate(caveats[i])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Bind(name, key.Serialize())
}

// authWorld is world with keys narrower than first.
func authWorld(t *testing.T, s *reevetest.Server) {
	t.Helper()
	world(t, s)
	narrow(t, s, "reader", macaroon.Caveat{
		Disallow:     macaroon.Ops(macaroon.OpWrite, macaroon.OpDelete),
		AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("in/")}},
	})
	narrow(t, s, "old", macaroon.Caveat{NotAfter: s.Clock.Now().Add(-time.Second)})
}

// owner checks that a reply says whose key first is.
func owner(s *reevetest.Server) func(*testing.T, reevetest.Reply) {
	return func(t *testing.T, reply reevetest.Reply) {
		t.Helper()
		for name, want := range map[string]string{"Reeve-Project": "{px}", "Reeve-Organization": "{acme}", "Reeve-Owner": "{alice}"} {
			if got := reply.Header.Get(name); got != s.Expand(want) {
				t.Errorf("%s is %q, want %q", name, got, s.Expand(want))
			}
		}
		if reply.Header.Get("Reeve-Key-Id") == "" || reply.Header.Get("RateLimit") != "" {
			t.Errorf("header %v", reply.Header)
		}
	}
}

// challenge checks what a client is asked for.
func challenge(want string) func(*testing.T, reevetest.Reply) {
	return func(t *testing.T, reply reevetest.Reply) {
		t.Helper()
		if got := reply.Header.Get("WWW-Authenticate"); got != want {
			t.Errorf("WWW-Authenticate is %q, want %q", got, want)
		}
		for name := range reply.Header {
			if strings.HasPrefix(name, "Reeve-") {
				t.Errorf("a refusal has %s", name)
			}
		}
	}
}

const (
	anyKey     = `Bearer realm="reeve"`
	anotherKey = `Bearer realm="reeve", error="invalid_token"`
)

// TestAuth: what each proxy sends, and what the client's key makes of it.
func TestAuth(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		authWorld(t, s)
		const nginx = "GET /gateway/auth?proxy=nginx"
		asks := func(call string, header ...string) step {
			return step{Call: call, Header: lines(header...), Status: 200, After: owner(s)}
		}
		with := func(key string, header ...string) []string { return append(header, "Authorization: Bearer {"+key+"}") }
		read := []string{"X-Original-Method: GET", "X-Original-URI: /b/in/p?q=1"}
		is := func(code string) func(step) step {
			return func(in step) step {
				status, want := 401, anotherKey
				if code == "forbidden" || code == "project_frozen" {
					status, want = 403, ""
				}
				in = refused(in, status, code)
				in.After = challenge(want)
				return in
			}
		}
		s.Run(t,
			asks(nginx, with("first", read...)...),
			asks("HEAD /gateway/auth?proxy=nginx", with("first", read...)...),
			asks(nginx, with("reader", read...)...),
			asks("GET /gateway/auth?proxy=caddy", with("first", "X-Forwarded-Method: DELETE", "X-Forwarded-Uri: /b/p")...),
			asks("GET /gateway/auth?proxy=traefik", with("first", "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /b/p")...),
			asks("GET /gateway/auth?proxy=nginx&action=write&bucket=c&cost=0", with("first", read...)...),
			asks("GET /gateway/auth?action=list&bucket=c", with("first")...),
			asks("GET /gateway/auth", with("first", read...)...),
			asks(nginx, append(read, "X-Api-Key: {first}")...),
			asks(nginx, append(read, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+s.Value(t, "first"))))...),

			is("forbidden")(asks(nginx, with("reader", "X-Original-Method: PUT", "X-Original-URI: /b/in/p")...)),
			is("forbidden")(asks(nginx, with("reader", "X-Original-Method: GET", "X-Original-URI: /b/out")...)),
			is("forbidden")(asks(nginx, with("reader", "X-Original-Method: GET", "X-Original-URI: /c/in/p")...)),
			is("forbidden")(asks(nginx, with("reader", "X-Original-Method: GET", "X-Original-URI: /b")...)),
			is("forbidden")(asks(nginx, with("reader", "X-Original-Method: HEAD", "X-Original-URI: /")...)),
			is("forbidden")(asks("GET /gateway/auth?action=read&bucket=b", with("reader")...)),
			is("expired")(asks(nginx, with("old", read...)...)),
			is("malformed")(asks(nginx, append(read, "X-Api-Key: x")...)),
			is("malformed")(asks(nginx, append(read, "Authorization: Bearer {token}")...)),
		)
		forged := []byte(s.Value(t, "first"))
		forged[20] ^= 3
		s.Bind("forged", string(forged))
		reply := s.Do(t, step{Call: nginx, Header: lines(with("forged", read...)...), Status: 401, Reply: reevetest.Any})
		if !strings.Contains(reply.Body, "malformed") && !strings.Contains(reply.Body, "not_found") {
			t.Errorf("a forged key: %s", reply.Body)
		}
		none := refused(asks(nginx, read...), 401, "no API key")
		none.After = challenge(anyKey)
		s.Run(t,
			none,
			refused(asks(nginx, append(read, "Authorization: Bearer {first}", "X-Api-Key: {reader}")...), 401, "more than one API key"),
			refused(asks(nginx, with("first", "X-Original-Method: OPTIONS", "X-Original-URI: /b/p")...), 403, "the method is no action"),
			refused(asks(nginx, with("first", "X-Original-Method: GET", "X-Original-URI: /b/../c")...), 403, "the path is ambiguous"),
			refused(asks(nginx, with("first", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /b/p")...), 400,
				"the proxy does not say what was requested: its method and URI headers are missing"),
			refused(asks("GET /gateway/auth", with("first", append(read, "X-Forwarded-Uri: /b/p")...)...), 400,
				"the headers of more than one kind of proxy are there; say which with ?proxy="),
			refused(asks("GET /gateway/auth?proxy=nginx&q=1", with("first", read...)...), 400,
				"the auth URL's query may only hold proxy, action, bucket and cost, each once"),
			step{
				Name: "another method", Call: "POST /gateway/auth", Status: 405, Allow: "GET, HEAD", Loose: true,
				Reply: problem(405, "Method Not Allowed", "method not allowed"),
			},
		)
		s.Do(t, step{Call: "DELETE /api/projects/{px}/apikeys/first", Status: 200})
		s.Run(t, is("revoked")(asks(nginx, with("first", read...)...)), is("revoked")(asks(nginx, with("reader", read...)...)))
	})
}

// TestAuthBelow is Envoy's form: the client's method and target below our
// path, its query and other proxies' headers along with it.
func TestAuthBelow(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		authWorld(t, s)
		all := []string{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"}
		foreign := []string{"X-Original-Method: GET", "X-Original-URI: /b/in/p", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /b/in/p"}
		ask := func(method, target, key string) step {
			return step{
				Call: method + " /gateway/auth" + target, Header: lines(append(foreign, "X-Api-Key: {"+key+"}")...),
				Status: 200, After: owner(s), Loose: true,
			}
		}
		for _, method := range all {
			s.Run(t,
				ask(method, "/b/in/p?action=list&bucket=c&cost=0&proxy=nginx", "first"),
				refused(ask(method, "/c/x", "reader"), 403, "forbidden"),
				refused(ask(method, "/b/in/p", "old"), 401, "expired"),
			)
		}
		s.Run(t, ask("GET", "/b/in/p", "reader"), refused(ask("PUT", "/b/in/p", "reader"), 403, "forbidden"), ask("GET", "/", "first"))
		for _, target := range []string{
			"/b/../c", "//b/p", "/b//p", "/b/%2e%2e/p", "/b%2Fp", "/b/..%2Fp", "/b/p%5Cq", "/./b", "/b/..;/c", "/..", "/../verify", "//", "/%2e",
		} {
			for _, method := range all {
				s.Do(t, refused(ask(method, target, "first"), 403, "the path is ambiguous"))
			}
		}
		for _, method := range []string{"OPTIONS", "TRACE", "PROPFIND", "get"} {
			s.Do(t, step{
				Call: method + " /gateway/auth/b/p", Header: lines("X-Api-Key: {first}"), Status: 405, Allow: "DELETE, GET, HEAD, PATCH, POST, PUT",
				Reply: problem(405, "Method Not Allowed", "method not allowed"), Loose: true,
			})
		}
		if text := s.Log.String(); strings.Contains(text, s.Value(t, "first")[:24]) || strings.Contains(text, "/in/p") || strings.Contains(text, "..%2F") || !strings.Contains(text, "/gateway/auth/{path...}") {
			t.Error("the log shows what clients ask for")
		}
	})
}

// TestAuthRate: a project's rate is told to whoever passes, and to whoever
// must wait.
func TestAuthRate(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?rate=2", Status: 200})
		told := func(rate, retry string) func(*testing.T, reevetest.Reply) {
			return func(t *testing.T, reply reevetest.Reply) {
				t.Helper()
				got := []string{reply.Header.Get("RateLimit"), reply.Header.Get("RateLimit-Policy"), reply.Header.Get("Retry-After")}
				if diff := cmp.Diff([]string{rate, `"default";q=2;w=1`, retry}, got); diff != "" {
					t.Error(diff)
				}
			}
		}
		for _, example := range authExamples {
			for _, left := range []string{"1", "0"} {
				example.After = told(`"default";r=`+left+`;t=1`, "")
				s.Do(t, example)
			}
			used := refused(example, 429, "rate_limited")
			used.After = told(`"default";r=0;t=1`, "1")
			s.Do(t, used)
			s.Clock.Advance(time.Second)
		}
		free := authExample("GET", "?action=read&bucket=b&cost=0")
		free.After = told(`"default";r=2;t=1`, "")
		s.Run(t, free, free, free)
		s.Do(t, refused(authExample("GET", "?action=read&bucket=b&cost=3"), 429, "rate_limited"))
	})
}

// TestAuthSpelling: our own path in another spelling passes nobody.
func TestAuthSpelling(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	for target, status := range map[string]int{
		"/gateway/auth/b/p": 200, "/gateway/%61uth/b/p": 403, "/gateway%2Fauth/b/p": 403, "/gateway/auth%2Fb/p": 403,
		"http://x/gateway/auth/b/p": 403, "http://x/gateway/auth/gateway/auth/b/p": 403,
		"/gateway//auth/b/p": 401, "/gateway/./auth/b/p": 401, "/x/../gateway/auth/b/p": 404, "//gateway/auth/b/p": 404, "/gateway/authx": 401,
		"/gateway/auth/%zz": 400,
	} {
		reply := s.Raw(t, "gateway", s.Expand("GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
			"Reeve-Gateway-Token: {token}\r\nX-Api-Key: {first}\r\n\r\n"))
		if !strings.HasPrefix(reply, fmt.Sprintf("HTTP/1.1 %d ", status)) {
			t.Errorf("%s: %.40q, want %d", target, reply, status)
		}
	}
}

// TestAuthToken: where proxies ask, Authorization is their client's, so that
// only the header of ours counts.
func TestAuthToken(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		for _, example := range authExamples {
			method, target, _ := strings.Cut(example.Call, " ")
			for header, status := range map[string]string{
				"Reeve-Gateway-Token: {token}": "200", "Authorization: Bearer {token}": "401",
				"Reeve-Gateway-Token: {token}x": "401", "Reeve-Gateway-Token: Bearer {token}": "401", "X: y": "401",
				"Reeve-Gateway-Token: x\r\nReeve-Gateway-Token: {token}": "401",
			} {
				reply := s.Raw(t, "gateway", s.Expand(method+" "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: {first}\r\n"+header+"\r\n\r\n"))
				if !strings.HasPrefix(reply, "HTTP/1.1 "+status) {
					t.Errorf("%s, %s: %.40q, want %s", example.Call, header, reply, status)
				}
			}
		}
	})
}
