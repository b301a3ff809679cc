package forward_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve/internal/forward"
	"github.com/reeve-cloud/reeve/macaroon"
)

// header makes a header of "Name: value" lines.
func header(lines ...string) http.Header {
	out := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		out.Add(name, value)
	}
	return out
}

// nginx is what a proxy forwards of a request, in either family.
func nginx(method, uri string, more ...string) http.Header {
	return header(append(more, "X-Original-Method: "+method, "X-Original-URI: "+uri, "Authorization: Bearer k")...)
}

func caddy(method, uri string, more ...string) http.Header {
	return header(append(more, "X-Forwarded-Method: "+method, "X-Forwarded-Uri: "+uri, "Authorization: Bearer k")...)
}

// shape is a request in one line: what is done, where, for how much.
func shape(r forward.Request) string {
	return fmt.Sprintf("%s %q %q %d", r.Op, r.Bucket, r.Path, r.Cost)
}

// outcome is a request's shape, or the status that refuses it.
func outcome(r forward.Request, err error) string {
	if refusal, ok := errors.AsType[*forward.Refusal](err); ok {
		return fmt.Sprint(refusal.Status)
	}
	return shape(r)
}

func TestFromHeader(t *testing.T) {
	t.Parallel()
	get := nginx("GET", "/b/p")
	for _, test := range []struct {
		name, query string
		header      http.Header
		want        string
	}{
		{"nginx", "proxy=nginx", get, `read "b" "p" 1`},
		{"caddy", "proxy=caddy", caddy("PUT", "/b/p/q"), `write "b" "p/q" 1`},
		{"traefik", "proxy=traefik", caddy("POST", "/b/p?x=/c/../d"), `write "b" "p" 1`},
		{"envoy has its own form", "proxy=envoy", get, "400"},
		{"no such proxy", "proxy=apache", get, "400"},
		{"no proxy at all", "proxy=", get, "400"},
		{"nginx, caddy's headers", "proxy=nginx", caddy("GET", "/b/p"), "400"},
		{"caddy, nginx's headers", "proxy=caddy", get, "400"},
		{"nginx, both", "proxy=nginx", nginx("GET", "/b/p", "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /c/d"), `read "b" "p" 1`},
		{"caddy, both", "proxy=caddy", nginx("GET", "/b/p", "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /c/d"), `write "c" "d" 1`},

		{"found by its headers", "", get, `read "b" "p" 1`},
		{"found by its headers, the others", "", caddy("DELETE", "/b/p"), `delete "b" "p" 1`},
		{"both", "", nginx("GET", "/b/p", "X-Forwarded-Method: PUT"), "400"},
		{"both, in part", "", header("X-Original-Method: GET", "X-Forwarded-Uri: /b/p", "X-Api-Key: k"), "400"},
		{"none", "", header("Authorization: Bearer k"), "400"},
		{"none, but an action", "action=read", header("Authorization: Bearer k"), "400"},
		{"none, but a bucket", "bucket=b", header("Authorization: Bearer k"), "400"},
		{"none is needed", "action=write&bucket=b", header("Authorization: Bearer k"), `write "b" "" 1`},
		{"none is needed, one is there", "action=write&bucket=b", get, `write "b" "" 1`},
		{"none is needed, both are there", "action=write&bucket=", nginx("x", "y", "X-Forwarded-Uri: z"), `write "" "" 1`},
		{"a read that is said to be one is one", "action=read&bucket=b", get, `read "b" "" 1`},

		{"no method", "proxy=nginx", header("X-Original-URI: /b/p", "X-Api-Key: k"), "400"},
		{"no URI", "proxy=nginx", header("X-Original-Method: GET", "X-Api-Key: k"), "400"},
		{"empty URI", "proxy=nginx", nginx("GET", ""), "400"},
		{"empty method", "proxy=nginx", nginx("", "/b/p"), "400"},
		{"two methods", "proxy=nginx", nginx("GET", "/b/p", "X-Original-Method: GET"), "400"},
		{"two URIs", "proxy=caddy", caddy("GET", "/b/p", "X-Forwarded-Uri: /b/p"), "400"},
		{"two in one line", "proxy=caddy", caddy("GET", "/b/p, /b/q"), "403"},
		{"two methods in one line", "proxy=caddy", caddy("GET, PUT", "/b/p"), "403"},

		{"action", "proxy=nginx&action=delete", get, `delete "b" "p" 1`},
		{"action instead of a method", "proxy=nginx&action=list", header("X-Original-URI: /b/p", "X-Api-Key: k"), `list "b" "p" 1`},
		{"action instead of a method that is none", "proxy=nginx&action=write", nginx("PROPFIND", "/b/p"), `write "b" "p" 1`},
		{"action read on a bucket", "proxy=nginx&action=read", nginx("PUT", "/b"), `read "b" "" 1`},
		{"bucket", "proxy=nginx&bucket=a%2Fb", get, `read "a/b" "b/p" 1`},
		{"bucket, its root", "proxy=nginx&bucket=c", nginx("HEAD", "/"), `list "c" "" 1`},
		{"cost", "proxy=nginx&cost=0", get, `read "b" "p" 0`},
		{"highest cost", "cost=1000000&proxy=nginx", get, `read "b" "p" 1000000`},
		{"all", "cost=7&bucket=x&action=write&proxy=caddy", caddy("GET", "/y/z"), `write "x" "y/z" 7`},

		{"unknown action", "proxy=nginx&action=READ", get, "400"},
		{"empty action", "proxy=nginx&action=", get, "400"},
		{"action without requests", "proxy=nginx&action=project_info", get, "400"},
		{"negative cost", "proxy=nginx&cost=-1", get, "400"},
		{"signed cost", "proxy=nginx&cost=%2B1", get, "400"},
		{"empty cost", "proxy=nginx&cost=", get, "400"},
		{"too high a cost", "proxy=nginx&cost=1000001", get, "400"},
		{"endless cost", "proxy=nginx&cost=99999999999999999999", get, "400"},
		{"repeated", "proxy=nginx&proxy=nginx", get, "400"},
		{"repeated action", "proxy=nginx&action=read&action=write", get, "400"},
		{"unknown parameter", "proxy=nginx&x=1", get, "400"},
		{"name in other case", "Proxy=nginx", get, "400"},
		{"escaped name", "%70roxy=nginx", get, "400"},
		{"empty part", "proxy=nginx&&cost=1", get, "400"},
		{"semicolon", "proxy=nginx;cost=1", get, "400"},
		{"bad escape", "proxy=nginx&bucket=%zz", get, "400"},

		{"the proxy's fault before the client's", "proxy=nginx", http.Header{}, "400"},
		{"no key before the path", "proxy=nginx", header("X-Original-Method: GET", "X-Original-URI: /../x"), "401"},
	} {
		if got := outcome(forward.FromHeader(test.header, test.query)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestFromTarget(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/b/p":  `read "b" "p" 1`,
		"/b/p?": `read "b" "p" 1`,
		"/b/p?proxy=nginx&action=list&bucket=c&cost=0": `read "b" "p" 1`,
		"/?bucket=c": `list "" "" 1`,
		"":           "403",
		"?x":         "403",
		"*":          "403",
	} {
		// The families of others are the client's.
		sent := nginx("PUT", "/c/d", "X-Forwarded-Method: DELETE", "X-Forwarded-Uri: /e/f")
		if got := outcome(forward.FromTarget(sent, "GET", target)); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
	if got := outcome(forward.FromTarget(http.Header{}, "GET", "/b/p")); got != "401" {
		t.Errorf("without a key: %s", got)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"GET": "read", "HEAD": "read", "PUT": "write", "POST": "write", "PATCH": "write", "DELETE": "delete",
		"OPTIONS": "403", "TRACE": "403", "CONNECT": "403", "PROPFIND": "403", "COPY": "403", "get": "403", "GET ": "403", "": "403",
	} {
		got := outcome(forward.FromTarget(nginx("", ""), method, "/b/p"))
		if word, _, _ := strings.Cut(got, " "); word != want {
			t.Errorf("%q: got %s, want %s", method, word, want)
		}
	}
	for _, method := range []string{"GET", "HEAD"} {
		for _, target := range []string{"/b", "/b/", "/b?x", "/", "/?x"} {
			if got := outcome(forward.FromTarget(nginx("", ""), method, target)); !strings.HasPrefix(got, "list ") {
				t.Errorf("%s %s: %s", method, target, got)
			}
		}
	}
	if got := outcome(forward.FromTarget(nginx("", ""), "PUT", "/b")); got != `write "b" "" 1` {
		t.Errorf("PUT of a bucket: %s", got)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	const refused = "403"
	for uri, want := range map[string]string{
		"/b":              `"b" ""`,
		"/b/":             `"b" ""`,
		"/b/p/":           `"b" "p/"`,
		"/b/p/q":          `"b" "p/q"`,
		"/%62/%70%2b+%25": `"b" "p++%"`,
		"/b/%252e%252e/x": `"b" "%2e%2e/x"`, // decoded once
		"/b/%3f%23%20":    `"b" "?# "`,
		"/b/\xff%fe":      `"b" "\xff\xfe"`, // encrypted paths are bytes
		"/b/...":          `"b" "..."`,
		"/b/.a/..b/c..":   `"b" ".a/..b/c.."`,
		"/b/p;v=1":        `"b" "p;v=1"`,
		"/b/p?//..%zz":    `"b" "p"`,

		"/..": refused, "/.": refused, "/b/..": refused, "/b/.": refused, "/b/../c": refused, "/b/./c": refused, "/./b": refused,
		"/b/%2e%2e/c": refused, "/b/%2E./c": refused, "/b/.%2e": refused, "/%2e": refused, "/b/p/%2e%2E": refused,
		"/b/..;/c": refused, "/b/..;x=1/c": refused, "/b/.%3b/c": refused, "/b/%2e%2e%3Bx": refused, "/b/;/c": refused, "/b/;x": refused,
		"//": refused, "//b": refused, "/b//p": refused, "/b//": refused, "/b/p//q": refused,
		"/b%2fp": refused, "/b/p%2Fq": refused, "/b%5cp": refused, "/b/p%5C..": refused, `/b\p`: refused, `/b/..\p`: refused,
		"/b/%00": refused, "/b/\x00": refused, "/b/p%0a": refused, "/b/p%0D": refused, "/b/%7f": refused, "/b/\x7f": refused, "/b/\t": refused,
		"/b/%": refused, "/b/%4": refused, "/b/%zz": refused, "/b/%u002e": refused, "/b/%2": refused, "/b/% 41": refused,
		"/b/p q": refused, "/b/p#f": refused, "/b#": refused, "b/p": refused, "http://x/b/p": refused, "*": refused, " /b": refused,
	} {
		got := outcome(forward.FromHeader(nginx("PUT", uri), "proxy=nginx"))
		got = strings.TrimSuffix(strings.TrimPrefix(got, "write "), " 1")
		if got != want {
			t.Errorf("%q: got %s, want %s", uri, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	for name, test := range map[string]struct {
		lines []string
		want  string // "" is 401
	}{
		"none":                     {nil, ""},
		"bearer":                   {[]string{"Authorization: Bearer k"}, "k"},
		"bearer in any case":       {[]string{"Authorization: bEARER  k "}, "k"},
		"bearer of nothing":        {[]string{"Authorization: Bearer "}, ""},
		"no scheme":                {[]string{"Authorization: k"}, ""},
		"empty":                    {[]string{"Authorization: "}, ""},
		"other scheme":             {[]string{"Authorization: AWS4-HMAC-SHA256 k"}, ""},
		"api key":                  {[]string{"X-Api-Key: k"}, "k"},
		"empty api key":            {[]string{"X-Api-Key: "}, ""},
		"basic":                    {[]string{basic("user:k")}, "k"},
		"basic without a user":     {[]string{basic(":k")}, "k"},
		"basic with a colon":       {[]string{basic("user:k:l")}, "k:l"},
		"basic without a password": {[]string{basic("k:")}, ""},
		"basic without a colon":    {[]string{basic("k")}, ""},
		"basic that is none":       {[]string{"Authorization: Basic ???"}, ""},
		"the same twice":           {[]string{"Authorization: Bearer k", "X-Api-Key: k"}, "k"},
		"the same in basic":        {[]string{basic("u:k"), "X-Api-Key: k"}, "k"},
		"two keys":                 {[]string{"Authorization: Bearer k", "X-Api-Key: l"}, ""},
		"two keys, one in basic":   {[]string{basic("u:k"), "X-Api-Key: l"}, ""},
		"another's scheme":         {[]string{"Authorization: Digest x", "X-Api-Key: k"}, "k"},
		"repeated":                 {[]string{"Authorization: Bearer k", "Authorization: Bearer k"}, ""},
		"repeated api key":         {[]string{"X-Api-Key: k", "X-Api-Key: k"}, ""},
		"in a list":                {[]string{"X-Api-Key: k, l"}, "k, l"}, // no key of ours has such a form
	} {
		got, err := forward.FromTarget(header(test.lines...), "GET", "/b/p")
		if test.want == "" {
			if outcome(got, err) != "401" {
				t.Errorf("%s: %s with %q, want 401", name, outcome(got, err), got.Key)
			}
		} else if err != nil || got.Key != test.want {
			t.Errorf("%s: %q %v, want %q", name, got.Key, err, test.want)
		}
	}
}

// TestForeignHeaders: once the proxy is named, nothing that a client can send
// in the headers of other proxies, or of nobody, changes the outcome.
func TestForeignHeaders(t *testing.T) {
	t.Parallel()
	foreign := map[string][]string{
		"nginx": {"X-Forwarded-Method", "X-Forwarded-Uri"},
		"caddy": {"X-Original-Method", "X-Original-Uri"}, "traefik": {"X-Original-Method", "X-Original-Uri"},
		"envoy": {"X-Original-Method", "X-Original-Uri", "X-Forwarded-Method", "X-Forwarded-Uri"},
	}
	anywhere := []string{
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override",
		"Forwarded", "Reeve-Project", "Reeve-Gateway-Token", "X-Envoy-Original-Path", "Host", "Cookie",
	}
	method := rapid.SampledFrom([]string{"GET", "PUT", "DELETE", "HEAD", "OPTIONS", "x", ""})
	uri := rapid.OneOf(rapid.SampledFrom([]string{"/b/p", "/b", "/", "/b/../c", "/b/%2e%2e", "", "//", "/c?action=read"}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		proxy := rapid.SampledFrom([]string{"nginx", "caddy", "traefik", "envoy"}).Draw(t, "proxy")
		m, u := method.Draw(t, "method"), uri.Draw(t, "uri")
		read := func(h http.Header) (forward.Request, error) { return forward.FromHeader(h, "proxy="+proxy) }
		sent := caddy(m, u)
		switch proxy {
		case "nginx":
			sent = nginx(m, u)
		case "envoy":
			sent = header("Authorization: Bearer k")
			read = func(h http.Header) (forward.Request, error) { return forward.FromTarget(h, m, u) }
		}
		want, wantErr := read(sent)
		for _, name := range append(foreign[proxy], anywhere...) {
			for range rapid.IntRange(0, 2).Draw(t, name) {
				sent.Add(name, rapid.OneOf(uri, method).Draw(t, "value"))
			}
		}
		got, gotErr := read(sent)
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(gotErr, wantErr) {
			t.Errorf("%v: %v instead of %v\n%s", sent, gotErr, wantErr, diff)
		}
	})
}

// TestAllocations: the hot path takes memory for the path and nothing else.
func TestAllocations(t *testing.T) {
	h := nginx("GET", "/bucket/some/object%20name?x=y")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := forward.FromHeader(h, "proxy=nginx&action=read&cost=3"); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
	want := forward.Request{Key: "k", Op: macaroon.OpRead, Bucket: []byte("bucket"), Path: []byte("some/object name"), Cost: 3}
	got, err := forward.FromHeader(h, "proxy=nginx&action=read&cost=3")
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
