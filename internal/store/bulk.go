package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// DoOnce tells whether a plan's action is still to be done to a thing, and notes
// that it is. It waits for who is doing it just then.
func (tx *Tx) DoOnce(ctx context.Context, plan, thing reeve.ID) (bool, error) {
	noted, err := many(ctx, tx.Reader, read{
		sql:  "INSERT INTO bulk_done (plan, thing, done_at) VALUES ($1, $2, $3) ON CONFLICT (plan, thing) DO NOTHING RETURNING thing",
		args: []any{plan, thing, tx.Now()},
	}, value[reeve.ID])
	return len(noted) > 0, err
}

// CountBulkDone tells how many things a plan's action is noted to be done to.
func (r Reader) CountBulkDone(ctx context.Context, plan reeve.ID) (int, error) {
	return one(ctx, r, read{sql: "SELECT COUNT(*) FROM bulk_done WHERE plan = $1", args: []any{plan}}, value[int])
}

// DeleteBulkDoneBefore forgets up to limit notes of DoOnce that were made before
// a time, and gives how many.
func (tx *Tx) DeleteBulkDoneBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM bulk_done WHERE (plan, thing) IN
			(SELECT plan, thing FROM bulk_done WHERE done_at <= $1 LIMIT $2) RETURNING done_at`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}
