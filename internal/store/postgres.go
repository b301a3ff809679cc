package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/reeve-cloud/reeve"
)

var postgresDialect = &dialect{
	name:  "postgres",
	goose: "postgres",
	words: withGrams(map[string]string{
		"id": "UUID", "bytes": "BYTEA", "bigint": "BIGINT", "text": `TEXT COLLATE "C"`,
		"bool": "BOOLEAN", "strict": "", "clustered": "",
		// Room beside a row for its next version, so that no index is written.
		"rewritten": " WITH (fillfactor = 50)",
		"sequence":  "BIGSERIAL PRIMARY KEY",
		"zerohash":  `decode(repeat('00', 32), 'hex')`,
	}, postgresGrams),
	search:    postgresSearching,
	lock:      " FOR NO KEY UPDATE",
	lockDrop:  " FOR UPDATE",
	lockShare: " FOR KEY SHARE",
	lockStill: " FOR SHARE",
	advisory:  "SELECT pg_advisory_xact_lock($1)",
	try:       "SELECT pg_try_advisory_xact_lock($1)",
	lockTable: "LOCK TABLE ",
	notify:    "SELECT pg_notify('reeve_changes', '')",
	table: `SELECT COUNT(*) FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_name = $1`,
	version:  "current_setting('server_version')",
	size:     "pg_database_size(current_database())",
	lists:    listArray,
	each:     "unnest($1::uuid[]) AS list (id)",
	rows:     []int{500, 100, 20, 1},
	classify: classifyPostgres,
	id:       func(id reeve.ID) any { return pgtype.UUID{Bytes: id, Valid: true} },
	ids:      func(ids idList) any { return arrayText(ids) },
}

// oldestPostgres is the oldest version that is supported, as its
// server_version_num prints it.
const oldestPostgres = 150000

const connectTimeout = 5 * time.Second

type postgresDB struct {
	pool *pgxpool.Pool

	// writers are the turns of transactions: some connections are left for
	// reads, which wait for nobody's lock.
	writers chan struct{}

	lockTimeout string // as PostgreSQL reads it
}

func openPostgres(ctx context.Context, config Config) (database, error) {
	settings, err := pgxpool.ParseConfig(config.Postgres)
	if err != nil {
		// The parser's text can quote the connection string.
		return nil, reeve.Errorf(reeve.Invalid, "the database URL cannot be read")
	}
	if config.MaxConnections > 0 && !limitsPool(config.Postgres) {
		settings.MaxConns = int32(config.MaxConnections)
	}
	if settings.ConnConfig.ConnectTimeout == 0 {
		settings.ConnConfig.ConnectTimeout = connectTimeout
	}
	if settings.ConnConfig.RuntimeParams["application_name"] == "" {
		settings.ConnConfig.RuntimeParams["application_name"] = "reeve"
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, errUnavailable.Wrap(err)
	}
	writers := max(int(settings.MaxConns)*4/5, 1)
	db := &postgresDB{
		pool: pool, writers: make(chan struct{}, writers),
		lockTimeout: fmt.Sprintf("%dms", config.LockTimeout.Milliseconds()),
	}
	if err := db.checkVersion(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// limitsPool tells whether a connection URL says by itself how many connections
// there may be.
func limitsPool(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && parsed.Query().Has("pool_max_conns")
}

func (db *postgresDB) checkVersion(ctx context.Context) error {
	var version int
	err := db.pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version)
	if err != nil {
		return classifyPostgres(err)
	}
	if version < oldestPostgres {
		return reeve.Errorf(reeve.Invalid, "PostgreSQL %d is older than %d", version/10000, oldestPostgres/10000)
	}
	return nil
}

func (db *postgresDB) dialect() *dialect { return postgresDialect }

// writable is true of whatever answers: the pool has no connection that only
// writes.
func (db *postgresDB) writable(context.Context) error { return nil }

func (db *postgresDB) connections() Pool {
	pool := db.pool.Stat()
	return Pool{Used: int(pool.AcquiredConns()), Idle: int(pool.IdleConns()), Most: int(pool.MaxConns())}
}

func (db *postgresDB) close() { db.pool.Close() }

// listen has a connection of its own, for a pooled one may be another's after
// each transaction. Behind a pooler in transaction mode nothing is heard.
func (db *postgresDB) listen(ctx context.Context, heard func()) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return classifyPostgres(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN reeve_changes"); err != nil {
		return classifyPostgres(err)
	}
	for {
		heard() // also once connected: something may have been missed
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return classifyPostgres(err)
		}
	}
}

func (db *postgresDB) durability(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := db.pool.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return nil, classifyPostgres(err)
		}
		out[name] = value
	}
	return out, nil
}

// query reads outside a transaction. The pool tests a connection that lay idle
// for a second before it hands it out, so that a restart of the database costs
// little.
func (db *postgresDB) query(ctx context.Context, sql string, args []any, each func(scanner) error) error {
	rows, err := db.pool.Query(ctx, sql, postgresDialect.args(args)...)
	if err == nil {
		err = eachPgxRow(rows, each)
	}
	return classifyPostgres(err)
}

func (db *postgresDB) begin(context.Context) session { return &postgresSession{db: db} }

// postgresSession is a transaction. BEGIN travels with its first statement and
// COMMIT with its last.
type postgresSession struct {
	db   *postgresDB
	conn *pgxpool.Conn
}

// boundWaits, in a transaction that will hold locks over round trips, bounds
// how long it waits for another's and how long others wait for it if its
// replica freezes. It lasts as long as the transaction.
const boundWaits = "SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', '20s', true)"

// acquire takes a turn and a connection, and queues BEGIN.
func (s *postgresSession) acquire(ctx context.Context, batch *pgx.Batch) (err error) {
	select {
	case s.db.writers <- struct{}{}:
	case <-ctx.Done():
		return errUnavailable.Wrap(ctx.Err())
	}
	if s.conn, err = s.db.pool.Acquire(ctx); err != nil {
		<-s.db.writers
		return classifyPostgres(err)
	}
	batch.Queue("begin")
	return nil
}

// release gives the connection and the turn back.
func (s *postgresSession) release() {
	s.conn.Release()
	s.conn = nil
	<-s.db.writers
}

func (s *postgresSession) query(ctx context.Context, sql string, args []any, each func(scanner) error) (err error) {
	batch := &pgx.Batch{}
	if s.conn == nil {
		if err := s.acquire(ctx, batch); err != nil {
			return err
		}
		batch.Queue(boundWaits, s.db.lockTimeout)
	}
	first := batch.Len()
	batch.Queue(sql, postgresDialect.args(args)...)
	results := s.conn.SendBatch(ctx, batch)
	for i := 0; i < first && err == nil; i++ {
		_, err = results.Exec()
	}
	if err == nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			err = eachPgxRow(rows, each)
		}
	}
	return classifyPostgres(errors.Join(err, results.Close()))
}

func (s *postgresSession) exec(ctx context.Context, statements []statement, commit bool) (err error) {
	if len(statements) == 0 && (s.conn == nil || !commit) {
		return nil
	}
	batch := &pgx.Batch{}
	if s.conn == nil {
		if err := s.acquire(ctx, batch); err != nil {
			return err
		}
		if !commit {
			batch.Queue(boundWaits, s.db.lockTimeout)
		}
	}
	first := batch.Len()
	for _, statement := range statements {
		batch.Queue(statement.sql, postgresDialect.args(statement.args)...)
	}
	if commit {
		batch.Queue("commit")
	}
	err = readResults(s.conn.SendBatch(ctx, batch), first, statements, commit)
	if err == nil && commit {
		s.release()
	}
	return classifyPostgres(err)
}

// errNotCommitted is what a COMMIT means that PostgreSQL answers with ROLLBACK,
// as it does, without an error, in a transaction that has failed.
var errNotCommitted = errors.New("the transaction had failed and was rolled back")

// readResults reads a batch's results to the end: skip of them are nobody's,
// then those of the statements, then the COMMIT's.
func readResults(results pgx.BatchResults, skip int, statements []statement, commit bool) (err error) {
	for i := 0; i < skip && err == nil; i++ {
		_, err = results.Exec()
	}
	for i := 0; i < len(statements) && err == nil; i++ {
		_, err = results.Exec()
		if check := statements[i].check; err != nil && check != nil {
			err = check(classifyPostgres(err))
		}
	}
	if err == nil && commit {
		var tag pgconn.CommandTag
		if tag, err = results.Exec(); err == nil && tag.String() != "COMMIT" {
			err = errNotCommitted
		}
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	return err
}

const rollbackTimeout = 5 * time.Second

func (s *postgresSession) end() {
	if s.conn == nil {
		return
	}
	// The caller's context may be over; the lock must go all the same. On
	// failure the pool drops the connection, which ends the transaction too.
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	if !s.conn.Conn().IsClosed() {
		_, _ = s.conn.Exec(ctx, "rollback")
	}
	s.release()
}

func eachPgxRow(rows pgx.Rows, each func(scanner) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(dialectRow{rows, postgresDialect}); err != nil {
			return err
		}
	}
	return rows.Err()
}
