//go:build soak

package soak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes a self-signed certificate for loopback.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	check(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	check(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return certFile, keyFile
}

// TestTLSFromFile: settings come from a file, and all listeners speak TLS and
// nothing else.
func TestTLSFromFile(t *testing.T) {
	t.Parallel()
	certFile, keyFile := certificate(t)
	config := filepath.Join(t.TempDir(), "reeve.yaml")
	text := fmt.Sprintf("database: sqlite:%s\ntls-cert: %s\ntls-key: %s\nlog-format: text\nproject-limit: 2\n",
		filepath.Join(t.TempDir(), "reeve.db"), certFile, keyFile)
	check(t, os.WriteFile(config, []byte(text), 0o600))
	p := serve(t, "--config", config)
	w := settle(t, p.operator, p.token, "ada")
	status(t, 200, request{url: p.tenant + "/project/" + w.project, token: w.orgKey})
	for _, base := range []string{p.tenant, p.operator, p.gateway} {
		if !strings.HasPrefix(base, "https://") {
			t.Errorf("announced as %s", base)
		}
		got := status(t, 200, request{url: base + "/livez"})
		if got.header.Get("X-Request-Id") == "" {
			t.Error("no request id over TLS")
		}
		status(t, 400, request{url: strings.Replace(base, "https:", "http:", 1) + "/livez"})
	}
	created := must(t, request{"POST", p.operator + "/api/users", p.token, object{"email": "b@example.com", "fullName": "B", "password": "correct horse"}})
	if !strings.Contains(string(created.body), `"projectLimit":2`) {
		t.Errorf("the file's project limit is not in force: %s", created.body)
	}
	if log := p.stderr(); !strings.Contains(log, " msg=request listener=operator method=POST path=/api/users ") {
		t.Errorf("text log: %s", tail(log, 500))
	}
	for _, secret := range []string{p.token, w.orgKey, "correct horse"} {
		if strings.Contains(p.stderr(), secret) {
			t.Errorf("the log shows %.12s…", secret)
		}
	}
	p.stop()
}

// TestTrustedProxies: the log names the client that a trusted proxy vouches
// for, and no other proxy's word counts.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	for proxies, want := range map[string]string{
		"":                       "127.0.0.1",
		"10.0.0.0/8":             "127.0.0.1",
		"127.0.0.1":              "10.1.2.3",
		"127.0.0.1,10.0.0.0/8":   "203.0.113.9",
		"127.0.0.0/8,10.1.2.3":   "203.0.113.9",
		"127.0.0.1,0.0.0.0/0,::": "198.51.100.1",
	} {
		p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"), "--trusted-proxies", proxies)
		r, err := http.NewRequest("GET", p.tenant+"/nothing", nil)
		check(t, err)
		r.Header.Set("X-Forwarded-For", "198.51.100.1, 203.0.113.9, 10.1.2.3")
		r.Header.Set("X-Request-Id", "mine")
		got, err := clients.Do(r)
		check(t, err)
		check(t, got.Body.Close())
		var record struct {
			Client    string `json:"client"`
			RequestID string `json:"request_id"`
		}
		eventually(t, startLimit, "the request's record", func() bool {
			for line := range strings.Lines(p.stderr()) {
				if strings.Contains(line, `"path":"/nothing"`) {
					return json.Unmarshal([]byte(line), &record) == nil
				}
			}
			return false
		})
		if record.Client != want || record.RequestID != "mine" {
			t.Errorf("proxies %q: logged %+v, want client %s", proxies, record, want)
		}
		p.stop()
	}
}
