package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/reeve-cloud/reeve/internal/store"
)

// ConfigPostgres makes a fresh, migrated PostgreSQL database and drops it at
// the test's end. It skips the test where there is no PostgreSQL.
func ConfigPostgres(t *testing.T) store.Config {
	t.Helper()
	return config(t, cluster.template)
}

// ConfigEmptyPostgres is ConfigPostgres without a schema.
func ConfigEmptyPostgres(t *testing.T) store.Config {
	t.Helper()
	return config(t, func() (string, error) { return "template0", nil })
}

func config(t *testing.T, template func() (string, error)) store.Config {
	t.Helper()
	if os.Getenv(postgresVariable) == "" {
		t.Skip(postgresVariable + " is not set")
	}
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	name, err := cluster.create(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return store.Config{Postgres: cluster.url(name), MaxConnections: connections}
}

// postgres is the cluster that tests make databases in.
type postgres struct {
	template func() (string, error) // names a migrated database, made once
	prefix   string                 // of this process's databases

	mu    sync.Mutex
	admin *pgx.Conn // holds this process's lock while it lives
	count int
}

// All names of databases begin with this.
const namespace = "reeve_test_"

var cluster = newPostgres()

func newPostgres() *postgres {
	p := &postgres{prefix: namespace + strings.ToLower(rand.Text()[:12]) + "_"}
	p.template = sync.OnceValues(func() (string, error) {
		name, err := p.create("template0")
		if err != nil {
			return "", err
		}
		return name, migrate(store.Config{Postgres: p.url(name)})
	})
	return p
}

// url gives the connection string of one database.
func (p *postgres) url(name string) string {
	at, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		panic(postgresVariable + " is not a URL")
	}
	at.Path = "/" + name
	return at.String()
}

// create makes a database from another and gives its name.
func (p *postgres) create(template string) (string, error) {
	p.mu.Lock()
	p.count++
	name := fmt.Sprintf("%s%d", p.prefix, p.count)
	p.mu.Unlock()
	return name, p.run("CREATE DATABASE " + name + " TEMPLATE " + template)
}

func (p *postgres) run(sql string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	if p.admin == nil {
		if err := p.connect(ctx); err != nil {
			return err
		}
	}
	_, err := p.admin.Exec(ctx, sql)
	return err
}

// connect takes this process's lock, for as long as it lives, and removes what
// processes left behind whose locks are free.
func (p *postgres) connect(ctx context.Context) (err error) {
	if p.admin, err = pgx.Connect(ctx, os.Getenv(postgresVariable)); err != nil {
		return err
	}
	if _, err := p.admin.Exec(ctx, "SELECT pg_advisory_lock($1)", lockOf(p.prefix)); err != nil {
		return err
	}
	rows, err := p.admin.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", namespace)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		owner := name[:strings.LastIndex(name, "_")+1]
		var free bool
		err := p.admin.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockOf(owner)).Scan(&free)
		if err != nil {
			return err
		}
		if free && owner != p.prefix {
			// Another process may be removing it too.
			_, _ = p.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		}
	}
	return nil
}

// lockOf gives the number of the lock that guards databases with a prefix.
func lockOf(prefix string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(prefix))
	return int64(h.Sum64())
}

func migrate(config store.Config) error {
	s, err := store.Open(context.Background(), config)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(context.Background())
}
