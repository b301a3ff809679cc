package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

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
		{"frozen", "frozen", fmt.Sprintf(`{"projectId":%q,"organizationId":null,"ownerId":null}`, project), true, true},
		{"its organisation", "frozen", fmt.Sprintf(`{"projectId":null,"organizationId":%q,"ownerId":null}`, reeve.ID{2}), true, true},
		{"its owner", "frozen", fmt.Sprintf(`{"ownerId":%q}`, reeve.ID{3}), true, true},
		{"another's freeze", "frozen", fmt.Sprintf(`{"projectId":%q,"organizationId":%q,"ownerId":%q}`, head(2), project, project), false, true},
		{"a freeze of nothing", "frozen", `{}`, true, true},
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
