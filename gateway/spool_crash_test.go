package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fastDir is a directory in memory where there is one: what a sync does to a
// real disk is simulated.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "spool")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

var errCrashed = errors.New("the process is gone")

// machine is a disk that stops working at one of its operations, and forgets
// what was not synced if the power is cut.
type machine struct {
	mu      sync.Mutex
	dir     string
	left    int // operations until the crash
	dead    chan struct{}
	synced  map[string]int64  // how much of a file is on the disk; all if it is not here
	made    map[string]bool   // names that are not
	renamed map[string]bool   // names that still are, on the disk
	removed map[string][]byte // files that still are
	damaged map[string]bool   // names under which segments are set aside whose unsynced lines came out wrong
}

func newMachine(dir string, left int) *machine {
	return &machine{
		dir: dir, left: left, dead: make(chan struct{}), synced: map[string]int64{},
		made: map[string]bool{}, renamed: map[string]bool{}, removed: map[string][]byte{},
		damaged: map[string]bool{},
	}
}

// fault notes what is about to be done, and refuses everything after the crash.
func (m *machine) fault(op, path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.dead:
		return errCrashed
	default:
	}
	if m.left--; m.left < 0 {
		close(m.dead)
		return errCrashed
	}
	name := filepath.Base(path)
	switch op {
	case "create":
		m.made[name] = true
		m.synced[name] = 0
	case "write":
		if info, err := os.Stat(path); err == nil {
			m.synced[name] = min(m.onDisk(name), info.Size())
		}
	case "sync":
		if info, err := os.Stat(path); err == nil {
			m.synced[name] = info.Size()
		}
	case "truncate": // and synced
		delete(m.synced, name)
	case "rename":
		m.renamed[name] = true
	case "remove":
		if data, err := os.ReadFile(path); err == nil {
			m.removed[name] = data
		}
	case "syncdir":
		clear(m.made)
		clear(m.renamed)
		clear(m.removed)
	}
	return nil
}

// onDisk is how much of a file the disk will keep; it may be more than there is.
func (m *machine) onDisk(name string) int64 {
	if n, ok := m.synced[name]; ok {
		return n
	}
	return math.MaxInt64
}

// revive is the machine after the crash, with what the disk still may forget.
func (m *machine) revive(left int) *machine {
	out := *newMachine(m.dir, left)
	out.synced, out.made, out.renamed, out.removed, out.damaged = m.synced, m.made, m.renamed, m.removed, m.damaged
	return &out
}

// cutPower has the disk forget some of what it need not have kept.
func (m *machine) cutPower(chance *rand.Rand) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	some := func() bool { return chance.IntN(2) == 0 }
	path := func(name string) string { return filepath.Join(m.dir, name) }
	for name, data := range m.removed {
		if some() {
			errs = append(errs, os.WriteFile(path(name), data, 0o600))
		}
	}
	for name := range m.renamed {
		now, _ := filepath.Glob(path(strings.TrimSuffix(name, openEnding) + ".*" + batchEnding))
		if len(now) == 1 && strings.HasSuffix(name, openEnding) && some() {
			errs = append(errs, os.Rename(now[0], path(name)))
		}
	}
	open, _ := filepath.Glob(path("*" + openEnding))
	for _, file := range open {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		errs = append(errs, err)
		synced := min(m.onDisk(name), int64(len(data)))
		tail := data[synced:]
		if n := len(tail); n > 0 {
			tail = tail[:chance.IntN(n+1)]
			if len(tail) > 0 && some() {
				tail[chance.IntN(len(tail))] ^= byte(1 + chance.IntN(255))
				m.damaged[strings.TrimSuffix(name, openEnding)+corruptEnding] = true
			}
		}
		if m.made[name] && some() {
			errs = append(errs, os.Remove(file))
			continue
		}
		errs = append(errs, os.WriteFile(file, append(data[:synced:synced], tail...), 0o600))
	}
	clear(m.made)
	clear(m.renamed)
	clear(m.removed)
	clear(m.synced)
	return errors.Join(errs...)
}

// TestSpoolCrashes: whenever the process is killed or the power is cut, however
// often, and whatever answers are lost, each record whose Report returned is
// counted once, and any other at most once. Directories that are restored from
// backups count nothing again.
func TestSpoolCrashes(t *testing.T) {
	t.Parallel()
	base := fastDir(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		home := filepath.Join(base, fmt.Sprint(run))
		dir, l := filepath.Join(home, "spool"), newLedger()
		l.answer = func(Batch) (bool, error) {
			switch rand.IntN(6) {
			case 0:
				return false, errors.New("the server is down")
			case 1:
				return true, nil
			}
			return false, nil
		}
		acked, doubtful := map[int64]bool{}, map[int64]bool{}
		next := int64(0)
		lives := rapid.IntRange(1, 5).Draw(rt, "lives")
		m := newMachine(dir, 0)
		for life := range lives {
			m = m.revive(rapid.IntRange(0, 60).Draw(rt, "operations"))
			live(t, rt, m, l, &next, acked, doubtful)
			if chance.IntN(2) == 0 {
				if err := m.cutPower(chance); err != nil {
					rt.Fatal(err)
				}
			}
			if _, err := os.Stat(dir); err == nil {
				copyDir(rt, dir, filepath.Join(home, fmt.Sprint("backup", life)))
			}
		}
		finish := func(dir string) {
			s := start(t, dir, SpoolSettings{}, l)
			s.drain()
			for _, err := range s.events() {
				_, again := errors.AsType[*DeliveryError](err)
				_, before := errors.AsType[*DeliveredBeforeError](err)
				aside, isAside := errors.AsType[*SetAsideError](err)
				if isAside { // a copy, or lines of one write of which the power cut spared the later
					isAside = dir != filepath.Join(home, "spool") || m.damaged[filepath.Base(aside.Path)]
				}
				if !again && !before && !isAside {
					rt.Errorf("told of %v", err)
				}
			}
			_ = s.close()
		}
		finish(dir)
		l.check(rt, acked, doubtful)
		backups, _ := filepath.Glob(filepath.Join(home, "backup*"))
		for _, backup := range backups {
			finish(backup)
			l.check(rt, acked, doubtful)
		}
		_ = os.RemoveAll(home)
	})
}

// live is one life of the process: it reports until the machine crashes or it
// has reported enough.
func live(t *testing.T, rt *rapid.T, m *machine, l *ledger, next *int64, acked, doubtful map[int64]bool) {
	settings := SpoolSettings{
		BatchRecords: rapid.IntRange(1, 6).Draw(rt, "records"), BatchAge: time.Duration(rapid.SampledFrom([]int{1, 1000}).Draw(rt, "age")) * time.Millisecond,
		fault: m.fault, pause: time.Millisecond,
	}
	callers := rapid.IntRange(1, 3).Draw(rt, "callers")
	s, err := OpenSpool(m.dir, settings)
	if errors.Is(err, errCrashed) {
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = s.Deliver(ctx, l.deliver) })
	var mu sync.Mutex
	var reporters sync.WaitGroup
	for range callers {
		reporters.Go(func() {
			for range 15 {
				mu.Lock()
				*next++
				value := *next
				mu.Unlock()
				err := s.Report(ctx, usage(value))
				mu.Lock()
				if err == nil {
					acked[value] = true
				} else {
					doubtful[value] = true
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	reporters.Wait()
	if rapid.Bool().Draw(rt, "linger") {
		select {
		case <-m.dead:
		case <-time.After(3 * time.Millisecond):
		}
	}
	m.mu.Lock() // the process dies, if it has not yet
	if m.left >= 0 {
		m.left = -1
		close(m.dead)
	}
	m.mu.Unlock()
	cancel()
	group.Wait()
	_ = s.Close()
}
