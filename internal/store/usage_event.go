package store

import (
	"bytes"
	"context"

	"github.com/reeve-cloud/reeve"
)

// EventDigest stands for an event that is counted once.
type EventDigest [16]byte

// Compare is the order in which digests are claimed.
func (d EventDigest) Compare(other EventDigest) int { return bytes.Compare(d[:], other[:]) }

// ClaimUsageEvents notes digests in a month, and gives those that were not
// noted before. Two transactions that claim the same wait for each other; the
// digests are in order, so that they do not wait in a circle.
func (tx *Tx) ClaimUsageEvents(ctx context.Context, digests []EventDigest, month reeve.Month) (map[EventDigest]bool, error) {
	list := make(idList, len(digests))
	for i, digest := range digests {
		list[i] = reeve.ID(digest)
	}
	claimed := make(map[EventDigest]bool, len(digests))
	err := tx.query(ctx, "INSERT INTO usage_events (digest, month) SELECT id, $2 FROM "+tx.d.each+
		" WHERE 1 = 1 ON CONFLICT DO NOTHING RETURNING digest", []any{list, int64(month)}, func(row scanner) error {
		digest, err := value[reeve.ID](row)
		claimed[EventDigest(digest)] = true
		return err
	})
	return claimed, err
}

// UsageEventsForgotten gives the month before which no event is noted any
// more; 0 if none was ever forgotten.
func (r Reader) UsageEventsForgotten(ctx context.Context) (reeve.Month, error) {
	months, err := many(ctx, r, read{sql: "SELECT number FROM usage_passes WHERE name = 'events'"}, value[int64])
	if err != nil || len(months) == 0 {
		return 0, err
	}
	return reeve.Month(months[0]), nil
}

// PutUsageEventsForgotten notes that no event is noted of before a month.
func (tx *Tx) PutUsageEventsForgotten(month reeve.Month) {
	tx.write(statement{
		sql: `INSERT INTO usage_passes (name, number) VALUES ('events', $1)
			ON CONFLICT (name) DO UPDATE SET number = excluded.number`,
		args: []any{int64(month)},
	})
}

// ForgetUsageEvents looks at up to limit events after a digest, in order, and
// forgets those of before a month. It gives the last that it looked at, nil if
// there are no more. The table has no index by month: it would be a second tree
// into which each event goes at a place of its own.
func (tx *Tx) ForgetUsageEvents(ctx context.Context, after EventDigest, month reeve.Month, limit int) (*EventDigest, error) {
	last, err := many(ctx, tx.Reader, read{
		sql:  "SELECT digest FROM usage_events WHERE digest > $1 ORDER BY digest LIMIT 1 OFFSET $2",
		args: []any{reeve.ID(after), limit - 1},
	}, value[reeve.ID])
	if err != nil {
		return nil, err
	}
	forget := statement{
		sql:  "DELETE FROM usage_events WHERE digest > $1 AND month < $2",
		args: []any{reeve.ID(after), int64(month)},
	}
	if len(last) == 0 {
		tx.write(forget)
		return nil, nil
	}
	forget.sql += " AND digest <= $3"
	forget.args = append(forget.args, last[0])
	tx.write(forget)
	next := EventDigest(last[0])
	return &next, nil
}
