// Command bench measures reeve: it starts the built binary and what it is
// compared with, puts the same load on both in turns, and prints a table.
//
//	go run ./bench
//
// It needs REEVE_TEST_POSTGRES, the URL of a superuser of a PostgreSQL with its
// default durability (scripts/with-postgres gives one), and bin/reeve.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	rounds   int
	duration time.Duration
	sustain  time.Duration // of a round of usage
	measures []string
	listSize int    // users, and projects
	reeve    string // the binary
	json     string // a file
	perf     string // a load's name: profile it
	write    bool   // docs/benchmarks.md
	bare     string // a database's URL: be the bare handler
	answer   int    // be a handler that only answers so many bytes
}

// measure is something to measure.
type measure struct {
	name string
	run  func(*bench, context.Context) error
}

// measures are all there are, in their order.
var measures = []measure{
	{"reads", (*bench).measureReads},
	{"apikeys", (*bench).measureAPIKeys},
	{"replay", (*bench).measureReplay},
	{"guard", (*bench).measureGuard},
	{"start", (*bench).measureStart},
	{"memory", (*bench).measureMemory},
	{"verify", (*bench).measureVerify},
	{"gateways", (*bench).measureGateways},
	{"ingest", (*bench).measureIngest},
	{"events", (*bench).measureEvents},
	{"series", (*bench).measureSeries},
	{"close", (*bench).measureClose},
	{"scale", (*bench).measureScale},
	{"search", (*bench).measureSearch},
	{"pages", (*bench).measurePages},
	{"console", (*bench).measureConsole},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := parseOptions()
	err := o.check()
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseOptions() options {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how many rounds to take the median of")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long each side runs in a round, in whole seconds")
	flag.DurationVar(&o.sustain, "sustain", time.Minute, "how long each side runs in a round of ingest or events")
	names := flag.String("measures", "reads,apikeys,replay,guard,start,memory,verify,gateways,ingest,events,series,close",
		"what to measure: any of these, scale, search, pages and console, in the order of this list")
	scale := flag.Bool("scale", false, "short for -measures scale,search,pages,console: a million projects and ten million keys, a million users")
	flag.IntVar(&o.listSize, "listed", 1_000_000, "of how many users and projects search, pages and console are measured")
	flag.StringVar(&o.reeve, "reeve", "bin/reeve", "the `binary` to measure")
	flag.StringVar(&o.json, "json", "", "also write the figures to this `file`")
	flag.BoolVar(&o.write, "write", false, "also write the figures to "+document)
	flag.StringVar(&o.perf, "perf", "", "only profile reeve under a `load`, project, tenant, apikey, verify, auth, usage or events, to "+profileFile)
	flag.StringVar(&o.bare, "bare", "", "serve what reeve is compared with, on this database; the program does so itself")
	flag.IntVar(&o.answer, "answer", -1, "serve a constant answer of so many bytes; the program does so itself")
	flag.Parse()
	if *scale {
		*names = "scale,search,pages,console"
	}
	o.measures = strings.Split(*names, ",")
	return o
}

// check refuses what could give no figures.
func (o options) check() error {
	if o.rounds < 1 || o.duration < time.Second || o.sustain < time.Second {
		return errors.New("-rounds must be 1 or more, -duration and -sustain a second or more")
	}
	for _, name := range o.measures {
		known := slices.ContainsFunc(measures, func(m measure) bool { return m.name == name })
		if !known {
			return fmt.Errorf("-measures: there is no %q", name)
		}
	}
	if o.listSize < leastListed {
		return fmt.Errorf("-listed must be %d or more", leastListed)
	}
	return nil
}

// run measures and reports.
func run(ctx context.Context, o options) (err error) {
	if o.bare != "" {
		return serveBare(ctx, o.bare)
	}
	if o.answer >= 0 {
		return serveAnswer(ctx, o.answer)
	}
	b := &bench{options: o, cluster: cluster{os.Getenv("REEVE_TEST_POSTGRES")}}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if o.perf != "" {
		return b.profile(ctx, o.perf)
	}
	for _, m := range measures {
		if !slices.Contains(o.measures, m.name) {
			continue
		}
		if err := m.run(b, ctx); err != nil {
			return fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	if o.json != "" {
		if err := b.report.writeJSON(o.json); err != nil {
			return err
		}
	}
	if o.write {
		if err := b.report.writeDocument(document); err != nil {
			return err
		}
	}
	return b.report.print(os.Stdout)
}

// prepare checks what the run needs and says what it runs on.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.cluster.superuser == "" {
		return errors.New("REEVE_TEST_POSTGRES is not set: run scripts/with-postgres go run ./bench")
	}
	if b.reeve, err = filepath.Abs(b.reeve); err != nil {
		return err
	}
	if _, err := os.Stat(b.reeve); err != nil {
		return fmt.Errorf("run make build first: %w", err)
	}
	version, settings, err := b.cluster.facts(ctx)
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "reeve-bench-"); err != nil {
		return err
	}
	b.atEnd(func() error { return os.RemoveAll(b.dir) })
	b.report = report{
		Date: time.Now().UTC().Truncate(time.Second), Machine: thisMachine(version), Settings: settings,
		Rounds: b.rounds, Seconds: b.duration.Seconds(), Sustained: b.sustain.Seconds(),
	}
	b.say("%+v\nPostgreSQL runs with %v", b.report.Machine, settings)
	return nil
}
