package console

import (
	"slices"
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
	names, err := v.namesIn(page)
	if err != nil {
		return section{}, err
	}
	alone := filter.Target != nil // all are of one thing, whose page this is
	out := section{Title: title, Table: &table{
		ID: slug(title), Caption: title, Empty: "Nothing has been changed.", Columns: changeColumns(alone), Brief: more,
	}}
	for _, c := range page {
		out.Table.Rows = append(out.Table.Rows, names.row(c, alone))
	}
	if more {
		out.Actions = []link{{Text: "All changes", About: "of " + title, To: changesPath(filter)}}
	}
	return out, nil
}

// changeColumns are a change's, without what it is of if all are of one thing.
func changeColumns(alone bool) []column {
	out := []column{{Name: "When"}, {Name: "What"}, {Name: "Of"}, {Name: "Before and after"}, {Name: "Who"}, {Name: "Why"}}
	if alone {
		out = slices.Delete(out, 2, 3)
	}
	return out
}

// namesOf are what those are called who have made changes, and what they are of.
type namesOf struct {
	actors  map[reeve.ID]string
	targets map[reeve.ID]control.Found
}

func (v *visit) namesIn(page []reeve.Change) (out namesOf, err error) {
	if out.actors, err = v.control.NameActors(v.ctx, page); err == nil {
		out.targets, err = v.control.NameTargets(v.ctx, page)
	}
	return out, err
}

func (n namesOf) row(c reeve.Change, alone bool) []cell {
	out := []cell{moment(c.At), text(actionWords(c.Action)), n.target(c), text(changeFields(c)), n.actor(c.Actor), text(c.Reason)}
	if alone {
		out = slices.Delete(out, 2, 3)
	}
	return out
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

// actor says who made a change; it leads to what else that one has changed.
func (n namesOf) actor(actor string) cell {
	out := cell{Text: actor, To: changesPath(control.ChangeFilter{Actor: actor}), Code: true}
	switch actor {
	case "root":
		out.Text, out.Code = "Root operator", false
	case "system":
		out.Text, out.Code = "reeve itself", false
	}
	if id, err := reeve.ParseAnyID(actor); err == nil && n.actors[id] != "" {
		out.Text, out.Code = n.actors[id], false
	}
	return out
}

// target says what a change is of, with its page; what is gone leads to what
// else has happened to it.
func (n namesOf) target(c reeve.Change) cell {
	id := c.Target.String()
	thing, there := n.targets[c.Target]
	path := foundPath(thing.Named, thing.Of)
	switch {
	case there && path != "":
		out := linked(calledOr(thing.Name, id), path)
		out.About = id // there may be two of that name
		return out
	case strings.HasPrefix(c.Action, "credit."):
		return cell{Text: id, Code: true, To: to("credits", id)}
	}
	return cell{Text: id, Code: true, To: changesPath(control.ChangeFilter{Target: &c.Target})}
}
