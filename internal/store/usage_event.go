package store

import (
	"bytes"
	"context"
	"encoding/binary"

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
	month, err := r.eventsPass(ctx, "events")
	return reeve.Month(month), err
}

func (r Reader) eventsPass(ctx context.Context, name string) (int64, error) {
	numbers, err := many(ctx, r, read{sql: "SELECT number FROM usage_passes WHERE name = $1", args: []any{name}}, value[int64])
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	return numbers[0], nil
}

func (tx *Tx) putEventsPass(name string, number int64) {
	tx.write(statement{
		sql: `INSERT INTO usage_passes (name, number) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET number = excluded.number`,
		args: []any{name, number},
	})
}

// ForgetUsageEvents looks at up to limit events more, in order, and forgets
// those of before a month. It tells whether there are more to look at: how far
// it came is kept, so that it goes on from there after an error, and on
// whatever replica. The table has no index by month: it would be a second tree
// into which each event goes at a place of its own.
func (tx *Tx) ForgetUsageEvents(ctx context.Context, month reeve.Month, limit int) (more bool, err error) {
	if err := tx.lockName(ctx, lockEvents); err != nil {
		return false, err
	}
	if forgotten, err := tx.UsageEventsForgotten(ctx); err != nil || forgotten >= month {
		return false, err
	}
	at, err := tx.eventsPass(ctx, "events at")
	if err != nil {
		return false, err
	}
	var after reeve.ID // the first half of a digest tells almost all apart
	binary.BigEndian.PutUint64(after[:], uint64(at))
	last, err := many(ctx, tx.Reader, read{
		sql:  "SELECT digest FROM usage_events WHERE digest > $1 ORDER BY digest LIMIT 1 OFFSET $2",
		args: []any{after, limit - 1},
	}, value[reeve.ID])
	if err != nil {
		return false, err
	}
	forget := statement{
		sql:  "DELETE FROM usage_events WHERE digest > $1 AND month < $2",
		args: []any{after, int64(month)},
	}
	at = 0
	if more = len(last) > 0; more {
		forget.sql += " AND digest <= $3"
		forget.args = append(forget.args, last[0])
		at = int64(binary.BigEndian.Uint64(last[0][:]))
	} else {
		tx.putEventsPass("events", int64(month))
	}
	tx.write(forget)
	tx.putEventsPass("events at", at)
	return more, nil
}
