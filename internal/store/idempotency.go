package store

import (
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
)

// KeptReply is the reply to a request that may be repeated.
type KeptReply struct {
	ID        reeve.ID // of who asked and the key
	Request   [32]byte // SHA-256 of what was asked
	Reply     []byte   // sealed
	SealedBy  [8]byte
	CreatedAt time.Time
}

const keptColumns = "id, request, reply, sealed_by, created_at"

func scanKept(row scanner) (k KeptReply, err error) {
	err = row.Scan(&k.ID, &k.Request, &k.Reply, &k.SealedBy, &k.CreatedAt)
	return k, err
}

// ErrKept says that a reply is kept under that id already.
var ErrKept = errors.New("a reply is kept already")

// KeptReply finds a reply, however old; NotFound if none is kept.
func (r Reader) KeptReply(ctx context.Context, id reeve.ID) (KeptReply, error) {
	return one(ctx, r, read{
		"SELECT " + keptColumns + " FROM idempotency WHERE id = $1", []any{id}, missing("reply"),
	}, scanKept)
}

// KeepReply keeps a reply, in the place of one that is older than stale. The
// transaction fails with ErrKept if there is one that is not.
func (tx *Tx) KeepReply(k KeptReply, stale time.Time) {
	tx.write(statement{
		sql:  "DELETE FROM idempotency WHERE id = $1 AND created_at <= $2",
		args: []any{k.ID, stale},
	})
	tx.write(statement{
		sql:   "INSERT INTO idempotency (" + keptColumns + ") VALUES ($1, $2, $3, $4, $5)",
		args:  []any{k.ID, k.Request, k.Reply, k.SealedBy, k.CreatedAt},
		check: onViolation(ErrKept, nil),
	})
}

// ReplaceReply seals a kept reply anew, or keeps another in its place.
func (tx *Tx) ReplaceReply(k KeptReply) {
	tx.write(statement{
		sql:  "UPDATE idempotency SET reply = $2, sealed_by = $3 WHERE id = $1",
		args: []any{k.ID, k.Reply, k.SealedBy},
	})
}

// DeleteRepliesBefore forgets up to limit replies that were kept before a time,
// and gives how many.
func (tx *Tx) DeleteRepliesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM idempotency WHERE id IN
			(SELECT id FROM idempotency WHERE created_at <= $1 LIMIT $2) RETURNING created_at`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}

// ReplyOfEachSeal gives one kept reply for each master key that sealed any.
func (r Reader) ReplyOfEachSeal(ctx context.Context) ([]KeptReply, error) {
	out := []KeptReply{}
	for after := []byte{}; ; {
		next, err := many(ctx, r, read{
			sql:  "SELECT " + keptColumns + " FROM idempotency WHERE sealed_by > $1 ORDER BY sealed_by, id LIMIT 1",
			args: []any{after},
		}, scanKept)
		if err != nil || len(next) == 0 {
			return out, err
		}
		out = append(out, next...)
		after = next[0].SealedBy[:]
	}
}

// LockRepliesSealedBy pages through the replies that one master key sealed, as
// LockAPIKeysSealedBy does.
func (tx *Tx) LockRepliesSealedBy(ctx context.Context, by [8]byte, after reeve.ID, limit int) ([]KeptReply, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + keptColumns + " FROM idempotency WHERE sealed_by = $1 AND id > $2 ORDER BY id LIMIT $3" +
			tx.d.lock,
		args: []any{by, after, limit},
	}, scanKept)
}

// TryLockReply takes the lock of a reply's id until the transaction ends, and
// answers whether it could. Where one process has the database to itself, that
// process must know.
func (tx *Tx) TryLockReply(ctx context.Context, id reeve.ID) (bool, error) {
	if tx.d.try == "" {
		return true, nil
	}
	var name int64
	for _, b := range id[:8] {
		name = name<<8 | int64(b)
	}
	return one(ctx, tx.Reader, read{sql: tx.d.try, args: []any{name}}, value[bool])
}

// LockGateways lets nobody else add, change or remove a gateway.
func (tx *Tx) LockGateways(ctx context.Context) error {
	if tx.d.lockTable == "" {
		return nil
	}
	return tx.query(ctx, tx.d.lockTable+"gateways IN SHARE ROW EXCLUSIVE MODE", nil, func(scanner) error { return nil })
}
