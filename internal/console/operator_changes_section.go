package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// lastChanges is how many changes the page of a thing shows.
const lastChanges = 10

// changesSection tells operators the newest changes that a filter picks, as
// many as it limits them to or lastChanges, under a title: for the pages of
// things. What there is beyond them is a link away.
func (v *visit) changesSection(filter control.ChangeFilter, title string) (section, error) {
	if filter.Limit == 0 {
		filter.Limit = lastChanges
	}
	page, more, err := v.control.ListChanges(v.ctx, filter)
	if err != nil {
		return section{}, err
	}
	names, err := v.actorNames(page)
	if err != nil {
		return section{}, err
	}
	out := section{Title: title, Table: &table{
		ID: slug(title), Caption: title, Empty: "Nothing has been changed.", Columns: changeColumns,
	}}
	for _, c := range page {
		what := changedThing(c)
		if filter.Target != nil && *filter.Target == c.Target {
			what.To = ""
		}
		out.Table.Rows = append(out.Table.Rows, changeRow(c, what, names))
	}
	if more {
		out.Actions = []link{{Text: "All changes", About: "of " + title, To: changesPath(filter)}}
	}
	return out, nil
}

var changeColumns = []column{{Name: "When"}, {Name: "What"}, {Name: "Before and after"}, {Name: "Who"}, {Name: "Why"}}

func changeRow(c reeve.Change, what cell, names map[reeve.ID]string) []cell {
	return []cell{moment(c.At), what, text(changeFields(c)), actorCell(c.Actor, names), text(c.Reason)}
}

// changesPath is where the changes are that a filter picks.
func changesPath(f control.ChangeFilter) string {
	path := to("changes")
	for _, pick := range []struct{ name, value string }{
		{"actor", f.Actor}, {"action", f.Action}, {"target", idText(f.Target)}, {"organization", idText(f.Organization)},
	} {
		if pick.value != "" {
			path = at(path, pick.name, pick.value)
		}
	}
	return path
}

func idText(id *reeve.ID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// actorNames tells what those are called who made changes.
func (v *visit) actorNames(page []reeve.Change) (map[reeve.ID]string, error) {
	return nil, nil
}

// actorCell says who made a change; it leads to what else that one has changed.
func actorCell(actor string, names map[reeve.ID]string) cell {
	out := cell{Text: actor, To: changesPath(control.ChangeFilter{Actor: actor}), Code: true}
	switch actor {
	case "root":
		out.Text, out.Code = "Root operator", false
	case "system":
		out.Text, out.Code = "reeve itself", false
	}
	if id, err := reeve.ParseAnyID(actor); err == nil && names[id] != "" {
		out.Text, out.Code = names[id], false
	}
	return out
}

// changedPages are the pages of what changes are of, by the noun of their action.
var changedPages = map[string]string{
	"apikey": "keys", "bucket": "projects", "budget": "organizations", "coupon": "coupons", "credit": "credits", "gateway": "gateways",
	"gateway_token": "gateways", "limits": "projects", "operator": "operators", "organization": "organizations", "project": "projects",
	"session": "users", "statement": "statements", "totp": "users", "user": "users", "webhook": "organizations",
}

// changedThing says what was done, with the page of the thing: of what has none
// it is what else has happened to it.
func changedThing(c reeve.Change) cell {
	noun, _, _ := strings.Cut(c.Action, ".")
	path, ok := changedPages[noun]
	if !ok || c.After == nil && strings.HasSuffix(c.Action, ".delete") {
		return linked(actionWords(c.Action), changesPath(control.ChangeFilter{Target: &c.Target}))
	}
	return linked(actionWords(c.Action), to(path, c.Target.String()))
}
