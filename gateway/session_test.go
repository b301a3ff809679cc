package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestLeaseEnds: after the lease nothing is served from the cache, however it came to end, and after a lease that ran
// out the session is not taken up again.
func TestLeaseEnds(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, hand := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	mustVerify(t, c, key)
	p.fail(t, http.StatusServiceUnavailable)
	if got := judged(t, c, key); got != "valid" {
		t.Errorf("in the lease: %s", got)
	}
	if got := judged(t, c, newKey(t, 2).Serialize()); got != ErrUnavailable.Error() {
		t.Errorf("an unknown key: %s", got)
	}
	hand.sleep(time.Minute)
	if got := judged(t, c, key); got != ErrUnavailable.Error() {
		t.Errorf("after the lease: %s", got)
	}
	if c.Ready() == nil {
		t.Error("ready")
	}
	p.set(func() { p.status = 0 })
	eventually(t, "a new session", func() bool { return c.Ready() == nil })
	if opened := get(p, &p.opened); opened != 2 {
		t.Errorf("%d sessions", opened)
	}
	if c.cache.get(key) != nil {
		t.Error("the cache outlived its session")
	}
}

// TestRefuse: who does not want to serve without the control plane stops when the feed breaks or falls silent.
func TestRefuse(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, hand := p.connect(t, func(c *Config) { c.Verify = Refuse })
	key := newKey(t, 1).Serialize()
	eventually(t, "ready", func() bool { return c.Ready() == nil })
	mustVerify(t, c, key)
	asked := get(p, &p.asked)
	hand.sleep(feedQuiet)
	mustVerify(t, c, key)
	if again := get(p, &p.asked); again != asked+1 {
		t.Errorf("asked %d times while the feed was silent", again-asked)
	}
	p.say("at", "{}")
	eventually(t, "ready again", func() bool { return c.Ready() == nil })
	p.fail(t, http.StatusServiceUnavailable)
	eventually(t, "refused", func() bool { return judged(t, c, key) == ErrUnavailable.Error() })
	p.set(func() { p.status = 0 })
	eventually(t, "back", func() bool { return c.Ready() == nil })
	if opened := get(p, &p.opened); opened != 1 {
		t.Errorf("%d sessions", opened)
	}
}

// TestSessionOver: a gateway that is told that its session is over begins anew, with an empty cache.
func TestSessionOver(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	mustVerify(t, c, key)
	p.set(func() { p.session[0]++ })
	p.say("revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q}`, reeve.ID{7}, reeve.ID{1}))
	eventually(t, "a new session", func() bool { return get(p, &p.opened) == 2 && c.Ready() == nil })
	if c.cache.get(key) != nil {
		t.Error("the cache outlived its session")
	}
}

// TestTokenRevoked: a gateway whose token was revoked stops at once.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	mustVerify(t, c, key)
	p.fail(t, http.StatusUnauthorized)
	eventually(t, "stopped", func() bool { return judged(t, c, key) == ErrToken.Error() })
	if _, err := New(t.Context(), c.config); !errors.Is(err, ErrToken) || !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("a new client: %v", err)
	}
}

// TestWrongClock: a machine that is an hour wrong judges times as the server does.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{-time.Hour, time.Hour} {
		p := newPeer(t)
		config := Config{URLs: []string{p.URL}, Token: peerToken}
		hand := &handClock{}
		c, err := open(t.Context(), config, &clock{ticks: hand.ticks, wall: func() time.Time { return time.Now().Add(wrong) }})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			caveat macaroon.Caveat
			want   reeve.VerdictCode
		}{
			{macaroon.Caveat{NotAfter: time.Now().Add(time.Second)}, reeve.CodeValid},
			{macaroon.Caveat{NotAfter: time.Now().Add(-time.Second)}, reeve.CodeExpired},
			{macaroon.Caveat{NotBefore: time.Now().Add(-time.Second)}, reeve.CodeValid},
			{macaroon.Caveat{NotBefore: time.Now().Add(time.Second)}, reeve.CodeForbidden},
		} {
			if got := mustVerify(t, c, newKey(t, 1, test.caveat).Serialize()).Code; got != test.want {
				t.Errorf("off by %s: %s, want %s", wrong, got, test.want)
			}
		}
		_ = c.Close(t.Context())
	}
}

// TestClosed: a closed client says so, and has ended its session.
func TestClosed(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	mustVerify(t, c, key)
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id := get(p, &p.session); id != [16]byte{} {
		t.Error("the session is open")
	}
	if got := judged(t, c, key); got != ErrClosed.Error() {
		t.Error(got)
	}
	if err := c.Admit(t.Context(), reeve.ID{1}, reeve.MeterRate, 1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestFailover: another replica is asked where one does not answer.
func TestFailover(t *testing.T) {
	t.Parallel()
	down, up := newPeer(t), newPeer(t)
	down.set(func() { down.status = http.StatusServiceUnavailable })
	c, _ := up.connect(t, func(c *Config) { c.URLs = []string{"http://127.0.0.1:1", down.URL, up.URL + "/"} })
	eventually(t, "ready", func() bool { return c.session.heard.Load() > 0 })
	mustVerify(t, c, newKey(t, 1).Serialize())
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{URLs: []string{"http://127.0.0.1:1"}, Token: peerToken}
	for name, change := range map[string]func(*Config){
		"gateway: no URL of a control plane":                                                 func(c *Config) { c.URLs = nil },
		"gateway: the token is no gateway's, which begins with reeve_gw_":                    func(c *Config) { c.Token = "reeve_op_x" },
		"gateway: URL 1 is not that of a control plane, such as https://reeve.internal:8082": func(c *Config) { c.URLs = []string{"http://user:password@x"} },
		"gateway: the name is longer than 200 bytes":                                         func(c *Config) { c.Name = strings.Repeat("x", 201) },
	} {
		config := good
		change(&config)
		_, err := New(t.Context(), config)
		if err == nil {
			t.Fatalf("%s: none", name)
		}
		if diff := cmp.Diff(name, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}
