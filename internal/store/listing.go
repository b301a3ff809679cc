package store

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
)

// Listing picks things of one kind, and a page of them. Fields that are empty
// pick all.
type Listing struct {
	Kind  Kind
	Query string    // part of a name, an address or a description; of one or two characters, its beginning
	ID    *reeve.ID // the one thing

	Owner        *reeve.ID           // of organisations and projects; whose coupons
	Organization *reeve.ID           // of projects
	Member       *reeve.ID           // of organisations: disabled or not
	HasProjects  *bool               // of users: own members of some project
	Frozen       *bool               // by itself: of users, organisations and projects
	Status       *reeve.CouponStatus // of coupons, at Now
	After        *time.Time          // created later
	Before       *time.Time          // created earlier
	Now          time.Time

	Sort  Sort
	From  *Position // only what comes after it
	Limit int
	Any   bool // a page is filled with others, rather than searched for the first ones for long
}

// Sort is an order. Things that are alike in it are in the order of their ids.
type Sort struct {
	By         SortKey
	Descending bool
}

// SortKey is what things are sorted by: a column of the texts.
type SortKey string

// The keys. Names and addresses are sorted as they are folded.
const (
	ByCreated SortKey = "created_at"
	ByName    SortKey = "name"
	ByAddress SortKey = "address" // users
)

// Position is where a thing is in an order.
type Position struct {
	Time time.Time // in the order of ByCreated
	Text string    // in the others
	ID   reeve.ID
}

// How many rows, in the order of a list, are looked at in search of what a page
// needs, step by step. After the first step sources that hold few rows are
// tried, which can be read whole. After enough steps a page ends, short of its
// limit or not; the steps beyond are for pages that would be empty.
var steps = []int{1000, 3000, 9000, 20_000, 40_000, 80_000}

const enoughSteps = 3

// List gives the places of a page of things, and the place after which the next
// page begins, nil at the end. A page may be short of its limit, even empty,
// although it is not the last: no page costs more than a bounded amount of work.
// What is created, renamed or deleted while pages are read moves nothing else.
func (r Reader) List(ctx context.Context, l Listing) (page []Position, next *Position, err error) {
	q := newListQuery(r, l)
	if len(q.picks) == 0 {
		page, err = q.walk(ctx, l.From, l.Limit+1, l.Limit+1)
		return q.cut(page)(err)
	}
	if l.ID != nil {
		page, _, err = q.gather(ctx, condition{text: "t.id = %s", args: []any{*l.ID}})
		return q.cut(page)(err)
	}
	from := l.From
	for i, step := range steps {
		if i >= enoughSteps && (len(page) > 0 || l.Any) {
			page, err = q.fill(ctx, page)
			return page, from, err
		}
		to, err := q.edge(ctx, from, step)
		if err != nil {
			return nil, nil, err
		}
		found, err := q.walk(ctx, from, step, l.Limit+1-len(page))
		if page = append(page, found...); err != nil || to == nil || len(page) > l.Limit {
			return q.cut(page)(err)
		}
		from = to
		if i > 0 {
			continue
		}
		if all, ok, err := q.fromSource(ctx); err != nil || ok {
			return q.cut(all)(err)
		}
	}
	if q.long() && q.holders <= maxHolders && len(page) == 0 {
		if all, ok, err := q.gatherHolders(ctx); err != nil || ok {
			return q.cut(all)(err)
		}
	}
	return page, from, nil
}

// condition is a part of a WHERE: its text has a %s for each of its arguments.
type condition struct {
	text string
	args []any
}

// listQuery is a listing in the making.
type listQuery struct {
	Reader
	Listing
	folded  string
	column  string      // that the order is by
	of      *reeve.ID   // whose things are listed, nil for everybody's
	lead    string      // the column of that
	scope   []condition // what an index of the order's begins with, and bounds of the order itself
	picks   []condition // all others
	created []condition // of the picks and the scope, those by creation
	holders float64     // about how many hold the query, once a sample was asked
	rare    []string    // grams of it
	sampled []Position  // of the sample, those that hold it
}

func newListQuery(r Reader, l Listing) *listQuery {
	q := &listQuery{Reader: r, Listing: l, folded: Fold(strings.TrimSpace(l.Query)), column: "t." + string(l.Sort.By)}
	for _, owner := range []struct {
		column string
		id     *reeve.ID
	}{{"t.organization_id", l.Organization}, {"t.owner_id", l.Owner}} {
		if owner.id == nil {
			continue
		}
		if q.of != nil {
			q.picks = append(q.picks, condition{owner.column + " = %s", []any{*owner.id}})
			continue
		}
		q.of, q.lead = owner.id, owner.column
		// Written as a range of the order, which only the owner's own index has:
		// it might seem cheaper to walk through everybody's things, if there are
		// many of the owner's, and they might all be at the end.
		q.scope = append(q.scope, condition{owner.column + " >= %s AND " + owner.column + " <= %s", []any{*owner.id, *owner.id}})
	}
	if l.After != nil {
		q.created = append(q.created, condition{"t.created_at > %s", []any{*l.After}})
	}
	if l.Before != nil {
		q.created = append(q.created, condition{"t.created_at < %s", []any{l.Before.Add(time.Microsecond - 1)}})
	}
	if l.Sort.By == ByCreated {
		q.scope = append(q.scope, q.created...)
	} else {
		q.picks = append(q.picks, q.created...)
	}
	if l.ID != nil {
		q.picks = append(q.picks, condition{"t.id = %s", []any{*l.ID}})
	}
	if l.Member != nil {
		q.picks = append(q.picks, inside(*l.Member))
	}
	if l.HasProjects != nil {
		q.picks = append(q.picks, hasProjects(*l.HasProjects))
	}
	if l.Frozen != nil {
		q.picks = append(q.picks, frozen(*l.Frozen))
	}
	if l.Status != nil {
		q.picks = append(q.picks, couponStatus(*l.Status, l.Now))
	}
	switch {
	case q.folded == "":
	case !q.long() && l.Kind != Users && l.Sort.By == ByName:
		q.scope = append(q.scope, q.holds()) // one run of the order
	default:
		q.picks = append(q.picks, q.holds())
	}
	return q
}

// The picks that ask other tables do so row by row, as subqueries that give one
// value: no planner makes a join of them, which would read all of the table.

func inside(user reeve.ID) condition {
	return condition{
		`(SELECT 1 FROM organization_members m WHERE m.user_id = %s AND m.organization_id = t.id) IS NOT NULL`, []any{user},
	}
}

func hasProjects(has bool) condition {
	text := "(SELECT 1 FROM project_members m WHERE m.user_id = t.id LIMIT 1) IS NULL"
	if has {
		text = "(SELECT 1 FROM project_members m WHERE m.user_id = t.id LIMIT 1) IS NOT NULL"
	}
	return condition{text: text}
}

func frozen(is bool) condition {
	text := "(SELECT 1 FROM freezes f WHERE f.id = t.id) IS NULL"
	if is {
		text = "(SELECT 1 FROM freezes f WHERE f.id = t.id) IS NOT NULL"
	}
	return condition{text: text}
}

// couponStatus is reeve.Coupon's StatusAt.
func couponStatus(status reeve.CouponStatus, now time.Time) condition {
	const used = "(SELECT 1 FROM coupons c WHERE c.id = t.id AND c.applied >= c.amount) IS "
	switch status {
	case reeve.CouponUsed:
		return condition{text: used + "NOT NULL"}
	case reeve.CouponExpired:
		return condition{"t.ends_at <= %s AND " + used + "NULL", []any{now}}
	default:
		return condition{"t.ends_at > %s AND " + used + "NULL", []any{now}}
	}
}

// long tells whether what is looked for has grams.
func (q *listQuery) long() bool { return utf8.RuneCountInString(q.folded) >= gramLength }

// holds picks what has the query in it.
func (q *listQuery) holds() condition {
	if q.long() {
		return condition{strings.ReplaceAll(q.d.search.contains, "%s, %s", "t.text, %s"), []any{q.folded}}
	}
	out := prefixOf("t.name", q.folded)
	if q.Kind == Users {
		address := prefixOf("t.address", q.folded)
		out = condition{"(" + out.text + " OR " + address.text + ")", append(out.args, address.args...)}
	}
	return out
}

func prefixOf(column, folded string) condition {
	end := beyond(folded)
	if end == "" {
		return condition{column + " >= %s", []any{folded}}
	}
	return condition{"(" + column + " >= %s AND " + column + " < %s)", []any{folded, end}}
}

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

// past picks what comes after a place; nil for all.
func (q *listQuery) past(from *Position) []condition {
	if from == nil {
		return nil
	}
	comparison := " > "
	if q.Sort.Descending {
		comparison = " < "
	}
	if q.of != nil {
		return []condition{{
			"(" + q.lead + ", " + q.column + ", t.id)" + comparison + "(%s, %s, %s)", []any{*q.of, q.key(*from), from.ID},
		}}
	}
	return []condition{{"(" + q.column + ", t.id)" + comparison + "(%s, %s)", []any{q.key(*from), from.ID}}}
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

// walk looks at so many rows in the order, after a place, and gives what is
// picked of them, up to a limit.
func (q *listQuery) walk(ctx context.Context, from *Position, step, limit int) ([]Position, error) {
	inner, args := where([]any{limit}, q.scope, q.past(from))
	outer, args := where(args, q.picks)
	return many(ctx, q.Reader, read{
		sql: fmt.Sprintf("SELECT %s, t.id FROM (SELECT %s FROM %s t%s%s LIMIT %d) t%s%s LIMIT $1",
			q.column, q.columns(), q.Kind.table(), inner, q.order(), step, outer, q.order()),
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
