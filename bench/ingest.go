package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// What taking usage in has to reach.
var (
	targetIngest       = []float64{100_000}
	targetIngestSQLite = []float64{80_000}
	targetIngestCopy   = []float64{0.25}
	targetEvents       = []float64{40_000}
	targetEventsSQLite = []float64{15_000}
	targetLag          = []float64{1000}
)

// usageRun is a load of usage on a world, with a watcher.
type usageRun struct {
	name    string
	world   *usageWorld
	load    *usageLoad
	watcher *watcher
	lags    [][]time.Duration // by round, the warm-up's first
}

// newUsageRun makes a world on a database and a load for it.
func (b *bench) newUsageRun(ctx context.Context, name, database string, load func(*usageWorld) *usageLoad) (*usageRun, error) {
	w, err := b.newUsageWorld(ctx, database, usageProjects+projectsEach)
	if err != nil {
		return nil, err
	}
	r := &usageRun{name: name, world: w, load: load(w)}
	r.watcher, err = newWatcher(ctx, w)
	return r, err
}

// run reports for a while. The clock stops when the last report is shown.
func (r *usageRun) run(ctx context.Context, duration time.Duration) (sample, error) {
	watched, stop := context.WithCancel(ctx)
	defer stop()
	watching := make(chan error, 1)
	go func() { watching <- r.watcher.watch(watched) }()
	start := time.Now()
	found, err := drive(ctx, plan{
		addresses: []string{r.world.addresses["gateway"]}, connections: usageConnections, next: r.load.next, duration: duration,
	})
	stop()
	if err = errors.Join(err, <-watching); err != nil {
		return found, err
	}
	lag, err := r.watcher.look(ctx)
	r.lags = append(r.lags, append(r.watcher.lags, lag))
	r.watcher.lags = nil
	found.rate = float64(found.answers) * usageRecords / time.Since(start).Seconds()
	return found, err
}

// contender is the run as a side of a contest.
func (r *usageRun) contender() contender { return contender{r.name, r.run} }

// finish ends the world and checks that what was sent was counted, and nothing
// else.
func (r *usageRun) finish(ctx context.Context) error {
	if err := r.world.end(); err != nil {
		return err
	}
	egress, requests, err := r.world.counted(ctx)
	if err != nil {
		return err
	}
	wantEgress, wantRequests := r.watcher.sent, int64(0)
	for i := range usageConnections {
		wantEgress += r.load.egress[i]
		wantRequests += r.load.requests[i]
	}
	if egress.Cmp(big.NewInt(wantEgress)) != 0 || requests.Cmp(big.NewInt(wantRequests)) != 0 {
		return fmt.Errorf("%s: %d bytes and %d requests were sent, %s and %s are counted", r.name, wantEgress, wantRequests, egress, requests)
	}
	return nil
}

// sustainedRounds are enough where a round is long.
const sustainedRounds = 3

// sustained is a contest of few and long rounds.
func (b *bench) sustained(ctx context.Context, contenders []contender) ([]series, error) {
	return b.contestFor(ctx, min(b.rounds, sustainedRounds), b.sustain, contenders)
}

// measureIngest measures batches of records on both databases, and compares
// with COPY where there is one.
func (b *bench) measureIngest(ctx context.Context) error {
	b.say("batches of %d records over %d projects, %d connections: %s", usageRecords, usageProjects, usageConnections, mixText)
	database, err := b.database(ctx, "ingest")
	if err != nil {
		return err
	}
	ours, err := b.newUsageRun(ctx, "usage, PostgreSQL", database, (*usageWorld).batches)
	if err != nil {
		return err
	}
	theirs, err := b.newCopier(ctx, ours.world)
	if err != nil {
		return err
	}
	rounds, err := b.sustained(ctx, []contender{ours.contender(), {"COPY", theirs.run}})
	if err != nil {
		return err
	}
	if err := ours.finish(ctx); err != nil {
		return err
	}
	b.addRate("records of usage, PostgreSQL", targetIngest, rounds[0])
	b.addRatio(row{Measure: "the same, compared", Other: "COPY into a table with a primary key", Targets: targetIngestCopy}, rounds[0], rounds[1])
	b.addLags("records, PostgreSQL", ours)
	return b.measureUsageOn(ctx, "records of usage, SQLite", b.sqliteFile("ingest"), (*usageWorld).batches, targetIngestSQLite)
}

// measureEvents measures batches of CloudEvents on both databases.
func (b *bench) measureEvents(ctx context.Context) error {
	database, err := b.database(ctx, "events")
	if err != nil {
		return err
	}
	if err := b.measureUsageOn(ctx, "CloudEvents, PostgreSQL", database, (*usageWorld).events, targetEvents); err != nil {
		return err
	}
	return b.measureUsageOn(ctx, "CloudEvents, SQLite", b.sqliteFile("events"), (*usageWorld).events, targetEventsSQLite)
}

// measureUsageOn measures one load by itself.
func (b *bench) measureUsageOn(ctx context.Context, name, database string, load func(*usageWorld) *usageLoad, targets []float64) error {
	run, err := b.newUsageRun(ctx, name, database, load)
	if err != nil {
		return err
	}
	rounds, err := b.sustained(ctx, []contender{run.contender()})
	if err != nil {
		return err
	}
	if err := run.finish(ctx); err != nil {
		return err
	}
	b.addRate(name, targets, rounds[0])
	b.addLags(name, run)
	return nil
}

// addRate adds how many of something there were in a second.
func (b *bench) addRate(measure string, targets []float64, rounds series) {
	found := newFigures(rounds)
	b.report.add(row{Measure: measure + ", durable and shown", Reeve: found, Unit: unitRate, Value: found.Rate, Targets: targets})
}
