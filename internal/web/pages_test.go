package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// pages are some below /pages/ that answer errors as a word and the status.
func pages(api *web.API) *web.Pages {
	p := api.Pages("/pages/", func(w http.ResponseWriter, _ *http.Request, status int, e *reeve.Error) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "%d %s", status, e.Message)
	})
	p.Handle("/pages/{name}", map[string]web.Page{
		http.MethodGet: func(w http.ResponseWriter, r *http.Request) error {
			switch name := r.PathValue("name"); name {
			case "panic":
				panic("a fault")
			case "fault":
				return io.ErrUnexpectedEOF
			case "unknown":
				return reeve.ErrUnauthenticated
			default:
				_, _ = io.WriteString(w, "page "+name)
				return nil
			}
		},
		http.MethodPost: func(w http.ResponseWriter, r *http.Request) error {
			if err := r.ParseForm(); err != nil {
				return err
			}
			_, _ = io.WriteString(w, r.PostForm.Get("name"))
			return nil
		},
	})
	return p
}

// Pages are served without credentials, and what is wrong is shown by them.
func TestPages(t *testing.T) {
	api := newAPI(testFace(), web.Options{})
	pages(api)
	server := serve(t, api)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
		header             map[string]string
	}{
		{"GET", "/pages/x", "", 200, "page x", nil},
		{"HEAD", "/pages/x", "", 200, "", nil},
		{"POST", "/pages/x", "name=y", 200, "y", nil},
		{"GET", "/pages/panic", "", 500, "500 internal error", nil},
		{"GET", "/pages/fault", "", 500, "500 internal error", nil},
		{"GET", "/pages/unknown", "", 401, "401 Unauthorized", nil}, // whatever the face's operations answer
		{"GET", "/pages/a/b", "", 404, "404 not found", nil},
		{"GET", "/pages/", "", 404, "404 not found", nil},
		{"DELETE", "/pages/x", "", 405, "405 method not allowed", map[string]string{"Allow": "GET, HEAD, POST"}},
		{"POST", "/pages/x", big + "1", 413, "413 request body too large", map[string]string{"Connection": "close"}},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		reply, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		if err != nil || reply.StatusCode != test.status || string(body) != test.want {
			t.Errorf("%s %s: %d %q, %v", test.method, test.path, reply.StatusCode, body, err)
		}
		for name, want := range test.header {
			if got := reply.Header.Get(name); got != want && !(name == "Connection" && reply.Close) {
				t.Errorf("%s %s: %s is %q", test.method, test.path, name, got)
			}
		}
	}
}

// Pages where the face asks for credentials would be open to nobody.
func TestPagesOutside(t *testing.T) {
	for _, root := range []string{"/api/pages/", "/pages"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("pages below %s are taken", root)
				}
			}()
			newAPI(testFace(), web.Options{}).Pages(root, nil)
		}()
	}
}

// A credential that a page is shown counts like any other: an address that
// shows too many unknown ones is turned away, with word of when to come again.
func TestPagesAreGuarded(t *testing.T) {
	g := newGuarded(2)
	p := pages(g.API)
	looked := 0
	p.Handle("/pages/who/{key}", map[string]web.Page{http.MethodGet: func(w http.ResponseWriter, r *http.Request) error {
		if err := web.Admit(r.Context(), r.PathValue("key")); err != nil {
			return err
		}
		looked++
		if r.PathValue("key") != "good" {
			status, _ := web.Failed(r.Context(), reeve.ErrUnauthenticated)
			w.WriteHeader(status)
			return nil
		}
		web.SetActor(r.Context(), "good")
		return nil
	}})
	ask := func(key string, want int) {
		t.Helper()
		w := httptest.NewRecorder()
		g.ServeHTTP(w, request("GET", "/pages/who/"+key))
		if w.Code != want || want == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", key, w.Code, w.Header())
		}
	}
	ask("good", 200)
	ask("bad", 401)
	ask("worse", 401)
	ask("worst", 429)
	ask("good", 200)
	if looked != 4 {
		t.Errorf("%d were looked up", looked)
	}
}

// A page's time is bounded, and can be made longer.
func TestPagesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(testFace(), web.Options{Timeout: time.Minute})
		type key struct{}
		wait := func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(3 * time.Minute):
				return nil
			}
		}
		p := pages(api)
		p.Handle("/pages/wait/short", map[string]web.Page{http.MethodGet: func(_ http.ResponseWriter, r *http.Request) error { return wait(r.Context()) }})
		p.Handle("/pages/wait/long", map[string]web.Page{http.MethodGet: func(_ http.ResponseWriter, r *http.Request) error {
			ctx, done := web.Extend(context.WithValue(r.Context(), key{}, "kept"), 5*time.Minute)
			defer done()
			if ctx.Value(key{}) != "kept" || web.RequestID(ctx) == "" {
				t.Error("the context's values are lost")
			}
			return wait(ctx)
		}})
		for path, want := range map[string]int{"short": 503, "long": 200} {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, request("GET", "/pages/wait/"+path))
			if w.Code != want {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}
