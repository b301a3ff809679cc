package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/client"
)

// seen is what a server was sent.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
	answers  []http.HandlerFunc // one for each; the last for all more
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	at := min(len(s.requests), len(s.answers)-1)
	s.requests = append(s.requests, r.Clone(r.Context()))
	s.mu.Unlock()
	s.answers[at](w, r)
}

// all are the requests so far.
func (s *seen) all() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func start(t *testing.T, answers ...http.HandlerFunc) (*seen, string) {
	t.Helper()
	s := &seen{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestRetries repeats what may be repeated, under one Idempotency-Key, and
// nothing else.
func TestRetries(t *testing.T) {
	busy, ok := says(503, `{"error":"busy","detail":""}`), says(200, `{"id":"1"}`)
	for _, c := range []struct {
		name    string
		answers []http.HandlerFunc
		call    func(ctx context.Context, at string) error
		want    int
		fails   bool
	}{
		{"a GET", []http.HandlerFunc{busy, hangUp, says(429, ""), ok}, getCoupon, 4, false},
		{"for ever", []http.HandlerFunc{busy}, getCoupon, 4, true},
		{"a POST", []http.HandlerFunc{hangUp, busy, ok}, createCoupon, 3, false},
		{"a gateway's POST", []http.HandlerFunc{hangUp, ok}, verify, 1, true},
		{"a refusal", []http.HandlerFunc{says(409, ""), ok}, createCoupon, 1, true},
		{"too long a wait", []http.HandlerFunc{says(503, "", "Retry-After", "3600"), ok}, getCoupon, 1, true},
		{"a redirect", []http.HandlerFunc{says(302, "", "Location", "/elsewhere"), ok}, getCoupon, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, at := start(t, c.answers...)
			err := c.call(t.Context(), at)
			requests := s.all()
			if (err != nil) != c.fails || len(requests) != c.want {
				t.Errorf("%d requests, want %d; %v", len(requests), c.want, err)
			}
			for _, r := range requests {
				if key := r.Header.Get("Idempotency-Key"); key != requests[0].Header.Get("Idempotency-Key") || (key != "") != (c.name == "a POST" || c.name == "a refusal") {
					t.Errorf("%s %s has the key %q", r.Method, r.URL, key)
				}
			}
		})
	}
}

func getCoupon(ctx context.Context, at string) error {
	c, err := client.NewOperator(at, "secret")
	if err != nil {
		return err
	}
	_, err = c.GetCoupon(ctx, "1")
	return err
}

func createCoupon(ctx context.Context, at string) error {
	c, err := client.NewOperator(at, "secret")
	if err != nil {
		return err
	}
	_, err = c.CreateCoupon(ctx, client.OperatorCreateCouponBody{})
	return err
}

func verify(ctx context.Context, at string) error {
	c, err := client.NewGateway(at, "secret")
	if err != nil {
		return err
	}
	_, err = c.Verify(ctx, client.GatewayVerifyBody{})
	return err
}

// TestRetryAfter waits as long as it is asked to, and not beyond its context.
func TestRetryAfter(t *testing.T) {
	_, at := start(t, says(503, "", "Retry-After", "1"), says(200, "{}"))
	began := time.Now()
	if err := getCoupon(t.Context(), at); err != nil || time.Since(began) < time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	_, at = start(t, says(503, "", "Retry-After", "20"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := getCoupon(ctx, at); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// TestHeaders sends each credential as its face reads it, and what the context
// says.
func TestHeaders(t *testing.T) {
	s, at := start(t, says(200, `{"status":"success","body":{}}`, "ETag", `"7"`, "X-Request-Id", "r1"))
	ctx := client.WithIfMatch(client.WithIdempotencyKey(client.WithReason(t.Context(), "why"), "once"), `"6"`)
	tenant := func(credential client.Credential) *client.Tenant {
		c, err := client.NewTenant(at+"/", credential, client.WithUserAgent("test/1"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var said client.Response
	if _, err := tenant(client.Session("usr_1", "tok")).UpdateProject(client.WithResponse(ctx, &said), "a/b ?", client.TenantUpdateProjectBody{}); err != nil {
		t.Fatal(err)
	}
	if _, err := tenant(client.OrganizationKey("org")).Livez(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := tenant(client.OrganizationKey("org")).GetProject(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	gateway, err := client.NewGateway(at, "gw")
	if err != nil {
		t.Fatal(err)
	}
	if err := gateway.AuthorizeGet(t.Context(), "bucket/a b"); err != nil {
		t.Fatal(err)
	}
	if said.ETag != `"7"` || said.RequestID != "r1" {
		t.Errorf("response %+v", said)
	}
	var got []string
	for _, r := range s.all() {
		line := r.Method + " " + r.RequestURI
		for _, name := range []string{"X-Api-Key", "X-Auth-Id", "X-Auth-Token", "Authorization", "Reeve-Gateway-Token", "X-Reason", "If-Match", "Idempotency-Key", "User-Agent"} {
			if value := r.Header.Get(name); value != "" {
				line += " " + name + "=" + value
			}
		}
		got = append(got, line)
	}
	want := []string{
		`PUT /project/a%2Fb%20%3F X-Auth-Id=usr_1 X-Auth-Token=tok X-Reason=why If-Match="6" Idempotency-Key=once User-Agent=test/1`,
		`GET /livez X-Reason=why If-Match="6" Idempotency-Key=once User-Agent=test/1`,
		`GET /project/p X-Api-Key=org User-Agent=test/1`,
		`GET /gateway/auth/bucket/a%20b Reeve-Gateway-Token=gw User-Agent=reeve-go`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if text := fmt.Sprintf("%v %+v %#v", client.Session("a", "tok"), client.OrganizationKey("org"), client.Token("gw")); strings.ContainsAny(text, "aotg") {
		t.Errorf("credentials print as %s", text)
	}
}

// TestErrors reads the forms of refusals, and what is none of them.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status       int
		body         string
		kind         reeve.Kind
		message      string
		detail, text string
	}{
		{404, `{"error":"no user","detail":"d"}`, reeve.NotFound, "no user", "d", "no user: d (404, request r1)"},
		{401, `{"status":"error","message":"no key","code":401}`, reeve.Unauthenticated, "no key", "", "no key (401, request r1)"},
		{429, `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"rate"}`, reeve.Exhausted, "Too Many Requests", "rate", "Too Many Requests: rate (429, request r1)"},
		{502, `<html>`, reeve.Unavailable, "Bad Gateway", "", "Bad Gateway (502, request r1)"},
		{500, ``, reeve.Internal, "Internal Server Error", "", "Internal Server Error (500, request r1)"},
	} {
		_, at := start(t, says(c.status, c.body, "X-Request-Id", "r1", "Retry-After", "31"))
		got := client.AsError(getCoupon(t.Context(), at))
		want := &client.Error{
			Status: c.status, Kind: c.kind, Message: c.message, Detail: c.detail, RequestID: "r1", RetryAfter: 31 * time.Second, Body: []byte(c.body),
		}
		if diff := cmp.Diff(want, got); diff != "" || got.Error() != c.text {
			t.Errorf("%d: error %q (-want +got):\n%s", c.status, got, diff)
		}
	}
}

// TestBounds reads no reply without end, and takes no address that is none.
func TestBounds(t *testing.T) {
	_, at := start(t, says(200, `{"id":"`+strings.Repeat("x", 100)+`"}`))
	c, err := client.NewOperator(at, "secret", client.WithMaxReply(100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetCoupon(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "longer than 100 bytes") {
		t.Errorf("error %v", err)
	}
	if _, err := c.GetCoupon(t.Context(), ""); err == nil {
		t.Error("an empty path parameter is sent")
	}
	for _, text := range []string{"", "127.0.0.1:8081", "ftp://x", "http://", "http://user:secret@x", "http://x?a=b"} {
		_, err := client.NewOperator(text, "secret")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	// Nothing listens there; the token is in no error.
	if err := getCoupon(t.Context(), "http://127.0.0.1:1"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
