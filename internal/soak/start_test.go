//go:build soak

package soak

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// refuses runs `reeve serve`, which must end with 2 and one line that has all
// parts.
func refuses(t *testing.T, name string, args []string, parts ...string) {
	t.Helper()
	got := command(t, nil, append([]string{
		"serve", "--tenant-listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
	}, args...)...)
	if got.Code != 2 || got.Out != "" || !hasLine(got.Err, append([]string{"reeve: "}, parts...)...) {
		t.Errorf("%s: exit code %d, stdout %q, stderr %q, want one line with %q", name, got.Code, got.Out, got.Err, parts)
	}
	for _, secret := range []string{"hush", masterKey} {
		if strings.Contains(got.Err, secret) {
			t.Errorf("%s: shows a secret: %s", name, got.Err)
		}
	}
}

// TestStartIsRefused: what stands in the way is said in one line, before
// anything listens.
func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "reeve.db")
	sqlite := []string{"--database", "sqlite:" + path}
	p := serve(t, sqlite...)
	taken := strings.TrimPrefix(p.tenant, "http://")
	refuses(t, "second process", sqlite, "in use by another reeve process")
	link := filepath.Join(dir, "link.db")
	check(t, os.Symlink(path, link))
	refuses(t, "second process by a link", []string{"--database", "sqlite:" + link}, "in use by another reeve process")

	fresh := func() []string { return []string{"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db")} }
	refuses(t, "port in use", append(fresh(), "--operator-listen", taken), "--operator-listen", "address already in use")
	refuses(t, "foreign address", append(fresh(), "--gateway-listen", "192.0.2.1:80"), "--gateway-listen")
	refuses(t, "no certificate", append(fresh(), "--tls-cert", "nothing", "--tls-key", "nothing"), "--tls-cert")
	refuses(t, "missing directory", []string{"--database", "sqlite:" + filepath.Join(dir, "no", "reeve.db")}, "no such file or directory")
	refuses(t, "directory", []string{"--database", "sqlite:" + dir}, dir)
	refuses(t, "file as directory", []string{"--database", "sqlite:" + filepath.Join(path, "reeve.db")}, "not a directory")
	refuses(t, "unknown flag", []string{"--colour", "blue"}, "unknown flag")

	other := filepath.Join(t.TempDir(), "reeve.db")
	check(t, os.WriteFile(other, []byte(strings.Repeat("This is no database. ", 100)), 0o600))
	refuses(t, "other file", []string{"--database", "sqlite:" + other}, "not a database")

	w := settle(t, p.operator, p.token, "ada")
	must(t, request{"POST", p.operator + "/api/projects/" + w.project + "/apikeys", p.token, object{"name": "k"}})
	p.stop()
	refuses(t, "wrong master key", append(sqlite, "--master-key", masterKey), "master key")
	check(t, os.Rename(filepath.Join(dir, "reeve.key"), filepath.Join(dir, "elsewhere")))
	refuses(t, "missing key file", sqlite, "reeve.key is missing")
	if _, err := os.Stat(filepath.Join(dir, "reeve.key")); err == nil {
		t.Error("a refused start makes a key file")
	}
	check(t, os.WriteFile(filepath.Join(dir, "reeve.key"), []byte("hush\n"), 0o600))
	refuses(t, "broken key file", sqlite, "reeve.key")
	check(t, os.Rename(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "reeve.key")))
	serve(t, sqlite...).stop()
}

// TestPostgresStartIsRefused: the same for the other database.
func TestPostgresStartIsRefused(t *testing.T) {
	t.Parallel()
	database := shared(t)
	key := []string{"--master-key", masterKey}
	on := func(url string) []string { return append(key, "--database", url) }
	refuses(t, "no server", on("postgres://reeve:hush@127.0.0.1:1/reeve"), "not available", "connection refused")
	refuses(t, "no host", on("postgres://reeve:hush@nothing.invalid/reeve"), "not available")
	config, err := pgx.ParseConfig(database)
	check(t, err)
	refuses(t, "no database", on(strings.Replace(database, "/"+config.Database, "/nothing", 1)), "nothing")
	refuses(t, "no user", on(strings.Replace(database, "postgres@", "nobody:hush@", 1)), "nobody")
	refuses(t, "no key", []string{"--database", database}, "--master-key is required")

	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	check(t, err)
	defer func() { _ = silent.Close() }()
	start := time.Now()
	refuses(t, "silent server", on("postgres://reeve:hush@"+silent.Addr().String()+"/reeve?sslmode=disable"), "not available")
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("a silent server holds the start up for %v", took)
	}

	serve(t, append(on(database), "--database-max-connections", "1")...).stop()
	conn, err := pgx.Connect(t.Context(), database)
	check(t, err)
	_, err = conn.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	check(t, err)
	check(t, conn.Close(t.Context()))
	refuses(t, "newer schema", on(database), "version 9999", "newer")
}

// TestUnreadableDirectory runs as a user who may not write: root may always.
func TestUnreadableDirectory(t *testing.T) {
	t.Parallel()
	base, err := os.MkdirTemp("", "reeve-closed.") // t.TempDir's parents are closed to others
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	program := filepath.Join(base, "reeve")
	text, err := os.ReadFile(reevePath)
	check(t, err)
	check(t, os.WriteFile(program, text, 0o755))
	check(t, os.Chmod(base, 0o555))
	cmd := exec.Command(program, "serve", "--database", "sqlite:"+filepath.Join(base, "reeve.db"))
	cmd.Env, cmd.Dir = environment(), "/"
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 || !hasLine(string(out), "permission denied") {
		t.Errorf("closed directory: %v %q", err, out)
	}
}

// TestRestart: an orderly end and a new start lose nothing and print no token.
func TestRestart(t *testing.T) {
	t.Parallel()
	args := []string{"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db")}
	p := serve(t, args...)
	token := p.token
	w := settle(t, p.operator, token, "ada")
	first := must(t, request{url: p.operator + "/api/changes", token: token}).body
	p.stop()
	p = serve(t, args...)
	if p.token != "" {
		t.Errorf("a second start prints a token: %s", p.stdout())
	}
	status(t, 200, request{url: p.tenant + "/project/" + w.project, token: w.orgKey})
	if diff := cmp.Diff(string(first), string(must(t, request{url: p.operator + "/api/changes", token: token}).body)); diff != "" {
		t.Errorf("changes (-before +after):\n%s", diff)
	}
	p.stop()
}
