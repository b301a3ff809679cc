//go:build soak

package soak

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example reads a file of an example.
func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", name))
	check(t, err)
	return string(text)
}

var variable = regexp.MustCompile(`\$\{[A-Z_]+\}`)

// substitute fills a template in, as envsubst does.
func substitute(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := values[strings.Trim(name, "${}")]
		if !ok {
			t.Fatalf("the example has an unknown variable %s", name)
		}
		return value
	})
}

// freePort gives an address on loopback where nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { check(t, listener.Close()) }()
	return listener.Addr().String()
}

// startProxy runs a proxy until the test ends, and waits until it listens.
func startProxy(t *testing.T, address string, env []string, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name // not on everybody's path
	}
	cmd := exec.Command(path, args...)
	var out bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(env...), &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s has to be installed, as .ci/run does it: %v", name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s wrote:\n%s", name, tail(out.String(), 4000))
		}
	})
	eventually(t, startLimit, name+" listens", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s has ended: %s", name, out.String())
		default:
		}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "http://" + address
}

// startNginx wraps the example into the file that a distribution has around
// it; one process, so that its end is the end.
func startNginx(t *testing.T, at places) string {
	dir, address := t.TempDir(), freePort(t)
	config := substitute(t, example(t, "nginx/reeve.conf.template"), map[string]string{
		"LISTEN": address, "REEVE_GATEWAY": at.reeve, "SERVICE": at.service, "REEVE_GATEWAY_TOKEN": at.token,
	})
	var whole strings.Builder
	whole.WriteString("daemon off;\nmaster_process off;\nerror_log stderr;\npid " + dir + "/pid;\nevents {}\nhttp {\naccess_log off;\n")
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		whole.WriteString(what + "_temp_path " + dir + "/" + what + ";\n")
	}
	path := filepath.Join(dir, "nginx.conf")
	check(t, os.WriteFile(path, []byte(whole.String()+config+"}\n"), 0o600))
	return startProxy(t, address, nil, "nginx", "-p", dir, "-c", path, "-e", "stderr")
}

// startCaddy gives the example its settings by the environment.
func startCaddy(t *testing.T, at places) string {
	dir, address := t.TempDir(), freePort(t)
	path := filepath.Join(dir, "Caddyfile")
	// Tests run beside each other: none may take the port of the admin API.
	check(t, os.WriteFile(path, []byte("{\n\tadmin off\n}\n"+example(t, "caddy/Caddyfile")), 0o600))
	_, port, err := net.SplitHostPort(address)
	check(t, err)
	env := []string{
		"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir,
		"LISTEN=:" + port, "REEVE_GATEWAY=" + at.reeve, "SERVICE=" + at.service, "REEVE_GATEWAY_TOKEN=" + at.token,
	}
	return startProxy(t, address, env, "caddy", "run", "--adapter", "caddyfile", "--config", path)
}

// host splits an address from its port.
func host(t *testing.T, address string) (string, string) {
	t.Helper()
	name, port, err := net.SplitHostPort(address)
	check(t, err)
	return name, port
}

// removeHopByHop removes the headers of one hop (RFC 9110, 7.6.1), and those
// that Connection names.
func removeHopByHop(h http.Header) {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		h.Del(name)
	}
}
