package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// load copies the data into a migrated database. Unless the secrets are sealed
// they are noise that no master key opens, so a reeve that serves the database
// has to run already.
func (d *dataset) load(ctx context.Context, databaseURL string) error {
	return withConn(ctx, databaseURL, func(conn *pgx.Conn) error {
		// The rows refer to rows that are there: looking each up takes longer
		// than the load.
		if err := executeAll(ctx, conn, "SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"); err != nil {
			return err
		}
		for _, t := range d.tables() {
			if err := t.load(ctx, conn); err != nil {
				return fmt.Errorf("load %s: %w", t.name, err)
			}
		}
		return executeAll(ctx, conn, "VACUUM (ANALYZE)", "CHECKPOINT")
	})
}

// load copies one table. Its unique constraints are away meanwhile: an index
// on random values is far quicker to build than to fill row by row.
func (t table) load(ctx context.Context, conn *pgx.Conn) error {
	drop, add, err := t.uniqueConstraints(ctx, conn)
	if err != nil {
		return err
	}
	if err := executeAll(ctx, conn, drop...); err != nil {
		return err
	}
	next := 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
		if next == t.rows {
			return nil, nil
		}
		next++
		return t.row(next - 1), nil
	}))
	if err != nil {
		return err
	}
	return executeAll(ctx, conn, add...)
}

// uniqueConstraints gives the statements that drop the table's constraints and
// add the same ones again. The primary key stays: others refer to it.
func (t table) uniqueConstraints(ctx context.Context, conn *pgx.Conn) (drop, add []string, err error) {
	rows, err := conn.Query(ctx, `SELECT quote_ident(conname), pg_get_constraintdef(oid)
		FROM pg_constraint WHERE contype = 'u' AND conrelid = $1::text::regclass`, t.name)
	if err != nil {
		return nil, nil, err
	}
	var name, definition string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		drop = append(drop, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", t.name, name))
		add = append(add, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", t.name, name, definition))
		return nil
	})
	return drop, add, err
}

func executeAll(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
