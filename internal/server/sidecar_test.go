package server

import (
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve/gateway"
)

const sidecarToken = "reeve_gw_00000000000000000000000000000000000000000002CZclj"

func loadSidecar(t *testing.T, environ []string, args ...string) (SidecarConfig, error) {
	t.Helper()
	flags := pflag.NewFlagSet("gateway", pflag.ContinueOnError)
	AddSidecarFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return LoadSidecar(flags, environ)
}

func TestLoadSidecar(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte(sidecarToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadSidecar(t, []string{
		"REEVE_GATEWAY_SERVER=http://127.0.0.1:1, https://b", "REEVE_GATEWAY_TOKEN_FILE=" + secret, "REEVE_LOG_FORMAT=text",
	}, "--listen=unix:/run/x", "--socket-mode=0660", "--outage=serve", "--name=edge")
	want := SidecarConfig{
		Servers: []string{"http://127.0.0.1:1", "https://b"}, Token: sidecarToken, Name: "edge", Listen: "unix:/run/x",
		SocketMode: 0o660, Outage: gateway.Serve, DrainTimeout: 8 * time.Second, LogFormat: "text",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("configuration (-want +got):\n%s, %v", diff, err)
	}
	for _, s := range sidecarSettings {
		if s.def == "" {
			continue
		}
		var c SidecarConfig
		if err := s.set(&c, s.def); err != nil {
			t.Error(err)
		}
		if again := s.field(&c).String(); s.set(&c, again) != nil {
			t.Errorf("--%s does not take back %q", s.name, again)
		}
	}
	for _, listen := range []string{"127.0.0.1", "0.0.0.0:1", ":1", "localhost:1", "10.0.0.1:1", "[::]:1", "unix:x", "unix:"} {
		if _, err := loadSidecar(t, nil, "--listen="+listen); err == nil || !strings.Contains(err.Error(), "--listen") {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if _, err := loadSidecar(t, nil, "--server=http://a", "--token=***"); err == nil || !strings.Contains(err.Error(), "masked") {
		t.Error(err)
	}
}

// TestSidecarSocket: a Unix socket has the mode that was asked for, takes the place of one that was left, and goes with
// its process.
func TestSidecarSocket(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	path := filepath.Join(t.TempDir(), "reeve.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	cfg := SidecarConfig{
		Servers: []string{away.URL}, Token: sidecarToken, Listen: "unix:" + path, SocketMode: 0o660, LogFormat: "text",
	}
	if _, err := listenLocally(cfg); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("beside another: %v", err)
	}
	_ = left.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Sidecar(ctx, cfg, io.Discard, io.Discard) }()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 503, "/gateway/nothing": 404} {
		var reply *http.Response
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			if reply, err = client.Get("http://sidecar" + path); err == nil {
				break
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
		_ = reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, reply.StatusCode, want)
		}
	}
	client.CloseIdleConnections()
	found, err := os.Stat(path)
	if err != nil || found.Mode() != fs.ModeSocket|0o660 {
		t.Error(found.Mode(), err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
}
