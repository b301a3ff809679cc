package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// sqliteWriter is the one connection that writes. Who has the turn is its
// only user.
type sqliteWriter struct {
	pool       *sql.DB
	conn       *sql.Conn
	turn       chan struct{}
	closed     chan struct{}
	statements map[string]*sql.Stmt
}

func openWriter(ctx context.Context, source string) (*sqliteWriter, error) {
	pool, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	w := &sqliteWriter{pool: pool, turn: make(chan struct{}, 1), closed: make(chan struct{}), statements: map[string]*sql.Stmt{}}
	w.conn, err = pool.Conn(ctx)
	return w, err
}

// closeTimeout bounds the wait for the transaction that has the turn.
const closeTimeout = 5 * time.Second

// close lets nobody begin any more, waits for who has the turn, and ends the
// statements first: SQLite folds the write-ahead log into the file only when
// nothing refers to the last connection. If the wait is in vain the log is left
// for the next start to fold.
func (w *sqliteWriter) close() {
	select {
	case <-w.closed:
		return
	default:
		close(w.closed)
	}
	select {
	case w.turn <- struct{}{}:
	case <-time.After(closeTimeout):
		return
	}
	for _, stmt := range w.statements {
		_ = stmt.Close()
	}
	if w.conn != nil {
		_ = w.conn.Close()
	}
	_ = w.pool.Close()
}

// prepare keeps each statement's prepared form; the texts are ours, so there
// are only so many.
func (w *sqliteWriter) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := w.statements[text]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, text)
	if err == nil {
		w.statements[text] = stmt
	}
	return stmt, err
}

func (w *sqliteWriter) run(ctx context.Context, text string, args []any) error {
	stmt, err := w.prepare(ctx, text)
	if err == nil {
		_, err = stmt.ExecContext(ctx, sqliteDialect.args(args)...)
	}
	return classifySQLite(err)
}

// sqliteSession is a transaction on the writer.
type sqliteSession struct {
	writer *sqliteWriter
	open   bool
}

// begin waits for the turn and takes the file's write lock.
func (s *sqliteSession) begin(ctx context.Context) error {
	if s.open {
		return nil
	}
	select {
	case s.writer.turn <- struct{}{}:
	case <-s.writer.closed:
		return errUnavailable.Wrap(sql.ErrConnDone)
	case <-ctx.Done():
		return errUnavailable.Wrap(ctx.Err())
	}
	// A statement whose context ends may be reported as failed and have worked
	// all the same. BEGIN and COMMIT must be known for sure, for the next one
	// would begin inside a transaction that is open still.
	if err := s.writer.run(context.WithoutCancel(ctx), "BEGIN IMMEDIATE", nil); err != nil {
		<-s.writer.turn
		return err
	}
	s.open = true
	return nil
}

func (s *sqliteSession) query(ctx context.Context, text string, args []any, each func(scanner) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	stmt, err := s.writer.prepare(ctx, text)
	if err != nil {
		return classifySQLite(err)
	}
	return eachSQLRow(ctx, stmt, args, each)
}

func (s *sqliteSession) exec(ctx context.Context, statements []statement, commit bool) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	for _, statement := range statements {
		err := s.writer.run(ctx, statement.sql, statement.args)
		if err != nil && statement.check != nil {
			err = statement.check(err)
		}
		if err != nil {
			return err
		}
	}
	if !commit {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return errUnavailable.Wrap(err)
	}
	if err := s.writer.run(context.WithoutCancel(ctx), "COMMIT", nil); err != nil {
		return err
	}
	s.open = false
	<-s.writer.turn
	return nil
}

func (s *sqliteSession) end() {
	if !s.open {
		return
	}
	// The caller's context may be over; the rollback must happen all the same.
	// An error means that SQLite rolled back already.
	_ = s.writer.run(context.Background(), "ROLLBACK", nil)
	s.open = false
	<-s.writer.turn
}

// sqliteReaders is the pool that reads, with each statement's prepared form.
type sqliteReaders struct {
	*sql.DB
	statements sync.Map // text → *sql.Stmt
}

func openReaders(source string, connections int) (*sqliteReaders, error) {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &sqliteReaders{DB: db}, nil
}

func (r *sqliteReaders) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := r.statements.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := r.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if kept, loaded := r.statements.LoadOrStore(text, stmt); loaded {
		_ = stmt.Close()
		return kept.(*sql.Stmt), nil
	}
	return stmt, nil
}

func eachSQLRow(ctx context.Context, stmt *sql.Stmt, args []any, each func(scanner) error) error {
	rows, err := stmt.QueryContext(ctx, sqliteDialect.args(args)...)
	if err != nil {
		return classifySQLite(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(dialectRow{rows, sqliteDialect}); err != nil {
			return err
		}
	}
	return classifySQLite(rows.Err())
}
