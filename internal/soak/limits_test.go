//go:build soak

package soak

import (
	"bufio"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The limits that 64 workers press against.
const (
	soakRate    = 100
	soakBytes   = 2_000
	soakBuckets = 10
)

// limitsRun is how long the workers press.
const limitsRun = 12 * time.Second

// TestLimitsSQLite: with 64 workers in 4 processes, and those and reeve killed
// at random, not one unit goes over any limit.
func TestLimitsSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reeve.db")
	start := func() *process { return serve(t, "--database", "sqlite:"+path, "--log-level", "error") }
	pressLimits(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)", start, 1)
}

// TestLimitsPostgres: the same with two replicas on one database.
func TestLimitsPostgres(t *testing.T) {
	database := shared(t)
	start := func() *process {
		return serve(t, "--database", database, "--master-key", masterKey, "--log-level", "error")
	}
	pressLimits(t, "pgx", database, start, 2)
}

// press is a run of the workers.
type press struct {
	t      *testing.T
	chance *rand.Rand
	db     *sql.DB
	start  func() *process
	token  string // the operator's

	dir      string
	job      job
	replicas []*process
	workers  []*exec.Cmd
	logs     []string
}

func pressLimits(t *testing.T, driver, source string, start func() *process, replicas int) {
	p := &press{t: t, chance: random(t), start: start, dir: t.TempDir()}
	for range replicas {
		r := start()
		p.token += r.token // the first prints it
		p.replicas = append(p.replicas, r)
	}
	var err error
	p.db, err = sql.Open(driver, source)
	check(t, err)
	defer func() { _ = p.db.Close() }()
	gateway := p.settle()
	p.announce()
	p.workers = make([]*exec.Cmd, 4)
	for i := range p.workers {
		p.work(i)
	}
	defer func() {
		for i := range p.workers {
			p.stop(i)
		}
	}()

	watched := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { p.watch(watched) })
	kills := 0
	for end := time.Now().Add(limitsRun); time.Now().Before(end); kills++ {
		time.Sleep(time.Duration(100+p.chance.IntN(500)) * time.Millisecond)
		if p.chance.IntN(3) == 0 {
			p.killReplica(p.chance.IntN(len(p.replicas)))
		} else {
			i := p.chance.IntN(len(p.workers))
			p.stop(i)
			p.work(i)
		}
	}
	for i := range p.workers {
		p.stop(i)
	}
	close(watched)
	watch.Wait()
	t.Logf("%d processes were killed", kills)
	p.verify(p.read(), gateway)
}

// settle makes the project, its limits, a key and a gateway, and gives the
// gateway's id.
func (p *press) settle() string {
	p.t.Helper()
	base := p.replicas[0].operator
	w := settle(p.t, base, p.token, "ada")
	p.job.Project = w.project
	must(p.t, request{"PUT", fmt.Sprintf("%s/api/projects/%s/limit?rate=%d&usage=%dB&bandwidth=%dB&buckets=%d",
		base, w.project, soakRate, soakBytes, soakBytes, soakBuckets), p.token, nil})
	p.job.Key = must(p.t, request{"POST", base + "/api/projects/" + w.project + "/apikeys", p.token, object{"name": "first"}}).field("apikey")
	made := must(p.t, request{"POST", base + "/api/gateways", p.token, object{"name": "edge"}})
	p.job.Token = made.field("token")
	return made.field("id")
}

// announce tells the workers where the replicas listen.
func (p *press) announce() {
	p.t.Helper()
	p.job.URLs = filepath.Join(p.dir, "urls")
	var urls []string
	for _, r := range p.replicas {
		urls = append(urls, r.gateway)
	}
	check(p.t, os.WriteFile(p.job.URLs+".new", []byte(strings.Join(urls, "\n")), 0o600))
	check(p.t, os.Rename(p.job.URLs+".new", p.job.URLs))
}

// work starts a worker process with a log of its own.
func (p *press) work(i int) {
	p.t.Helper()
	p.job.Log = filepath.Join(p.dir, fmt.Sprintf("log%d", len(p.logs)))
	p.job.Seed = p.chance.Uint64()
	p.logs = append(p.logs, p.job.Log)
	p.workers[i] = startWorker(p.t, p.job)
}

// stop kills a worker process.
func (p *press) stop(i int) {
	if p.workers[i] != nil {
		_ = p.workers[i].Process.Kill()
		_ = p.workers[i].Wait()
		p.workers[i] = nil
	}
}

// killReplica kills a replica and starts another in its place.
func (p *press) killReplica(i int) {
	p.t.Helper()
	p.replicas[i].kill()
	p.replicas[i] = p.start()
	p.announce()
}

// watch looks at the database all the time: committed plus leased is never more
// than a limit.
func (p *press) watch(done <-chan struct{}) {
	looks := 0
	defer func() { p.t.Logf("looked %d times", looks) }()
	for ; ; looks++ {
		select {
		case <-done:
			return
		case <-time.After(5 * time.Millisecond):
		}
		used, err := p.meters()
		if err != nil {
			p.t.Errorf("looking at the meters: %v", err)
			return
		}
		for name, limit := range map[string]int64{"rate": soakRate, "usage": soakBytes, "bandwidth": soakBytes, "buckets": soakBuckets} {
			if sum := used[name].committed + used[name].leased; sum > limit {
				p.t.Errorf("%s: %+v of %d", name, used[name], limit)
			}
		}
	}
}

type meterRow struct{ committed, leased int64 }

func (p *press) meters() (map[string]meterRow, error) {
	rows, err := p.db.Query("SELECT meter, committed, leased FROM meters UNION ALL SELECT 'buckets', COUNT(*), 0 FROM buckets")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[string]meterRow{}
	for rows.Next() {
		var name string
		var m meterRow
		if err := rows.Scan(&name, &m.committed, &m.leased); err != nil {
			return nil, err
		}
		out[name] = m
	}
	return out, rows.Err()
}

// admitted is what the workers' logs say.
type admitted struct {
	seconds map[int64]int64     // units that were surely admitted in a second
	units   int64               // all units
	leases  map[string][2]int64 // usage and bandwidth by lease
	settled map[string]bool
	buckets map[string]bool // taken, and never tried to be given back
}

// read reads the logs. A line that a kill has cut off says nothing.
func (p *press) read() admitted {
	p.t.Helper()
	out := admitted{map[int64]int64{}, 0, map[string][2]int64{}, map[string]bool{}, map[string]bool{}}
	for _, path := range p.logs {
		file, err := os.Open(path)
		if os.IsNotExist(err) { // killed before it began
			continue
		}
		check(p.t, err)
		reader := bufio.NewReader(file)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				break
			}
			out.take(p.t, line)
		}
		check(p.t, file.Close())
	}
	return out
}

func (a *admitted) take(t *testing.T, line string) {
	t.Helper()
	kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch kind {
	case "r":
		var sent, received, cost int64
		_, err := fmt.Sscan(rest, &sent, &received, &cost)
		check(t, err)
		a.units += cost
		if sent/1e6 == received/1e6 {
			a.seconds[sent/1e6] += cost
		}
	case "l":
		a.leases[rest] = [2]int64{}
	case "b":
		var id string
		var usage, bandwidth int64
		_, err := fmt.Sscan(rest, &id, &usage, &bandwidth)
		check(t, err)
		sum := a.leases[id]
		a.leases[id] = [2]int64{sum[0] + usage, sum[1] + bandwidth}
	case "s":
		a.settled[rest] = true
	case "k":
		a.buckets[rest] = true
	case "d":
		delete(a.buckets, rest)
	}
}

// verify holds the logs against the limits, settles what the workers left, and
// holds the logs against the database.
func (p *press) verify(a admitted, gateway string) {
	t := p.t
	t.Helper()
	most := int64(0)
	for second, units := range a.seconds {
		most = max(most, units)
		if units > soakRate {
			t.Errorf("in second %d %d units were admitted, at most %d may be", second, units, soakRate)
		}
	}
	base := p.replicas[0]
	var used [2]int64
	left := 0
	for id, sums := range a.leases {
		used[0], used[1] = used[0]+sums[0], used[1]+sums[1]
		if a.settled[id] {
			continue
		}
		left++
		got, err := ask(request{"PUT", base.gateway + "/gateway/leases/" + id, p.job.Token, object{"usage": sums[0], "bandwidth": sums[1]}})
		check(t, err)
		if got.status != 200 && got.status != 404 {
			t.Fatalf("settling %s: %d %s", id, got.status, got.body)
		}
	}
	rows, err := p.meters()
	check(t, err)
	t.Logf("%d units, %d at most in a second; %d leases, %d left unsettled; %v", a.units, most, len(a.leases), left, rows)
	if most < soakRate/2 || len(a.leases) < 100 {
		t.Error("the limits were hardly touched")
	}
	for i, name := range []string{"usage", "bandwidth"} {
		if rows[name].committed != used[i] {
			t.Errorf("%s: %d is charged, %d was admitted", name, rows[name].committed, used[i])
		}
	}
	for name := range a.buckets {
		var n int
		check(t, p.db.QueryRow("SELECT COUNT(*) FROM buckets WHERE name = $1", name).Scan(&n))
		if n != 1 {
			t.Errorf("bucket %s has lost its place", name)
		}
	}
	// What was leased in answers that got lost is charged with the gateway's end.
	must(t, request{"DELETE", base.operator + "/api/gateways/" + gateway, p.token, nil})
	after, err := p.meters()
	check(t, err)
	for _, name := range []string{"usage", "bandwidth"} {
		want := meterRow{rows[name].committed + rows[name].leased, 0}
		if after[name] != want {
			t.Errorf("%s after the gateway's end: %+v, want %+v", name, after[name], want)
		}
	}
	for _, r := range p.replicas {
		r.stop()
	}
}
