// Package store keeps the model in a database: SQLite inside the process, or
// PostgreSQL. Nothing above it knows SQL; nothing of a driver leaves it.
//
// Each query is written once, in the subset both databases speak; what they
// differ in is data in dialect.go. Reads are methods of Reader, on a Store or
// inside a transaction; writes are methods of Tx alone.
package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/reeve-cloud/reeve"
)

// Config says which database to open. One of SQLite and Postgres is set.
type Config struct {
	SQLite         string           // a file's path
	Postgres       string           // a connection string (libpq's URL form)
	MaxConnections int              // of PostgreSQL's pool, and SQLite's readers
	LockTimeout    time.Duration    // longest wait for a row before a transaction is tried again; 2 s when zero
	Now            func() time.Time // the clock; time.Now when nil
}

// Store is an open database.
type Store struct {
	Reader
	db      database
	now     func() time.Time
	wake    chan struct{} // something was committed that waits for its number
	changed chan struct{} // something has got its number
	size    databaseSize
}

// database is what either kind of database does for the store.
type database interface {
	querier
	begin(ctx context.Context) session
	writable(ctx context.Context) error
	dialect() *dialect
	migrate(ctx context.Context, run func(migrator) error) error
	durability(ctx context.Context) (map[string]string, error)
	connections() Pool
	// listen calls heard when another process may have numbered changes, until
	// the context ends or listening fails.
	listen(ctx context.Context, heard func()) error
	close()
}

// querier runs one SELECT and hands over its rows.
type querier interface {
	query(ctx context.Context, sql string, args []any, each func(scanner) error) error
}

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// session is one transaction, begun by its first statement.
type session interface {
	querier
	// exec runs statements in order; with commit, the last step commits. It
	// stops at the first statement whose check fails.
	exec(ctx context.Context, statements []statement, commit bool) error
	// end gives the transaction up if it was not committed.
	end()
}

// statement is one write and what its failure means. How many rows it met is
// not known before the COMMIT that travels with it.
type statement struct {
	sql   string
	args  []any
	check func(error) error
}

// Open opens the database without migrating it. A failure to reach it is
// Unavailable; a SQLite file in use by another process is a Conflict.
func Open(ctx context.Context, config Config) (*Store, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.LockTimeout == 0 {
		config.LockTimeout = 2 * time.Second
	}
	open := openPostgres
	if config.Postgres == "" {
		open = openSQLite
	}
	db, err := open(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db:      db,
		now:     config.Now,
		wake:    make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
	}
	s.Reader = Reader{q: enclosed{s, db}, d: db.dialect(), samples: &samples{of: map[Kind]sample{}}}
	return s, nil
}

// Close gives the database back.
func (s *Store) Close() { s.db.close() }

// Ready tells whether the database can be worked with: it answers, its schema
// is at least this program's, and its writer, where there is but one, writes.
// A newer schema will do: replicas of the version before go on while the first
// of the next one has migrated. All else is Unavailable.
func (s *Store) Ready(ctx context.Context) error {
	version, err := one(ctx, s.Reader, read{
		sql:     "SELECT version_id FROM " + goose.DefaultTablename + " ORDER BY version_id DESC LIMIT 1",
		missing: errUnmigrated,
	}, value[int64])
	if err == nil && version < newestVersion() {
		err = errUnmigrated
	}
	if err == nil {
		err = s.db.writable(ctx)
	}
	if err != nil && !reeve.IsKind(err, reeve.Unavailable) {
		return errUnavailable.Wrap(err)
	}
	return err
}

var errUnmigrated = errors.New("the schema is older than this program's")

// Dialect names the kind of database: "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.d.name }

// Durability reads, from a live connection, the settings that decide whether
// a committed write survives a crash.
func (s *Store) Durability(ctx context.Context) (map[string]string, error) {
	return s.db.durability(ctx)
}

// Now gives the store's time: UTC, whole microseconds.
func (s *Store) Now() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// How often a transaction is tried, and how long the first pause is at most.
const (
	maxAttempts = 10
	firstPause  = 2 * time.Millisecond
)

// Write runs a function in one transaction and commits what it wrote, or
// nothing. The function may run more than once, so it touches only its tx.
// Deadlocks and busy databases are retried; then the answer is Unavailable. In
// a context that is enclosed it commits nothing, see Enclosure.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	if e := s.enclosure(ctx); e != nil {
		return e.write(ctx, fn)
	}
	return s.retry(ctx, func() error { return s.attempt(ctx, fn) })
}

// retry tries until it is no use.
func (s *Store) retry(ctx context.Context, try func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := try()
		if !errors.Is(err, errRetry) {
			return err
		}
		if attempt == maxAttempts {
			return errUnavailable.Wrap(err)
		}
		select {
		case <-ctx.Done():
			return errUnavailable.Wrap(ctx.Err())
		case <-time.After(rand.N(pause)):
			pause *= 2
		}
	}
}

func (s *Store) attempt(ctx context.Context, fn func(*Tx) error) error {
	session := s.db.begin(ctx)
	defer session.end()
	tx := &Tx{Reader: Reader{d: s.d}, session: session, now: s.Now()}
	tx.q = tx
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return err
	}
	if tx.recorded {
		ring(s.wake)
	}
	if tx.numbered {
		ring(s.changed)
	}
	return nil
}

// ring wakes who waits on a channel of one place; it need not be told twice.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// Reader reads the model, in a transaction or outside one.
type Reader struct {
	q       querier
	d       *dialect
	samples *samples // nil in a transaction
}

// read is a SELECT and what finding nothing means.
type read struct {
	sql     string
	args    []any
	missing error
}

// one reads a single row; the read's missing error when there is none.
func one[T any](ctx context.Context, r Reader, q read, scan func(scanner) (T, error)) (T, error) {
	var out T
	found := false
	err := r.q.query(ctx, q.sql, q.args, func(row scanner) (err error) {
		found = true
		out, err = scan(row)
		return err
	})
	if err == nil && !found {
		err = q.missing
	}
	return out, err
}

// many reads all rows; an empty slice, never nil, when there are none.
func many[T any](ctx context.Context, r Reader, q read, scan func(scanner) (T, error)) ([]T, error) {
	out := []T{}
	err := r.q.query(ctx, q.sql, q.args, func(row scanner) error {
		value, err := scan(row)
		out = append(out, value)
		return err
	})
	return out, err
}

// value scans a row of one column.
func value[T any](row scanner) (out T, err error) {
	err = row.Scan(&out)
	return out, err
}

// missing makes the error for a thing that is not there.
func missing(what string) error { return reeve.Errorf(reeve.NotFound, "%s not found", what) }
