//go:build soak

package soak

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared gives a new database in the cluster that `make soak` started, or in
// one of the test's own without it.
func shared(t *testing.T) string {
	t.Helper()
	server := os.Getenv("REEVE_TEST_POSTGRES")
	if server == "" {
		server = newCluster(t).url
	}
	return newDatabase(t, server)
}

var databases atomic.Int64

// newDatabase makes an empty database and gives its URL.
func newDatabase(t *testing.T, server string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server)
	check(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	name := fmt.Sprintf("soak_%d_%d", os.Getpid(), databases.Add(1))
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	check(t, err)
	u, err := url.Parse(server)
	check(t, err)
	u.Path = "/" + name
	return u.String()
}

// cluster is a PostgreSQL of the test's own, to be stopped and started.
type cluster struct {
	t         *testing.T
	url       string
	bin, data string
	port      string
	owner     *syscall.Credential
}

// newCluster has scripts/with-postgres make a cluster that lives until the
// test ends.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	script, err := filepath.Abs("../../scripts/with-postgres")
	check(t, err)
	holder := exec.Command(script, "sh", "-c", `echo "$REEVE_TEST_POSTGRES"; exec cat`)
	holder.Env, holder.Stderr = environment(), os.Stderr
	input, err := holder.StdinPipe()
	check(t, err)
	output, err := holder.StdoutPipe()
	check(t, err)
	check(t, holder.Start())
	t.Cleanup(func() { // cat ends, and the script removes the cluster
		_ = input.Close()
		_ = holder.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	check(t, err)
	c := &cluster{t: t, url: strings.TrimSpace(line)}
	c.find()
	t.Cleanup(c.resume)
	return c
}

// find asks the running server where its files are.
func (c *cluster) find() {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.url)
	check(c.t, err)
	defer func() { _ = conn.Close(c.t.Context()) }()
	row := conn.QueryRow(c.t.Context(), `SELECT current_setting('data_directory'), current_setting('port'),
		(SELECT setting FROM pg_config WHERE name = 'BINDIR')`)
	check(c.t, row.Scan(&c.data, &c.port, &c.bin))
	info, err := os.Stat(c.data)
	check(c.t, err)
	owner := info.Sys().(*syscall.Stat_t)
	if os.Getuid() == 0 {
		c.owner = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
}

// control runs pg_ctl as the cluster's owner.
func (c *cluster) control(args ...string) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(c.bin, "pg_ctl"), append(args, "--pgdata="+c.data, "--silent", "--wait")...)
	cmd.Dir = c.data
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("pg_ctl %s: %v\n%s", args[0], err, out)
	}
}

// crash stops the server without a checkpoint, as a crash would.
func (c *cluster) crash() { c.t.Helper(); c.control("stop", "--mode=immediate") }

// stop ends the server in good order.
func (c *cluster) stop() { c.t.Helper(); c.control("stop", "--mode=fast") }

// start starts the server on its port and waits for its recovery.
func (c *cluster) start() {
	c.t.Helper()
	c.control("start", "--log="+filepath.Join(c.data, "soak.log"), "--options=-p "+c.port)
}

// processes are the server's, the postmaster first: its pid file names it, and
// the others are its children.
func (c *cluster) processes() []int {
	text, err := os.ReadFile(filepath.Join(c.data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return nil
	}
	out := []int{postmaster}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	for field := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(field); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// hang stops every process of the server: it neither answers nor refuses.
func (c *cluster) hang() {
	for _, pid := range c.processes() {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
}

// resume undoes hang.
func (c *cluster) resume() {
	for _, pid := range c.processes() {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
}
