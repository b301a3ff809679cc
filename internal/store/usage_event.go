package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
)

// EventDigest stands for an event that is counted once.
type EventDigest [16]byte

// Compare is the order in which digests are claimed.
func (d EventDigest) Compare(other EventDigest) int { return bytes.Compare(d[:], other[:]) }

// claimSizes are how many digests one statement claims: few sizes, because each
// is a statement of its own that is kept prepared.
var claimSizes = [...]int{1, 10, 100, 1000}

// ClaimUsageEvents notes digests in a month, and gives those that were not
// noted before. Two transactions that claim the same wait for each other; the
// digests are in order, so that they do not wait in a circle.
func (tx *Tx) ClaimUsageEvents(ctx context.Context, digests []EventDigest, month reeve.Month) (map[EventDigest]bool, error) {
	claimed := make(map[EventDigest]bool, len(digests))
	for part := range slices.Chunk(digests, claimSizes[len(claimSizes)-1]) {
		at := slices.IndexFunc(claimSizes[:], func(size int) bool { return size >= len(part) })
		args := make([]any, 0, 2*claimSizes[at])
		for i := range claimSizes[at] { // filled up with the last, which is noted once
			args = append(args, part[min(i, len(part)-1)][:], int64(month))
		}
		err := tx.query(ctx, claims[at], args, func(row scanner) error {
			digest, err := value[[]byte](row)
			if err == nil {
				claimed[EventDigest(digest)] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return claimed, nil
}

// claims are the statements, by the place of their size.
var claims = func() (out [len(claimSizes)]string) {
	for i, size := range claimSizes {
		out[i] = "INSERT INTO usage_events (digest, month) VALUES " + placeholders(size, 2) +
			" ON CONFLICT DO NOTHING RETURNING digest"
	}
	return out
}()

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
		args: []any{after[:], limit - 1},
	}, value[[]byte])
	if err != nil {
		return nil, err
	}
	end := bytes.Repeat([]byte{0xff}, len(after))
	var next *EventDigest
	if len(last) > 0 {
		end = last[0]
		digest := EventDigest(end)
		next = &digest
	}
	tx.write(statement{
		sql:  "DELETE FROM usage_events WHERE digest > $1 AND digest <= $2 AND month < $3",
		args: []any{after[:], end, int64(month)},
	})
	return next, nil
}
