package console

import (
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (v *visit) askCreateOrganization() (*question, error) {
	if err := v.needs(reeve.ManageTenants); err != nil {
		return nil, err
	}
	return &question{
		Title: "New organisation", Up: []link{{Text: "Organisations", To: to("organizations")}}, Submit: "Create", Back: to("organizations"),
		Fields: []field{
			{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName},
			{
				Name: "owner", Label: "Owner", Required: true, Value: v.r.URL.Query().Get("owner"),
				Hint: "Address or id. The owner becomes an admin.",
			},
		},
	}, nil
}

func (v *visit) createOrganization(in values) (*outcome, error) {
	owner, err := v.userNamed(in.text("owner"))
	if err != nil {
		return nil, err
	}
	o, err := v.control.CreateOrganization(v.ctx, in.Get("name"), owner)
	if reeve.IsKind(err, reeve.NotFound) {
		err = errNoSuchOwner
	}
	if err != nil {
		return nil, err
	}
	return &outcome{To: organizationPath(o), Said: o.Name + " is an organisation now."}, nil
}

var errNoSuchOwner = reeve.Errorf(reeve.Invalid, "there is no user with this id")

// organizationQuestion begins a question about the organisation that the path
// names, for who may do something to it.
func (v *visit) organizationQuestion(verb string, rights ...reeve.OperatorAction) (*question, reeve.Organization, error) {
	if err := v.needs(rights...); err != nil {
		return nil, reeve.Organization{}, err
	}
	o, err := v.organizationOf()
	if err != nil {
		return nil, o, err
	}
	up := organizationWay(o)
	return &question{Title: verb + " " + o.Name, Up: up, Submit: verb, Back: up[1].To}, o, nil
}

func (v *visit) askNameOrganization() (*question, error) {
	q, o, err := v.organizationQuestion("Rename", reeve.ManageTenants)
	if err != nil {
		return nil, err
	}
	q.Edited = control.Edited{Organization: o.ID}
	q.Fields = []field{{Name: "name", Label: "Name", Value: o.Name, Required: true, Max: reeve.MaxName, Current: true}}
	return q, nil
}

func (v *visit) nameOrganization(in values) (*outcome, error) {
	o, err := v.control.RenameOrganization(v.ctx, v.organizationID(), in.Get("name"))
	if err != nil {
		return nil, err
	}
	return &outcome{To: organizationPath(o), Said: "The organisation is now called " + o.Name + "."}, nil
}

// organizationEffects counts what goes with an organisation.
func (v *visit) organizationEffects(o reeve.Organization) (control.Effects, error) {
	return v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfOrganization, ID: o.ID})
}

func (v *visit) askFreezeOrganization() (*question, error) {
	q, o, err := v.organizationQuestion("Freeze", reeve.FreezeForBilling)
	if err != nil {
		return nil, err
	}
	q.Danger, q.Fields, q.Edited = true, v.freezeFields(o.Freeze), control.Edited{Organization: o.ID}
	if o.Freeze != nil {
		q.Title, q.Submit, q.Effects = "Change the freeze of "+o.Name, "Change", slices.Clone(refrozen)
		return q, nil
	}
	e, err := v.organizationEffects(o)
	keys, projects, members := affected(e, control.AffectedAPIKeys), affected(e, control.AffectedProjects), affected(e, control.AffectedMembers)
	tokens := affected(e, control.AffectedOrganizationKeys)
	q.Effects = []string{
		fmt.Sprintf("%s of %s %s working.", several(keys, "API key"), several(projects, "project"), agrees(keys, "stops", "stop")),
		fmt.Sprintf("%s and %s may read and change nothing.", several(members, "member"), several(tokens, "organisation key")),
	}
	return q, err
}

func (v *visit) freezeOrganization(in values) (*outcome, error) {
	freeze, err := newFreeze(in)
	if err != nil {
		return nil, err
	}
	done, err := v.control.FreezeOrganization(v.ctx, v.organizationID(), freeze)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: "The organisation is frozen."}, err
}

func (v *visit) askUnfreezeOrganization() (*question, error) {
	q, o, err := v.organizationQuestion("Unfreeze", reeve.FreezeForBilling)
	if err != nil {
		return nil, err
	}
	q.Facts = freezeFacts(o.Freeze)
	q.Effects = []string{
		"API keys of its projects work again, unless the project or its owner is frozen by itself.",
		"Its members may change things again.",
	}
	return q, nil
}

func (v *visit) unfreezeOrganization(values) (*outcome, error) {
	id := v.organizationID()
	if err := v.control.UnfreezeOrganization(v.ctx, id); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String()), Said: "The organisation is not frozen any more."}, nil
}

func (v *visit) askDeleteOrganization() (*question, error) {
	q, o, err := v.organizationQuestion("Delete", reeve.ManageTenants)
	if err != nil {
		return nil, err
	}
	return q, v.endOrganization(q, o, v.restorable())
}

func (v *visit) askEraseOrganization() (*question, error) {
	q, o, err := v.organizationQuestion("Erase", reeve.ManageTenants, reeve.EraseForGood)
	if err != nil {
		return nil, err
	}
	q.Submit = "Erase for good"
	return q, v.endOrganization(q, o, "It cannot be restored: nothing is kept of it but its statements.")
}

// endOrganization says what it means to delete an organisation.
func (v *visit) endOrganization(q *question, o reeve.Organization, after string) error {
	e, err := v.organizationEffects(o)
	if err != nil {
		return err
	}
	q.Danger = true
	if projects := affected(e, control.AffectedProjects); projects.N > 0 {
		q.Effects = append(q.Effects, fmt.Sprintf("It is refused as long as the organisation has projects: it has %s.", howMany(projects)))
	}
	members, keys, open := affected(e, control.AffectedMembers), affected(e, control.AffectedOrganizationKeys), affected(e, control.AffectedInvitations)
	q.Effects = append(q.Effects,
		fmt.Sprintf("%s %s access.", several(members, "member"), agrees(members, "loses", "lose")),
		fmt.Sprintf("%s %s working at once, and cannot be restored.", several(keys, "organisation key"), agrees(keys, "stops", "stop")),
		fmt.Sprintf("%s %s not valid any more.", several(open, "open invitation"), agrees(open, "is", "are")),
		"It is refused while something is left to pay for.", after,
	)
	return nil
}

func (v *visit) deleteOrganization(values) (*outcome, error) {
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.DeleteOrganization(v.ctx, o.ID); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations"), Said: o.Name + " is deleted."}, nil
}

func (v *visit) eraseOrganization(values) (*outcome, error) {
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.EraseOrganization(v.ctx, o.ID); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations"), Said: o.Name + " is erased for good."}, nil
}
