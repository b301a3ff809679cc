//go:build soak

package soak

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// reporterVariable holds, as JSON, what a process of this binary reports into
// a spool until it is killed.
const reporterVariable = "SOAK_REPORTER"

// reporter is a gateway program that reports usage of some projects, one
// goroutine for each.
type reporter struct {
	Spool    string // the directory
	Kept     string // where copies of all batches go before they are delivered
	Server   string // the file that says where the server is
	Token    string
	Projects []string
}

// run reports values that are as good as unique. It says on its standard
// output what it is about to report, and what came of it.
func (r reporter) run() error {
	spool, err := gateway.OpenSpool(r.Spool, gateway.SpoolSettings{BatchRecords: 40, BatchAge: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	for _, project := range r.Projects {
		id, err := reeve.ParseAnyID(project)
		if err != nil {
			return err
		}
		go func() {
			for {
				value := rand.Int64N(1 << 40)
				fmt.Printf("try %s %d\n", project, value)
				err := spool.Report(context.Background(), reeve.UsageRecord{ProjectID: id, Meter: reeve.UsageEgress, Value: value})
				if err != nil {
					fmt.Printf("failed %v\n", err)
					return
				}
				fmt.Printf("ok %s %d\n", project, value)
			}
		}()
	}
	return spool.Deliver(context.Background(), r.deliver)
}

// deliver keeps a batch and delivers it to wherever the server is by now.
func (r reporter) deliver(ctx context.Context, batch gateway.Batch) ([]gateway.Refusal, error) {
	sealed, err := filepath.Glob(filepath.Join(r.Spool, fmt.Sprintf("%s.%016d.*.batch", batch.Stream, batch.Sequence)))
	if err != nil {
		return nil, err
	}
	for _, path := range sealed {
		if err := os.Link(path, filepath.Join(r.Kept, filepath.Base(path))); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	url, err := os.ReadFile(r.Server)
	if err != nil {
		return nil, err
	}
	return gateway.DeliverTo(http.DefaultClient, string(url), r.Token)(ctx, batch)
}

// runReporter is the process of reporterVariable.
func runReporter(settings string) int {
	var r reporter
	err := json.Unmarshal([]byte(settings), &r)
	if err == nil {
		err = r.run()
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// spooling is a test of a spool: a server, a reporter and what it has said.
type spooling struct {
	reporter
	t        *testing.T
	serve    func() *process
	config   store.Config
	server   *process
	said     string                    // the file
	acked    map[string]int64          // sums that must be there, by project
	doubtful map[string]map[int64]bool // values that may be
}

// TestSpoolSQLite and TestSpoolPostgres: whoever is killed and however often,
// each record whose Report returned is counted once, and one that was on its
// way once or not at all; batches that are delivered again count nothing.
func TestSpoolSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "reeve.db")
	spoolRounds(t, store.Config{SQLite: path, MaxConnections: 1}, "--database", "sqlite:"+path)
}

// TestSpoolPostgres: see TestSpoolSQLite.
func TestSpoolPostgres(t *testing.T) {
	t.Parallel()
	database := shared(t)
	spoolRounds(t, store.Config{Postgres: database, MaxConnections: 2}, "--database", database, "--master-key", masterKey)
}

func spoolRounds(t *testing.T, config store.Config, args ...string) {
	chance := random(t)
	s := newSpooling(t, config, args)
	for range 8 {
		s.life(chance)
	}
	s.drain(s.Spool)
	before := s.totals()
	s.check(before)
	for range 2 {
		restored := t.TempDir()
		check(t, os.CopyFS(restored, os.DirFS(s.Kept)))
		if dropped := s.drain(restored); dropped == 0 {
			t.Error("no batch was delivered again")
		}
		for project, total := range s.totals() {
			if total != before[project] {
				t.Errorf("project %s: %d, and %d when all was delivered again", project, before[project], total)
			}
		}
	}
}

func newSpooling(t *testing.T, config store.Config, args []string) *spooling {
	t.Helper()
	dir := t.TempDir()
	s := &spooling{
		t: t, config: config, said: filepath.Join(dir, "said"), acked: map[string]int64{}, doubtful: map[string]map[int64]bool{},
		reporter: reporter{Spool: filepath.Join(dir, "spool"), Kept: filepath.Join(dir, "kept"), Server: filepath.Join(dir, "server")},
	}
	check(t, os.Mkdir(s.Kept, 0o700))
	s.serve = func() *process {
		p := serve(t, append(args, "--log-level", "error")...)
		check(t, os.WriteFile(s.Server+".new", []byte(p.gateway), 0o600))
		check(t, os.Rename(s.Server+".new", s.Server))
		return p
	}
	s.server = s.serve()
	token := s.server.token
	s.Token = must(t, request{"POST", s.server.operator + "/api/gateways", token, object{"name": "g"}}).field("token")
	for i := range 4 {
		s.Projects = append(s.Projects, settle(t, s.server.operator, token, fmt.Sprint("p", i)).project)
	}
	return s
}

// life starts a reporter and kills it, and the server too, mostly.
func (s *spooling) life(chance *rand.Rand) {
	s.t.Helper()
	settings, err := json.Marshal(s.reporter)
	check(s.t, err)
	said, err := os.Create(s.said)
	check(s.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = environment(reporterVariable + "=" + string(settings))
	cmd.Stdout, cmd.Stderr = said, os.Stderr
	check(s.t, cmd.Start())
	s.t.Cleanup(func() { _ = cmd.Process.Kill() })
	pause := func() { time.Sleep(time.Duration(chance.Int64N(int64(400 * time.Millisecond)))) }
	pause()
	if chance.IntN(4) > 0 {
		s.server.kill()
		pause()
		s.server = s.serve()
		pause()
	}
	check(s.t, cmd.Process.Kill())
	_ = cmd.Wait()
	if cmd.ProcessState.Exited() {
		s.t.Fatalf("the reporter ended by itself: %v", cmd.ProcessState)
	}
	check(s.t, said.Close())
	s.read()
}

// read takes in what the reporter has said in one life.
func (s *spooling) read() {
	s.t.Helper()
	file, err := os.Open(s.said)
	check(s.t, err)
	defer func() { _ = file.Close() }()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var word, project string
		var value int64
		if _, err := fmt.Sscan(lines.Text(), &word, &project, &value); err != nil || strings.HasPrefix(word, "failed") {
			s.t.Fatalf("the reporter said %q", lines.Text())
		}
		if s.doubtful[project] == nil {
			s.doubtful[project] = map[int64]bool{}
		}
		s.doubtful[project][value] = true
		if word == "ok" {
			delete(s.doubtful[project], value)
			s.acked[project] += value
			n++
		}
	}
	s.t.Logf("%d records were reported", n)
}

// drain delivers all that is in a directory, and tells how many batches of it
// the server had counted before.
func (s *spooling) drain(dir string) (before int) {
	s.t.Helper()
	var mu sync.Mutex
	spool, err := gateway.OpenSpool(dir, gateway.SpoolSettings{Notify: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := errors.AsType[*gateway.DeliveredBeforeError](err); ok {
			before++
			return
		}
		s.t.Errorf("delivering %s: %v", dir, err)
	}})
	check(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), startLimit)
	defer cancel()
	go func() { _ = spool.Deliver(ctx, s.deliver) }()
	check(s.t, spool.Drain(ctx))
	check(s.t, spool.Close())
	return before
}

// totals reads what was counted from the database itself.
func (s *spooling) totals() map[string]int64 {
	s.t.Helper()
	s.server.stop()
	opened, err := store.Open(s.t.Context(), s.config)
	check(s.t, err)
	out := map[string]int64{}
	month := reeve.MonthOf(time.Now())
	var ids []reeve.ID
	for _, project := range s.Projects {
		id, err := reeve.ParseAnyID(project)
		check(s.t, err)
		ids = append(ids, id)
	}
	// To look for usage adds up all that was taken in.
	asSystem := control.WithCaller(s.t.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.System}})
	if err := control.New(opened, control.Settings{}).CheckUsage(asSystem, ids[0]); err != nil && !reeve.IsKind(err, reeve.Conflict) {
		s.t.Error(err)
	}
	for _, month := range []reeve.Month{month.Previous(), month} { // the test may run at midnight
		found, err := opened.UsageCounters(s.t.Context(), ids, month)
		check(s.t, err)
		for _, total := range found {
			out[total.ProjectID.String()] += total.Egress.Int64()
		}
	}
	opened.Close()
	s.server = s.serve()
	return out
}

// check finds for each project a set of doubtful values that, with those that
// were acknowledged, make what was counted.
func (s *spooling) check(totals map[string]int64) {
	s.t.Helper()
	for project, total := range totals {
		doubtful := s.doubtful[project]
		missing := total - s.acked[project]
		sums := map[int64]bool{0: true}
		for value := range doubtful {
			for _, sum := range slices.Collect(maps.Keys(sums)) {
				sums[sum+value] = true
			}
		}
		if !sums[missing] {
			s.t.Errorf("project %s: %d counted, %d acknowledged, doubtful %v", project, total, s.acked[project], doubtful)
		}
		s.t.Logf("project %s: %d counted, %d more than acknowledged, %d doubtful", project, total, missing, len(doubtful))
	}
	if len(totals) != len(s.Projects) {
		s.t.Errorf("usage of %d projects, not %d", len(totals), len(s.Projects))
	}
}
