package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs as a child.
type process struct {
	cmd       *exec.Cmd
	addresses map[string]string // host:port by listener
	drained   chan struct{}     // its standard output has ended
	ended     bool
}

// stopTime is how long a child may take to stop.
const stopTime = 15 * time.Second

// launch starts a server and waits until it has said where it listens. Its
// standard error, the request log, goes to a file in dir.
func launch(dir string, cmd *exec.Cmd, listeners ...string) (*process, error) {
	log, err := os.CreateTemp(dir, filepath.Base(cmd.Path)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	p := &process{cmd: cmd, drained: make(chan struct{})}
	p.addresses, err = announced(lines, len(listeners))
	go func() {
		_, _ = io.Copy(io.Discard, lines) // until the child has gone
		close(p.drained)
	}()
	if err == nil {
		for _, name := range listeners {
			if p.addresses[name] == "" {
				err = fmt.Errorf("no listener %s", name)
			}
		}
	}
	if err != nil {
		err = errors.Join(err, p.stop())
		said, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("start %s: %w: %s", cmd.Path, err, bytes.TrimSpace(said))
	}
	return p, nil
}

// announced reads lines such as "tenant http://127.0.0.1:8080".
func announced(lines *bufio.Reader, count int) (map[string]string, error) {
	found := map[string]string{}
	for len(found) < count {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read where it listens: %w", err)
		}
		name, rest, _ := strings.Cut(line, " ")
		if address, ok := strings.CutPrefix(strings.TrimSpace(rest), "http://"); ok {
			found[name] = address
		}
	}
	return found, nil
}

// end is stop, for one that is not needed to the end of the run.
func (p *process) end() error {
	err := p.stop()
	p.ended = true
	return err
}

// stop ends the child as its operator would.
func (p *process) stop() error {
	if p.ended {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	kill := time.AfterFunc(stopTime, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	<-p.drained
	return p.cmd.Wait()
}

// clockTick is USER_HZ, which is 100 on every Linux: the unit of proc_pid_stat(5).
const clockTick = 10 * time.Millisecond

// processorTime is what the process has used so far, user and system.
func (p *process) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The second field, the name, ends with the last parenthesis.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var total time.Duration
	for _, field := range fields[11:13] { // utime and stime, the 14th and 15th of all
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ticks) * clockTick
	}
	return total, nil
}
