package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What the program may take.
const (
	targetStart  = 150 // ms
	targetIdle   = 40  // MiB
	targetPeak   = 128 // MiB
	idleAfter    = 2 * time.Second
	mixedRequest = 100_000
)

// measureStart takes the time from the start of the process on an empty
// directory to its first answer that it is ready.
func (b *bench) measureStart(ctx context.Context) error {
	var took []float64
	for round := range b.rounds + 1 {
		dir := filepath.Join(b.dir, "start-"+strconv.Itoa(round))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		one, err := b.startOnce(ctx, "sqlite:"+filepath.Join(dir, "reeve.db"))
		if err != nil {
			return err
		}
		b.say("round %d  start to first answer %s", round, one)
		if round > 0 { // the first reads the binary from the disk
			took = append(took, float64(one.Microseconds())/1000)
		}
	}
	b.report.add(row{
		Measure: "start to first answer, empty SQLite", Unit: unitTime,
		Value: median(took), Targets: []float64{targetStart},
	})
	return nil
}

// startOnce asks as soon as the process has said where it listens, for no answer
// can come before, and until it says that it is ready.
func (b *bench) startOnce(ctx context.Context, database string) (time.Duration, error) {
	began := time.Now()
	p, err := b.launchReeve(database)
	if err != nil {
		return 0, err
	}
	err = awaitReady(ctx, p.addresses["operator"])
	took := time.Since(began)
	if stopped := p.stop(); err == nil {
		err = stopped
	}
	return took, err
}

// measureMemory takes the resident memory of a reeve that has just started and
// of one that has served a mixture of requests, on both databases.
func (b *bench) measureMemory(ctx context.Context) error {
	postgres, err := b.database(ctx, "memory")
	if err != nil {
		return err
	}
	databases := []struct{ name, source string }{
		{"SQLite", "sqlite:" + filepath.Join(b.dir, "memory.db")},
		{"PostgreSQL", postgres},
	}
	for _, database := range databases {
		if err := b.measureMemoryOn(ctx, database.name, database.source); err != nil {
			return fmt.Errorf("on %s: %w", database.name, err)
		}
	}
	return nil
}

func (b *bench) measureMemoryOn(ctx context.Context, name, database string) error {
	reeve, err := b.newInstance(database)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(idleAfter):
	}
	idle, err := reeve.memory("VmRSS")
	if err != nil {
		return err
	}
	b.addSize("resident when idle, "+name, idle, targetIdle)
	mixed, err := newMixture(ctx, reeve)
	if err != nil {
		return fmt.Errorf("make tenants: %w", err)
	}
	found, err := drive(ctx, plan{
		addresses:   []string{reeve.addresses["operator"], reeve.addresses["tenant"]},
		connections: connections, next: mixed.next, requests: mixedRequest,
	})
	if err != nil {
		return err
	}
	b.say("mixture on %s: %.0f/s  p50 %s  p99 %s", name, found.rate, found.p50, found.p99)
	after, err := reeve.memory("VmRSS")
	if err != nil {
		return err
	}
	peak, err := reeve.memory("VmHWM") // the kernel's own record
	if err != nil {
		return err
	}
	b.addSize(fmt.Sprintf("resident after %d requests, %s", mixedRequest, name), after, targetPeak)
	b.addSize("resident at its peak, "+name, peak, targetPeak)
	return nil
}

func (b *bench) addSize(measure string, bytes int64, target float64) {
	size := float64(bytes) / (1 << 20)
	b.say("%s: %.1f MiB", measure, size)
	b.report.add(row{Measure: measure, Unit: unitSize, Value: size, Targets: []float64{target}})
}

// memory reads a figure such as VmRSS of the process, in bytes.
func (p *process) memory(name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return statusBytes(string(status), name)
}

// statusBytes finds a line such as "VmRSS:  1234 kB" (proc_pid_status(5)).
func statusBytes(status, name string) (int64, error) {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		if !ok {
			break
		}
		kib, err := strconv.ParseInt(number, 10, 64)
		return kib << 10, err
	}
	return 0, fmt.Errorf("no %s among a process's figures", name)
}
