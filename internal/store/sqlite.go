package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/reeve-cloud/reeve"
)

var sqliteDialect = &dialect{
	name:  "sqlite",
	goose: "sqlite3",
	words: withGrams(map[string]string{
		"id": "BLOB CHECK (length($column) = 16)", "bytes": "BLOB", "bigint": "INTEGER", "text": "TEXT",
		"bool": "INTEGER", "strict": " STRICT", "clustered": " STRICT, WITHOUT ROWID", "rewritten": " STRICT, WITHOUT ROWID", "sequence": "INTEGER PRIMARY KEY AUTOINCREMENT",
		"zerohash": "zeroblob(32)",
	}, sqliteGrams),
	search:  sqliteSearching,
	table:   "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
	version: "sqlite_version()",
	size:    "(SELECT c.page_count * s.page_size FROM pragma_page_count c, pragma_page_size s)",
	lists:   listPlaceholders,
	each: `(WITH RECURSIVE at (i) AS (VALUES (1) UNION ALL SELECT i + 16 FROM at WHERE i + 16 < length($1))
		SELECT substr($1, i, 16) AS id FROM at)`,
	rows:     []int{10, 1}, // the driver looks at every pair of a statement's parameters
	numbers:  true,
	classify: classifySQLite,
	id:       func(id reeve.ID) any { return id[:] },
	ids: func(ids idList) any {
		out := make([]byte, 0, len(ids)*len(reeve.Zero))
		for _, id := range ids {
			out = append(out, id[:]...)
		}
		return out
	},
}

// sqliteDB is one file: a single connection that writes, so that writers queue
// instead of failing, and a pool that reads beside it (WAL).
type sqliteDB struct {
	lock    *flock.Flock
	writer  *sqliteWriter
	readers *sqliteReaders
}

// openSQLite opens a file, making it if needed, and holds it: a second process
// is refused, for it would number changes and hold limits on its own.
func openSQLite(ctx context.Context, config Config) (database, error) {
	path, err := resolve(config.SQLite)
	if err != nil {
		return nil, err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, errUnavailable.Wrap(fmt.Errorf("lock %s: %w", path, err))
	}
	if !held {
		return nil, reeve.Errorf(reeve.Conflict, "database %s is in use by another reeve process", path)
	}
	db := &sqliteDB{lock: lock}
	if err := db.open(ctx, path, max(config.MaxConnections, 1)); err != nil {
		db.close()
		return nil, errUnavailable.Wrap(fmt.Errorf("open %s: %w", path, err))
	}
	return db, nil
}

// resolve makes a file, if needed, and follows links, so that two names of one
// file take one lock.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", errUnavailable.Wrap(err)
	}
	// Made here for the mode: password hashes are nobody else's business.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = file.Close()
	}
	target := path
	if err == nil {
		target, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", errUnavailable.Wrap(fmt.Errorf("open %s: %w", path, err))
	}
	return target, nil
}

func (db *sqliteDB) open(ctx context.Context, path string, readers int) (err error) {
	source := func(extra ...string) string {
		query := url.Values{"_pragma": append([]string{
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		}, extra...)}
		return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String()
	}
	// Rows that come at places of their own, such as events' digests, each fill
	// a page of the log: it is folded into the file less often than by default,
	// which then writes a page once for many of them.
	if db.writer, err = openWriter(ctx, source("cache_size(-8000)", "wal_autocheckpoint(16000)")); err != nil {
		return err
	}
	db.readers, err = openReaders(source("query_only(1)"), readers)
	return err
}

func (db *sqliteDB) dialect() *dialect { return sqliteDialect }

// writable takes the file's write lock and lets go of it. While another has the
// writer's turn there is no need to: it works.
func (db *sqliteDB) writable(ctx context.Context) error {
	select {
	case db.writer.turn <- struct{}{}:
		defer func() { <-db.writer.turn }()
	default:
		return nil
	}
	ctx = context.WithoutCancel(ctx) // as of sqliteSession.begin
	if err := db.writer.run(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	return db.writer.run(ctx, "ROLLBACK", nil)
}

// connections counts those that read; who writes has one of its own.
func (db *sqliteDB) connections() Pool {
	pool := db.readers.Stats()
	return Pool{Used: pool.InUse, Idle: pool.Idle, Most: pool.MaxOpenConnections}
}

func (db *sqliteDB) close() {
	if db.readers != nil {
		_ = db.readers.Close()
	}
	if db.writer != nil {
		db.writer.close()
	}
	_ = db.lock.Unlock()
}

func (db *sqliteDB) query(ctx context.Context, text string, args []any, each func(scanner) error) error {
	stmt, err := db.readers.prepare(ctx, text)
	if err != nil {
		return classifySQLite(err)
	}
	return eachSQLRow(ctx, stmt, args, each)
}

func (db *sqliteDB) begin(context.Context) session { return &sqliteSession{writer: db.writer} }

// listen has nobody to listen to.
func (db *sqliteDB) listen(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

func (db *sqliteDB) durability(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	session := &sqliteSession{writer: db.writer}
	defer session.end()
	for _, name := range []string{"journal_mode", "synchronous", "foreign_keys"} {
		err := session.query(ctx, "PRAGMA "+name, nil, func(row scanner) error {
			setting, err := value[string](row)
			out[name] = setting
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// dialectRow wraps destinations of our types for a driver.
type dialectRow struct {
	row     scanner
	dialect *dialect
}

func (r dialectRow) Scan(to ...any) error {
	return r.dialect.classify(r.row.Scan(dests(to)...))
}

func classifySQLite(err error) error {
	var known *reeve.Error
	var failure *sqlite.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, sql.ErrConnDone), strings.Contains(err.Error(), "is closed"):
		return errUnavailable.Wrap(err)
	case !errors.As(err, &failure):
		return err
	}
	switch code := failure.Code(); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return errors.Join(errUnique, err)
	case code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return errors.Join(errForeign, err)
	case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
		return errors.Join(errRetry, err)
	case code&0xff == sqlite3.SQLITE_FULL, code&0xff == sqlite3.SQLITE_IOERR,
		code&0xff == sqlite3.SQLITE_CANTOPEN, code&0xff == sqlite3.SQLITE_INTERRUPT:
		return errUnavailable.Wrap(err)
	}
	return err
}
