package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/reeve-cloud/reeve"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrator is a connection for the migration library.
type migrator struct {
	db      *sql.DB
	dialect *dialect
}

// Migrate brings the schema up to date. Of several replicas one migrates, the
// others wait for it. A schema newer than this program is a Conflict, for the
// library would take it silently.
func (s *Store) Migrate(ctx context.Context) error {
	return s.db.migrate(ctx, func(m migrator) error {
		provider, err := m.provider()
		if err != nil {
			return err
		}
		if err := newer(ctx, provider); err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate the schema: %w", err)
		}
		return nil
	})
}

// Version tells the schema's version, 0 if there is none, and the newest that
// this program knows. It writes nothing.
func (s *Store) Version(ctx context.Context) (have, want int64, err error) {
	err = s.db.migrate(ctx, func(m migrator) error {
		provider, err := m.provider()
		if err != nil {
			return err
		}
		want = newestVersion()
		// The library would make its table.
		var tables int
		err = m.db.QueryRowContext(ctx, m.dialect.table, goose.DefaultTablename).Scan(&tables)
		if err != nil || tables == 0 {
			return err
		}
		have, err = provider.GetDBVersion(ctx)
		return err
	})
	return have, want, err
}

func newer(ctx context.Context, provider *goose.Provider) error {
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > want {
		return reeve.Errorf(reeve.Conflict,
			"the database's schema is version %d, newer than this program's %d", have, want)
	}
	return nil
}

// newestVersion is the schema's version that this program knows.
var newestVersion = sync.OnceValue(func() (newest int64) {
	files, _ := migrations.ReadDir("migrations") // embedded: it is there
	for _, file := range files {
		if version, err := versionOf(file.Name()); err == nil {
			newest = max(newest, version)
		}
	}
	return newest
})

// versionOf reads the number that a migration's file name begins with.
func versionOf(file string) (int64, error) {
	number, _, _ := strings.Cut(file, "_")
	return strconv.ParseInt(number, 10, 64)
}

func (m migrator) provider() (*goose.Provider, error) {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var steps []*goose.Migration
	for _, file := range files {
		text, err := migrations.ReadFile(path.Join("migrations", file.Name()))
		if err != nil {
			return nil, err
		}
		version, err := versionOf(file.Name())
		if err != nil {
			return nil, err
		}
		ddl := m.dialect.ddl(string(text))
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, ddl)
				return err
			},
		}, nil))
	}
	return goose.NewProvider(goose.Dialect(m.dialect.goose), m.db, nil,
		goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true))
}

func (db *sqliteDB) migrate(_ context.Context, run func(migrator) error) error {
	return classifySQLite(run(migrator{db.writer.pool, sqliteDialect}))
}

// migrate holds a transaction-level lock on one connection while another
// migrates, so that a pooler in transaction mode may stand between.
func (db *postgresDB) migrate(ctx context.Context, run func(migrator) error) error {
	tx, err := db.pool.Begin(ctx)
	if err != nil {
		return classifyPostgres(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, postgresDialect.advisory, lockMigrations); err != nil {
		return classifyPostgres(err)
	}
	// Not from the pool: it may be as small as the one connection in use.
	side := stdlib.OpenDB(*db.pool.Config().ConnConfig)
	defer func() { _ = side.Close() }()
	return classifyPostgres(run(migrator{side, postgresDialect}))
}
