package store

import (
	"context"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
)

// UsageMark is how far a stream of usage has been taken in: its newest batch
// and what was answered to it.
type UsageMark struct {
	GatewayID reeve.ID
	Stream    string
	Sequence  int64
	Digest    [32]byte
	Reply     string
}

// LockUsageMark finds the mark of a stream, making one of sequence 0 if it has
// none, and guards it: batches of one stream are taken one after the other,
// the first ones too. NotFound if the gateway is gone.
func (tx *Tx) LockUsageMark(ctx context.Context, gateway reeve.ID, stream string) (UsageMark, error) {
	mark, err := tx.lockUsageMark(ctx, gateway, stream)
	if !reeve.IsKind(err, reeve.NotFound) {
		return mark, err
	}
	tx.write(statement{
		sql: `INSERT INTO usage_marks (gateway_id, stream, sequence, digest, reply, seen_at)
			VALUES ($1, $2, 0, $3, '', $4) ON CONFLICT DO NOTHING`,
		args:  []any{gateway, stream, [32]byte{}, tx.Now()},
		check: onViolation(nil, missing("gateway")),
	})
	return tx.lockUsageMark(ctx, gateway, stream)
}

func (tx *Tx) lockUsageMark(ctx context.Context, gateway reeve.ID, stream string) (UsageMark, error) {
	out := UsageMark{GatewayID: gateway, Stream: stream}
	return one(ctx, tx.Reader, read{
		sql:     "SELECT sequence, digest, reply FROM usage_marks WHERE gateway_id = $1 AND stream = $2" + tx.d.lock,
		args:    []any{gateway, stream},
		missing: missing("stream"),
	}, func(row scanner) (UsageMark, error) {
		return out, row.Scan(&out.Sequence, &out.Digest, &out.Reply)
	})
}

// PutUsageMark moves the mark of a stream, which is locked.
func (tx *Tx) PutUsageMark(m UsageMark) {
	tx.write(statement{
		sql: `UPDATE usage_marks SET sequence = $3, digest = $4, reply = $5, seen_at = $6
			WHERE gateway_id = $1 AND stream = $2`,
		args: []any{m.GatewayID, m.Stream, m.Sequence, m.Digest, m.Reply, tx.Now()},
	})
}

// DeleteUsageMarksBefore forgets up to limit streams that have delivered
// nothing since a time, and gives how many went.
func (tx *Tx) DeleteUsageMarksBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM usage_marks WHERE (gateway_id, stream) IN
			(SELECT gateway_id, stream FROM usage_marks WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)
			AND seen_at < $1 RETURNING sequence`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}

// ProjectOrganizations gives the organisations of those of some projects that
// exist.
func (r Reader) ProjectOrganizations(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.ID, error) {
	out := make(map[reeve.ID]reeve.ID, len(ids))
	err := r.inLists(ids, func(list string, args []any) error {
		return r.q.query(ctx, "SELECT id, organization_id FROM projects WHERE id IN ("+list+")", args, func(row scanner) error {
			var project, organization reeve.ID
			err := row.Scan(&project, &organization)
			out[project] = organization
			return err
		})
	})
	return out, err
}

// inLists calls a function with lists, and their values, for an IN over all
// ids: what stands between the brackets. The values come first, from $1.
func (r Reader) inLists(ids []reeve.ID, call func(list string, args []any) error) error {
	if len(ids) == 0 {
		return nil
	}
	return r.d.lists(ids, call)
}

// listSizes are the lengths of the lists of placeholders: few, because each is a
// statement of its own that is kept prepared.
var listSizes = [...]int{1, 10, 100}

// listPlaceholders names each id. The last list is filled up with ids of
// nothing.
func listPlaceholders(ids []reeve.ID, call func(list string, args []any) error) error {
	largest := listSizes[len(listSizes)-1]
	for part := range slices.Chunk(ids, largest) {
		at := slices.IndexFunc(listSizes[:], func(size int) bool { return size >= len(part) })
		args := make([]any, listSizes[at], listSizes[at]+1)
		for i := range args {
			args[i] = reeve.Zero
			if i < len(part) {
				args[i] = part[i]
			}
		}
		list := placeholders(1, len(args))
		if err := call(list[1:len(list)-1], args); err != nil {
			return err
		}
	}
	return nil
}

// listAtOnce is how many ids one array holds.
const listAtOnce = 10_000

// listArray gives the ids as one array: the planner takes it for a table, which
// it joins as it should however many there are. A single one goes by itself,
// straight to its rows.
func listArray(ids []reeve.ID, call func(list string, args []any) error) error {
	if len(ids) == 1 {
		return call("$1", []any{ids[0]})
	}
	for part := range slices.Chunk(ids, listAtOnce) {
		if err := call("SELECT unnest($1::uuid[])", []any{idList(part)}); err != nil {
			return err
		}
	}
	return nil
}
