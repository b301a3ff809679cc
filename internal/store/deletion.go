package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

const deletionColumns = "id, kind, name, deleted_at, erase_at"

func deletionFields(d *reeve.Deletion) []any {
	return []any{&d.ID, (*string)(&d.Kind), &d.Name, &d.DeletedAt, &d.EraseAt}
}

func scanDeletion(row scanner) (d reeve.Deletion, err error) {
	err = row.Scan(append(deletionFields(&d), &d.Snapshot)...)
	return d, err
}

var errNothingToRestore = reeve.Errorf(reeve.NotFound, "nothing to restore")

// KeepDeletion keeps what is needed to restore something that is being deleted.
func (tx *Tx) KeepDeletion(d reeve.Deletion) {
	key := ""
	if d.Kind == reeve.DeletedUser {
		key = reeve.EmailKey(d.Name)
	}
	tx.write(statement{
		sql:  "INSERT INTO deletions (" + deletionColumns + ", name_key, snapshot) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		args: []any{d.ID, string(d.Kind), d.Name, d.DeletedAt, d.EraseAt, key, d.Snapshot},
	})
}

// LockDeletion finds what was deleted, with its snapshot, and guards the row;
// NotFound when it cannot be restored any more.
func (tx *Tx) LockDeletion(ctx context.Context, kind reeve.DeletionKind, id reeve.ID) (reeve.Deletion, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + deletionColumns + ", snapshot FROM deletions WHERE id = $1 AND kind = $2 AND erase_at > $3" + tx.d.lockDrop,
		[]any{id, string(kind), tx.Now()},
		errNothingToRestore,
	}, scanDeletion)
}

// LockDeletedUser is LockDeletion for a user by the old address, in any case. Of
// several who had it, it is the one deleted last.
func (tx *Tx) LockDeletedUser(ctx context.Context, email string) (reeve.Deletion, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + deletionColumns + ", snapshot FROM deletions WHERE name_key = $1 AND kind = $2 AND erase_at > $3 ORDER BY deleted_at DESC, id DESC LIMIT 1" + tx.d.lockDrop,
		[]any{reeve.EmailKey(email), string(reeve.DeletedUser), tx.Now()},
		errNothingToRestore,
	}, scanDeletion)
}

// DeleteDeletion forgets what was deleted: it is restored or erased.
func (tx *Tx) DeleteDeletion(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM deletions WHERE id = $1", args: []any{id}})
}

// EraseDeletions forgets some of what cannot be restored any more, and gives it.
func (tx *Tx) EraseDeletions(ctx context.Context, limit int) ([]reeve.Deletion, error) {
	return many(ctx, tx.Reader, read{
		sql: `DELETE FROM deletions WHERE id IN (SELECT id FROM deletions WHERE erase_at <= $1 ORDER BY erase_at LIMIT $2)
			RETURNING ` + deletionColumns + ", snapshot",
		args: []any{tx.Now(), limit},
	}, scanDeletion)
}

// DeletionFilter picks deletions; empty fields pick all.
type DeletionFilter struct {
	Kind   reeve.DeletionKind
	ID     reeve.ID  // of the deleted thing
	Before time.Time // only those deleted before it, or at it with a lower id than BeforeID
	// BeforeID goes with Before.
	BeforeID reeve.ID
	Limit    int
}

// Deletions lists what can be restored at a time, without snapshots, newest
// first.
func (r Reader) Deletions(ctx context.Context, f DeletionFilter, at time.Time) ([]reeve.Deletion, error) {
	conditions, args := []string{"erase_at > $1"}, []any{at}
	if f.Kind != "" {
		args = append(args, string(f.Kind))
		conditions = append(conditions, fmt.Sprintf("kind = $%d", len(args)))
	}
	if f.ID != reeve.Zero {
		args = append(args, f.ID)
		conditions = append(conditions, fmt.Sprintf("id = $%d", len(args)))
	}
	if !f.Before.IsZero() {
		args = append(args, f.Before, f.BeforeID)
		conditions = append(conditions, fmt.Sprintf("(deleted_at, id) < ($%d, $%d)", len(args)-1, len(args)))
	}
	args = append(args, f.Limit)
	return many(ctx, r, read{
		sql: "SELECT " + deletionColumns + " FROM deletions WHERE " + strings.Join(conditions, " AND ") +
			fmt.Sprintf(" ORDER BY deleted_at DESC, id DESC LIMIT $%d", len(args)),
		args: args,
	}, func(row scanner) (d reeve.Deletion, err error) {
		err = row.Scan(deletionFields(&d)...)
		return d, err
	})
}
