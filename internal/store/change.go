package store

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

const changeColumns = "at, actor, action, target, before, after, reason, request_id, organization_id"

func changeFields(c *reeve.Change) []any {
	return []any{
		&c.At, &c.Actor, &c.Action, &c.Target, &c.Before, &c.After, &c.Reason, &c.RequestID, optionalID{&c.OrganizationID},
	}
}

// Record puts a change into the log, after the target's row is locked or
// inserted. It gets its number after the commit.
func (tx *Tx) Record(c reeve.Change) { tx.RecordIn(reeve.Zero, c) }

// RecordIn is Record for a change that is the organisation's of a project to
// see, if it names no organisation itself.
func (tx *Tx) RecordIn(project reeve.ID, c reeve.Change) {
	tx.recorded = true
	tx.write(statement{
		sql: "INSERT INTO pending_changes (" + changeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
			COALESCE($9, (SELECT organization_id FROM projects WHERE id = $10)))`,
		args: []any{
			tx.Now(), c.Actor, c.Action, c.Target, c.Before, c.After, c.Reason, c.RequestID,
			orNull(c.OrganizationID), project,
		},
	})
}

// numberBatch is how many changes one numbering takes at most.
const numberBatch = 500

// NumberChanges numbers all changes committed so far. One replica does it at a
// time; the others wait, so that after it every change that was committed
// before the call has its number.
//
// Where nothing waits it costs one read: what is gone from among the pending was
// committed with its number.
func (s *Store) NumberChanges(ctx context.Context) error {
	if s.d.numbers {
		return nil
	}
	if s.enclosure(ctx) == nil {
		pending, err := one(ctx, s.Reader, read{sql: "SELECT EXISTS (SELECT 1 FROM pending_changes)"}, value[bool])
		if err != nil || !pending {
			return err
		}
	}
	for {
		numbered := 0
		err := s.Write(ctx, func(tx *Tx) error {
			if err := tx.lockName(ctx, lockSequencer); err != nil {
				return err
			}
			var err error
			numbered, err = tx.number(ctx, numberBatch)
			return err
		})
		if err != nil || numbered < numberBatch {
			return err
		}
	}
}

// How long the sequencer gathers commits, so that it works in batches, and how
// often it looks for changes whose replica died before numbering them.
const (
	gatherPause    = 50 * time.Millisecond
	SequencerSweep = time.Second
)

// passTimeout bounds one pass of background work, so that a connection that
// went silent does not stop it for good.
const passTimeout = 30 * time.Second

// Sequence numbers changes until the context ends. Each pass is handed to run,
// which makes it and hears of its failure; it is tried again. A store that
// numbers inside its transactions has nothing to do here.
func (s *Store) Sequence(ctx context.Context, run func(pass func() error)) {
	if s.d.numbers {
		return
	}
	sweep := time.NewTicker(SequencerSweep)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-sweep.C:
		}
		run(func() error {
			pass, cancel := context.WithTimeout(ctx, passTimeout)
			defer cancel()
			return s.NumberChanges(pass)
		})
		select {
		case <-ctx.Done():
			return
		case <-time.After(gatherPause):
		}
	}
}

// Changed rings when changes may have got numbers since it was last read. It is
// for one reader, who also looks now and then: a bell can be missed where
// Listen has no connection.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// ListenPause is how long Listen waits before it tries again.
const ListenPause = time.Second

// Listen rings Changed for what other processes number, until the context ends.
// Each try is handed to run, which makes it and hears of its failure; it lasts as
// long as the connection. A store that has its database to itself has nothing to
// do here.
func (s *Store) Listen(ctx context.Context, run func(try func() error)) {
	for !s.d.numbers && ctx.Err() == nil {
		run(func() error { return s.db.listen(ctx, func() { ring(s.changed) }) })
		select {
		case <-ctx.Done():
		case <-time.After(ListenPause):
		}
	}
}

// Shared tells whether other processes may have the same database open.
func (s *Store) Shared() bool { return !s.d.numbers }

// NewestChange gives the number of the newest change of a target with an
// action; NotFound if none has its number yet.
func (r Reader) NewestChange(ctx context.Context, target reeve.ID, action string) (int64, error) {
	return one(ctx, r, read{
		"SELECT number FROM changes WHERE target = $1 AND action = $2 ORDER BY number DESC LIMIT 1",
		[]any{target, action},
		missing("change"),
	}, value[int64])
}

// number moves pending changes into the log, in the order of their sequence,
// and gives how many. The caller holds the sequencer's lock.
func (tx *Tx) number(ctx context.Context, limit int) (int, error) {
	changes, err := tx.takePending(ctx, limit)
	if err != nil || len(changes) == 0 {
		return 0, err
	}
	number, hash, err := tx.ChangeEnd(ctx, "head")
	if err != nil {
		return 0, err
	}
	for i := range changes {
		number++
		changes[i].Number = number
		hash = changes[i].Chain(hash)
		changes[i].Hash = hash
	}
	for rest := changes; len(rest) > 0; {
		n := min(len(rest), insertChunk)
		tx.insertChanges(rest[:n])
		rest = rest[n:]
	}
	tx.setChangeEnd("head", number, hash)
	tx.numbered = true
	if tx.d.notify != "" {
		tx.queue = append(tx.queue, statement{sql: tx.d.notify})
	}
	return len(changes), nil
}

// takePending removes the oldest pending changes and gives them. Deleting and
// reading are one statement: what commits meanwhile waits for the next turn.
func (tx *Tx) takePending(ctx context.Context, limit int) ([]reeve.Change, error) {
	type pending struct {
		sequence int64
		change   reeve.Change
	}
	taken, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM pending_changes WHERE sequence IN
			(SELECT sequence FROM pending_changes ORDER BY sequence LIMIT $1)
			RETURNING sequence, ` + changeColumns,
		args: []any{limit},
	}, func(row scanner) (p pending, err error) {
		err = row.Scan(append([]any{&p.sequence}, changeFields(&p.change)...)...)
		return p, err
	})
	sort.Slice(taken, func(i, j int) bool { return taken[i].sequence < taken[j].sequence })
	out := make([]reeve.Change, len(taken))
	for i := range taken {
		out[i] = taken[i].change
	}
	return out, err
}

// insertChunk is how many rows one INSERT takes.
const insertChunk = 50

func (tx *Tx) insertChanges(changes []reeve.Change) {
	var text strings.Builder
	text.WriteString("INSERT INTO changes (" + changeColumns + ", number, hash) VALUES ")
	var args []any
	for i, c := range changes {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteByte('(')
		row := []any{
			c.At, c.Actor, c.Action, c.Target, c.Before, c.After, c.Reason, c.RequestID,
			orNull(c.OrganizationID), c.Number, c.Hash,
		}
		for j := range row {
			if j > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "$%d", len(args)+j+1)
		}
		text.WriteByte(')')
		args = append(args, row...)
	}
	tx.write(statement{sql: text.String(), args: args})
}

// ChangeEnd gives an end of the chain: "head" is the newest numbered change,
// "anchor" the newest that retention removed; number 0 and a zero hash if none.
func (r Reader) ChangeEnd(ctx context.Context, name string) (number int64, hash reeve.ChangeHash, err error) {
	_, err = one(ctx, r, read{
		"SELECT number, hash FROM change_ends WHERE name = $1", []any{name}, missing("chain"),
	}, func(row scanner) (struct{}, error) { return struct{}{}, row.Scan(&number, &hash) })
	return number, hash, err
}

func (tx *Tx) setChangeEnd(name string, number int64, hash reeve.ChangeHash) {
	tx.write(statement{
		sql:  "UPDATE change_ends SET number = $2, hash = $3 WHERE name = $1",
		args: []any{name, number, hash},
	})
}

// ChangesAfter lists numbered changes, oldest first, from a number on.
func (r Reader) ChangesAfter(ctx context.Context, number int64, limit int) ([]reeve.Change, error) {
	return many(ctx, r, read{
		sql:  "SELECT number, hash, " + changeColumns + " FROM changes WHERE number > $1 ORDER BY number LIMIT $2",
		args: []any{number, limit},
	}, scanChange)
}

func scanChange(row scanner) (c reeve.Change, err error) {
	err = row.Scan(append([]any{&c.Number, &c.Hash}, changeFields(&c)...)...)
	return c, err
}

// DeleteChangesBefore removes up to limit of the oldest changes older than a
// time and moves the anchor: the setting for their retention. It gives how
// many went.
func (tx *Tx) DeleteChangesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := tx.lockName(ctx, lockSequencer); err != nil {
		return 0, err
	}
	anchor, _, err := tx.ChangeEnd(ctx, "anchor")
	if err != nil {
		return 0, err
	}
	oldest, err := tx.ChangesAfter(ctx, anchor, limit)
	if err != nil {
		return 0, err
	}
	// Only a run from the oldest on: the rest must stay one chain. Times need
	// not rise with the numbers.
	n := 0
	for n < len(oldest) && oldest[n].At.Before(before) {
		n++
	}
	if n == 0 {
		return 0, nil
	}
	last := oldest[n-1]
	tx.write(statement{sql: "DELETE FROM changes WHERE number <= $1", args: []any{last.Number}})
	tx.setChangeEnd("anchor", last.Number, last.Hash)
	return n, nil
}

// Actor is what kind of caller an id is.
type Actor struct {
	ID   reeve.ID
	Kind reeve.ActorKind
}

// EachActor tells which of some ids are users, gateways, or keys that an
// organisation has or had; it leaves the others out.
func (r Reader) EachActor(ctx context.Context, organization reeve.ID, ids []reeve.ID, each func(Actor)) error {
	return r.inLists(ids, func(list string, args []any) error {
		text := "SELECT id, 'user' FROM users WHERE id IN (" + list + ") UNION ALL SELECT id, 'gateway' FROM gateways WHERE id IN (" + list +
			") UNION ALL SELECT target, 'key' FROM changes WHERE target IN (" + list +
			") AND action = 'organization_key.create' AND organization_id = $" + strconv.Itoa(len(args)+1)
		kinds := map[string]reeve.ActorKind{"user": reeve.Person, "gateway": reeve.GatewayProgram, "key": reeve.KeyHolder}
		return r.q.query(ctx, text, append(args, organization), func(row scanner) error {
			var a Actor
			var kind string
			err := row.Scan(&a.ID, &kind)
			a.Kind = kinds[kind]
			each(a)
			return err
		})
	})
}
