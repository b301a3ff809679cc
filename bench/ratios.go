package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/reeve-cloud/reeve"
)

// The sizes of the small and the large database.
const (
	connections   = 16
	smallProjects = 10_000
	largeProjects = 1_000_000
)

// The targets of the ratios.
var (
	targetProject = []float64{0.88}
	targetTenant  = []float64{0.80}
	targetAPIKey  = []float64{0.60, 0.80}
	targetScale   = []float64{0.80}
)

// contender is one side of a comparison.
type contender struct {
	name string
	run  func(context.Context, time.Duration) (sample, error)
}

// contest warms all contenders up and then lets them run in turns, each round
// in the other direction, so that who comes first has no advantage.
func (b *bench) contest(ctx context.Context, contenders []contender) ([]series, error) {
	return b.contestFor(ctx, b.rounds, b.duration, contenders)
}

// contestFor is a contest of so many rounds, each of which lasts for some time,
// but for the warm-up.
func (b *bench) contestFor(ctx context.Context, rounds int, duration time.Duration, contenders []contender) ([]series, error) {
	out := make([]series, len(contenders))
	order := make([]int, len(contenders))
	for i := range order {
		order[i] = i
	}
	for round := range rounds + 1 {
		lasts := duration
		if round == 0 {
			lasts = min(duration, b.duration)
		}
		for _, i := range order {
			found, err := contenders[i].run(ctx, lasts)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			b.say("round %d  %-28s %8.0f/s  p50 %-12s p99 %s", round, contenders[i].name, found.rate, found.p50, found.p99)
			if round > 0 { // the first is the warm-up
				out[i] = append(out[i], found)
			}
		}
		slices.Reverse(order)
	}
	return out, nil
}

// load makes a contender of requests to one listener.
func load(name, address string, next source) contender {
	return contender{name, func(ctx context.Context, duration time.Duration) (sample, error) {
		return drive(ctx, plan{
			addresses: []string{address}, connections: connections, next: next, duration: duration,
		})
	}}
}

func (w *world) projectLoad(name string) contender {
	return load(name, w.addresses["operator"], w.data.getProject(w.token))
}

func (w *world) tenantLoad(name string) contender {
	return load(name, w.addresses["tenant"], w.data.getTenantProject())
}

func (w *world) apiKeyLoad(name string) contender {
	return load(name, w.addresses["operator"], w.data.createAPIKey(w.token))
}

// measureReads compares GET of a project, for operators and for tenants, with
// the bare handler.
func (b *bench) measureReads(ctx context.Context) error {
	w, err := b.smallWorld(ctx)
	if err != nil {
		return err
	}
	bare, err := b.launchBare(ctx, w)
	if err != nil {
		return err
	}
	rounds, err := b.contest(ctx, []contender{
		w.projectLoad("operators' project"),
		load("bare handler", bare.addresses["bare"], w.data.getProject(w.token)),
		w.tenantLoad("tenants' project"),
	})
	if err != nil {
		return err
	}
	const other = "net/http and pgxpool"
	b.addRatio(row{Measure: "GET /api/projects/{id}", Other: other, Targets: targetProject}, rounds[0], rounds[1])
	b.addRatio(row{Measure: "GET /project/{id}", Other: other, Targets: targetTenant}, rounds[2], rounds[1])
	return nil
}

func (b *bench) addRatio(found row, ours, theirs series) {
	found.Unit, found.Value = unitRatio, ratio(ours, theirs)
	found.Reeve, found.Compared = newFigures(ours), newFigures(theirs)
	b.report.add(found)
}

// smallWorld is the database that the ratios share.
func (b *bench) smallWorld(ctx context.Context) (*world, error) {
	if b.small == nil {
		w, err := b.newWorld(ctx, "small", smallProjects)
		if err != nil {
			return nil, err
		}
		b.small = w
	}
	return b.small, nil
}

// launchBare starts this program once more, as the bare handler, and makes sure
// that it answers as reeve does.
func (b *bench) launchBare(ctx context.Context, w *world) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := launch(b.dir, exec.Command(self, "-bare", w.database), "bare")
	if err != nil {
		return nil, err
	}
	b.atEnd(p.stop)
	path := "/api/projects/" + reeve.ID(w.data.id(kindProject, 1)).String()
	ours, err := fetch(ctx, "http://"+w.addresses["operator"]+path, w.token)
	if err != nil {
		return nil, err
	}
	theirs, err := fetch(ctx, "http://"+p.addresses["bare"]+path, w.token)
	if err == nil && !bytes.Equal(ours, theirs) {
		err = fmt.Errorf("reeve answers %s, the bare handler %s", ours, theirs)
	}
	return p, err
}

func fetch(ctx context.Context, at string, token reeve.Token) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", string(token))
	return answerOf(request)
}

func answerOf(request *http.Request) ([]byte, error) {
	_, body, err := answerStatus(request)
	return body, err
}

func answerStatus(request *http.Request) (status int, body []byte, err error) {
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err = io.ReadAll(reply.Body)
	return reply.StatusCode, body, err
}

func answerJSON(request *http.Request, into any) error {
	body, err := answerOf(request)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

// measureAPIKeys compares the creation of API keys with pgbench on a database
// of its own with the same schema and data.
func (b *bench) measureAPIKeys(ctx context.Context) error {
	w, err := b.smallWorld(ctx)
	if err != nil {
		return err
	}
	database, err := b.database(ctx, "pgbench")
	if err != nil {
		return err
	}
	if _, err := b.migrate(database); err != nil {
		return err
	}
	if err := w.data.load(ctx, database); err != nil {
		return err
	}
	other, err := newPgbench(b.dir, database, w.data)
	if err != nil {
		return err
	}
	create := w.apiKeyLoad("create API key")
	rounds, err := b.contest(ctx, []contender{
		{create.name, func(ctx context.Context, duration time.Duration) (sample, error) {
			found, err := create.run(ctx, duration)
			if err == nil {
				err = b.awaitNumbers(ctx, w.database)
			}
			return found, err
		}},
		{"pgbench", other.run},
	})
	if err != nil {
		return err
	}
	b.addRatio(row{Measure: "POST /api/projects/{id}/apikeys", Other: "pgbench", Targets: targetAPIKey}, rounds[0], rounds[1])
	return nil
}

// awaitNumbers waits until all changes have their numbers, so that the next
// contender does not share the machine with what is left of this one's work.
func (b *bench) awaitNumbers(ctx context.Context, database string) error {
	began := time.Now()
	return withConn(ctx, database, func(conn *pgx.Conn) error {
		for {
			var waiting int
			if err := conn.QueryRow(ctx, "SELECT COUNT(*) FROM pending_changes").Scan(&waiting); err != nil {
				return err
			}
			if waiting == 0 {
				b.say("all changes numbered %s after the round", time.Since(began).Round(time.Millisecond))
				return nil
			}
			if time.Since(began) > patience {
				return fmt.Errorf("%d changes have no number after %s", waiting, patience)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// measureScale compares a large database with a small one.
func (b *bench) measureScale(ctx context.Context) error {
	small, err := b.smallWorld(ctx)
	if err != nil {
		return err
	}
	large, err := b.newWorld(ctx, "large", largeProjects)
	if err != nil {
		return err
	}
	rounds, err := b.contest(ctx, []contender{
		large.projectLoad("operators' project, large"),
		small.projectLoad("operators' project, small"),
		large.tenantLoad("tenants' project, large"),
		small.tenantLoad("tenants' project, small"),
	})
	if err != nil {
		return err
	}
	other := fmt.Sprintf("%d projects", smallProjects)
	size := fmt.Sprintf(" of %d projects", largeProjects)
	b.addRatio(row{Measure: "GET /api/projects/{id}" + size, Other: other, Targets: targetScale}, rounds[0], rounds[1])
	b.addRatio(row{Measure: "GET /project/{id}" + size, Other: other, Targets: targetScale}, rounds[2], rounds[3])
	return nil
}
