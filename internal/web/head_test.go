package web_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

type (
	belowIn struct {
		Path string `path:"path" doc:"All of it."`
		Want string `query:"want"`
	}
	belowOut struct {
		Seen string `header:"X-Seen" doc:"The target."`
		Half string `header:"X-Half,optional" doc:"Sometimes."`
	}
	// teapot is an error that adds to the header.
	teapot struct{ cause *reeve.Error }
)

func (in *belowIn) DecodeHead(r *http.Request) { in.Path = r.RequestURI }

func (out *belowOut) SetHeader(h http.Header) { h["X-Seen"] = []string{out.Seen} }

func (e *teapot) Error() string              { return e.cause.Error() }
func (e *teapot) Unwrap() error              { return e.cause }
func (*teapot) SetHeader(h http.Header)      { h["X-Teapot"] = []string{"short"} }
func refuse(kind reeve.Kind, m string) error { return &teapot{reeve.Errorf(kind, "%s", m)} }

// newSubtree has an operation that answers everything below a path.
func newSubtree(logger *slog.Logger) *web.API {
	face := testFace()
	face.Security[1].Named = true
	api := web.New(face, web.Options{Logger: logger})
	answer := func(_ context.Context, in *belowIn) (belowOut, error) {
		switch {
		case strings.Contains(in.Path, "deny"):
			return belowOut{}, refuse(reeve.Denied, "deny")
		case strings.Contains(in.Path, "wrong"):
			return belowOut{}, refuse(reeve.Invalid, "wrong")
		}
		return belowOut{Seen: in.Path}, nil
	}
	for _, method := range []string{"GET", "PUT"} {
		web.Handle(api, web.Op{
			Method: method, Path: "/api/below/{path...}", ID: "below" + method, Quiet: true, Security: []string{"bearer"},
		}, answer)
	}
	web.Handle(api, web.Op{Method: "GET", Path: "/api/below", ID: "beside"},
		func(context.Context, *web.Empty) (web.Empty, error) { return web.Empty{}, nil })
	return api
}

func TestSubtree(t *testing.T) {
	seen := func(target string) map[string]string {
		return map[string]string{"X-Seen": target, "Content-Length": "0", "Content-Type": ""}
	}
	var scenarios []scenario
	for _, target := range []string{
		"/api/below/", "/api/below/a/b?x=1", "/api/below//", "/api/below/../x", "/api/below/%2e%2e/x", "/api/below/a%2Fb", "/api/below/./livez",
		"/%61pi/below/x", "/api%2Fbelow/x", "/api/below%2Fx",
	} {
		scenarios = append(scenarios,
			scenario{name: "GET " + target, method: "GET", path: target, status: 200, wantHeader: seen(target)},
			scenario{name: "PUT " + target, method: "PUT", path: target, body: "unread", status: 200, wantHeader: seen(target)},
			scenario{name: "HEAD " + target, method: "HEAD", path: target, status: 200, wantHeader: seen(target)},
			scenario{name: "anonymous " + target, method: "GET", path: target, anonymous: true, status: 403, want: forbidden, wantHeader: map[string]string{"X-Seen": ""}},
		)
	}
	run(t, newSubtree(slog.New(slog.DiscardHandler)), append(scenarios,
		scenario{name: "other method", method: "BREW", path: "/api/below/x", status: 405, want: noMethod, wantHeader: map[string]string{"Allow": "GET, HEAD, PUT"}},
		scenario{name: "beside", method: "GET", path: "/api/below", status: 200},
		scenario{name: "above", method: "GET", path: "/api/../api/below/x", status: 404, want: notFound},
		scenario{name: "double slash above", method: "GET", path: "/api//below/x", status: 404, want: notFound},
		scenario{name: "refused", method: "GET", path: "/api/below/deny", status: 403, want: `{"error":"deny","detail":""}`, wantHeader: map[string]string{"X-Teapot": "short"}},
	))
}

// TestSubtreeRecord: what is asked below stays out of the log, and a decision
// is no news.
func TestSubtreeRecord(t *testing.T) {
	var j journal
	api := newSubtree(j.logger())
	for target, level := range map[string]string{
		"/api/below/ok": "DEBUG", "/api/below/deny": "DEBUG", "/api/below/wrong": "INFO", "/api/below/../deny": "DEBUG", "/api/below/reeve_gw_1": "DEBUG",
	} {
		got := record(t, api, &j, request("GET", target))
		if got["level"] != level || got["path"] != "/api/below/{path...}" || got["route"] != got["path"] {
			t.Errorf("%s: %v", target, got)
		}
	}
	anonymous := request("GET", "/api/below/secret")
	anonymous.Header.Del("Authorization")
	if got := record(t, api, &j, anonymous); got["path"] != "/api/below/{path...}" || got["level"] != "INFO" {
		t.Errorf("without a credential: %v", got)
	}
}

// TestSubtreeBody: a body is not waited for, and may have any length.
func TestSubtreeBody(t *testing.T) {
	server := httptest.NewServer(newSubtree(slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	for _, length := range []string{"Content-Length: 5", "Content-Length: 99999999", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		start := time.Now()
		_, _ = io.WriteString(conn, "PUT /api/below/x HTTP/1.1\r\nHost: x\r\nAuthorization: "+token+"\r\n"+length+"\r\n\r\n")
		reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || reply.StatusCode != 200 || !reply.Close {
			t.Errorf("%s: %v %v", length, reply, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: answered after %v", length, took)
		}
		_ = conn.Close()
	}
}

// TestSubtreeDocument: the path's last parameter says that it holds slashes,
// the reply's headers are described, and a named scheme is for who names it.
func TestSubtreeDocument(t *testing.T) {
	text, err := newSubtree(slog.New(slog.DiscardHandler)).Document()
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	below := document.Paths.Find("/api/below/{path}").Put
	if got := below.Parameters[0].Value.Extensions["x-slashes"]; got != true {
		t.Errorf("x-slashes is %v", got)
	}
	required := map[string]bool{}
	for name, header := range below.Responses.Value("200").Value.Headers {
		required[name] = header.Value.Required
	}
	if diff := cmp.Diff(map[string]bool{"X-Seen": true, "X-Half": false}, required); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{"/api/below/{path}": "bearer", "/api/below": "token"} {
		security := *document.Paths.Find(path).Get.Security
		if len(security) != 1 || security[0][want] == nil {
			t.Errorf("%s: security %v", path, security)
		}
	}
}

// BenchmarkSubtree: what web adds to a decision that is not logged.
func BenchmarkSubtree(b *testing.B) {
	api := newSubtree(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	w, r := &sink{http.Header{}}, request("GET", "/api/below/some/path")
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		api.ServeHTTP(w, r)
	}
}
