//go:build soak

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/reeve-cloud/reeve/macaroon"
)

// sidecar is one `reeve gateway` that goes on serving without a server.
type sidecar struct {
	*process
	url string
}

var sidecarAnnounced = regexp.MustCompile(`(?m)^sidecar +(http://\S+)$`)

// startSidecar starts one, and waits until it follows a server.
func startSidecar(t *testing.T, name, token string, servers ...string) *sidecar {
	t.Helper()
	s := &sidecar{process: spawn(t, []string{"REEVE_GATEWAY_TOKEN=" + token},
		"gateway", "--server", strings.Join(servers, ","), "--listen", "127.0.0.1:0", "--outage", "serve", "--name", name)}
	eventually(t, startLimit, "the sidecar follows the server", func() bool {
		if s.ended() {
			t.Fatalf("reeve ended with %d: %s", s.code(), tail(s.stderr(), 2000))
		}
		found := sidecarAnnounced.FindStringSubmatch(s.stdout())
		if found == nil {
			return false
		}
		s.url = found[1]
		got, err := ask(request{url: s.url + "/readyz"})
		return err == nil && got.status == http.StatusOK
	})
	return s
}

// judge asks a sidecar for a key and gives the code, or the status if that is not 200, or "" if there is no answer.
func (s *sidecar) judge(ctx context.Context, key string) string {
	body, _ := json.Marshal(object{"key": key, "action": "read", "bucket": "b", "path": "p"})
	r, err := http.NewRequestWithContext(ctx, "POST", s.url+"/gateway/verify", bytes.NewReader(body))
	if err != nil {
		return ""
	}
	reply, err := clients.Do(r)
	if err != nil {
		return ""
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return ""
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Sprint(reply.StatusCode)
	}
	return answer{body: text}.field("code")
}

// fence is a connection between a sidecar and a server that can be cut: what goes through it then is swallowed.
type fence struct {
	net.Listener
	to  string
	cut atomic.Bool
}

func newFence(t *testing.T, url string) *fence {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	f := &fence{Listener: listener, to: strings.TrimPrefix(url, "http://")}
	t.Cleanup(func() { _ = f.Close() })
	go func() {
		for {
			client, err := f.Accept()
			if err != nil {
				return
			}
			go f.join(client)
		}
	}()
	return f
}

func (f *fence) url() string { return "http://" + f.Addr().String() }

func (f *fence) join(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", f.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var both sync.WaitGroup
	both.Go(func() { f.copy(server, client) })
	both.Go(func() { f.copy(client, server) })
	both.Wait()
}

func (f *fence) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if f.cut.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// guarded is a project's keys, and the gateways' token.
type guarded struct {
	p       *process
	project string
	token   string
	keys    []*issued
}

// issued is a key and one that descends from it.
type issued struct {
	name, key, child string
	receipt          atomic.Bool // its revocation is complete
}

// guard makes a project with keys and a gateway.
func guard(t *testing.T, p *process, count int) *guarded {
	t.Helper()
	w := settle(t, p.operator, p.token, "ada")
	out := &guarded{p: p, project: w.project}
	out.token = must(t, request{"POST", p.operator + "/api/gateways", p.token, object{"name": "edge"}}).field("token")
	for i := range count {
		k := &issued{name: fmt.Sprintf("k%d", i)}
		k.key = must(t, request{"POST", p.operator + "/api/projects/" + w.project + "/apikeys", p.token, object{"name": k.name}}).field("apikey")
		key, err := macaroon.Parse(k.key)
		check(t, err)
		key, err = key.Attenuate(macaroon.Caveat{Nonce: []byte{byte(i)}})
		check(t, err)
		k.child = key.Serialize()
		out.keys = append(out.keys, k)
	}
	return out
}

// revoke revokes a key, waits for the receipt and gives the sessions' states by name.
func (g *guarded) revoke(t *testing.T, k *issued) map[string]string {
	t.Helper()
	got := must(t, request{"DELETE", g.p.operator + "/api/projects/" + g.project + "/apikeys/" + k.name + "?wait=50", g.p.token, nil})
	k.receipt.Store(true)
	var receipt struct {
		Complete bool
		Sessions []struct{ Name, State string }
	}
	check(t, json.Unmarshal(got.body, &receipt))
	if !receipt.Complete {
		t.Fatalf("the receipt is not complete: %s", got.body)
	}
	states := map[string]string{}
	for _, s := range receipt.Sessions {
		states[s.Name] = s.State
	}
	return states
}

// use judges keys by a sidecar until the context ends, and fails the test when one is accepted whose receipt was there
// before it was asked for.
func (g *guarded) use(ctx context.Context, t *testing.T, s *sidecar, judged *atomic.Int64) {
	for ctx.Err() == nil {
		k := g.keys[rand.IntN(len(g.keys))]
		key := []string{k.key, k.child}[rand.IntN(2)]
		late := k.receipt.Load()
		code := s.judge(ctx, key)
		if late && code == "valid" {
			t.Errorf("%s was accepted after the receipt", k.name)
		}
		if code != "" {
			judged.Add(1)
		}
	}
}

// stopped waits until a process that was told to stop has.
func (p *process) stopped(t *testing.T) {
	t.Helper()
	eventually(t, startLimit, "the process stops", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		check(t, err)
		_, rest, _ := strings.Cut(string(text), ") ")
		return strings.HasPrefix(rest, "T")
	})
}

// servers runs a test on each database: one process on SQLite, two replicas on PostgreSQL.
func servers(t *testing.T, run func(t *testing.T, all ...*process), args ...string) {
	t.Run("sqlite", func(t *testing.T) { run(t, serve(t, args...)) })
	t.Run("postgres", func(t *testing.T) {
		a, b := replicas(t, append([]string{"--database", shared(t), "--master-key", masterKey}, args...)...)
		if a.token == "" {
			a, b = b, a
		}
		run(t, a, b)
	})
}

func gatewayURLs(all []*process) (urls []string) {
	for _, p := range all {
		urls = append(urls, p.gateway)
	}
	return urls
}
