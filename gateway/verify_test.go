package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestVerifyOnce: a key is asked for once, and judged for each request by its caveats.
func TestVerifyOnce(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	now := time.Now()
	key := newKey(t, 1,
		macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite), NotAfter: now.Add(time.Hour)},
		macaroon.Caveat{AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("p/")}}}).Serialize()
	late := newKey(t, 1, macaroon.Caveat{NotAfter: now.Add(-time.Hour)}).Serialize()
	early := newKey(t, 1, macaroon.Caveat{NotBefore: now.Add(time.Hour)}).Serialize()
	for _, test := range []struct {
		request Request
		want    reeve.VerdictCode
	}{
		{Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p/x"}, reeve.CodeValid},
		{Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "q/x"}, reeve.CodeForbidden},
		{Request{Key: key, Op: macaroon.OpRead, Bucket: "c", Path: "p/x"}, reeve.CodeForbidden},
		{Request{Key: key, Op: macaroon.OpWrite, Bucket: "b", Path: "p/x"}, reeve.CodeForbidden},
		{Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p/x", Project: reeve.ID{1}}, reeve.CodeValid},
		{Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p/x", Project: reeve.ID{2}}, reeve.CodeNotFound},
		{Request{Key: late, Op: macaroon.OpRead}, reeve.CodeExpired},
		{Request{Key: early, Op: macaroon.OpRead}, reeve.CodeForbidden},
		{Request{Key: key, Bucket: "b", Path: "p/x"}, reeve.CodeForbidden},
		{Request{Key: "no key"}, reeve.CodeMalformed},
		{Request{}, reeve.CodeMalformed},
	} {
		for range 2 {
			got, err := c.Verify(t.Context(), test.request)
			if err != nil || got.Code != test.want {
				t.Errorf("%v %q %q: %s, %v, want %s", test.request.Op, test.request.Bucket, test.request.Path, got.Code, err, test.want)
			}
			known := test.want != reeve.CodeNotFound && test.want != reeve.CodeMalformed
			if (got.KeyName == "k") != known || (got.ProjectID == reeve.ID{1}) != known {
				t.Errorf("%s tells %+v", got.Code, got.Identity)
			}
		}
	}
	if asked := get(p, &p.asked); asked != 3 {
		t.Errorf("asked %d times for 3 keys", asked)
	}
	if limit, ok := mustVerify(t, c, key).Limits.Rate.Number(); !ok || limit != 7 {
		t.Errorf("rate limit %d, %v", limit, ok)
	}
}

func mustVerify(t *testing.T, c *Client, key string) Verdict {
	t.Helper()
	out, err := c.Verify(t.Context(), Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p/"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEventsDrop: what an event concerns is asked for again, and nothing else is; who waits for it is told at once.
func TestEventsDrop(t *testing.T) {
	t.Parallel()
	head := func(seed byte) string { k := newKey(t, seed).Head(); return reeve.ID(k[:16]).String() }
	project := reeve.ID{1}.String()
	for _, test := range []struct {
		name, event, data string
		dropped           bool
		waited            bool
	}{
		{"the root", "revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q,"lineage":null}`, head(1), project), true, true},
		{"an ancestor", "revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q,"lineage":"01000000000000000000000000000000"}`, head(1), project), true, true},
		{"a sibling", "revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q,"lineage":"ff000000000000000000000000000000"}`, head(1), project), false, true},
		{"another root", "revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q}`, head(2), project), false, true},
		{"a cut after", "cut", fmt.Sprintf(`{"projectId":%q,"before":"1970-01-01T00:16:40.000001Z"}`, project), true, true},
		{"a cut at", "cut", fmt.Sprintf(`{"projectId":%q,"before":"1970-01-01T00:16:40Z"}`, project), false, true},
		{"another's cut", "cut", fmt.Sprintf(`{"projectId":%q,"before":"2970-01-01T00:00:00Z"}`, head(2)), false, true},
		{"the project", "project", fmt.Sprintf(`{"projectId":%q}`, project), true, false},
		{"another project", "project", fmt.Sprintf(`{"projectId":%q}`, head(2)), false, false},
		{"reset", "reset", `{}`, true, true},
		{"nothing", "at", `{}`, false, false},
		{"what is not known yet", "renamed", `{}`, true, true},
		{"what cannot be read", "revoked", `{"keyId":7}`, true, true},
		{"what says too little", "revoked", `{}`, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			c, _ := p.connect(t, nil)
			key := newKey(t, 1).Serialize()
			mustVerify(t, c, key)
			number := p.say(test.event, test.data)
			if !test.waited {
				p.say("cut", `{"projectId":"`+reeve.ID{9}.String()+`","before":"1970-01-01T00:16:40Z"}`)
			}
			eventually(t, "acknowledged", func() bool { return get(p, &p.acked) >= number })
			if dropped := c.cache.get(key) == nil; dropped != test.dropped {
				t.Errorf("dropped: %v", dropped)
			}
		})
	}
}

// TestLateVerdict: a verdict from before an event is given to who asked before it, and to nobody else.
func TestLateVerdict(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	hold := make(chan struct{})
	p.set(func() { p.hold = hold })
	first, second := make(chan string), make(chan string)
	go func() { first <- judged(t, c, key) }()
	eventually(t, "asked", func() bool { return get(p, &p.asked) == 1 })
	number := p.say("revoked", fmt.Sprintf(`{"keyId":%q,"projectId":%q}`, reeve.ID{7}, reeve.ID{1}))
	eventually(t, "acknowledged", func() bool { return get(p, &p.acked) >= number })
	p.set(func() { p.hold, p.code = nil, reeve.CodeRevoked })
	go func() { second <- judged(t, c, key) }()
	time.Sleep(20 * time.Millisecond) // the second has joined the first, most likely
	close(hold)
	if got := [2]string{<-first, <-second}; got != [2]string{"valid", "revoked"} {
		t.Errorf("verdicts %v", got)
	}
	if c.cache.get(key) != nil {
		t.Error("the late verdict is in the cache")
	}
}

// TestJoined: callers that want the same key make one question.
func TestJoined(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	hold := make(chan struct{})
	p.set(func() { p.hold = hold })
	key := newKey(t, 1).Serialize()
	const callers = 20
	results := make(chan string)
	for range callers {
		go func() { results <- judged(t, c, key) }()
	}
	eventually(t, "asked", func() bool { return get(p, &p.asked) == 1 })
	time.Sleep(10 * time.Millisecond)
	close(hold)
	for range callers {
		if got := <-results; got != "valid" {
			t.Error(got)
		}
	}
	if asked := get(p, &p.asked); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

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

// TestRefusalsAreRemembered, for a moment.
func TestRefusalsAreRemembered(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, hand := p.connect(t, nil)
	key := newKey(t, 1).Serialize()
	p.set(func() { p.code = reeve.CodeProjectFrozen })
	for range 5 {
		verdict, err := c.Verify(t.Context(), Request{Key: key, Op: macaroon.OpRead})
		if err != nil || verdict.Code != reeve.CodeProjectFrozen || verdict.KeyName != "k" {
			t.Fatal(verdict, err)
		}
	}
	if asked := get(p, &p.asked); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	p.set(func() { p.code = reeve.CodeValid })
	hand.sleep(refusalTime)
	mustVerify(t, c, key)
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

// TestContext: a caller waits no longer than it wants to; the answer is kept for the next one.
func TestContext(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, nil)
	hold := make(chan struct{})
	p.set(func() { p.hold = hold })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	key := newKey(t, 1).Serialize()
	if _, err := c.Verify(ctx, Request{Key: key, Op: macaroon.OpRead}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(hold)
	eventually(t, "kept", func() bool { return c.cache.get(key) != nil })
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

// TestFlood: questions that nobody waits for any more are not asked.
func TestFlood(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.connect(t, func(c *Config) { c.Lookups = 2 })
	hold := make(chan struct{})
	p.set(func() { p.hold = hold })
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for i := range 50 {
		key := newKey(t, 1, macaroon.Caveat{Nonce: []byte{byte(i)}}).Serialize()
		callers.Go(func() { _, _ = c.Verify(ctx, Request{Key: key, Op: macaroon.OpRead}) })
	}
	eventually(t, "two are asked", func() bool { return get(p, &p.asked) == 2 })
	cancel()
	callers.Wait()
	close(hold)
	mustVerify(t, c, newKey(t, 1).Serialize())
	if asked := get(p, &p.asked); asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	eventually(t, "nothing is left", func() bool {
		c.lookups.mu.Lock()
		defer c.lookups.mu.Unlock()
		return len(c.lookups.flying) == 0
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{URLs: []string{"http://127.0.0.1:1"}, Token: peerToken}
	for name, change := range map[string]func(*Config){
		"gateway: no URL of a control plane":                                                            func(c *Config) { c.URLs = nil },
		"gateway: the token is no gateway's, which begins with reeve_gw_":                               func(c *Config) { c.Token = "reeve_op_x" },
		`gateway: "127.0.0.1:1" is not the URL of a control plane, such as https://reeve.internal:8082`: func(c *Config) { c.URLs = []string{"127.0.0.1:1"} },
		"gateway: the name is longer than 200 bytes":                                                    func(c *Config) { c.Name = strings.Repeat("x", 201) },
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
