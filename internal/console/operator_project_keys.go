package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// keyColumns are those of keyRow.
var keyColumns = []column{{Name: "Name"}, {Name: "State"}, {Name: "Last used"}, {Name: "By"}, {Name: "Created"}, {Name: "Ends"}, {}}

// keyRow is a project's API key in a list.
func (v *visit) keyRow(k control.APIKeyUse) []cell {
	used, by := keyUse(k)
	row := []cell{
		linked(k.Name, to("keys", k.ID.String())), {Badges: keyBadges(k.APIKey)}, used, by, moment(k.CreatedAt), moments(k.ExpiresAt, "never"), {},
	}
	if v.may(reeve.ManageKeys) {
		row[6] = doings(
			link{Text: "Rotate", About: k.Name, To: to("keys", k.ID.String(), "rotate")},
			link{Text: "Revoke", About: k.Name, To: to("keys", k.ID.String(), "revoke"), Danger: true},
		)
	}
	return row
}

// keyUse tells when a key was used last, and by which gateway.
func keyUse(k control.APIKeyUse) (at, by cell) {
	if k.LastUsedAt.IsZero() {
		return text("no use is known"), text("")
	}
	gateway := control.Named{Kind: control.FoundGateway, ID: k.LastUsedBy.ID, Name: k.LastUsedBy.Name}
	switch {
	case k.LastUsedBy.ID == reeve.Zero:
		return moment(k.LastUsedAt), text("")
	case gateway.Name == "":
		return moment(k.LastUsedAt), text("a gateway that is gone")
	}
	return moment(k.LastUsedAt), thingCell(&gateway)
}

// keyBadges tell of a key's state. One that has ended is in no list.
func keyBadges(k reeve.APIKey) []badge {
	out := []badge{{"live", "good"}}
	if k.ReplacedBy != nil {
		out = []badge{{"replaced", "warn"}}
	}
	if k.Caveat != nil {
		out = append(out, badge{"restricted", "plain"})
	}
	return out
}

// projectKeysShort shows the first of a project's keys.
func (v *visit) projectKeysShort(p onProject) ([]section, error) {
	t := keyTable(p)
	total, err := fillFirst(t, shortList, v.keysOfProject(p), v.keyRow)
	out := section{ID: "keys", Title: "API keys", Table: t, Actions: v.keyActions(p, total.N > 0)}
	if total.N > shortList {
		t.Pager = &pager{Text: tally(shortList, "key") + " by name"}
		out.Actions = append([]link{{Text: "All " + several(total, "API key"), To: p.path("keys")}}, out.Actions...)
	}
	return []section{out}, err
}

// keyActions are what the operator may do to all keys of a project, if any.
func (v *visit) keyActions(p onProject, any bool) []link {
	if !v.may(reeve.ManageKeys) {
		return nil
	}
	out := []link{{Text: "New API key", To: p.path("keys", "new")}}
	if any {
		out = append(out, link{Text: "Revoke many", To: p.path("keys", "revoke"), Danger: true})
	}
	return out
}

// keyTable begins a list of a project's keys.
func keyTable(p onProject) *table {
	return &table{ID: "keys", Caption: "API keys of " + p.Name, Columns: keyColumns, Empty: "No API keys."}
}

func (v *visit) keysOfProject(p onProject) lister[control.APIKeyUse] {
	return exactly(func(page control.Page) ([]control.APIKeyUse, int, error) {
		return v.control.ListAPIKeyUses(v.ctx, p.ID, page)
	})
}

// projectKeys lists a project's keys.
func (v *visit) projectKeys() (*page, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	t := keyTable(p)
	err = fillPage(v, "page", t, v.keysOfProject(p), v.keyRow)
	return &page{
		Title: "API keys of " + p.Name, Up: p.up(true), Actions: v.keyActions(p, len(t.Rows) > 0), Sections: []section{{Table: t}},
	}, err
}
