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
// needs. After the first ones sources that hold few rows are tried, which can
// be read whole (what few hold by its grams before). Then a page ends, short of its limit or not, after so many
// more: of the order's index alone, or fewer where for each row another table
// is asked or the row itself is read.
const (
	firstStep = 1000
	farStep   = 6000
	dearStep  = 2000
)

// List gives the places of a page of things, and the place after which the next
// page begins, nil at the end. A page may be short of its limit, even empty,
// although it is not the last: no page costs more than a bounded amount of work.
// What is created, renamed or deleted while pages are read moves nothing else.
func (r Reader) List(ctx context.Context, l Listing) (page []Position, next *Position, err error) {
	q := newListQuery(r, l)
	if len(q.picks) == 0 {
		page, err = q.walk(ctx, span{from: l.From, rows: l.Limit + 1}, l.Limit+1)
		return q.cut(page)(err)
	}
	if l.ID != nil {
		page, _, err = q.gather(ctx, condition{text: "t.id = %s", args: []any{*l.ID}})
		return q.cut(page)(err)
	}
	if q.of == nil && l.Member == nil {
		if all, ok, err := q.fromGrams(ctx); err != nil || ok {
			return q.cut(all)(err)
		}
	}
	page, to, err := q.step(ctx, l.From, firstStep, nil)
	if err != nil || to == nil {
		return q.cut(page)(err)
	}
	if all, ok, err := q.fromSource(ctx); err != nil || ok {
		return q.cut(all)(err)
	}
	if !l.Any || len(page)+len(q.sampled) < l.Limit {
		more := farStep
		if l.Any || q.dear() {
			more = dearStep
		}
		if page, to, err = q.step(ctx, to, more, page); err != nil || to == nil {
			return q.cut(page)(err)
		}
	}
	page, err = q.fill(ctx, page)
	return page, to, err
}

// step looks at so many rows more for a page, and gives where it has come to;
// nil if that is the end, or if the page is full.
func (q *listQuery) step(ctx context.Context, from *Position, rows int, page []Position) ([]Position, *Position, error) {
	to, err := q.edge(ctx, from, rows)
	if err != nil {
		return nil, nil, err
	}
	found, err := q.walk(ctx, span{from, to, rows}, q.Limit+1-len(page))
	if page = append(page, found...); err != nil || len(page) > q.Limit {
		return page, nil, err
	}
	return page, to, nil
}

// dear tells whether a pick asks for more than the indexes of the orders have.
func (q *listQuery) dear() bool {
	cheap := 0
	if q.folded != "" && !q.run() && (q.of == nil || q.Sort.By == ByName) {
		cheap++
	}
	if q.Sort.By != ByCreated && q.of == nil {
		cheap += len(q.created)
	}
	return len(q.picks) > cheap
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
	rare    []string    // grams of the query, once a sample was asked
	sampled []reeve.ID  // of the sample, those that hold the query
	asked   bool        // the sample was
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
	case q.run():
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

// run tells whether what has the query is one run of the order.
func (q *listQuery) run() bool { return !q.long() && q.Kind != Users && q.Sort.By == ByName }

// holds picks what has the query in it. It asks for what the indexes of the
// orders have: names and addresses, of which the searched text is made. Where
// one of them may have been cut, the text itself is asked.
func (q *listQuery) holds() condition {
	if q.long() {
		whole, of := fmt.Sprintf("octet_length(t.name) <= %d", surelyWhole), "t.name"
		if q.Kind == Users {
			whole += fmt.Sprintf(" AND octet_length(t.address) <= %d", surelyWhole)
			of += " || '" + betweenTexts + "' || t.address"
		}
		contains := func(text string) string { return strings.Replace(q.d.search.contains, "%s", text, 1) }
		return condition{
			"CASE WHEN " + whole + " THEN " + contains(of) + " ELSE (SELECT " + contains("x.text") + " FROM " + q.Kind.table() +
				" x WHERE x.id = t.id) END",
			[]any{q.folded, q.folded},
		}
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
