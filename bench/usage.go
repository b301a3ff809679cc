package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to load a file and to look at it

	"github.com/reeve-cloud/reeve"
)

// usageProjects are the projects that usage is reported of; one organisation
// more has the project that is watched.
const usageProjects = 10_000

// usageWorld is a reeve with projects and no keys, and a gateway's token.
type usageWorld struct {
	*instance
	data    *dataset
	gateway reeve.Token
}

// newUsageWorld migrates and loads a database and starts reeve on it, with more
// settings if there are any.
func (b *bench) newUsageWorld(ctx context.Context, database string, projects int, settings ...string) (*usageWorld, error) {
	w, err := b.loadUsageWorld(ctx, database, projects)
	if err != nil {
		return nil, err
	}
	p, err := b.launchReeve(database, settings...)
	if err != nil {
		return nil, err
	}
	b.atEnd(p.stop)
	return w, w.serve(ctx, p)
}

// loadUsageWorld migrates and loads a database.
func (b *bench) loadUsageWorld(ctx context.Context, database string, projects int) (*usageWorld, error) {
	token, err := b.migrate(database)
	if err != nil {
		return nil, err
	}
	w := &usageWorld{instance: &instance{database: database, token: token}, data: newDataset(projects)}
	began := time.Now()
	if err := w.data.loadTables(ctx, database); err != nil {
		return nil, err
	}
	b.say("loaded %d projects in %s", projects, time.Since(began).Round(time.Millisecond))
	return w, nil
}

// serve waits until the process that serves the world is ready.
func (w *usageWorld) serve(ctx context.Context, by *process) (err error) {
	w.process = by
	if err := awaitReady(ctx, w.addresses["operator"]); err != nil {
		return err
	}
	w.gateway, err = w.makeGateway(ctx)
	return err
}

// sqliteFile names a new database in a directory of the run's.
func (b *bench) sqliteFile(name string) string { return "sqlite:" + filepath.Join(b.dir, name+".db") }

// loadTables loads everything but the keys, on either database.
func (d *dataset) loadTables(ctx context.Context, database string) error {
	var tables []table
	for _, t := range d.tables() {
		if t.name != "api_keys" {
			tables = append(tables, t)
		}
	}
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		return withSQLite(path, func(db *sql.DB) error { return loadSQLite(ctx, db, tables) })
	}
	return withConn(ctx, database, func(conn *pgx.Conn) error {
		if err := executeAll(ctx, conn, "SET session_replication_role = replica"); err != nil {
			return err
		}
		for _, t := range tables {
			if err := t.load(ctx, conn); err != nil {
				return fmt.Errorf("load %s: %w", t.name, err)
			}
		}
		return executeAll(ctx, conn, "VACUUM (ANALYZE)", "CHECKPOINT")
	})
}

func withSQLite(path string, use func(*sql.DB) error) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	err = use(db)
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

// loadSQLite inserts the rows in one transaction.
func loadSQLite(ctx context.Context, db *sql.DB, tables []table) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	for _, t := range tables {
		insert, err := tx.PrepareContext(ctx, "INSERT INTO "+t.name+" ("+strings.Join(t.columns, ", ")+
			") VALUES (?"+strings.Repeat(", ?", len(t.columns)-1)+")")
		if err != nil {
			return err
		}
		for n := range t.rows {
			row := t.row(n)
			for i, value := range row {
				if id, ok := value.([16]byte); ok {
					row[i] = id[:]
				}
			}
			if _, err := insert.ExecContext(ctx, row...); err != nil {
				return fmt.Errorf("load %s: %w", t.name, err)
			}
		}
		if err := insert.Close(); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// counted gives what the counters have counted in all: the sums are
// big-endian. On SQLite nobody else has the file open.
func (w *usageWorld) counted(ctx context.Context) (egress, requests *big.Int, err error) {
	egress, requests = new(big.Int), new(big.Int)
	add := func(more ...[]byte) {
		for i, sum := range []*big.Int{egress, requests} {
			sum.Add(sum, new(big.Int).SetBytes(more[i]))
		}
	}
	const query = "SELECT egress, requests FROM usage_totals"
	if path, ok := strings.CutPrefix(w.database, "sqlite:"); ok {
		err = withSQLite(path, func(db *sql.DB) error {
			rows, err := db.QueryContext(ctx, query)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var a, b []byte
				if err := rows.Scan(&a, &b); err != nil {
					return err
				}
				add(a, b)
			}
			return rows.Err()
		})
		return egress, requests, err
	}
	err = withConn(ctx, w.database, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return err
		}
		var a, b []byte
		_, err = pgx.ForEachRow(rows, []any{&a, &b}, func() error { add(a, b); return nil })
		return err
	})
	return egress, requests, err
}
