package console

import (
	"cmp"
	"iter"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// listed is a list of operators' things: what of it is asked for, and the form
// that asks.
type listed struct {
	control.Listing
	Fields []field
	Err    error // what is wrong with what was filled in
}

// The ways that a list can be sorted in.
var (
	thingSorts = []option{{"-created", "Newest first"}, {"created", "Oldest first"}, {"name", "Name"}, {"-name", "Name, backwards"}}
	userSorts  = append(thingSorts[:len(thingSorts):len(thingSorts)], option{"email", "Address"}, option{"-email", "Address, backwards"})
)

// listing reads what of a list is asked for. The fields are those that every
// list has; a list adds its own before the last, which says the order.
func (v *visit) listing(what string, sorts []option) (out listed) {
	query := v.r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	out.Listing = control.Listing{Query: get("q"), Sort: get("sort"), After: get("after"), Limit: pageSize}
	var wrong [3]error
	out.Frozen, wrong[0] = yesNo("frozen", get("frozen"))
	out.CreatedAfter, wrong[1] = dayOf("the first day", get("from"), -time.Microsecond) // the instant itself is one of the day
	out.CreatedBefore, wrong[2] = dayOf("the last day", get("to"), 24*time.Hour)
	out.Err = cmp.Or(wrong[:]...)
	out.Fields = []field{
		{Name: "q", Label: what, Value: get("q"), Kind: "search", Max: control.MaxQuery},
		{Name: "frozen", Label: "Frozen", Value: get("frozen"), Kind: "select", Options: anyYesNo},
		{Name: "from", Label: "Created from", Value: get("from"), Kind: "date"},
		{Name: "to", Label: "Created until", Value: get("to"), Kind: "date"},
		{Name: "sort", Label: "Order", Value: get("sort"), Kind: "select", Options: sorts},
	}
	return out
}

var anyYesNo = []option{{"", "Any"}, {"yes", "Yes"}, {"no", "No"}}

func yesNo(name, text string) (*bool, error) {
	switch text {
	case "":
		return nil, nil
	case "yes", "no":
		out := text == "yes"
		return &out, nil
	}
	return nil, reeve.Errorf(reeve.Invalid, "%s must be yes or no", name)
}

// with puts fields before the one that says the order.
func (l *listed) with(fields ...field) {
	last := len(l.Fields) - 1
	l.Fields = append(append(l.Fields[:last:last], fields...), l.Fields[last])
}

// asks adds a field for who something belongs to, whose address or id may be
// filled in.
func (l *listed) asks(v *visit, name, label string) *reeve.ID {
	text := strings.TrimSpace(v.r.URL.Query().Get(name))
	l.with(field{Name: name, Label: label, Value: text, Hint: "Address or id."})
	if text == "" {
		return nil
	}
	id, err := v.userNamed(text)
	l.refuse(err)
	return &id
}

// refuse keeps the first thing that is wrong.
func (l *listed) refuse(err error) { l.Err = cmp.Or(l.Err, err) }

// userNamed finds the id of a user whose address or id was filled in. An id need
// not be that of a user there is.
func (v *visit) userNamed(text string) (reeve.ID, error) {
	if id, err := reeve.FindID(reeve.PrefixUser, text); err == nil {
		return id, nil
	}
	found, err := v.control.GetUser(v.ctx, text)
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.Errorf(reeve.Invalid, "there is no user with the address or id “%s”", text)
	}
	return found.User.ID, err
}

// form is the one that asks for another part of the list.
func (l *listed) form() *form { return &form{Get: true, Fields: l.Fields, Submit: "Show"} }

// narrowed tells whether less than all is asked for.
func (l *listed) narrowed() bool {
	for _, f := range l.Fields {
		if f.Name != "sort" && f.Value != "" {
			return true
		}
	}
	return false
}

// nothing is what is said of an empty list.
func (l *listed) nothing(none string) string {
	if l.narrowed() {
		return "Nothing is like that: ask for less."
	}
	return none
}

// eachRow gives the rows of a whole list.
func eachRow[T any](l control.Listing, list func(control.Listing) ([]T, string, error), rows func([]T) ([][]cell, error)) iter.Seq2[[]cell, error] {
	l.After, l.Limit = "", csvPage
	return steps(func() ([][]cell, bool, error) {
		page, next, err := list(l)
		if err != nil {
			return nil, false, err
		}
		l.After = next
		out, err := rows(page)
		return out, next != "", err
	})
}

// tableOf is a page of a list, with all of it as CSV. It is empty along with an
// error.
func tableOf[T any](v *visit, l listed, list func(control.Listing) ([]T, string, error), rows func([]T) ([][]cell, error)) (*table, error) {
	if l.Err != nil {
		return &table{}, l.Err
	}
	page, next, err := list(l.Listing)
	if err != nil {
		return &table{}, err
	}
	out := &table{Pager: v.onwards("after", next), All: eachRow(l.Listing, list, rows)}
	out.Rows, err = rows(page)
	return out, err
}

// needs lets only those operators ask for something who may do it.
func (v *visit) needs(actions ...reeve.OperatorAction) error {
	for _, action := range actions {
		if !v.may(action) {
			return reeve.ErrDenied
		}
	}
	return nil
}
