package console

import (
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// organizationKeys serves the keys of organisations.
func (s *site) organizationKeys() {
	const here = "organizations/{organization}/apikeys"
	s.show(here, (*visit).showOrganizationKeys)
	s.does(action{Path: here + "/new", Ask: (*visit).askCreateOrganizationKey, Do: (*visit).createOrganizationKey})
	s.does(action{Path: here + "/{key}/rotate", Ask: (*visit).askRotateOrganizationKey, Do: (*visit).rotateOrganizationKey})
	s.does(action{Path: here + "/{key}/delete", Ask: (*visit).askDeleteOrganizationKey, Do: (*visit).deleteOrganizationKey})
}

// organizationKeysTable begins a list of an organisation's keys.
func organizationKeysTable() *table {
	return &table{
		ID: "organization-keys", Caption: "Organisation keys", Empty: "The organisation has no key.",
		Columns: []column{{Name: "Name"}, {Name: "Role"}, {Name: "Last used"}, {Name: "Created"}, {Name: "Ends"}, {Name: "ID"}, {}},
	}
}

// keysOf reads an organisation's keys, and makes a row of one.
func (v *visit) keysOf(o reeve.Organization) (lister[control.OrganizationKeyUse], func(control.OrganizationKeyUse) []cell) {
	list := func(p control.Page) ([]control.OrganizationKeyUse, int, error) {
		return v.control.ListOrganizationKeyUses(v.ctx, o.ID, p)
	}
	return exactly(list), func(k control.OrganizationKeyUse) []cell {
		var actions []link
		if v.may(reeve.ManageKeys) {
			if k.ReplacedBy == nil {
				actions = append(actions, link{Text: "Rotate", About: k.Name, To: organizationPath(o, "apikeys", k.ID.String(), "rotate")})
			}
			actions = append(actions, link{Text: "Delete", About: k.Name, To: organizationPath(o, "apikeys", k.ID.String(), "delete"), Danger: true})
		}
		return []cell{
			text(k.Name), text(string(k.Role)), moments(&k.LastUse.At, "not of late"), moment(k.CreatedAt), moments(k.ExpiresAt, "never"),
			code(k.ID.String()), doings(actions...),
		}
	}
}

// keysInBrief tells of the organisation's first keys.
func (v *visit) keysInBrief(o reeve.Organization) (section, error) {
	t := organizationKeysTable()
	list, row := v.keysOf(o)
	total, err := fillFirst(t, preview, list, row)
	out := section{Title: "Organisation keys", Table: t, Actions: v.organizationKeyActions(o)}
	if total.N > preview {
		out.Actions = append(out.Actions, link{Text: "All " + several(total, "key"), To: organizationPath(o, "apikeys")})
	}
	return out, err
}

func (v *visit) organizationKeyActions(o reeve.Organization) []link {
	if !v.may(reeve.ManageKeys) {
		return nil
	}
	return []link{{Text: "New organisation key", To: organizationPath(o, "apikeys", "new")}}
}

// showOrganizationKeys shows all keys of an organisation, page by page.
func (v *visit) showOrganizationKeys() (*page, error) {
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	t := organizationKeysTable()
	list, row := v.keysOf(o)
	return &page{
		Title: "Keys of " + o.Name, Up: organizationWay(o), Actions: v.organizationKeyActions(o), Sections: []section{{Table: t}},
		Lead: "With these, programs of the organisation's use the tenant API. A project's API keys are on the project's page.",
	}, fillPage(v, "page", t, list, row)
}

func (v *visit) askCreateOrganizationKey() (*question, error) {
	q, _, err := v.organizationQuestion("New key of", reeve.ManageKeys)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Lead = "Create", "The key is shown once, after this."
	q.Fields = []field{
		{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName},
		roleField(reeve.RoleViewer, false),
		instantField("expires", "Ends", "In UTC. Left empty, never."),
	}
	return q, nil
}

func (v *visit) createOrganizationKey(in values) (*outcome, error) {
	role, err := reeve.ParseRole(in.text("role"))
	if err != nil {
		return nil, err
	}
	expires, err := in.instant("expires")
	if err != nil {
		return nil, err
	}
	id := v.organizationID()
	key, token, err := v.control.CreateOrganizationKey(v.ctx, control.NewOrganizationKey{
		OrganizationID: id, Name: in.Get("name"), Role: role, ExpiresAt: expires,
	})
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("organizations", id.String(), "apikeys"), Said: "The key is made",
		Secrets: []secret{{Label: "Organisation key", Value: string(token), Hint: key.Name + ", " + string(key.Role)}},
	}, nil
}

// organizationKeyQuestion begins a question about a key of an organisation, with
// what goes with it.
func (v *visit) organizationKeyQuestion(verb string) (*question, control.Effects, error) {
	q, o, err := v.organizationQuestion(verb, reeve.ManageKeys)
	if err != nil {
		return nil, control.Effects{}, err
	}
	e, err := v.control.Effects(v.ctx, control.EffectsOf{
		Kind: control.EffectsOfOrganizationKey, ID: v.id("key", reeve.PrefixOrganizationKey), Within: o.ID,
	})
	if err != nil {
		return nil, e, err
	}
	q.Title, q.Danger = verb+" the key "+e.Name, true
	q.Up = append(q.Up, link{Text: "Keys", To: organizationPath(o, "apikeys")})
	q.Back = q.Up[2].To
	q.Facts = []fact{{"Last used", moments(&e.LastUse.At, "not of late")}}
	return q, e, nil
}

func (v *visit) askRotateOrganizationKey() (*question, error) {
	q, e, err := v.organizationKeyQuestion("Rotate")
	if err != nil {
		return nil, err
	}
	q.Danger = false
	derived := affected(e, control.AffectedDerived)
	q.Effects = []string{
		"A new key with its name, role and end is shown once.",
		fmt.Sprintf("The old key works on for the time below, under another name; so %s that %s derived from it.",
			agrees(derived, "does", "do")+" "+several(derived, "key"), agrees(derived, "was", "were")),
	}
	q.Fields = []field{graceField("The old key", "24h")}
	return q, nil
}

func (v *visit) rotateOrganizationKey(in values) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	id := v.organizationID()
	key, token, err := v.control.RotateOrganizationKey(v.ctx, id, v.id("key", reeve.PrefixOrganizationKey), overlap)
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("organizations", id.String(), "apikeys"), Said: "The key is replaced",
		Secrets: []secret{{Label: "Organisation key", Value: string(token), Hint: key.Name + ", " + string(key.Role)}},
	}, nil
}

func (v *visit) askDeleteOrganizationKey() (*question, error) {
	q, e, err := v.organizationKeyQuestion("Delete")
	if err != nil {
		return nil, err
	}
	q.Effects = []string{"It stops working at once, and cannot be restored."}
	if derived := affected(e, control.AffectedDerived); derived.N > 0 {
		q.Effects = append(q.Effects, fmt.Sprintf("%s derived from it %s working along.", several(derived, "key"), agrees(derived, "stops", "stop")))
	}
	return q, nil
}

func (v *visit) deleteOrganizationKey(values) (*outcome, error) {
	id := v.organizationID()
	if err := v.control.DeleteOrganizationKeyByID(v.ctx, id, v.id("key", reeve.PrefixOrganizationKey)); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String(), "apikeys"), Said: "The key is deleted."}, nil
}
