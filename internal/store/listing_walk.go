package store

import (
	"context"
	"fmt"
	"strings"
)

// order is the ORDER BY.
func (q *listQuery) order() string {
	columns := []string{q.column, "t.id"}
	if q.of != nil {
		columns = append([]string{q.lead}, columns...)
	}
	if q.Sort.Descending {
		return " ORDER BY " + strings.Join(columns, " DESC, ") + " DESC"
	}
	return " ORDER BY " + strings.Join(columns, ", ")
}

// key gives a place's value in the order.
func (q *listQuery) key(p Position) any {
	if q.Sort.By == ByCreated {
		return p.Time
	}
	return p.Text
}

// span is a part of an order: what comes after a place, up to another, and no
// more than so many rows.
type span struct {
	from, to *Position // nil: from the first, to the last
	rows     int
}

// past picks what comes after a place; nil for all.
func (q *listQuery) past(from *Position) []condition {
	if q.Sort.Descending {
		return q.compare(" < ", from)
	}
	return q.compare(" > ", from)
}

// until picks what comes before a place, and what is there.
func (q *listQuery) until(to *Position) []condition {
	if q.Sort.Descending {
		return q.compare(" >= ", to)
	}
	return q.compare(" <= ", to)
}

func (q *listQuery) compare(comparison string, with *Position) []condition {
	if with == nil {
		return nil
	}
	if q.of != nil {
		return []condition{{
			"(" + q.lead + ", " + q.column + ", t.id)" + comparison + "(%s, %s, %s)", []any{*q.of, q.key(*with), with.ID},
		}}
	}
	return []condition{{"(" + q.column + ", t.id)" + comparison + "(%s, %s)", []any{q.key(*with), with.ID}}}
}

// where joins conditions, after arguments that there are.
func where(args []any, lists ...[]condition) (string, []any) {
	var parts []string
	for _, list := range lists {
		for _, c := range list {
			places := make([]any, len(c.args))
			for i, arg := range c.args {
				args = append(args, arg)
				places[i] = fmt.Sprintf("$%d", len(args))
			}
			parts = append(parts, fmt.Sprintf(c.text, places...))
		}
	}
	if parts == nil {
		return "", args
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

// walk looks at a span of the order, and gives what is picked of it, up to a
// limit. Where a span has an end, rows that come meanwhile do not move it, unless
// they are as many as it has.
func (q *listQuery) walk(ctx context.Context, s span, limit int) ([]Position, error) {
	rows := s.rows
	if s.to != nil {
		rows *= 2
	}
	// The end is asked row by row: as a bound of the order it would seem to leave
	// so few that another index and a sort are cheaper (measured: 100 ms).
	inner, args := where([]any{limit}, q.scope, q.past(s.from))
	outer, args := where(args, q.until(s.to), q.picks)
	return many(ctx, q.Reader, read{
		sql: fmt.Sprintf("SELECT %s, t.id FROM (SELECT %s FROM %s t%s%s LIMIT %d) t%s%s LIMIT $1",
			q.column, q.columns(), q.Kind.table(), inner, q.order(), rows, outer, q.order()),
		args: args,
	}, q.scan)
}

// columns are those that conditions may ask for.
func (q *listQuery) columns() string {
	names, _ := text{kind: q.Kind}.columns()
	return "t." + strings.Join(names, ", t.")
}

// edge gives the place so many rows after another, nil if there are fewer.
func (q *listQuery) edge(ctx context.Context, from *Position, step int) (*Position, error) {
	conditions, args := where(nil, q.scope, q.past(from))
	found, err := many(ctx, q.Reader, read{
		sql: fmt.Sprintf("SELECT %s, t.id FROM %s t%s%s LIMIT 1 OFFSET %d",
			q.column, q.Kind.table(), conditions, q.order(), step-1),
		args: args,
	}, q.scan)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (q *listQuery) scan(row scanner) (p Position, err error) {
	if q.Sort.By == ByCreated {
		err = row.Scan(&p.Time, &p.ID)
	} else {
		err = row.Scan(&p.Text, &p.ID)
	}
	return p, err
}

// cut ends a page that was read one too far.
func (q *listQuery) cut(page []Position) func(error) ([]Position, *Position, error) {
	return func(err error) ([]Position, *Position, error) {
		if err != nil {
			return nil, nil, err
		}
		if len(page) <= q.Limit {
			return page, nil, nil
		}
		return page[:q.Limit], &page[q.Limit-1], nil
	}
}
