package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/web"
)

// record serves one request and gives its one record, without what differs
// from run to run.
func record(t *testing.T, api *web.API, j *journal, r *http.Request) map[string]any {
	t.Helper()
	j.take(t)
	api.ServeHTTP(httptest.NewRecorder(), r)
	records := j.take(t)
	if len(records) != 1 {
		t.Fatalf("%d records: %v", len(records), records)
	}
	for _, name := range []string{"time", "msg", "duration_ms"} {
		if records[0][name] == nil {
			t.Errorf("no %s", name)
		}
		delete(records[0], name)
	}
	return records[0]
}

func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, http.NoBody)
	r.Header.Set("Authorization", token)
	r.Header.Set("X-Request-Id", "id-1")
	return r
}

func TestRecord(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	const long = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
	tests := []struct {
		name, method, target string
		want                 map[string]any
	}{
		{"success", "GET", "/api/things/x?secret=1", map[string]any{"path": "/api/things/x", "route": "/api/things/{thing}", "status": 200.0, "bytes": 32.0}},
		{"head sends nothing", "HEAD", "/api/things/x", map[string]any{"path": "/api/things/x", "route": "/api/things/{thing}", "status": 200.0, "bytes": 0.0}},
		{"error of the caller", "GET", "/api/things/missing", map[string]any{"path": "/api/things/missing", "route": "/api/things/{thing}", "status": 404.0, "bytes": 39.0, "error_kind": "not_found"}},
		{"dependency", "GET", "/api/things/down", map[string]any{
			"level": "WARN", "path": "/api/things/down", "route": "/api/things/{thing}", "status": 503.0, "bytes": 33.0,
			"error_kind": "unavailable", "error": "try again: dial tcp 10.0.0.1: refused",
		}},
		{"internal", "GET", "/api/things/broken", map[string]any{
			"level": "ERROR", "path": "/api/things/broken", "route": "/api/things/{thing}", "status": 500.0, "bytes": 38.0,
			"error_kind": "internal", "error": "internal error: disk on fire",
		}},
		{"unmatched", "GET", "/api/nothing", map[string]any{"path": "/api/nothing", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
		{"secret value", "DELETE", "/api/keys/abc", map[string]any{"path": "/api/keys/***", "route": "/api/keys/{key}", "status": 200.0, "bytes": 0.0}},
		{"secret value, other method", "PUT", "/api/keys/abc", map[string]any{"path": "/api/keys/***", "route": "/api/keys/{key}", "status": 405.0, "bytes": 42.0, "error_kind": "invalid"}},
		{"secret value with a slash", "DELETE", "/api/keys/a%2Fb", map[string]any{"path": "/api/keys/***", "route": "/api/keys/{key}", "status": 200.0, "bytes": 0.0}},
		{"token in any path", "GET", "/api/x/a" + "reeve_gw_1/y", map[string]any{"path": "/api/x/***/y", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
		{"address in any path", "GET", "/api/x/ada%40mail.test/y", map[string]any{"path": "/api/x/***/y", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
		{"escaped token", "GET", "/api/%72eeve_op_1%2F", map[string]any{"path": "/api/***", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
		{"long segment", "GET", "/api/keys/" + long + "/", map[string]any{"path": "/api/keys/***/", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
		{"endless path", "GET", "/api" + strings.Repeat("/a", 2000), map[string]any{"path": "/api" + strings.Repeat("/a", 510) + "…", "route": "", "status": 404.0, "bytes": 33.0, "error_kind": "not_found"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := map[string]any{
				"level": "INFO", "listener": "test", "method": tt.method, "request_id": "id-1",
				"client": "192.0.2.1", "actor": "operator",
			}
			for name, value := range tt.want {
				want[name] = value
			}
			if diff := cmp.Diff(want, record(t, api, &j, request(tt.method, tt.target))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A panic is recorded once, with where it happened and without the request's
// secrets.
func TestPanicRecord(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	got := record(t, api, &j, request("DELETE", "/api/keys/panic-4711"))
	if got["level"] != "ERROR" || got["status"] != 500.0 || got["error"] != "internal error: panic: no such key: ***" {
		t.Error(got)
	}
	stack, _ := got["stack"].(string)
	if !strings.Contains(stack, "web_test.newAPI") || strings.Contains(stack, "4711") {
		t.Error(stack)
	}
}

// A bug's own panic is told as the runtime words it, and an endless method cut.
func TestRuntimePanic(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	var none []int
	web.Handle(api, web.Op{Method: "GET", Path: "/bug", ID: "bug"},
		func(context.Context, *web.Empty) (int, error) { return none[0], nil })
	got := record(t, api, &j, request("GET", "/bug"))
	if got["error"] != "internal error: runtime error: index out of range [0] with length 0" {
		t.Error(got)
	}
	got = record(t, api, &j, request(strings.Repeat("M", 99), "/bug"))
	if got["method"] != strings.Repeat("M", 16)+"…" {
		t.Error(got)
	}
}

func TestProbesAreQuiet(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	if got := record(t, api, &j, request("GET", "/livez")); got["level"] != "DEBUG" {
		t.Error(got)
	}
	if got := record(t, api, &j, request("POST", "/livez")); got["level"] != "INFO" {
		t.Error(got)
	}
}

func TestClientAddress(t *testing.T) {
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"untrusted peer", "192.0.2.1:1", []string{"1.2.3.4"}, "192.0.2.1"},
		{"trusted peer", "10.0.0.1:1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"rightmost untrusted", "10.0.0.1:1", []string{"6.6.6.6, 1.2.3.4 ,10.0.0.2"}, "1.2.3.4"},
		{"several headers", "10.0.0.1:1", []string{"6.6.6.6", "1.2.3.4", "10.0.0.2"}, "1.2.3.4"},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"no address", "10.0.0.1:1", []string{"1.2.3.4,unknown,10.0.0.2"}, "10.0.0.2"},
		{"with ports", "10.0.0.1:1", []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
		{"with a zone", "[fd00::1%eth0]:1", []string{"1.2.3.4"}, "1.2.3.4"},
	}
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger(), TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
	}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request("GET", "/livez")
			r.RemoteAddr = tt.peer
			if tt.forwarded != nil {
				r.Header["X-Forwarded-For"] = tt.forwarded
			}
			if got := record(t, api, &j, r)["client"]; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	api := newAPI(testFace(), web.Options{})
	seen := map[string]bool{}
	for _, sent := range []string{"a", "A-z_0.9", strings.Repeat("a", 128), "", strings.Repeat("a", 129), "a b", "é", "a\n"} {
		r := request("GET", "/nothing")
		r.Header.Set("X-Request-Id", sent)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		got := w.Header().Get("X-Request-Id")
		taken := sent != "" && len(sent) <= 128 && !strings.ContainsAny(sent, " é\n")
		if (got == sent) != taken || got == "" || seen[got] {
			t.Errorf("sent %q, got %q", sent, got)
		}
		seen[got] = true
	}
}

// What the context offers to operations, and to nobody else.
func TestContext(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	web.Handle(api, web.Op{Method: "GET", Path: "/api/context", ID: "context"},
		func(ctx context.Context, _ *web.Empty) ([]string, error) {
			web.SetActor(ctx, "somebody")
			return []string{web.RequestID(ctx)}, nil
		})
	r := request("GET", "/api/context")
	if got := record(t, api, &j, r); got["actor"] != "somebody" {
		t.Error(got)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if got := w.Body.String(); got != `["id-1"]` {
		t.Error(got)
	}
	ctx := context.Background()
	web.SetActor(ctx, "nobody")
	if web.RequestID(ctx) != "" {
		t.Error("a context without a request has one")
	}
}

// An operation's time is bounded, a mounted handler's is not.
func TestTimeout(t *testing.T) { synctest.Test(t, testTimeout) }

func testTimeout(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger(), Timeout: time.Minute})
	web.Handle(api, web.Op{Method: "GET", Path: "/slow", ID: "slow"},
		func(ctx context.Context, _ *web.Empty) (web.Empty, error) {
			<-ctx.Done()
			return web.Empty{}, ctx.Err()
		})
	api.Mount("/api/stream", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			t.Error("ended")
		case <-time.After(time.Hour):
		}
		_, _ = io.WriteString(w, web.RequestID(r.Context()))
	}))
	if got := record(t, api, &j, request("GET", "/slow")); got["status"] != 503.0 || got["level"] != "WARN" {
		t.Error(got)
	}
	if got := record(t, api, &j, request("GET", "/api/stream")); got["status"] != 200.0 || got["bytes"] != 4.0 || got["route"] != "/api/stream" {
		t.Error(got)
	}
	r := request("GET", "/api/stream")
	r.Header.Del("Authorization")
	if got := record(t, api, &j, r); got["status"] != 403.0 {
		t.Error("a mounted handler was reached without credentials", got)
	}
}

// A client that goes away is nobody's fault, and is told nothing false.
func TestClientGone(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	ctx, cancel := context.WithCancel(context.Background())
	web.Handle(api, web.Op{Method: "GET", Path: "/gone", ID: "gone"},
		func(ctx context.Context, _ *web.Empty) (web.Empty, error) {
			cancel()
			return web.Empty{}, ctx.Err()
		})
	if got := record(t, api, &j, request("GET", "/gone").WithContext(ctx)); got["status"] != 503.0 || got["level"] != "INFO" {
		t.Error(got)
	}
}

// A reply that has begun when its handler panics must not look whole.
func TestPanicAfterReply(t *testing.T) {
	var j journal
	api := newAPI(testFace(), web.Options{Logger: j.logger()})
	api.Mount("/half", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("the other half")
	}))
	reply, err := http.Get(serve(t, api).URL + "/half")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if _, err := io.ReadAll(reply.Body); err == nil {
		t.Error("half a reply looks whole")
	}
	records := j.take(t)
	if len(records) != 1 || records[0]["error"] != "internal error: panic: the other half" {
		t.Error(records)
	}
}

func TestMetrics(t *testing.T) {
	metrics := web.NewMetrics(nil)
	api := newAPI(testFace(), web.Options{Metrics: metrics})
	newAPI(lateFace(), web.Options{Metrics: metrics}) // shared by all listeners
	for _, target := range []string{"/api/things/x", "/api/things/y", "/api/things/missing", "/api/nothing/z", "/livez"} {
		api.ServeHTTP(httptest.NewRecorder(), request("GET", target))
	}
	want := map[string]float64{
		"test getThing 200": 2, "test getThing 404": 1, "test livez 200": 1, "test unmatched 404": 1,
		"in flight late": 0, "in flight test": 0,
	}
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string // in the order of their names
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			switch name := strings.Join(labels, " "); family.GetName() {
			case "reeve_http_requests_in_flight":
				got["in flight "+name] = metric.GetGauge().GetValue()
			case "reeve_http_requests_total":
				// Children that were made before any request are zero.
				if value := metric.GetCounter().GetValue(); value > 0 {
					got[name] = value
				}
			case "reeve_http_request_duration_seconds":
				if name == "test getThing" && metric.GetHistogram().GetSampleCount() != 3 {
					t.Error(metric)
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
