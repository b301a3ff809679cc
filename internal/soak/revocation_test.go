//go:build soak

package soak

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestReceipts: three gateways judge keys without pause. From its receipt on a revoked key is refused by all: by the
// one that hears of it, by the one that was stopped and wakes, and by the one that was cut off.
func TestReceipts(t *testing.T) {
	servers(t, func(t *testing.T, all ...*process) {
		g := guard(t, all[0], 30)
		var fences []*fence
		var through []string
		for _, p := range all {
			f := newFence(t, p.gateway)
			fences, through = append(fences, f), append(through, f.url())
		}
		healthy := startSidecar(t, "healthy", g.token, gatewayURLs(all)...)
		sleeper := startSidecar(t, "sleeper", g.token, gatewayURLs(all)...)
		island := startSidecar(t, "island", g.token, through...)

		ctx, halt := context.WithCancel(t.Context())
		defer halt()
		var work sync.WaitGroup
		var judged [3]atomic.Int64
		for i, s := range []*sidecar{healthy, sleeper, island} {
			for range 2 {
				work.Go(func() { g.use(ctx, t, s, &judged[i]) })
			}
		}

		// While all is well.
		next := g.keys
		for range 10 {
			begun := time.Now()
			states := g.revoke(t, next[0])
			next = next[1:]
			for _, name := range []string{"healthy", "sleeper", "island"} {
				if states[name] != "acknowledged" {
					t.Errorf("sessions are %v", states)
				}
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("a receipt took %v", took)
			}
		}

		sleeper.signal(syscall.SIGSTOP)
		sleeper.stopped(t)
		for _, f := range fences {
			f.cut.Store(true)
		}
		g.revokeUnheard(ctx, t, sleeper, next[:4])
		for _, f := range fences {
			f.cut.Store(false)
		}
		next = next[4:]

		// All come back by themselves, and hear of what is revoked.
		for _, s := range []*sidecar{healthy, sleeper, island} {
			eventually(t, time.Minute, "a gateway is back", func() bool {
				got, err := ask(request{url: s.url + "/readyz"})
				return err == nil && got.status == 200 && s.judge(ctx, next[1].key) == "valid"
			})
		}
		g.revoke(t, next[0])
		time.Sleep(time.Second)
		halt()
		work.Wait()
		for i := range judged {
			if judged[i].Load() < 100 {
				t.Errorf("gateway %d judged only %d keys", i, judged[i].Load())
			}
		}
	}, "--session-lease", "6s")
}

// revokeUnheard revokes keys while one gateway is stopped and another cut off: their sessions run out. Then it wakes the
// one that is stopped, which has requests waiting.
func (g *guarded) revokeUnheard(ctx context.Context, t *testing.T, sleeper *sidecar, waiting []*issued) {
	t.Helper()
	// These are judged when it wakes, after the receipts.
	late := make(chan string, 100)
	for _, k := range waiting {
		go func() { late <- sleeper.judge(ctx, k.key) }()
	}
	var receipts sync.WaitGroup
	for _, k := range waiting {
		receipts.Go(func() {
			states := g.revoke(t, k)
			for _, name := range []string{"sleeper", "island"} {
				if state := states[name]; state != "expired" && state != "ended" {
					t.Errorf("%s is %s", name, state)
				}
			}
			if state := states["healthy"]; state != "acknowledged" {
				t.Errorf("healthy is %s", state)
			}
		})
	}
	receipts.Wait()
	sleeper.signal(syscall.SIGCONT)
	for range waiting {
		if code := <-late; code == "valid" {
			t.Error("a key was accepted by a gateway that woke after its receipt")
		}
	}
}

// TestGatewaysOutliveServer: gateways that are set to serve admit every key that they know and no revoked one while no
// server runs, and go on as before when it is back.
func TestGatewaysOutliveServer(t *testing.T) {
	t.Parallel()
	const outage = time.Minute // of the default lease of 90 s
	database := []string{"--database", "sqlite:" + t.TempDir() + "/reeve.db"}
	p := serve(t, database...)
	g := guard(t, p, 20)
	gateways := []*sidecar{
		startSidecar(t, "one", g.token, p.gateway), startSidecar(t, "two", g.token, p.gateway), startSidecar(t, "three", g.token, p.gateway),
	}
	everywhere := func() {
		t.Helper()
		for _, s := range gateways {
			for _, k := range g.keys[:18] {
				for _, key := range []string{k.key, k.child} {
					if got := s.judge(t.Context(), key); (got == "valid") == k.receipt.Load() || got == "" {
						t.Fatalf("%s is %q, revoked: %v", k.name, got, k.receipt.Load())
					}
				}
			}
		}
	}
	everywhere()
	for _, k := range g.keys[:5] {
		g.revoke(t, k)
	}
	p.kill()
	begun := time.Now()
	for time.Since(begun) < outage {
		everywhere()
		for _, s := range gateways {
			if got := s.judge(t.Context(), g.keys[19].key); got != "503" {
				t.Fatalf("a key that nobody knows is %q", got)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	again := launch(t, append(database, "--operator-listen", strings.TrimPrefix(p.operator, "http://"),
		"--gateway-listen", strings.TrimPrefix(p.gateway, "http://"))...)
	again.ready()
	states := g.revoke(t, g.keys[17])
	for _, name := range []string{"one", "two", "three"} {
		if states[name] != "acknowledged" {
			t.Errorf("sessions are %v", states)
		}
	}
	everywhere()
	if got := gateways[0].judge(t.Context(), g.keys[17].key); got != "revoked" {
		t.Errorf("a revoked key is %q", got)
	}
}
