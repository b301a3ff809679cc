//go:build soak

package soak

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startLimit is how long a process may take to start; the machine may be busy.
const startLimit = 30 * time.Second

// process is one `reeve serve` or `reeve gateway`.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string
	exited chan struct{}

	tenant, operator, gateway string // URLs
	token                     string // the operator's, if this process printed one
}

// environment is the test's own without reeve's settings.
func environment(extra ...string) []string {
	var out []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "REEVE_") {
			out = append(out, pair)
		}
	}
	return append(out, extra...)
}

// launch starts `reeve serve` without waiting for it. It listens on free ports
// unless args say otherwise.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	serve := []string{
		"serve", "--tenant-listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0",
		"--gateway-listen", "127.0.0.1:0",
	}
	return spawn(t, nil, append(serve, args...)...)
}

// spawn starts reeve, with the settings of env, until the test ends.
func spawn(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir(), exited: make(chan struct{})}
	p.cmd = exec.Command(reevePath, args...)
	p.cmd.Env = environment(env...)
	p.cmd.Dir = p.dir
	out, err := os.Create(filepath.Join(p.dir, "stdout"))
	check(t, err)
	errOut, err := os.Create(filepath.Join(p.dir, "stderr"))
	check(t, err)
	p.cmd.Stdout, p.cmd.Stderr = out, errOut
	check(t, p.cmd.Start())
	check(t, out.Close())
	check(t, errOut.Close())
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGCONT)
		p.kill()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", p.cmd, tail(p.stderr(), 4000))
		}
	})
	return p
}

// serve starts `reeve serve` and waits until it answers.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	p.ready()
	return p
}

var announced = regexp.MustCompile(`(?m)^(tenant|operator|gateway) +(https?://\S+)$`)

// ready waits until the process has said where it listens and answers.
func (p *process) ready() {
	p.t.Helper()
	var found [][]string
	eventually(p.t, startLimit, "reeve listens", func() bool {
		if p.ended() {
			p.t.Fatalf("reeve ended with %d: %s", p.code(), tail(p.stderr(), 2000))
		}
		found = announced.FindAllStringSubmatch(p.stdout(), -1)
		return len(found) == 3
	})
	p.tenant, p.operator, p.gateway = found[0][2], found[1][2], found[2][2]
	// It prints the token before it answers.
	eventually(p.t, startLimit, "reeve answers", func() bool {
		got, err := ask(request{url: p.operator + "/livez"})
		return err == nil && got.status == http.StatusOK
	})
	p.token = regexp.MustCompile(`reeve_op_\w+`).FindString(p.stdout())
}

func (p *process) stdout() string { return p.read("stdout") }

func (p *process) stderr() string { return p.read("stderr") }

func (p *process) read(name string) string {
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	check(p.t, err)
	return string(text)
}

func (p *process) signal(s syscall.Signal) {
	if !p.ended() {
		_ = p.cmd.Process.Signal(s)
	}
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// wait waits for the end and gives how long it took.
func (p *process) wait(limit time.Duration) time.Duration {
	p.t.Helper()
	start := time.Now()
	select {
	case <-p.exited:
	case <-time.After(limit):
		p.t.Fatalf("reeve has not ended within %v", limit)
	}
	return time.Since(start)
}

// code is the exit code; -1 after a signal.
func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// stop ends the process in good order.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.wait(startLimit)
	if p.code() != 0 {
		p.t.Errorf("reeve ended with %d: %s", p.code(), tail(p.stderr(), 2000))
	}
}

// memory reads a line of /proc/PID/status in MiB: VmRSS now, VmHWM at most.
func (p *process) memory(name string) int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	check(p.t, err)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			check(p.t, err)
			return kib / 1024
		}
	}
	p.t.Fatalf("no %s in /proc", name)
	return 0
}

// result is what a command that ends by itself did.
type result struct {
	Out, Err string
	Code     int
}

// command runs reeve to its end, with the settings of env.
func command(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, reevePath, args...)
	cmd.Env, cmd.Dir = environment(env...), t.TempDir()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit, failed := errors.AsType[*exec.ExitError](err); err != nil && (!failed || ctx.Err() != nil) {
		t.Fatalf("reeve %s: %v %v", args, err, exit)
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// insecure is the client of servers whose certificate the test made.
var insecure = &http.Client{Transport: &http.Transport{
	TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	ForceAttemptHTTP2: true,
}}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }
