package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestPostgresWithoutPreparedStatements: what a pooler in transaction mode
// needs passes the same suite.
func TestPostgresWithoutPreparedStatements(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		config := storetest.ConfigPostgres(t)
		at, err := url.Parse(config.Postgres)
		if err != nil {
			t.Fatal(err)
		}
		query := at.Query()
		query.Set("default_query_exec_mode", "exec")
		at.RawQuery = query.Encode()
		config.Postgres = at.String()
		return storetest.Open(t, config)
	})
}

// TestPostgresMigrateAtOnce: of several replicas that start on an empty
// database one migrates, the others wait for it.
func TestPostgresMigrateAtOnce(t *testing.T) {
	config := storetest.ConfigEmptyPostgres(t)
	var group sync.WaitGroup
	for range 4 {
		s := storetest.Open(t, config)
		group.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if have, want, err := s.Version(t.Context()); err != nil || have != want {
				t.Errorf("version %d of %d, %v", have, want, err)
			}
		})
	}
	group.Wait()
}

// TestPostgresMigrateOneConnection: a pool of one is enough.
func TestPostgresMigrateOneConnection(t *testing.T) {
	config := storetest.ConfigEmptyPostgres(t)
	config.MaxConnections = 1
	s := storetest.Open(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Migrate(ctx); err != nil {
		t.Error(err)
	}
}

// TestNewerSchema: a schema that a later program made is refused.
// TestVersionWritesNothing: asking for the version of a database without a
// schema leaves it without one.
func TestVersionWritesNothing(t *testing.T) {
	config := storetest.ConfigEmptyPostgres(t)
	s := storetest.Open(t, config)
	have, want, err := s.Version(t.Context())
	if err != nil || have != 0 || want == 0 {
		t.Fatalf("version %d of %d, %v", have, want, err)
	}
	var tables int
	err = storetest.Raw(t, config).QueryRow("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("%d tables were made, %v", tables, err)
	}
}

func TestNewerSchema(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		storetest.Exec(t, config, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, "+yes(config)+")")
		s := storetest.Open(t, config)
		err := s.Migrate(t.Context())
		_, want, versionErr := s.Version(t.Context())
		text := fmt.Sprintf("the database's schema is version 99999, newer than this program's %d", want)
		if versionErr != nil || err == nil || !reeve.IsKind(err, reeve.Conflict) || err.Error() != text {
			t.Errorf("%v, %v, want %s", err, versionErr, text)
		}
	})
}

func yes(config store.Config) string {
	if config.Postgres != "" {
		return "true"
	}
	return "1"
}

func TestPostgresIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for source, kind := range map[string]reeve.Kind{
		fmt.Sprintf("postgres://x@%s/x", address):   reeve.Unavailable,
		"postgres://x:secret%zz@127.0.0.1:1/x":      reeve.Invalid,
		"postgres://x@127.0.0.1:1/x?pool_max_conns": reeve.Invalid,
	} {
		s, err := store.Open(t.Context(), store.Config{Postgres: source})
		if err == nil {
			s.Close()
		}
		if !reeve.IsKind(err, kind) {
			t.Errorf("%s: %v, want %s", source, err, kind)
		}
	}
}

// TestPostgresBackendDies: what runs on a connection that dies is Unavailable;
// the next calls work, whichever connections died.
func TestPostgresBackendDies(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	s := storetest.Open(t, config)
	const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reeve' AND datname = current_database()"
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockUser(t.Context(), reeve.Zero); !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		storetest.Exec(t, config, kill)
		_, err := tx.LockUser(t.Context(), reeve.Zero)
		return err
	})
	if !reeve.IsKind(err, reeve.Unavailable) {
		t.Errorf("inside a transaction: %v", err)
	}
	if err := gateway(t, s); err != nil {
		t.Errorf("after a transaction: %v", err)
	}
	storetest.Exec(t, config, kill) // now those in the pool
	for failures := 0; ; failures++ {
		err := gateway(t, s)
		if err == nil {
			break
		}
		if !reeve.IsKind(err, reeve.Unavailable) || failures > config.MaxConnections {
			t.Fatal(err)
		}
	}
}

func gateway(t *testing.T, s *store.Store) error {
	return s.Write(t.Context(), func(tx *store.Tx) error {
		tx.CreateGateway(reeve.Gateway{ID: newID()}, reeve.TokenHash(newPair()))
		tx.Record(reeve.Change{Action: "test"})
		return nil
	})
}

// TestPostgresDeadlock: two transactions that take two locks in opposite orders
// both succeed, because one of them runs again.
func TestPostgresDeadlock(t *testing.T) {
	s := storetest.OpenPostgres(t, nil)
	createUsers(t, s, "a", "b")
	var both, group sync.WaitGroup
	both.Add(2)
	var mu sync.Mutex
	runs := 0
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		first := true
		group.Go(func() {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				for i, email := range order {
					if _, err := tx.LockUserByEmail(t.Context(), email); err != nil {
						return err
					}
					if i == 0 && first {
						first = false
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if runs < 3 {
		t.Errorf("%d runs: the deadlock's victim was not run again", runs)
	}
}

// TestPostgresGivesUp: a transaction that must be retried for ever is told to
// come back.
func TestPostgresGivesUp(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	config.LockTimeout = time.Millisecond
	s := storetest.Open(t, config)
	createUsers(t, s, "a")
	stop := errors.New("stop")
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockUserByEmail(t.Context(), "a"); err != nil {
			return err
		}
		runs := 0
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			runs++
			_, err := tx.LockUserByEmail(t.Context(), "a")
			return err
		})
		if !reeve.IsKind(err, reeve.Unavailable) || runs != 10 {
			t.Errorf("%d runs, %v", runs, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestPostgresTwoSequencers: whichever replica numbers, the numbers are one
// sequence, and after it every committed change has one.
func TestPostgresTwoSequencers(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	stores := []*store.Store{storetest.Open(t, config), storetest.Open(t, config)}
	const each = 30
	var group sync.WaitGroup
	for _, s := range stores {
		group.Go(func() {
			for range each {
				if err := gateway(t, s); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range each {
				if err := s.NumberChanges(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := stores[0].NumberChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := stores[1].ChangesAfter(t.Context(), 0, 1000)
	if err != nil || len(rows) != each*len(stores) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var hash reeve.ChangeHash
	for i, row := range rows {
		if hash = row.Chain(hash); row.Number != int64(i+1) || row.Hash != hash {
			t.Fatalf("row %d is %+v", i+1, row)
		}
	}
}

// TestPostgresSequence: with the sequencer running, a commit gets its number
// without anyone asking.
func TestPostgresSequence(t *testing.T) {
	s := storetest.OpenPostgres(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		s.Sequence(ctx, func(pass func() error) {
			if err := pass(); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	})
	if err := gateway(t, s); err != nil {
		t.Error(err)
	}
	eventually(t, "a number", func() bool {
		number, _, err := s.ChangeEnd(t.Context(), "head")
		return err == nil && number == 1
	})
	cancel()
	group.Wait()
}

func TestPostgresDurability(t *testing.T) {
	got, err := storetest.OpenPostgres(t, nil).Durability(t.Context())
	want := map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestPostgresNothingStays: after failures and cancellations no transaction is
// left open on the server.
func TestPostgresNothingStays(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	s := storetest.Open(t, config)
	createUsers(t, s, "a")
	for i := range 3 * config.MaxConnections {
		ctx, cancel := context.WithCancel(t.Context())
		_ = s.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockUserByEmail(ctx, "a"); err != nil {
				return err
			}
			if i%2 == 0 {
				cancel()
			}
			tx.CreateAPIKey(reeve.APIKey{ProjectID: newID(), Secret: []byte{}})
			tx.Record(reeve.Change{})
			return nil
		})
		cancel()
	}
	conn, err := pgx.Connect(t.Context(), config.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	eventually(t, "no open transaction", func() bool {
		var open int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE application_name = 'reeve' AND datname = current_database() AND state <> 'idle'`).Scan(&open)
		return err == nil && open == 0
	})
}
