package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// LastUse is when something was used last, and by whom or from where.
type LastUse struct {
	ID reeve.ID
	At time.Time
	By string
}

// PutLastUses writes down when things were used, unless a later use is known.
func (tx *Tx) PutLastUses(uses []LastUse) {
	rows := make([][]any, len(uses))
	for i, use := range uses {
		rows[i] = []any{use.ID, use.At, use.By}
	}
	tx.writeRows("INSERT INTO last_uses (id, used_at, used_by) VALUES ", ` ON CONFLICT (id) DO UPDATE
		SET used_at = excluded.used_at, used_by = excluded.used_by WHERE last_uses.used_at < excluded.used_at`, rows)
}

// LastUses gives the last use of each id that has one written down.
func (r Reader) LastUses(ctx context.Context, ids []reeve.ID) (map[reeve.ID]LastUse, error) {
	out := map[reeve.ID]LastUse{}
	if len(ids) == 0 {
		return out, nil
	}
	err := eachOf(ctx, r, selection{"SELECT id, used_at, used_by FROM last_uses", "id", ids},
		func(row scanner) (u LastUse, err error) {
			err = row.Scan(&u.ID, &u.At, &u.By)
			return u, err
		}, func(u LastUse) { out[u.ID] = u })
	return out, err
}

// DeleteLastUsesBefore forgets up to limit uses of before a time, and gives how
// many.
func (tx *Tx) DeleteLastUsesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM last_uses WHERE id IN
			(SELECT id FROM last_uses WHERE used_at < $1 LIMIT $2) RETURNING used_at`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}
