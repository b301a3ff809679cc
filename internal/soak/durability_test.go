//go:build soak

package soak

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // the drivers that the rows are looked at with
	_ "modernc.org/sqlite"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// masterKey is the tests' own; PostgreSQL requires one.
const masterKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// TestKillSQLite: what was acknowledged survives kill -9 at any instant, and
// nothing is half written.
func TestKillSQLite(t *testing.T) {
	chance := random(t)
	path := filepath.Join(t.TempDir(), "reeve.db")
	p := serve(t, "--database", "sqlite:"+path, "--log-level", "error")
	l := newLoad(t, p)
	for round := range 25 {
		l.base.Store(&p.operator)
		loadUntil(t, l, chance, func() { p.kill() })
		rows := inspect(t, store.Config{SQLite: path, MaxConnections: 1}, "sqlite", path, map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		})
		p = serve(t, "--database", "sqlite:"+path, "--log-level", "error")
		l.verify(t, p)
		if rows < l.acked.Load() {
			t.Errorf("%d changes for %d acknowledged writes", rows, l.acked.Load())
		}
		if t.Failed() {
			t.FailNow()
		}
		t.Logf("round %d: %d writes acknowledged, %d changes", round, l.acked.Load(), rows)
	}
	p.stop()
}

// TestKillPostgres: the same where either side is killed, or both.
func TestKillPostgres(t *testing.T) {
	chance := random(t)
	c := newCluster(t)
	database := newDatabase(t, c.url)
	args := []string{"--database", database, "--master-key", masterKey, "--log-level", "error"}
	p := serve(t, args...)
	l := newLoad(t, p)
	for round := range 12 {
		l.base.Store(&p.operator)
		loadUntil(t, l, chance, func() {
			switch round % 3 {
			case 0:
				p.kill()
			case 1:
				c.crash()
			case 2:
				p.signal(syscall.SIGKILL)
				c.crash()
				p.kill()
			}
		})
		if round%3 != 0 {
			c.start()
		}
		if p.ended() {
			p = serve(t, args...)
		}
		eventually(t, startLimit, "reeve is ready", func() bool {
			got, err := ask(request{url: p.operator + "/readyz"})
			return err == nil && got.status == 200
		})
		l.verify(t, p)
		rows := inspect(t, store.Config{Postgres: database, MaxConnections: 2}, "pgx", database, map[string]string{
			"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		})
		if rows < l.acked.Load() {
			t.Errorf("%d changes for %d acknowledged writes", rows, l.acked.Load())
		}
		if t.Failed() {
			t.FailNow()
		}
		t.Logf("round %d: %d writes acknowledged, %d changes, refused %v", round, l.acked.Load(), rows, l.refused())
	}
	for status := range l.refused() {
		if status != 0 && status != 503 {
			t.Errorf("a call was answered with %d: %v", status, l.refused())
		}
	}
	p.stop()
}

// loadUntil runs the load until a random number of writes is acknowledged, and
// lets the fault happen at a random instant after.
func loadUntil(t *testing.T, l *load, chance *rand.Rand, fault func()) {
	t.Helper()
	want := l.acked.Load() + 20 + chance.Int64N(100)
	l.run(chance)
	eventually(t, startLimit, "writes are acknowledged", func() bool { return l.acked.Load() >= want })
	time.Sleep(time.Duration(chance.Int64N(int64(20 * time.Millisecond)))) // any instant
	fault()
	l.halt()
}

// whole are the rows that no crash may leave behind; each query counts them.
var whole = map[string]string{
	"projects without their owner": `SELECT count(*) FROM projects p WHERE NOT EXISTS
		(SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = p.owner_id)`,
	"organisations without their owner": `SELECT count(*) FROM organizations o WHERE NOT EXISTS
		(SELECT 1 FROM organization_members m WHERE m.organization_id = o.id AND m.user_id = o.owner_id)`,
	"users without a change":             without("users", "user.create"),
	"projects without a change":          without("projects", "project.create"),
	"organisations without a change":     without("organizations", "organization.create"),
	"keys without a change":              without("api_keys", "apikey.create"),
	"organisation keys without a change": without("organization_keys", "organization_key.create"),
	"changes without their project": `SELECT count(*) FROM changes c WHERE c.action = 'project.create'
		AND NOT EXISTS (SELECT 1 FROM projects p WHERE p.id = c.target)`,
	"changes without their key": `SELECT count(*) FROM changes c WHERE c.action = 'apikey.create'
		AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = c.target)
		AND NOT EXISTS (SELECT 1 FROM changes d WHERE d.action = 'apikey.delete' AND d.target = c.target)`,
	"changes whose deletion did not happen": `SELECT count(*) FROM changes c WHERE c.action = 'apikey.delete'
		AND EXISTS (SELECT 1 FROM api_keys k WHERE k.id = c.target)`,
	"changes without a number": "SELECT count(*) FROM pending_changes",
}

func without(table, action string) string {
	return "SELECT count(*) FROM " + table + " t WHERE NOT EXISTS " +
		"(SELECT 1 FROM changes c WHERE c.target = t.id AND c.action = '" + action + "')"
}

// inspect opens the store beside or after the server: the settings of a live
// connection, the chain of changes, and the rows themselves. It gives how many
// changes there are.
func inspect(t *testing.T, config store.Config, driver, source string, want map[string]string) int64 {
	t.Helper()
	s, err := store.Open(t.Context(), config)
	check(t, err)
	defer s.Close()
	settings, err := s.Durability(t.Context())
	check(t, err)
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("durability of the live connection (-want +got):\n%s", diff)
	}
	check(t, s.NumberChanges(t.Context()))
	rows := verifyChain(t, s)

	db, err := sql.Open(driver, source)
	check(t, err)
	defer func() { _ = db.Close() }()
	for what, query := range whole {
		var n int64
		check(t, db.QueryRowContext(t.Context(), query).Scan(&n))
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	return rows
}

// verifyChain walks the change log as an operator would.
func verifyChain(t *testing.T, s *store.Store) int64 {
	t.Helper()
	ctx := control.WithCaller(context.WithoutCancel(t.Context()), control.Caller{Actor: reeve.Actor{Kind: reeve.System}})
	chain, err := control.New(s, control.Settings{}).VerifyChanges(ctx)
	if err != nil {
		t.Errorf("chain: %v", err)
	}
	head, _, err := s.ChangeEnd(ctx, "head")
	check(t, err)
	if head != chain.Rows {
		t.Errorf("the head's number is %d, the log holds %d rows", head, chain.Rows)
	}
	return chain.Rows
}

// hasLine tells whether text is one line that contains all parts.
func hasLine(text string, parts ...string) bool {
	if strings.Count(text, "\n") != 1 {
		return false
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
