package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/reeve-cloud/reeve"
)

// A source is a condition that few things meet, and that finds them by an index
// of its own.

// fromSource answers a listing from a source that is small enough; ok is false
// if there is none.
func (q *listQuery) fromSource(ctx context.Context) (page []Place, ok bool, err error) {
	for _, source := range q.sources() {
		few, err := q.holdsFew(ctx, source)
		if err != nil {
			return nil, false, err
		}
		if few {
			return q.gather(ctx, source.on)
		}
	}
	if !q.long() {
		return nil, false, nil
	}
	few, err := q.fewHold(ctx)
	if err != nil || !few {
		return nil, false, err
	}
	folded := grams(q.folded)
	return q.gather(ctx, condition{
		text: fmt.Sprintf(q.d.search.matches, q.Kind.table(), "%s"),
		args: []any{q.d.search.grams(folded[:min(len(folded), maxGrams)])},
	})
}

// source is a condition and the rows that it finds, to be counted.
type source struct {
	on   condition
	rows []condition // SELECTs of one column
}

func (q *listQuery) sources() (out []source) {
	rows := "SELECT 1 AS one FROM " + q.Kind.table() + " t WHERE "
	for _, owner := range []struct {
		column string
		id     *reeve.ID
	}{{"t.organization_id", q.Listing.Organization}, {"t.owner_id", q.Owner}} {
		if owner.id != nil {
			on := condition{owner.column + " = %s", []any{*owner.id}}
			out = append(out, source{on, []condition{{rows + on.text, on.args}}})
		}
	}
	if q.Listing.Member != nil {
		out = append(out, source{membership(*q.Listing.Member), []condition{
			{"SELECT 1 AS one FROM organization_members m WHERE m.user_id = %s", []any{*q.Listing.Member}},
		}})
	}
	if q.Sort.By != ByCreated && len(q.created) > 0 {
		on := q.created[0]
		for _, bound := range q.created[1:] {
			on = condition{on.text + " AND " + bound.text, append(on.args, bound.args...)}
		}
		out = append(out, source{on, []condition{{rows + on.text, on.args}}})
	}
	if q.folded != "" && !q.long() {
		in := source{on: q.holds()}
		for _, column := range q.named() {
			prefix := prefixOf(column, q.folded)
			in.rows = append(in.rows, condition{rows + prefix.text, prefix.args})
		}
		out = append(out, in)
	}
	return out
}

// named are the columns in which the beginnings of names are found.
func (q *listQuery) named() []string {
	if q.Kind == Users {
		return []string{"t.name", "t.address"}
	}
	return []string{"t.name"}
}

// holdsFew tells whether a source has at most maxGather rows. It counts no more.
func (q *listQuery) holdsFew(ctx context.Context, s source) (bool, error) {
	left := maxGather
	for _, rows := range s.rows {
		places := make([]any, len(rows.args))
		for i := range places {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		count, err := one(ctx, q.Reader, read{
			sql:  fmt.Sprintf("SELECT COUNT(*) FROM (SELECT one FROM (%s) s LIMIT %d) c", fmt.Sprintf(rows.text, places...), maxGather+1),
			args: rows.args,
		}, value[int])
		if left -= count; err != nil || left < 0 {
			return false, err
		}
	}
	return true, nil
}

// sampleRows is how many rows are asked whether they hold what is looked for.
const sampleRows = 2000

// fewHold estimates, from a sample, whether at most maxGather rows hold what is
// looked for. The index of grams cannot be asked: it reads all that it finds.
func (q *listQuery) fewHold(ctx context.Context) (bool, error) {
	type sample struct {
		rows, hits int
		last       int64
	}
	s, err := one(ctx, q.Reader, read{
		sql: fmt.Sprintf(`SELECT COUNT(*), COUNT(CASE WHEN %s THEN 1 END), COALESCE(MAX(s.spot), 0)
			FROM (SELECT t.spot, t.text FROM %s t ORDER BY t.spot LIMIT %d) s`,
			fmt.Sprintf(q.d.search.contains, "s.text", "$1"), q.Kind.table(), sampleRows),
		args: []any{q.folded},
	}, func(row scanner) (s sample, err error) {
		err = row.Scan(&s.rows, &s.hits, &s.last)
		return s, err
	})
	if err != nil || s.rows < sampleRows {
		return err == nil, err
	}
	// Spots are spread evenly from 0 to 2^63.
	each := float64(math.MaxInt64) / float64(s.last) // rows that one of the sample stands for
	return float64(s.hits)*each <= maxGather, nil
}

// gather reads all that a source finds, and gives what is picked of it from a
// place on; ok is false if it found more than it was thought to.
func (q *listQuery) gather(ctx context.Context, source condition) (page []Place, ok bool, err error) {
	const most = 3 * maxGather
	inner, args := where([]any{q.Limit + 1}, []condition{source}, q.scope, q.picks)
	word, _, _ := q.direction()
	outer, args := where(args, q.past(q.From, nil))
	text := fmt.Sprintf(`WITH found AS MATERIALIZED (SELECT %[1]s, t.id FROM %[2]s t%[3]s LIMIT %[4]d)
		SELECT c.rows_found, %[1]s, t.id FROM (SELECT COUNT(*) AS rows_found FROM found) c
		LEFT JOIN (SELECT %[1]s, t.id FROM found t%[5]s ORDER BY %[1]s%[6]s, t.id%[6]s LIMIT $1) t ON c.rows_found > 0
		ORDER BY %[1]s%[6]s, t.id%[6]s`,
		q.column, q.Kind.table(), inner, most, outer, word)
	count := 0
	page = []Place{}
	err = q.q.query(ctx, text, args, func(row scanner) error {
		var id *reeve.ID
		p, err := q.optionalKey(row, &count, &id)
		if err == nil && id != nil {
			p.ID = *id
			page = append(page, p)
		}
		return err
	})
	return page, count < most, err
}

// optionalKey scans a row of gather, which may be of nothing.
func (q *listQuery) optionalKey(row scanner, count *int, id **reeve.ID) (p Place, err error) {
	if q.Sort.By == ByCreated {
		var at *time.Time
		if err = row.Scan(count, &at, id); at != nil {
			p.Time = *at
		}
		return p, err
	}
	var text *string
	if err = row.Scan(count, &text, id); text != nil {
		p.Text = *text
	}
	return p, err
}
