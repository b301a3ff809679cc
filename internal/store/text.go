package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Kind is a kind of thing that is listed and found by text.
type Kind string

// The kinds. Each has a table of texts, which is written in the transaction
// that writes the thing itself.
const (
	Users         Kind = "user"
	Organizations Kind = "organization"
	Projects      Kind = "project"
	Coupons       Kind = "coupon"
)

// Listed are all kinds.
var Listed = []Kind{Users, Organizations, Projects, Coupons}

func (k Kind) table() string { return string(k) + "_texts" }

// text is a row of the texts.
type text struct {
	kind         Kind
	id           reeve.ID
	text, name   string
	address      string   // of a user
	owner        reeve.ID // of all others
	organization reeve.ID // of a project
	created      time.Time
	ends         time.Time // of a coupon
}

// betweenTexts is between a user's name and address in what is searched.
const betweenTexts = "\n"

func userText(u reeve.User) text {
	name, address := Fold(u.FullName), Fold(u.Email)
	return text{
		kind: Users, id: u.ID, text: name + betweenTexts + address, name: sortKey(name), address: sortKey(address), created: u.CreatedAt,
	}
}

func organizationText(o reeve.Organization) text {
	name := Fold(o.Name)
	return text{kind: Organizations, id: o.ID, text: name, name: sortKey(name), owner: o.OwnerID, created: o.CreatedAt}
}

func projectText(p reeve.Project) text {
	name := Fold(p.Name)
	return text{
		kind: Projects, id: p.ID, text: name, name: sortKey(name),
		owner: p.OwnerID, organization: p.OrganizationID, created: p.CreatedAt,
	}
}

func couponText(c reeve.Coupon) text {
	description := Fold(c.Description)
	return text{
		kind: Coupons, id: c.ID, text: description, name: sortKey(description),
		owner: c.UserID, created: c.CreatedAt, ends: c.Until(),
	}
}

// moving are the columns that may change, after text and name, and their
// values.
func (t text) moving() (columns []string, values []any) {
	switch t.kind {
	case Users:
		return []string{"address"}, []any{t.address}
	case Projects:
		return []string{"owner_id", "organization_id"}, []any{t.owner, t.organization}
	case Coupons:
		return []string{"owner_id", "ends_at"}, []any{t.owner, t.ends}
	default:
		return []string{"owner_id"}, []any{t.owner}
	}
}

// columns are all but the grams, and their values.
func (t text) columns() (columns []string, values []any) {
	columns, values = t.moving()
	return append([]string{"spot", "id", "created_at", "text", "name"}, columns...),
		append([]any{spotOf(t.id), t.id, t.created, t.text, t.name}, values...)
}

// createText adds the text of a thing that is created.
func (tx *Tx) createText(t text) { tx.write(tx.insertText(t, "")) }

func (tx *Tx) insertText(t text, conflict string) statement {
	columns, values := t.columns()
	places := make([]string, len(values))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	added := ""
	if tx.d.search.column != "" {
		values = append(values, tx.d.search.grams(grams(t.text)))
		added = fmt.Sprintf(tx.d.search.value, fmt.Sprintf("$%d", len(values)))
	}
	return statement{
		sql: "INSERT INTO " + t.kind.table() + " (" + strings.Join(columns, ", ") + tx.d.search.column + ") VALUES (" +
			strings.Join(places, ", ") + added + ")" + conflict,
		args: values,
	}
}

// updateText changes a thing's text, if there is anything to change.
func (tx *Tx) updateText(t text) {
	columns, values := t.moving()
	args := append([]any{spotOf(t.id), t.text, t.name}, values...)
	set, differs := "text = $2, name = $3", "text <> $2"
	for i, column := range columns {
		set += fmt.Sprintf(", %s = $%d", column, i+4)
		differs += fmt.Sprintf(" OR %s <> $%d", column, i+4)
	}
	if tx.d.search.set != "" {
		args = append(args, tx.d.search.grams(grams(t.text)))
		set += fmt.Sprintf(tx.d.search.set, fmt.Sprintf("$%d", len(args)))
	}
	tx.write(statement{
		sql:  "UPDATE " + t.kind.table() + " SET " + set + " WHERE spot = $1 AND (" + differs + ")",
		args: args,
	})
}

// deleteText takes a thing out of lists and searches.
func (tx *Tx) deleteText(kind Kind, id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM " + kind.table() + " WHERE spot = $1", args: []any{spotOf(id)}})
}

// TextsFilled tells whether everything that there is is in the texts.
func (r Reader) TextsFilled(ctx context.Context) (bool, error) {
	return one(ctx, r, read{sql: "SELECT COUNT(*) = 0 FROM text_fills WHERE NOT done"}, value[bool])
}
