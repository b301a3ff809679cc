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
	Status       *reeve.CouponStatus // of coupons, at Now
	After        *time.Time          // created later
	Before       *time.Time          // created earlier
	Now          time.Time

	Sort  Sort
	From  *Place // only what comes after it
	Limit int
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

// Place is where a thing is in an order.
type Place struct {
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
func (r Reader) List(ctx context.Context, l Listing) (page []Place, next *Place, err error) {
	q := newListQuery(r, l)
	if len(q.picks) == 0 {
		page, err = q.walk(ctx, l.From, nil, l.Limit+1)
		return q.cut(page)(err)
	}
	if l.ID != nil {
		page, _, err = q.gather(ctx, condition{text: "t.id = %s", args: []any{*l.ID}})
		return q.cut(page)(err)
	}
	from := l.From
	for i, step := range steps {
		if i >= enoughSteps && len(page) > 0 {
			return page, from, nil
		}
		to, err := q.edge(ctx, from, step)
		if err != nil {
			return nil, nil, err
		}
		found, err := q.walk(ctx, from, to, l.Limit+1-len(page))
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
	scope   []condition // what an index of the order's begins with, and bounds of the order itself
	picks   []condition // all others
	created []condition // of the picks and the scope, those by creation
	holders float64     // about how many hold the query, once a sample was asked
	rare    []string    // grams of it
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
		is := condition{owner.column + " = %s", []any{*owner.id}}
		if len(q.scope) == 0 {
			q.scope = append(q.scope, is)
		} else {
			q.picks = append(q.picks, is)
		}
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
		q.picks = append(q.picks, membership(*l.Member))
	}
	if l.HasProjects != nil {
		q.picks = append(q.picks, hasProjects(*l.HasProjects))
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

func membership(user reeve.ID) condition {
	return condition{"t.id IN (SELECT m.organization_id FROM organization_members m WHERE m.user_id = %s)", []any{user}}
}

func hasProjects(has bool) condition {
	text := "EXISTS (SELECT 1 FROM project_members m WHERE m.user_id = t.id)"
	if !has {
		text = "NOT " + text
	}
	return condition{text: text}
}

// couponStatus is reeve.Coupon's StatusAt.
func couponStatus(status reeve.CouponStatus, now time.Time) condition {
	text := "c.applied >= c.amount"
	if status != reeve.CouponUsed {
		text = "c.applied < c.amount"
	}
	out := condition{text: "EXISTS (SELECT 1 FROM coupons c WHERE c.id = t.id AND " + text}
	switch out.text += ")"; status {
	case reeve.CouponActive:
		out = condition{"t.ends_at > %s AND " + out.text, []any{now}}
	case reeve.CouponExpired:
		out = condition{"t.ends_at <= %s AND " + out.text, []any{now}}
	}
	return out
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

// direction gives the words of the order.
func (q *listQuery) direction() (word, beyond, upTo string) {
	if q.Sort.Descending {
		return " DESC", "<", ">="
	}
	return "", ">", "<="
}

// key gives a place's value in the order.
func (q *listQuery) key(p Place) any {
	if q.Sort.By == ByCreated {
		return p.Time
	}
	return p.Text
}

// past picks what comes after a place, nil for all, up to another and with it.
func (q *listQuery) past(from, to *Place) (out []condition) {
	_, beyond, upTo := q.direction()
	row := "(" + q.column + ", t.id) "
	if from != nil {
		out = append(out, condition{row + beyond + " (%s, %s)", []any{q.key(*from), from.ID}})
	}
	if to != nil {
		out = append(out, condition{row + upTo + " (%s, %s)", []any{q.key(*to), to.ID}})
	}
	return out
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

// walk reads, in the order, what is picked after a place.
func (q *listQuery) walk(ctx context.Context, from, to *Place, limit int) ([]Place, error) {
	conditions, args := where([]any{limit}, q.scope, q.past(from, to), q.picks)
	return many(ctx, q.Reader, read{sql: q.ordered(conditions, "LIMIT $1"), args: args}, q.scan)
}

func (q *listQuery) ordered(conditions, limit string) string {
	word, _, _ := q.direction()
	return "SELECT " + q.column + ", t.id FROM " + q.Kind.table() + " t" + conditions +
		" ORDER BY " + q.column + word + ", t.id" + word + " " + limit
}

// edge gives the place so many rows after another, nil if there are fewer.
func (q *listQuery) edge(ctx context.Context, from *Place, window int) (*Place, error) {
	conditions, args := where(nil, q.scope, q.past(from, nil))
	found, err := many(ctx, q.Reader, read{sql: q.ordered(conditions, fmt.Sprintf("LIMIT 1 OFFSET %d", window-1)), args: args}, q.scan)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (q *listQuery) scan(row scanner) (p Place, err error) {
	if q.Sort.By == ByCreated {
		err = row.Scan(&p.Time, &p.ID)
	} else {
		err = row.Scan(&p.Text, &p.ID)
	}
	return p, err
}

// cut ends a page that was read one too far.
func (q *listQuery) cut(page []Place) func(error) ([]Place, *Place, error) {
	return func(err error) ([]Place, *Place, error) {
		if err != nil {
			return nil, nil, err
		}
		if len(page) <= q.Limit {
			return page, nil, nil
		}
		return page[:q.Limit], &page[q.Limit-1], nil
	}
}
