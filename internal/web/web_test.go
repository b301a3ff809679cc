package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/internal/web/openapicheck"
)

// The face under test is like an operator's: 403 before all else. The second
// one, like a tenant's, sees a credential's form first and judges it late.
const token = "correct-horse-battery"

type testError struct {
	Error  string `json:"error"`
	Detail string `json:"detail"`
}

var statuses = map[reeve.Kind]int{
	reeve.Internal: 500, reeve.Invalid: 400, reeve.Unauthenticated: 401, reeve.Denied: 403,
	reeve.NotFound: 404, reeve.Conflict: 409, reeve.Exhausted: 429, reeve.Precondition: 412,
	reeve.TooLarge: 413, reeve.Timeout: 408, reeve.Unavailable: 503,
}

func testFace() web.Face {
	return web.Face{
		Name: "test", Title: "Test", Description: "A face for tests.", Prefixes: []string{"/api/", "/thing"},
		Authenticate: func(r *http.Request) (context.Context, error) {
			if r.Header.Get("Authorization") != token {
				return nil, reeve.Errorf(reeve.Denied, "Forbidden")
			}
			web.SetActor(r.Context(), "operator")
			return r.Context(), nil
		},
		Credential: func(r *http.Request) string { return r.Header.Get("Authorization") },

		Status: statuses,
		Body:   func(_ int, e *reeve.Error) any { return testError{e.Message, e.Detail} },
		BadBody: func(err error) *reeve.Error {
			return reeve.Errorf(reeve.Invalid, "failed to unmarshal request").WithDetail("%s", err)
		},
		BadQuery: func(err error) *reeve.Error {
			return reeve.Errorf(reeve.Invalid, "invalid form").WithDetail("%s", err)
		},
		Security: []web.SecurityScheme{
			{Name: "token", Type: "apiKey", Header: "Authorization", Description: "The token itself."},
			{Name: "bearer", Type: "http", Scheme: "bearer"},
		},
		Common: []reeve.Kind{reeve.Denied, reeve.Invalid, reeve.NotFound, reeve.TooLarge, reeve.Unavailable},
	}
}

// lateFace checks that there is a key, and only in Confirm that it is valid.
func lateFace() web.Face {
	face := testFace()
	face.Name, face.ErrorType, face.BadBody, face.BadQuery = "late", "application/problem+json", nil, nil
	type key struct{}
	face.Authenticate = func(r *http.Request) (context.Context, error) {
		sent := r.Header.Get("Authorization")
		if sent == "" {
			return nil, reeve.Errorf(reeve.Unauthenticated, "no key")
		}
		return context.WithValue(r.Context(), key{}, sent), nil
	}
	face.Confirm = func(ctx context.Context) error {
		if ctx.Value(key{}) != token {
			return reeve.Errorf(reeve.Unauthenticated, "wrong key")
		}
		return nil
	}
	return face
}

// color is a text type with its own opinion of what is wrong.
type color string

func (c *color) UnmarshalText(text []byte) error {
	if string(text) == "pink" {
		return reeve.Errorf(reeve.Conflict, "no pink")
	}
	if string(text) == "" {
		return errors.New("no colour")
	}
	*c = color(text)
	return nil
}

func (color) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: "^[a-z]+$"}
}

type (
	thing struct {
		ID     string   `json:"id" doc:"Its name."`
		Note   *string  `json:"note"`
		Tags   []string `json:"tags"`
		Parent *thing   `json:"parent,omitempty"`
	}
	createThing struct {
		Name  string   `json:"name"`
		Count int      `json:"count,omitempty"`
		Deep  any      `json:"deep,omitempty"`
		Tags  []string `json:"tags,omitempty"`
	}
	thingIn struct {
		Thing string `path:"thing" doc:"Which one."`
	}
	updateIn struct {
		Thing string      `path:"thing"`
		Body  createThing `body:""`
	}
	createIn struct {
		Body createThing `body:""`
	}
	listIn struct {
		Limit int     `query:"limit" doc:"At most so many."`
		After *string `query:"after"`
		All   bool    `query:"all"`
		Color *color  `query:"color"`
	}
	listOut struct {
		Limit int     `json:"limit"`
		After *string `json:"after"`
		All   bool    `json:"all"`
		Color *color  `json:"color"`
	}
	secretIn struct {
		Key string `path:"key,secret"`
	}
	formIn struct {
		Thing string `path:"thing"`
		Usage string `query:"usage"`
		Rate  string `query:"rate"`
	}
)

func (in *formIn) DecodeRequest(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	in.Usage, in.Rate = r.Form.Get("usage"), r.Form.Get("rate")
	return nil
}

func newThing(id string) thing { return thing{ID: id, Tags: []string{}} }

// newAPI registers operations that do what their path says.
func newAPI(face web.Face, opts web.Options) *web.API {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	api := web.New(face, opts)
	op := func(method, path, id string, kinds ...reeve.Kind) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: "Do " + id, Tag: "things", Errors: kinds}
	}
	web.Handle(api, op("GET", "/api/things/{thing}", "getThing", reeve.Exhausted, reeve.Conflict, reeve.Internal),
		func(_ context.Context, in *thingIn) (thing, error) { return newThing(in.Thing), thingError(in.Thing) })
	web.Handle(api, op("PUT", "/api/things/{thing}", "updateThing", reeve.Timeout),
		func(_ context.Context, _ *updateIn) (web.Empty, error) { return web.Empty{}, nil },
		web.BeforeBody(func(_ context.Context, in *updateIn) error { return thingError(in.Thing) }))
	gone := op("DELETE", "/api/things/{thing}", "deleteThing")
	gone.Status = http.StatusNoContent
	web.Handle(api, gone, func(context.Context, *thingIn) (web.Empty, error) { return web.Empty{}, nil })
	web.Handle(api, op("POST", "/api/things", "createThing", reeve.Timeout),
		func(_ context.Context, in *createIn) (createThing, error) { return in.Body, nil })
	web.Handle(api, op("GET", "/api/things", "listThings", reeve.Conflict),
		func(_ context.Context, in *listIn) (listOut, error) { return listOut(*in), nil })
	web.Handle(api, op("DELETE", "/api/keys/{key}", "deleteKey"),
		func(_ context.Context, in *secretIn) (web.Empty, error) {
			if strings.HasPrefix(in.Key, "panic") {
				panic("no such key: " + in.Key)
			}
			return web.Empty{}, nil
		})
	limits := op("PUT", "/api/things/{thing}/limits", "updateLimits", reeve.Timeout)
	limits.Form = true
	web.Handle(api, limits, func(_ context.Context, in *formIn) (map[string]string, error) {
		return map[string]string{"usage": in.Usage, "rate": in.Rate}, nil
	})
	return api
}

// thingError gives every failure a name.
func thingError(id string) error {
	switch id {
	case "missing":
		return reeve.Errorf(reeve.NotFound, "thing not found")
	case "busy":
		return reeve.Errorf(reeve.Conflict, "busy").WithDetail("by %s", "<me>")
	case "down":
		return reeve.Errorf(reeve.Unavailable, "try again").Wrap(errors.New("dial tcp 10.0.0.1: refused"))
	case "full":
		return reeve.Errorf(reeve.Exhausted, "full")
	case "full for long":
		return reeve.Errorf(reeve.Exhausted, "full").WithRetryAfter(1500 * time.Millisecond)
	case "broken":
		return errors.New("disk on fire")
	case "odd":
		return &reeve.Error{Kind: 99, Message: "odd"}
	case "panic":
		panic(errors.New("out of cheese"))
	}
	return nil
}

// scenario is one request and what must come back.
type scenario struct {
	name         string
	method, path string // the path may hold a query
	anonymous    bool
	header       http.Header
	body         string
	status       int
	want         string            // the whole body
	wantHeader   map[string]string // "" means absent
}

// run sends the scenarios to a real server and checks each reply against the
// served document too.
func run(t *testing.T, api *web.API, scenarios []scenario) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	checker := newChecker(t, api)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			reply, body := send(t, server, s)
			if reply.StatusCode != s.status || body != s.want {
				t.Errorf("got %d %s\nwant %d %s", reply.StatusCode, body, s.status, s.want)
			}
			for name, want := range s.wantHeader {
				if got := reply.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if reply.Header.Get("X-Request-Id") == "" {
				t.Error("no X-Request-Id")
			}
			if err := checker.Response(s.method, s.path, reply.StatusCode, reply.Header, []byte(body)); err != nil {
				t.Error(err)
			}
		})
	}
}

func send(t *testing.T, server *httptest.Server, s scenario) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(s.method, server.URL, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	// As it is: the client must not tidy it up.
	if r.URL, err = url.Parse(server.URL + s.path); err != nil {
		r.URL = &url.URL{Scheme: "http", Host: r.Host, Opaque: s.path}
	}
	for name, values := range s.header {
		r.Header[name] = values
	}
	if !s.anonymous && r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", token)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	reply, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply, string(body)
}

func newChecker(t *testing.T, api *web.API) *openapicheck.Checker {
	t.Helper()
	document, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := openapicheck.NewChecker(document)
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

// journal collects log records.
type journal struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buffer.Write(p)
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// take gives the records so far and forgets them.
func (j *journal) take(t *testing.T) (records []map[string]any) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	decoder := json.NewDecoder(&j.buffer)
	for decoder.More() {
		var record map[string]any
		if err := decoder.Decode(&record); err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}
