package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// smallDisk names the directory that a process of TestSpoolSmallDisk works in.
const smallDisk = "REEVE_TEST_SMALL_DISK"

// TestMain is also the process of TestSpoolSmallDisk.
func TestMain(m *testing.M) {
	if dir := os.Getenv(smallDisk); dir != "" {
		if err := onSmallDisk(dir); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fileLimit is how long a file may become. Writing one on ends half way, as it
// does when the disk is full.
const fileLimit = 1000

// onSmallDisk reports until it has seen writes fail and work again, and leaves
// which values were taken beside the spool.
func onSmallDisk(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = fileLimit
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	s, err := OpenSpool(filepath.Join(dir, "spool"), SpoolSettings{})
	if err != nil {
		return err
	}
	outcome := map[int64]bool{}
	failures := 0
	for value := int64(1); value <= 200; value++ {
		if value == 100 { // and the disk has room again
			limit.Cur = limit.Max
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
				return err
			}
		}
		err := s.Report(context.Background(), usage(value))
		outcome[value] = err == nil
		if err != nil {
			failures++
			if !errors.Is(err, syscall.EFBIG) || value >= 100 {
				return err
			}
		}
	}
	if failures == 0 {
		return errors.New("no write has failed")
	}
	text, err := json.Marshal(outcome)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "outcome"), text, 0o600)
	}
	return errors.Join(err, syscall.Kill(os.Getpid(), syscall.SIGKILL))
}

// TestSpoolSmallDisk: a write that the kernel cuts short, for want of room, is
// refused and leaves nothing; what was taken before is kept, and the spool works
// again as soon as there is room. Its process is killed in the end.
func TestSpoolSmallDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), smallDisk+"="+dir), os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "outcome"))
	outcome, acked := map[int64]bool{}, map[int64]bool{}
	if err = errors.Join(err, json.Unmarshal(text, &outcome)); err != nil {
		t.Fatal(err)
	}
	for value, ok := range outcome {
		if ok {
			acked[value] = true
		}
	}
	l := newLedger()
	s := start(t, filepath.Join(dir, "spool"), SpoolSettings{}, l)
	s.drain()
	l.check(t, acked, nil)
	if len(acked) < 150 || len(acked) == len(outcome) || s.Stats().SetAside != 0 {
		t.Errorf("%d of %d were taken, %+v", len(acked), len(outcome), s.Stats())
	}
}

// TestSpoolSpoilt: what was refused is gone from the disk, even if its segment
// could not be sealed before the process was killed.
func TestSpoolSpoilt(t *testing.T) {
	t.Parallel()
	dir, copied, l := t.TempDir(), t.TempDir(), newLedger()
	var syncs atomic.Int64
	s := start(t, dir, SpoolSettings{BatchAge: time.Hour, fault: func(op, _ string) error {
		if op == "rename" || op == "sync" && syncs.Add(1) == 2 {
			return syscall.EIO
		}
		return nil
	}}, nil)
	s.report(1)
	if err := s.Report(t.Context(), usage(2)); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	copyDir(t, dir, copied)
	s.report(3)
	for _, at := range []string{copied, dir} {
		_ = s.close()
		s = start(t, at, SpoolSettings{}, l)
		s.drain()
	}
	if l.counted[1] != 1 || l.counted[2] != 0 || l.counted[3] != 0 || len(told[*SetAsideError](s)) != 1 {
		t.Errorf("counted %v, told of %v", l.counted, s.events())
	}
}
