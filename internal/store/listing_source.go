package store

import (
	"context"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
)

// A source is a condition that few things meet, and that finds them by an index
// of its own. How many rows are few: each is read from where it lies, which
// costs as much as looking at some in the order of the list.
const (
	fewRows      = 750
	fewHolders   = 750
	mostGathered = 1000 // an estimate may be wrong
	// Of grams that all are in more rows the index has more to say than is read
	// in one page.
	mostPostings = 100_000
)

// fromSource answers a listing from a source that is small enough; ok is false
// if there is none.
func (q *listQuery) fromSource(ctx context.Context) (page []Position, ok bool, err error) {
	for _, source := range q.sources() {
		few, err := q.holdsFew(ctx, source)
		if err != nil {
			return nil, false, err
		}
		if few {
			return q.gather(ctx, source.on)
		}
	}
	return q.fromGrams(ctx)
}

// fromGrams answers a listing from the index of grams, if what is looked for is
// in few texts.
func (q *listQuery) fromGrams(ctx context.Context) ([]Position, bool, error) {
	if q.asked || !q.long() {
		return nil, false, nil
	}
	if few, err := q.askSample(ctx); err != nil || !few {
		return nil, false, err
	}
	return q.gather(ctx, condition{
		text: fmt.Sprintf(q.d.search.matches, q.Kind.table(), "%s"), args: []any{q.d.search.grams(q.rare)},
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
	if q.Listing.Frozen != nil && *q.Listing.Frozen {
		out = append(out, source{
			condition{text: "t.id IN (SELECT f.id FROM freezes f)"}, []condition{{text: "SELECT 1 AS one FROM freezes f"}},
		})
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

// holdsFew tells whether a source has at most fewRows rows. It counts no more.
func (q *listQuery) holdsFew(ctx context.Context, s source) (bool, error) {
	left := fewRows
	for _, rows := range s.rows {
		places := make([]any, len(rows.args))
		for i := range places {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		count, err := one(ctx, q.Reader, read{
			sql:  fmt.Sprintf("SELECT COUNT(*) FROM (SELECT one FROM (%s) s LIMIT %d) c", fmt.Sprintf(rows.text, places...), fewRows+1),
			args: rows.args,
		}, value[int])
		if left -= count; err != nil || left < 0 {
			return false, err
		}
	}
	return true, nil
}

// membership is inside as a source.
func membership(user reeve.ID) condition {
	return condition{"t.id IN (SELECT m.organization_id FROM organization_members m WHERE m.user_id = %s)", []any{user}}
}

// gather reads all that a source finds, and gives what is picked of it from a
// place on; ok is false if it found more than it was thought to.
func (q *listQuery) gather(ctx context.Context, source condition) (page []Position, ok bool, err error) {
	inner, args := where([]any{q.Limit + 1}, []condition{source})
	outer, args := where(args, q.scope, q.picks, q.past(q.From))
	order := " ORDER BY " + q.column + ", t.id"
	if q.Sort.Descending {
		order = " ORDER BY " + q.column + " DESC, t.id DESC"
	}
	text := fmt.Sprintf(`WITH found AS MATERIALIZED (SELECT %[1]s FROM %[2]s t%[3]s LIMIT %[4]d)
		SELECT c.rows_found, %[5]s, t.id FROM (SELECT COUNT(*) AS rows_found FROM found) c
		LEFT JOIN (SELECT %[5]s, t.id FROM found t%[6]s%[7]s LIMIT $1) t ON c.rows_found > 0%[7]s`,
		q.columns(), q.Kind.table(), inner, mostGathered, q.column, outer, order)
	count := 0
	page = []Position{}
	err = q.q.query(ctx, text, args, func(row scanner) error {
		var id *reeve.ID
		p, err := q.optionalKey(row, &count, &id)
		if err == nil && id != nil {
			p.ID = *id
			page = append(page, p)
		}
		return err
	})
	return page, count < mostGathered, err
}

// optionalKey scans a row of gather, which may be of nothing.
func (q *listQuery) optionalKey(row scanner, count *int, id **reeve.ID) (p Position, err error) {
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
