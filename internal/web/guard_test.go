package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// stopped is a clock that moves when it is told to.
type stopped struct {
	mu  sync.Mutex
	now time.Time
}

func (c *stopped) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stopped) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// guarded is an API that knows two keys until they are revoked, and counts how
// often it has looked one up.
type guarded struct {
	*web.API
	clock   stopped
	known   map[string]bool
	lookups int
}

func newGuarded(aMinute int, trusted ...netip.Prefix) *guarded {
	g := &guarded{known: map[string]bool{"good": true, "better": true}}
	g.clock.now = time.Unix(1_800_000_000, 0)
	face := testFace()
	face.Authenticate = func(r *http.Request) (context.Context, error) {
		key := r.Header.Get("Authorization")
		if key == "" {
			return nil, reeve.ErrUnauthenticated
		}
		g.lookups++
		if !g.known[key] {
			return nil, reeve.ErrUnauthenticated
		}
		web.SetActor(r.Context(), "holder of "+key)
		return r.Context(), nil
	}
	g.API = newAPI(face, web.Options{
		Logger: slog.New(slog.DiscardHandler), TrustedProxies: trusted, Guard: web.NewGuard(aMinute, g.clock.Now),
	})
	return g
}

// ask sends one request and gives its reply.
func (g *guarded) ask(key, address string, forwarded ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/api/things/x", nil)
	r.RemoteAddr = address
	if key != "" {
		r.Header.Set("Authorization", key)
	}
	for _, hop := range forwarded {
		r.Header.Add("X-Forwarded-For", hop)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

// TestGuard: of one address so many unknown credentials are looked up, and a
// known one goes on working.
func TestGuard(t *testing.T) {
	const address = "192.0.2.7:1234"
	g := newGuarded(3)
	status := func(want int, key, from string) *httptest.ResponseRecorder {
		t.Helper()
		w := g.ask(key, from)
		if w.Code != want {
			t.Errorf("%q from %s: %d, want %d", key, from, w.Code, want)
		}
		return w
	}
	status(200, "good", address)
	for i := range 3 {
		status(401, fmt.Sprintf("guess %d", i), address)
	}
	before := g.lookups
	refused := status(429, "guess 4", address)
	for name, want := range map[string]string{
		"Retry-After": "20", "RateLimit": `"auth";r=0;t=20`, "RateLimit-Policy": `"auth";q=3;w=60`,
	} {
		if got := refused.Header().Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if want := `{"error":"too many unknown credentials came from this address","detail":""}`; refused.Body.String() != want {
		t.Errorf("body %s", refused.Body)
	}
	status(429, "better", address) // nobody knows that it is good
	if g.lookups != before {
		t.Error("a refused request was looked up")
	}
	status(401, "", address) // is no guess
	status(200, "good", address)
	status(200, "better", "192.0.2.8:1")
	status(200, "better", address) // accepted from elsewhere
	status(401, "guess 5", "192.0.2.8:1")

	// A key that is revoked is looked up once more.
	delete(g.known, "good")
	status(401, "good", address)
	status(429, "good", address)

	g.clock.advance(20 * time.Second)
	status(401, "guess 6", address)
	status(429, "guess 7", address)
	g.clock.advance(time.Hour)
	status(401, "guess 8", address)
	for range 2 {
		status(401, "guess", address)
	}
	status(429, "better", address) // accepted, but not lately
}

// TestGuardOff: with no quota nobody is turned away.
func TestGuardOff(t *testing.T) {
	g := newGuarded(0)
	for range 100 {
		if w := g.ask("guess", "192.0.2.7:1234"); w.Code != 401 {
			t.Fatal(w.Code)
		}
	}
}

// TestGuardAddresses: what counts as one address.
func TestGuardAddresses(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second string
		hops          [2]string
		want          int
	}{
		{"the same", "192.0.2.7:1", "192.0.2.7:2", [2]string{}, 429},
		{"another", "192.0.2.7:1", "192.0.2.8:1", [2]string{}, 401},
		{"mapped into IPv6", "192.0.2.7:1", "[::ffff:192.0.2.7]:1", [2]string{}, 429},
		{"mapped ones", "[::ffff:192.0.2.7]:1", "[::ffff:192.0.2.8]:1", [2]string{}, 401},
		{"of one /64", "[2001:db8:1:2::7]:1", "[2001:db8:1:2:ffff::]:1", [2]string{}, 429},
		{"of two /64", "[2001:db8:1:2::7]:1", "[2001:db8:1:3::7]:1", [2]string{}, 401},
		{"behind a trusted proxy", "10.0.0.1:1", "10.0.0.1:1", [2]string{"192.0.2.7", "192.0.2.8"}, 401},
		{"one client of two proxies", "10.0.0.1:1", "10.0.0.2:1", [2]string{"192.0.2.7", "192.0.2.7"}, 429},
		{"a client that names another", "10.0.0.1:1", "10.0.0.1:1", [2]string{"1.1.1.1, 192.0.2.7", "2.2.2.2, 192.0.2.7"}, 429},
		{"no trusted proxy", "192.0.2.7:1", "192.0.2.7:1", [2]string{"1.1.1.1", "2.2.2.2"}, 429},
		{"no address at all", "@", "@", [2]string{}, 429},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuarded(1, netip.MustParsePrefix("10.0.0.0/8"))
			forwarded := func(i int) []string {
				if test.hops[i] == "" {
					return nil
				}
				return []string{test.hops[i]}
			}
			if w := g.ask("guess", test.first, forwarded(0)...); w.Code != 401 {
				t.Errorf("first: %d", w.Code)
			}
			if w := g.ask("guess", test.second, forwarded(1)...); w.Code != test.want {
				t.Errorf("second: %d, want %d", w.Code, test.want)
			}
		})
	}
}

// TestSetQuota: a success says what is left, an error only its own.
func TestSetQuota(t *testing.T) {
	api := web.New(testFace(), web.Options{Logger: slog.New(slog.DiscardHandler)})
	web.Handle(api, web.Op{Method: "GET", Path: "/thing/{thing}", ID: "thing"},
		func(ctx context.Context, in *thingIn) (string, error) {
			if got := web.ClientAddress(ctx); got != "192.0.2.1" {
				t.Errorf("client %q", got)
			}
			web.SetQuota(ctx, reeve.Quota{Name: "sign-in", Limit: 5, Remaining: 4, Window: time.Minute, Reset: 100 * time.Millisecond})
			return "", thingError(in.Thing)
		})
	for path, want := range map[string]string{"/thing/x": `"sign-in";r=4;t=1`, "/thing/missing": ""} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, request("GET", path))
		if got := w.Header().Get("RateLimit"); got != want {
			t.Errorf("%s: RateLimit %s, want %s", path, got, want)
		}
	}
	web.SetQuota(t.Context(), reeve.Quota{})
	if web.ClientAddress(t.Context()) != "" {
		t.Error("a client without a request")
	}
}
