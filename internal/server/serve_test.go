package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// certificate makes a self-signed certificate for loopback.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))),
		write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// open starts the listeners of a configuration on free ports and a new
// database, and gives their URLs.
func open(t *testing.T, args ...string) []string {
	t.Helper()
	cfg, err := load(t, append([]string{
		"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db"), "--tenant-listen", "127.0.0.1:0",
		"--operator-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
	}, args...), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, s, err := openControl(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	go c.Follow(t.Context(), func(error) {}) // a test may break the database
	logger := slog.New(slog.DiscardHandler)
	listeners, err := listen(cfg, Faces(c, cfg, logger, func() bool { return false }), logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(listeners.close)
	listeners.serve()
	var urls []string
	for _, socket := range listeners.sockets {
		urls = append(urls, listeners.scheme+"://"+socket.Addr().String())
	}
	return urls
}

// TestTLS serves HTTP/2 and HTTP/1.1 on all listeners at once; under the race
// detector it shows that they share nothing that they write.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	for _, url := range open(t, "--tls-cert", cert, "--tls-key", key) {
		for proto, http2 := range map[string]bool{"HTTP/2.0": true, "HTTP/1.1": false} {
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: http2,
			}}
			reply, err := client.Get(url + "/livez")
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			client.CloseIdleConnections()
			if reply.StatusCode != http.StatusOK || reply.Proto != proto {
				t.Errorf("%s: %s %d, want %s 200", url, reply.Proto, reply.StatusCode, proto)
			}
		}
	}
}

// TestReadTimeout bounds a request's body, too.
func TestReadTimeout(t *testing.T) {
	operator := strings.TrimPrefix(open(t, "--read-timeout", "100ms", "--operator-token", "token-of-the-test")[1], "http://")
	conn, err := net.Dial("tcp", operator)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /api/users HTTP/1.1\r\nHost: x\r\nAuthorization: token-of-the-test\r\nContent-Length: 9\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 408 ") {
		t.Errorf("a body that does not come: %q, error %v", text, err)
	}
}

// TestRekeyLeavesAKeyFileInUse: a key file changes only for who holds the
// database and could open what it has sealed.
func TestRekeyLeavesAKeyFileInUse(t *testing.T) {
	database := filepath.Join(t.TempDir(), "reeve.db")
	cfg, err := load(t, []string{"--database", "sqlite:" + database}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, s, err := openControl(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before, err := os.ReadFile(keyFile(cfg))
	if err != nil {
		t.Fatal(err)
	}
	if err := Rekey(context.WithoutCancel(t.Context()), cfg, io.Discard); err == nil {
		t.Error("a database in use is rekeyed")
	}
	after, err := os.ReadFile(keyFile(cfg))
	if err != nil || string(after) != string(before) {
		t.Errorf("the key file has %d bytes, had %d; error %v", len(after), len(before), err)
	}
}

// TestReadyz: a database without its schema is not ready.
func TestReadyz(t *testing.T) {
	database := filepath.Join(t.TempDir(), "reeve.db")
	for i, url := range open(t, "--database", "sqlite:"+database) {
		if i == 0 {
			awaitStatus(t, url+"/readyz", http.StatusOK)
			storetest.Exec(t, store.Config{SQLite: database}, "DELETE FROM goose_db_version WHERE version_id > 0")
		}
		wantStatus(t, url+"/readyz", http.StatusServiceUnavailable)
		wantStatus(t, url+"/livez", http.StatusOK)
	}
}

// awaitStatus waits for what comes soon after the start.
func awaitStatus(t *testing.T, url string, want int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		reply, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode == want {
			return
		}
	}
	t.Errorf("%s: never %d", url, want)
}

func wantStatus(t *testing.T, url string, want int) {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != want {
		t.Errorf("%s: %d, want %d", url, reply.StatusCode, want)
	}
}

// TestKeyFileOfOthers: a key file that others may read or write is refused.
func TestKeyFileOfOthers(t *testing.T) {
	cfg, err := load(t, []string{"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0, 0o640, 0o620, 0o604, 0o666, 0o600, 0o400} {
		if mode != 0 {
			if err := os.Chmod(keyFile(cfg), mode); err != nil {
				t.Fatal(err)
			}
		}
		_, s, err := openControl(t.Context(), cfg)
		if err == nil {
			s.Close()
		}
		_, starting := err.(StartError)
		if refused := mode&0o077 != 0; refused != starting ||
			refused && (!strings.Contains(err.Error(), keyFile(cfg)) || !strings.Contains(err.Error(), "mode 0600")) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

// TestKeyFileOfLink: a link to a database leads to the same key.
func TestKeyFileOfLink(t *testing.T) {
	database, link := filepath.Join(t.TempDir(), "reeve.db"), filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(database, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, database} { // the link first, to nothing yet
		cfg, err := load(t, []string{"--database", "sqlite:" + path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := openControl(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if want := filepath.Join(filepath.Dir(database), keyFileName); keyFile(cfg) != want {
			t.Errorf("the key of %s is %s, want %s", path, keyFile(cfg), want)
		}
	}
}

// working counts the servers whose work goes on: one of another test may be slow
// to end.
func working() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("control.(*Control).Run("))
}

// TestServeKeepsTheToken: a start that cannot listen makes no token that would
// be lost, one whose output is broken says how to get another, and neither leaves
// work behind.
func TestServeKeepsTheToken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	database := filepath.Join(t.TempDir(), "reeve.db")
	serve := func(out io.Writer, args ...string) error {
		cfg, err := load(t, append([]string{
			"--database", "sqlite:" + database, "--tenant-listen", "127.0.0.1:0",
			"--operator-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
		}, args...), nil)
		if err != nil {
			t.Fatal(err)
		}
		before := working()
		err = Serve(t.Context(), cfg, out, io.Discard)
		if _, starting := err.(StartError); !starting {
			t.Errorf("%v is no StartError", err)
		}
		if working() > before {
			t.Error("work goes on behind the end, with a database that is closed")
		}
		return err
	}
	var out strings.Builder
	err = serve(&out, "--gateway-listen", taken.Addr().String())
	if !strings.Contains(err.Error(), "--gateway-listen") || out.Len() > 0 {
		t.Errorf("nothing listens: %v, said %q", err, out.String())
	}
	err = serve(brokenPipe{}) // the token is still to be made
	if !strings.Contains(err.Error(), "reeve token") || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("nobody reads: %v", err)
	}
}

// TestTokenBeforeServing: a failure to make the token ends the start.
func TestTokenBeforeServing(t *testing.T) {
	config := storetest.ConfigSQLite(t)
	storetest.Exec(t, config, "DROP TABLE operator_tokens")
	cfg, err := load(t, []string{
		"--database", "sqlite:" + config.SQLite, "--tenant-listen", "127.0.0.1:0",
		"--operator-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = Serve(t.Context(), cfg, io.Discard, io.Discard)
	if _, starting := err.(StartError); !starting || !strings.Contains(err.Error(), "operator_tokens") {
		t.Errorf("%v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }
