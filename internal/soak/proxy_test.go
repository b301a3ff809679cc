//go:build soak

package soak

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/macaroon"
)

// proxies are the ways to start one of the examples: each answers a URL in
// front of the service, with reeve deciding who passes.
var proxies = map[string]func(t *testing.T, at places) string{
	"nginx": startNginx, "caddy": startCaddy, "traefik": startTraefik, "envoy": startEnvoy,
}

// places is what an example is told.
type places struct {
	reeve, service string // host:port
	token          string // the gateway's
}

// service stands behind the proxy and keeps what reaches it.
type service struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// seen is a request as the service got it.
type seen struct {
	Method, Target, Body string
	Header               http.Header
}

func startService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, seen{r.Method, r.RequestURI, string(body), r.Header})
		s.mu.Unlock()
		_, _ = io.WriteString(w, "served")
	}))
	t.Cleanup(s.Close)
	return s
}

// take gives what has come since it was last asked.
func (s *service) take() (out []seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, s.seen = s.seen, nil
	return out
}

// bench is an example at work.
type bench struct {
	*process
	world
	*service
	url, key string
	narrow   string // reads below b/in/ only
}

// startBench starts a server, a service and a proxy between them and its
// clients.
func startBench(t *testing.T, proxy string) *bench {
	t.Helper()
	b := &bench{process: serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db")), service: startService(t)}
	b.world = settle(t, b.operator, b.token, "ada")
	b.key = b.newKey(t, "first")
	b.narrow = narrow(t, b.key, macaroon.Caveat{
		Disallow:     macaroon.Ops(macaroon.OpWrite, macaroon.OpDelete),
		AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("in/")}},
	})
	token := must(t, request{"POST", b.operator + "/api/gateways", b.token, object{"name": proxy}}).field("token")
	b.url = proxies[proxy](t, places{
		reeve: strings.TrimPrefix(b.gateway, "http://"), service: strings.TrimPrefix(b.service.URL, "http://"), token: token,
	})
	return b
}

func (b *bench) newKey(t *testing.T, name string) string {
	t.Helper()
	return must(t, request{"POST", b.operator + "/api/projects/" + b.project + "/apikeys", b.token, object{"name": name}}).field("apikey")
}

func narrow(t *testing.T, text string, caveat macaroon.Caveat) string {
	t.Helper()
	key, err := macaroon.Parse(text)
	check(t, err)
	key, err = key.Attenuate(caveat)
	check(t, err)
	return key.Serialize()
}

// ask sends a request to the proxy as it is: the client must not tidy it up.
func (b *bench) ask(t *testing.T, method, target, body string, header ...string) answer {
	t.Helper()
	head := method + " " + target + " HTTP/1.1\r\nHost: service.test\r\nConnection: close\r\n"
	if body != "" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	for _, line := range header {
		head += line + "\r\n"
	}
	got, err := reply(dial(t, b.url, head+"\r\n"+body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return got
}

// passes sends a request that has to reach the service as it was sent, with
// the key's owner told.
func (b *bench) passes(t *testing.T, method, target, body string, header ...string) seen {
	t.Helper()
	got := b.ask(t, method, target, body, header...)
	all := b.take()
	if got.status != 200 || len(all) != 1 {
		t.Fatalf("%s %s: %d %s; the service saw %v", method, target, got.status, got.body, all)
	}
	one := all[0]
	if one.Method != method || one.Target != target || one.Body != body {
		t.Errorf("%s %s: the service saw %s %s with %q", method, target, one.Method, one.Target, one.Body)
	}
	for name, want := range map[string]string{"Reeve-Project": b.project, "Reeve-Organization": b.organization, "Reeve-Owner": b.user} {
		if got := one.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s %s: the service saw %s: %q, want %s", method, target, name, got, want)
		}
	}
	if len(one.Header["Reeve-Key-Id"]) != 1 || one.Header["Reeve-Gateway-Token"] != nil {
		t.Errorf("%s %s: the service saw %v", method, target, one.Header)
	}
	return one
}

// refused sends a request that must be answered with one of some statuses and
// not reach the service.
func (b *bench) refused(t *testing.T, statuses []int, method, target string, header ...string) answer {
	t.Helper()
	got := b.ask(t, method, target, "", header...)
	if all := b.take(); !slices.Contains(statuses, got.status) || len(all) > 0 {
		t.Errorf("%s %s %.40q: %d, want %v; the service saw %v", method, target, header, got.status, statuses, all)
	}
	return got
}

func bearer(key string) string { return "Authorization: Bearer " + key }

// eachProxy runs a test with every example.
func eachProxy(t *testing.T, run func(t *testing.T, b *bench)) {
	t.Helper()
	t.Parallel()
	for proxy := range proxies {
		t.Run(proxy, func(t *testing.T) { run(t, startBench(t, proxy)) })
	}
}

// TestProxies: a key passes where it may, and nothing passes without one.
func TestProxies(t *testing.T) {
	eachProxy(t, func(t *testing.T, b *bench) {
		basic := base64.StdEncoding.EncodeToString([]byte("me:" + b.key))
		for _, header := range []string{bearer(b.key), "X-Api-Key: " + b.key, "Authorization: Basic " + basic} {
			one := b.passes(t, "GET", "/b/some/object%20name?x=1&proxy=caddy&action=delete", "", header)
			name, value, _ := strings.Cut(header, ": ")
			if got := one.Header.Get(name); got != value {
				t.Errorf("the client's %s reaches the service as %q", name, got)
			}
		}
		for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
			b.passes(t, method, "/b/p", strings.Repeat("body ", 10_000), bearer(b.key))
		}
		b.passes(t, "GET", "/", "", bearer(b.key))
		b.passes(t, "GET", "/b/in/p", "", bearer(b.narrow))

		got := b.refused(t, []int{401}, "GET", "/b/p")
		if want := `Bearer realm="reeve"`; got.header.Get("WWW-Authenticate") != want {
			t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
		}
		forged := []byte(b.key)
		forged[30] ^= 1
		b.refused(t, []int{401}, "GET", "/b/p", bearer(string(forged)))
		b.refused(t, []int{401}, "GET", "/b/p", bearer("x"))
		b.refused(t, []int{401, 400}, "GET", "/b/p", bearer(b.key), "X-Api-Key: "+b.narrow)
		b.refused(t, []int{401, 400}, "GET", "/b/p", "X-Api-Key: "+b.key, "X-Api-Key: "+b.narrow)
		b.refused(t, []int{403}, "PUT", "/b/in/p", bearer(b.narrow))
		b.refused(t, []int{403}, "GET", "/b/out", bearer(b.narrow))
		b.refused(t, []int{403}, "GET", "/b", bearer(b.narrow))
		b.refused(t, []int{403, 405}, "OPTIONS", "/b/p", bearer(b.key))
	})
}

// TestProxyTricks: neither the spelling of a path nor a header that a proxy
// might set makes more of a key.
func TestProxyTricks(t *testing.T) {
	eachProxy(t, func(t *testing.T, b *bench) {
		// What a proxy finds wrong itself it may refuse with 400.
		for _, target := range []string{
			"/b/in/../out", "/b/in/%2e%2e/out", "/b/in/.%2E/out", "/b/in/..;/out", "/b/in/..;x=1/out", "/b/in/./p", "/b/in//p", "//b/in/p",
			"/b/in/..%2Fout", "/b/in%2Fp", "/b/in/..%5Cout", `/b/in/..\out`, "/b/in/%00", "/b/in/p%0a", "/b/in/%zz", "/b/in/p%", "/../b/out",
			"/..", `/b/in%2F..%2Fout"`, "/_reeve", "/gateway/auth",
		} {
			b.refused(t, []int{400, 403, 404}, "GET", target, bearer(b.narrow))
		}
		for _, lie := range [][]string{
			{"X-Original-URI: /b/in/p", "X-Original-Method: GET"},
			{"X-Forwarded-Uri: /b/in/p", "X-Forwarded-Method: GET"},
			{"X-Original-URI: /b/in/p", "X-Forwarded-Uri: /b/in/p"},
			{"X-Original-Url: /b/in/p", "X-Rewrite-Url: /b/in/p", "X-Http-Method-Override: GET"},
			{"Connection: X-Original-URI, X-Original-Method, X-Forwarded-Uri, X-Forwarded-Method", "X-Forwarded-Uri: /b/in/p"},
		} {
			b.refused(t, []int{400, 403}, "PUT", "/b/out?proxy=nginx&action=read&bucket=b&cost=0", append(lie, bearer(b.narrow))...)
		}
		lies := []string{
			"Reeve-Project: 00000000-0000-0000-0000-000000000000", "reeve-organization: x", "Reeve-Owner: x", "Reeve-Owner: y", "Reeve-Key-Id: x",
			"Reeve-Gateway-Token: " + b.token, bearer(b.key),
		}
		b.passes(t, "GET", "/b/p", "", lies...)
		b.passes(t, "GET", "/b/p", "", "Connection: Reeve-Project, Reeve-Owner, Reeve-Organization, Reeve-Key-Id", bearer(b.key))
		b.refused(t, []int{401}, "GET", "/b/p", lies[:len(lies)-1]...)
		// Its own token is nothing that a client could take away or overhear.
		b.refused(t, []int{401}, "GET", "/b/p", "Connection: Reeve-Gateway-Token", "Reeve-Gateway-Token: x")
	})
}

// TestProxyRevocation: a key that is revoked, and a server that is gone, let
// nobody pass.
func TestProxyRevocation(t *testing.T) {
	eachProxy(t, func(t *testing.T, b *bench) {
		second := b.newKey(t, "second")
		b.passes(t, "GET", "/b/p", "", bearer(second))
		must(t, request{"DELETE", b.operator + "/api/projects/" + b.project + "/apikeys/first", b.process.token, nil})
		b.refused(t, []int{401}, "GET", "/b/p", bearer(b.key))
		b.refused(t, []int{401}, "GET", "/b/in/p", bearer(b.narrow))
		b.passes(t, "GET", "/b/p", "", bearer(second))
		b.stop()
		b.refused(t, []int{500, 502, 503, 403}, "GET", "/b/p", bearer(second))
	})
}

// TestProxyRate: who has used up the project's rate is told when to come back.
func TestProxyRate(t *testing.T) {
	eachProxy(t, func(t *testing.T, b *bench) {
		must(t, request{"PUT", b.operator + "/api/projects/" + b.project + "/limit?rate=1", b.process.token, nil})
		eventually(t, startLimit, "the second's unit is used up", func() bool {
			got := b.ask(t, "GET", "/b/p", "", bearer(b.key))
			if got.status == 200 {
				return false
			}
			if got.status != 429 || got.header.Get("Retry-After") != "1" || got.header.Get("RateLimit-Policy") != `"default";q=1;w=1` {
				t.Errorf("%d %v", got.status, got.header)
			}
			return true
		})
	})
}
