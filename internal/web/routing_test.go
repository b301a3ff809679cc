package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/web"
)

const (
	notFound  = `{"error":"not found","detail":""}`
	noMethod  = `{"error":"method not allowed","detail":""}`
	forbidden = `{"error":"Forbidden","detail":""}`
	tooLarge  = `{"error":"request body too large","detail":""}`
	internal  = `{"error":"internal error","detail":""}`
	ok        = `{"id":"x","note":null,"tags":[]}`
)

var big = strings.Repeat(" ", 1<<20)

func TestRouting(t *testing.T) {
	run(t, newAPI(testFace(), web.Options{}), []scenario{
		{
			name: "found", method: "GET", path: "/api/things/x", status: 200, want: ok,
			wantHeader: map[string]string{"Content-Type": "application/json", "Content-Length": "32"},
		},
		{
			name: "head", method: "HEAD", path: "/api/things/x", status: 200,
			wantHeader: map[string]string{"Content-Type": "application/json", "Content-Length": "32"},
		},
		{name: "head of an error", method: "HEAD", path: "/api/things/missing", status: 404, wantHeader: map[string]string{"Content-Length": "39"}},
		{name: "escaped slash in a value", method: "GET", path: "/api/things/a%2Fb", status: 200, want: `{"id":"a/b","note":null,"tags":[]}`},
		{name: "html is escaped", method: "GET", path: "/api/things/%3Ca%3E", status: 200, want: `{"id":"\u003ca\u003e","note":null,"tags":[]}`},
		{name: "plus is plus", method: "GET", path: "/api/things/a+b@c%20d", status: 200, want: `{"id":"a+b@c d","note":null,"tags":[]}`},
		{name: "dots in a value", method: "GET", path: "/api/things/.hidden..", status: 200, want: `{"id":".hidden..","note":null,"tags":[]}`},
		{name: "escaped literal", method: "GET", path: "/%61pi/things/x", status: 200, want: ok},
		{
			name: "empty", method: "PUT", path: "/api/things/x", body: `{}`, status: 200,
			wantHeader: map[string]string{"Content-Type": "", "Content-Length": "0"},
		},
		{
			name: "no content", method: "DELETE", path: "/api/things/x", status: 204,
			wantHeader: map[string]string{"Content-Type": "", "Content-Length": ""},
		},
		{name: "unknown path", method: "GET", path: "/api/nothing", status: 404, want: notFound},
		{name: "unknown path outside", method: "GET", path: "/nothing", anonymous: true, status: 404, want: notFound},
		{name: "root", method: "GET", path: "/", anonymous: true, status: 404, want: notFound},
		{name: "trailing slash", method: "GET", path: "/api/things/", status: 404, want: notFound},
		{name: "trailing slash of a value", method: "GET", path: "/api/things/x/", status: 404, want: notFound},
		{name: "double slash", method: "GET", path: "/api//things", status: 404, want: notFound, wantHeader: map[string]string{"Location": ""}},
		{name: "double slash in front", method: "GET", path: "//api/things/x", status: 404, want: notFound},
		{name: "double slash behind", method: "GET", path: "/api/things//", status: 404, want: notFound},
		{name: "double slash beside an escape", method: "GET", path: "/api//things/a%2Fb", status: 404, want: notFound},
		{name: "dot", method: "GET", path: "/api/./things", status: 404, want: notFound},
		{name: "dots", method: "GET", path: "/api/things/../things", status: 404, want: notFound},
		{name: "dots at the end", method: "GET", path: "/api/things/..", status: 404, want: notFound},
		{name: "escaped dots", method: "GET", path: "/api/things/%2e%2E/things", status: 404, want: notFound},
		{name: "half escaped dots", method: "GET", path: "/api/things/.%2e", status: 404, want: notFound},
		{name: "dots beside an escape", method: "GET", path: "/api/things/../a%2Fb", status: 404, want: notFound},
		{name: "path is no text", method: "GET", path: "/api/things/%ff", status: 404, want: notFound},
		{name: "path with a NUL", method: "GET", path: "/api/things/a%00", status: 404, want: notFound},
		{name: "other method", method: "POST", path: "/api/things/x", status: 405, want: noMethod, wantHeader: map[string]string{"Allow": "DELETE, GET, HEAD, PUT"}},
		{name: "options", method: "OPTIONS", path: "/api/things", status: 405, want: noMethod, wantHeader: map[string]string{"Allow": "GET, HEAD, POST"}},
		{name: "head without get", method: "HEAD", path: "/api/keys/k", status: 405, wantHeader: map[string]string{"Allow": "DELETE"}},
		{name: "invented method", method: "BREW", path: "/livez", anonymous: true, status: 405, want: noMethod, wantHeader: map[string]string{"Allow": "GET, HEAD"}},
		{name: "lower-case method", method: "get", path: "/livez", anonymous: true, status: 405, want: noMethod},
	})
}

// Credentials come before the path, the method and the body are looked at.
func TestCredentialsFirst(t *testing.T) {
	run(t, newAPI(testFace(), web.Options{}), []scenario{
		{name: "operation", method: "GET", path: "/api/things/x", anonymous: true, status: 403, want: forbidden},
		{name: "unknown path", method: "GET", path: "/api/nothing", anonymous: true, status: 403, want: forbidden},
		{name: "other method", method: "BREW", path: "/api/things", anonymous: true, status: 403, want: forbidden, wantHeader: map[string]string{"Allow": ""}},
		{name: "long body", method: "POST", path: "/api/things", anonymous: true, body: big + "1", status: 403, want: forbidden},
		{name: "double slash", method: "GET", path: "/api//things", anonymous: true, status: 403, want: forbidden},
		{name: "escaped prefix", method: "GET", path: "/%61pi/things/x", anonymous: true, status: 403, want: forbidden},
		{name: "escaped slash", method: "GET", path: "/api%2Fthings", anonymous: true, status: 403, want: forbidden},
		{name: "prefix itself", method: "GET", path: "/thing", anonymous: true, status: 403, want: forbidden},
		{name: "below the prefix", method: "GET", path: "/thing/x", anonymous: true, status: 403, want: forbidden},
		{name: "beside the prefix", method: "GET", path: "/things", anonymous: true, status: 404, want: notFound},
		{name: "probe", method: "GET", path: "/livez", anonymous: true, status: 200, want: `{"status":"ok"}`},
	})
}

// A face that judges a credential late still answers 401 first.
func TestConfirm(t *testing.T) {
	wrong := http.Header{"Authorization": {"wrong"}}
	const denied = `{"error":"wrong key","detail":""}`
	api := newAPI(lateFace(), web.Options{})
	for _, s := range []scenario{
		{name: "operation", method: "GET", path: "/api/things/x", header: wrong, status: 200, want: ok},
		{name: "no credential", method: "GET", path: "/api/nothing", anonymous: true, status: 401, want: `{"error":"no key","detail":""}`},
		{
			name: "unknown path", method: "GET", path: "/api/nothing", header: wrong, status: 401, want: denied,
			wantHeader: map[string]string{"Content-Type": "application/problem+json"},
		},
		{name: "other method", method: "POST", path: "/api/things/x", header: wrong, status: 401, want: denied, wantHeader: map[string]string{"Allow": ""}},
		{name: "dots", method: "POST", path: "/api/things/..", header: wrong, status: 401, want: denied},
		{name: "long body", method: "POST", path: "/api/things", header: wrong, body: big + "1", status: 401, want: denied},
		{name: "malformed body", method: "POST", path: "/api/things", header: wrong, body: "{", status: 401, want: denied},
		{name: "malformed body of a missing thing", method: "PUT", path: "/api/things/missing", header: wrong, body: "{", status: 401, want: denied},
		{name: "malformed query", method: "GET", path: "/api/things?limit=x", header: wrong, status: 401, want: denied},
		{name: "path is no text", method: "GET", path: "/api/things/%ff", header: wrong, status: 401, want: denied},
		{name: "valid, unknown path", method: "GET", path: "/api/nothing", status: 404, want: notFound},
		{name: "default wording", method: "GET", path: "/api/things?limit=x", status: 400, want: `{"error":"limit: invalid syntax","detail":""}`},
	} {
		t.Run(s.name, func(t *testing.T) {
			server := serve(t, api)
			reply, body := send(t, server, s)
			if reply.StatusCode != s.status || body != s.want {
				t.Errorf("got %d %s\nwant %d %s", reply.StatusCode, body, s.status, s.want)
			}
			for name, want := range s.wantHeader {
				if got := reply.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	run(t, newAPI(testFace(), web.Options{}), []scenario{
		{name: "not found", method: "GET", path: "/api/things/missing", status: 404, want: `{"error":"thing not found","detail":""}`},
		{name: "detail", method: "GET", path: "/api/things/busy", status: 409, want: `{"error":"busy","detail":"by \u003cme\u003e"}`},
		{
			name: "unavailable", method: "GET", path: "/api/things/down", status: 503, want: `{"error":"try again","detail":""}`,
			wantHeader: map[string]string{"Retry-After": "1"},
		},
		{
			name: "exhausted", method: "GET", path: "/api/things/full", status: 429, want: `{"error":"full","detail":""}`,
			wantHeader: map[string]string{"Retry-After": "1"},
		},
		{
			name: "exhausted for a while, rounded up", method: "GET", path: "/api/things/full%20for%20long", status: 429, want: `{"error":"full","detail":""}`,
			wantHeader: map[string]string{"Retry-After": "2"},
		},
		{name: "without a kind", method: "GET", path: "/api/things/broken", status: 500, want: internal},
		{name: "of a kind that is none", method: "GET", path: "/api/things/odd", status: 500, want: internal},
		{name: "panic", method: "GET", path: "/api/things/panic", status: 500, want: internal, wantHeader: map[string]string{"Content-Type": "application/json"}},
		{name: "after a panic", method: "GET", path: "/api/things/x", status: 200, want: ok},
	})
}

func TestHealth(t *testing.T) {
	var down error
	draining := false
	api := newAPI(testFace(), web.Options{
		Ready:    func(context.Context) error { return down },
		Draining: func() bool { return draining },
		Version:  struct{ Version, Commit string }{"1.2.3", "abc"},
	})
	run(t, api, []scenario{
		{name: "live", method: "GET", path: "/livez", anonymous: true, status: 200, want: `{"status":"ok"}`},
		{name: "ready", method: "GET", path: "/readyz", anonymous: true, status: 200, want: `{"status":"ok"}`},
		{name: "health", method: "GET", path: "/healthz", anonymous: true, status: 200, want: `{"status":"ok","checks":{"ready":"ok","serving":"ok"}}`},
		{name: "version", method: "GET", path: "/version", anonymous: true, status: 200, want: `{"Version":"1.2.3","Commit":"abc"}`},
		{name: "head", method: "HEAD", path: "/openapi.json", anonymous: true, status: 200, wantHeader: map[string]string{"Content-Type": "application/json"}},
	})
	down = errors.New("dial tcp: secret.internal refused")
	retry := map[string]string{"Retry-After": "1"}
	run(t, api, []scenario{
		{name: "live although down", method: "GET", path: "/livez", anonymous: true, status: 200, want: `{"status":"ok"}`},
		{name: "not ready", method: "GET", path: "/readyz", anonymous: true, status: 503, want: `{"error":"not ready","detail":""}`, wantHeader: retry},
		{name: "unhealthy", method: "GET", path: "/healthz", anonymous: true, status: 503, want: `{"error":"not ready: ready","detail":""}`, wantHeader: retry},
	})
	down, draining = nil, true
	run(t, api, []scenario{
		{name: "draining", method: "GET", path: "/readyz", anonymous: true, status: 503, want: `{"error":"not ready","detail":""}`, wantHeader: retry},
		{name: "draining named", method: "GET", path: "/healthz", anonymous: true, status: 503, want: `{"error":"not ready: serving","detail":""}`},
		{name: "draining still answers", method: "GET", path: "/api/things/x", status: 200, want: ok},
	})
	reply, _ := send(t, serve(t, api), scenario{method: "GET", path: "/api/things/panic"})
	if !reply.Close {
		t.Error("the connection stays open while draining")
	}
}
