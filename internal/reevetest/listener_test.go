package reevetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// step keeps the tables readable.
type step = reevetest.Step

// problems gives each face's body for what no operation answers.
var problems = map[string]func(status int, message string) string{
	"tenant": func(status int, message string) string {
		return fmt.Sprintf(`{"status":"error","message":"%s","code":%d}`, message, status)
	},
	"operator": func(_ int, message string) string { return `{"error":"` + message + `","detail":""}` },
	"gateway": func(status int, message string) string {
		return fmt.Sprintf(`{"type":"about:blank","title":"%s","status":%d,"detail":"%s"}`, http.StatusText(status), status, message)
	},
}

func world(t *testing.T) *reevetest.Server {
	t.Helper()
	s := reevetest.Open(t)
	s.Tenants(t)
	s.Gateway(t, "gateway")
	return s
}

// TestForeignListeners: no API answers on another's listener, whatever
// credential comes along.
func TestForeignListeners(t *testing.T) {
	t.Parallel()
	s := world(t)
	paths := map[string][]string{
		"tenant":   {"/project/{px}", "/project/{px}/users", "/user/{alice}", "/organization/{acme}"},
		"operator": {"/api/users/alice@mail.test", "/api/changes", "/api/gateways", "/metrics"},
		"gateway":  {"/gateway/verify", "/gateway/auth"},
	}
	for face, problem := range problems {
		for other, foreign := range paths {
			for _, path := range foreign {
				if other == face {
					continue
				}
				for _, as := range []string{"-", "{operator}", "Bearer {operator}", "{key}", "Bearer {token}"} {
					s.Do(t, step{Call: "GET " + path, Face: face, As: as, Status: 404, Reply: problem(404, "not found")})
				}
			}
		}
	}
}

// TestPaths: what is no operation is answered in the face's form, never with a
// redirect.
func TestPaths(t *testing.T) {
	t.Parallel()
	s := world(t)
	known := map[string]string{"tenant": "/project/{px}", "operator": "/api/projects/{px}", "gateway": "/version"}
	allow := map[string]string{"tenant": "DELETE, GET, HEAD, PUT", "operator": "DELETE, GET, HEAD, PUT", "gateway": "GET, HEAD"}
	for face, problem := range problems {
		path := known[face]
		for _, wrong := range []string{
			"/", "/nothing", path + "/", "/" + path, path + "//", path + "/.", "/." + path, path + "/../{px}", path + "/nothing/more/and/more",
			"/%2e" + path, path + "/%2e%2e/x", strings.ToUpper(path), "/livez/", "//livez", "/livez/../livez",
		} {
			for _, method := range []string{"GET", "POST", "OPTIONS"} {
				s.Do(t, step{Call: method + " " + wrong, Face: face, Status: 404, Reply: problem(404, "not found")})
			}
			s.Do(t, step{Call: "HEAD " + wrong, Face: face, Status: 404})
		}
		for _, method := range []string{"POST", "PATCH", "OPTIONS", "TRACE", "FOO", "get"} {
			s.Do(t, step{Call: method + " " + path, Face: face, Status: 405, Reply: problem(405, "method not allowed"), Allow: allow[face]})
		}
		head := s.Do(t, step{Call: "HEAD " + path, Face: face, Status: 200})
		get := s.Do(t, step{Call: "GET " + path, Face: face, Status: 200, Reply: reevetest.Any})
		if head.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) || head.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: HEAD has %v, GET %d bytes", face, head.Header, len(get.Body))
		}
		s.Do(t, step{Name: "a name takes no method", Call: "DELETE /livez", Face: face, Status: 405, Reply: problem(405, "method not allowed"), Allow: "GET, HEAD"})
	}
}

// TestAsterisk: OPTIONS * is a path like any other.
func TestAsterisk(t *testing.T) {
	t.Parallel()
	s := world(t)
	for face, problem := range problems {
		reply := s.Raw(t, face, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(reply, "HTTP/1.1 404 ") || !strings.HasSuffix(reply, problem(404, "not found")) {
			t.Errorf("%s: %s", face, reply)
		}
		reply = s.Raw(t, face, "GET http://elsewhere/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(reply, "HTTP/1.1 200 ") {
			t.Errorf("%s: %s", face, reply)
		}
		for _, refused := range []string{"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /livez HTTP/1.1\r\n\r\n"} {
			if reply := s.Raw(t, face, refused); !strings.HasPrefix(reply, "HTTP/1.1 400 ") {
				t.Errorf("%s: %s", face, reply)
			}
		}
	}
}

// TestRequestIDs are taken if they can be logged, else made.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := world(t)
	for face := range problems {
		for sent, taken := range map[string]bool{
			"a.B_c-9": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "a b": false, "a/b": false, "ü": false, "": false,
			"reeve_op_7qR9ixoqahqUvsFDa2iLwohPh13PXqE5b4HvxX6hNVd3M6pDc": false, // it would stand in the log
		} {
			reply := s.Send(t, reevetest.Request{Face: face, Method: "GET", Target: "/livez", Header: http.Header{"X-Request-Id": {sent}}})
			if got := reply.Header.Get("X-Request-Id"); (got == sent) != taken || got == "" {
				t.Errorf("%s: sent %q, got %q", face, sent, got)
			}
		}
	}
}

// TestMetrics: Prometheus' text, without credentials, and nothing of users.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := world(t)
	s.Do(t, step{Call: "GET /project/{px}", Status: 200, Reply: reevetest.Any})
	s.Do(t, step{
		Call: "POST /metrics", Face: "operator", As: "-", Status: 405, Loose: true,
		Reply: `{"error":"method not allowed","detail":""}`, Allow: "GET, HEAD",
	})
	reply := s.Send(t, reevetest.Request{Face: "operator", Method: "GET", Target: "/metrics", Loose: true})
	for _, want := range []string{
		`reeve_http_requests_total{listener="operator",operation="createProject",status="200"} 2`,
		`reeve_http_requests_total{listener="tenant",operation="getProject",status="200"} 1`,
		`reeve_http_requests_in_flight{listener="gateway"} 0`, "go_goroutines",
	} {
		if !strings.Contains(reply.Body, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, not := range []string{"mail.test", "px", s.Value(t, "px")} {
		if strings.Contains(reply.Body, not) {
			t.Errorf("%s is there", not)
		}
	}
	if got := reply.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
		t.Errorf("Content-Type %q", got)
	}
}
