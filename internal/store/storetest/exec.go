package storetest

import (
	"context"
	"database/sql"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/reeve-cloud/reeve/internal/store"
)

// Exec runs a statement past the store, as an attacker or an older program
// would. It gives how many rows it touched.
func Exec(t *testing.T, config store.Config, statement string, args ...any) int64 {
	t.Helper()
	db := Raw(t, config)
	result, err := db.ExecContext(context.Background(), statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Raw opens a database past the store.
func Raw(t *testing.T, config store.Config) *sql.DB {
	t.Helper()
	driver, source := "pgx", config.Postgres
	if source == "" {
		at := url.URL{Scheme: "file", OmitHost: true, Path: config.SQLite, RawQuery: "_pragma=busy_timeout(5000)"}
		driver, source = "sqlite", at.String()
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
