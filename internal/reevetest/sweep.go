package reevetest

import (
	"database/sql"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver, for breaking a database

	"github.com/reeve-cloud/reeve/internal/server"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// Down calls every example on a database that was closed: 503, Retry-After
// and none of the cause's text.
func Down(t *testing.T, examples []Step) {
	s := OpenMailed(t)
	s.bindNothing(t, examples)
	s.Bind("key", unknownKey)
	s.Bind("token", unknownToken)
	s.Store.Close()
	for _, step := range examples {
		step.Status, step.Reply, step.Not = http.StatusServiceUnavailable, Any, []string{"sql", "closed"}
		step.Has = []string{"the database is not available"}
		if reply := s.Do(t, step); reply.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", step.label())
		}
	}
}

// Broken calls every example on a database without tables: 500 that tells
// nothing, and one error in the log that tells all.
func Broken(t *testing.T, examples []Step) {
	config := storetest.ConfigSQLite(t)
	dropTables(t, config.SQLite)
	s := OpenStore(t, storetest.Open(t, config))
	s.bindNothing(t, examples)
	s.Bind("key", unknownKey)
	s.Bind("token", unknownToken)
	for _, step := range examples {
		before := strings.Count(s.Log.String(), "no such table")
		step.Status, step.Reply, step.Not = http.StatusInternalServerError, Any, []string{"table", "SQL"}
		step.Has = []string{"internal error"}
		s.Do(t, step)
		if logged := strings.Count(s.Log.String(), "no such table") - before; logged != 1 {
			t.Errorf("%s: the cause was logged %d times, want once", step.label(), logged)
		}
	}
}

// Guarded calls every example from an address that has shown more unknown
// credentials than it may: 429 before anything is looked up, and when to come
// again.
func Guarded(t *testing.T, examples []Step) {
	s := OpenGuarded(t, server.Config{AuthFailures: 1})
	s.bindNothing(t, examples)
	s.Bind("key", unknownKey)
	s.Bind("token", unknownToken)
	spent := Step{Call: examples[0].Call, Body: examples[0].Body, As: unknownKey, Reply: Any, Status: http.StatusUnauthorized}
	switch faceOf(spent.Call[strings.IndexByte(spent.Call, '/'):]) {
	case "operator":
		spent.Status = http.StatusForbidden
	case "gateway":
		spent.As = "Bearer " + unknownToken
	}
	s.Do(t, spent)
	s.Store.Close()
	for _, step := range examples {
		step.Status, step.Reply = http.StatusTooManyRequests, Any
		step.Has = []string{"too many unknown credentials"}
		reply := s.Do(t, step)
		if wait, err := strconv.Atoi(reply.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
			t.Errorf("%s: Retry-After %q", step.label(), reply.Header.Get("Retry-After"))
		}
		quota := `"auth";r=0;t=` + reply.Header.Get("Retry-After")
		if got := reply.Header.Get("RateLimit"); got != quota {
			t.Errorf("%s: RateLimit %s, want %s", step.label(), got, quota)
		}
		if got := reply.Header.Get("RateLimit-Policy"); got != `"auth";q=1;w=60` {
			t.Errorf("%s: RateLimit-Policy %s", step.label(), got)
		}
	}
}

// Credentials of the right form that nobody has.
const (
	unknownKey   = "reeve_org_00000000000000000000000000000000000000000002CZclj"
	unknownToken = "reeve_gw_00000000000000000000000000000000000000000002CZclj"
)

// bindNothing binds the names of examples to ids of nothing.
func (s *Server) bindNothing(t *testing.T, examples []Step) {
	t.Helper()
	s.BindLinks(t)
	for _, step := range examples {
		for _, text := range placeholder.FindAllString(step.Call+step.Body, -1) {
			name := strings.Trim(text, "{}")
			if _, rest, ok := strings.Cut(name, ":"); ok {
				name = rest
			}
			if _, ok := s.names[name]; !ok {
				s.Bind(name, NewID().String())
			}
		}
	}
}

func dropTables(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := db.ExecContext(t.Context(), "DROP TABLE IF EXISTS "+name); err != nil {
			t.Fatal(err)
		}
	}
}

// Health exercises what every listener answers without credentials.
func Health(t *testing.T, face string) {
	s := Open(t)
	s.Ready(t)
	for _, step := range []Step{
		{Call: "GET /livez", Status: 200, Reply: `{"status":"ok"}`},
		{Call: "GET /readyz", Status: 200, Reply: `{"status":"ok"}`},
		{Call: "GET /healthz", Status: 200, Reply: `{"status":"ok","checks":{"ready":"ok","serving":"ok"}}`},
		{Call: "GET /version", Status: 200, Reply: Any, Has: []string{`"version":`}},
		{Call: "GET /openapi.json", Status: 200, Reply: Any, Has: []string{`"openapi":"3.1.1"`, "reeve " + face + " API"}},
	} {
		step.Face, step.As = face, "-"
		s.Do(t, step)
	}
	s.Store.Close()
	for _, path := range []string{"/readyz", "/healthz"} {
		s.Do(t, Step{
			Call: "GET " + path, Face: face, As: "-", Status: 503, Reply: Any,
			Has: []string{"not ready"}, Not: []string{"closed", "sql"},
		})
	}
	s.Do(t, Step{Call: "GET /livez", Face: face, As: "-", Status: 200, Reply: `{"status":"ok"}`})
}

// TooLong sends each example that has a body a body of more than 1 MiB, and
// one that does not arrive, and finds nothing changed.
func TooLong(t *testing.T, examples []Step, prepare func(*testing.T, *Server)) {
	s := OpenImpatient(t)
	prepare(t, s)
	before := s.Count(t)
	for _, step := range examples {
		if step.Body == "" && step.Form == "" {
			continue
		}
		method, target, _ := strings.Cut(s.Expand(step.Call), " ")
		face := faceOf(target)
		request := Request{
			Face: face, Method: method, Target: target, Header: s.header(face, step),
			Body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`,
		}
		if reply := s.Send(t, request); reply.Status != 413 || !strings.Contains(reply.Body, "request body too large") {
			t.Errorf("%s: %d %s", step.label(), reply.Status, reply.Body)
		}
		request.Stream = endless{t.Context().Done()}
		if reply := s.Send(t, request); reply.Status != 408 || !strings.Contains(reply.Body, "did not arrive in time") {
			t.Errorf("%s: %d %s", step.label(), reply.Status, reply.Body)
		}
	}
	if after := s.Count(t); after != before {
		t.Errorf("%d changes were made", after-before)
	}
}

// endless is a body that never comes.
type endless struct{ done <-chan struct{} }

// Read waits, for longer than a server does.
func (e endless) Read([]byte) (int, error) {
	select {
	case <-e.done:
	case <-time.After(time.Second):
	}
	return 0, http.ErrBodyReadAfterClose
}
