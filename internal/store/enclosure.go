package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Enclosure makes one transaction of all that a context's Writes do. The first
// of them begins it; none commits; reads in the context are inside it once it
// has begun. It ends with Commit or End, and the context is an ordinary one
// from then on.
//
// Only the first Write is tried again when it must be: a later one is
// Unavailable then. After a later one that failed nothing can be committed,
// for what it did before it failed is part of the transaction; the same goes
// for a read that failed inside it.
type Enclosure struct {
	store *Store
	first func(context.Context, *Tx) error
	turn  sync.Mutex // one Write at a time

	mu                 sync.Mutex // of what follows, and one statement at a time
	session            session    // nil before the first Write
	now                time.Time  // of the transaction
	done               bool
	failed             error
	recorded, numbered bool
	after              []func()
}

type enclosureKey struct{ store *Store }

// Enclose gives a context whose Writes are one transaction. The first of them
// does what first says before all else; that may be nil.
func (s *Store) Enclose(ctx context.Context, first func(context.Context, *Tx) error) (context.Context, *Enclosure) {
	if first == nil {
		first = func(context.Context, *Tx) error { return nil }
	}
	e := &Enclosure{store: s, first: first}
	return context.WithValue(ctx, enclosureKey{s}, e), e
}

// enclosure finds the one that is open in a context; nil if there is none.
func (s *Store) enclosure(ctx context.Context) *Enclosure {
	e, _ := ctx.Value(enclosureKey{s}).(*Enclosure)
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return nil
	}
	return e
}

// Enclosed tells whether what is written in a context waits for somebody else's
// commit.
func (s *Store) Enclosed(ctx context.Context) bool { return s.enclosure(ctx) != nil }

// AfterCommit runs a function once what was written in the context is
// committed: at once, unless the context is enclosed. It is not run if the
// transaction is given up, or nobody knows what became of it.
func (s *Store) AfterCommit(ctx context.Context, fn func()) {
	e := s.enclosure(ctx)
	if e == nil {
		fn()
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.after = append(e.after, fn)
}

var (
	errGivenUp = errors.New("an earlier write of the enclosing transaction failed")
	errEnded   = errors.New("the enclosing transaction has ended")
)

// write is Store.Write inside the enclosure.
func (e *Enclosure) write(ctx context.Context, fn func(*Tx) error) error {
	e.turn.Lock()
	defer e.turn.Unlock()
	if err := e.failure(); err != nil {
		return err
	}
	if e.session == nil {
		return e.store.retry(ctx, func() error { return e.begin(ctx, fn) })
	}
	tx := e.tx()
	err := tx.run(ctx, fn)
	if errors.Is(err, errRetry) {
		err = errUnavailable.Wrap(err)
	}
	if err == nil {
		e.note(tx)
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = err
	return err
}

// failure tells why nothing can be committed any more, if so.
func (e *Enclosure) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.done:
		return errUnavailable.Wrap(errEnded)
	case e.failed == nil:
		return nil
	}
	return errUnavailable.Wrap(errors.Join(errGivenUp, e.failed))
}

// begin runs the first write.
func (e *Enclosure) begin(ctx context.Context, fn func(*Tx) error) error {
	session := e.store.db.begin(ctx)
	tx := &Tx{Reader: Reader{d: e.store.d}, session: session, now: e.store.Now()}
	tx.q = tx
	defer func() {
		if e.session == nil {
			session.end()
		}
	}()
	err := tx.run(ctx, func(tx *Tx) error {
		if err := e.first(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.session, e.now = session, tx.now
	e.note(tx)
	return nil
}

// tx is one more write's part of the transaction.
func (e *Enclosure) tx() *Tx {
	tx := &Tx{Reader: Reader{d: e.store.d}, session: sharedSession{e}, now: e.now}
	tx.q = tx
	return tx
}

func (e *Enclosure) note(tx *Tx) {
	e.recorded = e.recorded || tx.recorded
	e.numbered = e.numbered || tx.numbered
}

// run runs a function and sends what it wrote, so that a violated constraint
// is known, and on a store that numbers inside its transactions numbers it.
func (tx *Tx) run(ctx context.Context, fn func(*Tx) error) error {
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.complete(ctx); err != nil {
		return err
	}
	return tx.flush(ctx)
}

// Commit writes one thing more, which may be nil, and commits. Of a failure
// nobody knows whether it was committed all the same, unless the last write's
// own statement failed.
func (e *Enclosure) Commit(ctx context.Context, last func(*Tx) error) error {
	e.turn.Lock()
	defer e.turn.Unlock()
	if err := e.failure(); err != nil {
		e.end()
		return err
	}
	if e.session == nil {
		e.end()
		if last == nil {
			return e.ran(nil)
		}
		return e.ran(e.store.Write(ctx, func(tx *Tx) error {
			if err := e.first(ctx, tx); err != nil {
				return err
			}
			return last(tx)
		}))
	}
	tx := e.tx()
	var err error
	if last != nil {
		err = last(tx)
	}
	if err == nil {
		err = tx.complete(ctx)
	}
	if err == nil {
		err = tx.session.exec(ctx, tx.queue, true)
	}
	e.end()
	if errors.Is(err, errRetry) {
		err = errUnavailable.Wrap(err)
	}
	return e.ran(err)
}

// ran does what waits for the commit.
func (e *Enclosure) ran(err error) error {
	if err != nil {
		return err
	}
	if e.recorded {
		ring(e.store.wake)
	}
	if e.numbered {
		ring(e.store.changed)
	}
	for _, fn := range e.after {
		fn()
	}
	return nil
}

// End gives up what was not committed.
func (e *Enclosure) End() {
	e.turn.Lock()
	defer e.turn.Unlock()
	e.end()
}

func (e *Enclosure) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done = true
	if e.session != nil {
		e.session.end()
	}
}

// sharedSession is the enclosure's session for those who come after the first.
type sharedSession struct{ e *Enclosure }

func (s sharedSession) query(ctx context.Context, sql string, args []any, each func(scanner) error) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.e.session.query(ctx, sql, args, each)
}

func (s sharedSession) exec(ctx context.Context, statements []statement, commit bool) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.e.session.exec(ctx, statements, commit)
}

// end leaves the session to the enclosure.
func (sharedSession) end() {}

// enclosed reads from the database, or inside the enclosure of the context.
type enclosed struct {
	store *Store
	querier
}

func (q enclosed) query(ctx context.Context, sql string, args []any, each func(scanner) error) error {
	e, _ := ctx.Value(enclosureKey{q.store}).(*Enclosure)
	if e == nil {
		return q.querier.query(ctx, sql, args, each)
	}
	e.mu.Lock()
	if e.done || e.session == nil {
		e.mu.Unlock()
		return q.querier.query(ctx, sql, args, each)
	}
	defer e.mu.Unlock()
	err := e.session.query(ctx, sql, args, each)
	if err != nil && !reeve.IsKind(err, reeve.NotFound) && e.failed == nil {
		e.failed = err // PostgreSQL takes no statement after one that failed
	}
	return err
}
