package console

import (
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// ownOrganizationKeys are the keys by which programs use the tenants' API.
func (s *site) ownOrganizationKeys() {
	s.show("organizations/{organization}/keys", (*visit).keysOfOrganization)
	s.show("organizations/{organization}/keys/{key}", (*visit).keyOfOrganization)
	s.does(action{Path: "organizations/{organization}/keys/new", Ask: (*visit).askNewOwnOrganizationKey, Do: (*visit).makeOwnOrganizationKey})
	s.does(action{Path: "organizations/{organization}/keys/{key}/derive", Ask: (*visit).askDeriveKey, Do: (*visit).deriveKey})
	s.does(action{Path: "organizations/{organization}/keys/{key}/rotate", Ask: (*visit).askRotateOwnOrganizationKey, Do: (*visit).rotateOwnOrganizationKey})
	s.does(action{Path: "organizations/{organization}/keys/{key}/delete", Ask: (*visit).askDeleteOwnOrganizationKey, Do: (*visit).deleteOwnOrganizationKey})
}

func organizationKeyPath(p ownPlace, id reeve.ID, more ...string) string {
	return p.within(append([]string{"keys", id.TypeID(reeve.PrefixOrganizationKey)}, more...)...)
}

func organizationKeysUp(p ownPlace) []link {
	return p.up(link{Text: "Organisation keys", To: p.within("keys")})
}

func organizationKeyState(k reeve.OrganizationKey) badge {
	if k.ReplacedBy != nil {
		return badge{"Replaced", "warn"}
	}
	return badge{"Works", "good"}
}

func (v *visit) keysOfOrganization() (*page, error) {
	place, err := v.organizationFor(reeve.ReadOrganizationKeys)
	if err != nil {
		return nil, err
	}
	list := func(p control.Page) ([]control.OrganizationKeyUse, int, error) {
		return v.control.ListOrganizationKeyUses(v.ctx, place.organization.ID, p)
	}
	row := func(k control.OrganizationKeyUse) []cell {
		return []cell{
			linked(k.Name, organizationKeyPath(place, k.ID)),
			quietly(organizationKeyState(k.OrganizationKey)),
			text(string(k.Role)),
			moments(k.ExpiresAt, "Never"), moments(&k.LastUse.At, "Not known"), text(k.LastUse.By),
		}
	}
	t := &table{
		ID: "organization-keys", Caption: "Organisation keys",
		Empty:   "There are no organisation keys. Make one for each program that is to use the API in the organisation's name.",
		Columns: []column{{Name: "Name"}, {Name: "State"}, {Name: "Role"}, {Name: "Ends"}, {Name: "Last used"}, {Name: "From"}},
	}
	p := place.page("Organisation keys")
	p.Sections = []section{{Table: t}}
	if place.may(reeve.ManageOrganizationKeys) {
		p.Actions = []link{{Text: "Create an organisation key", To: place.within("keys", "new"), Main: true}}
	}
	return p, fillPage(v, "page", t, exactly(list), row)
}

// organizationKey finds the key that the path names.
func (v *visit) organizationKey() (ownPlace, control.OrganizationKeyUse, error) {
	place, err := v.organizationFor(reeve.ReadOrganizationKeys)
	if err != nil {
		return place, control.OrganizationKeyUse{}, err
	}
	k, err := v.control.GetOrganizationKeyUse(v.ctx, place.organization.ID, v.id("key", reeve.PrefixOrganizationKey))
	return place, k, err
}

func (v *visit) keyOfOrganization() (*page, error) {
	place, k, err := v.organizationKey()
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: k.Name, Up: organizationKeysUp(place), Badges: []badge{organizationKeyState(k.OrganizationKey)},
		Facts: []fact{
			{"Role", text(string(k.Role))},
			{"Created", moment(k.CreatedAt)},
			{"Ends", moments(k.ExpiresAt, "Never")},
			{"Last used", moments(&k.LastUse.At, "Not known")},
			{"From", text(k.LastUse.By)},
			{"ID", code(k.ID.TypeID(reeve.PrefixOrganizationKey))},
		},
	}
	if k.LastUse.By == "" {
		p.Facts = slices.Delete(p.Facts, 4, 5)
	}
	for _, relation := range []struct {
		name string
		id   *reeve.ID
	}{{"Derived from", k.ParentID}, {"Replaced by", k.ReplacedBy}, {"Replaces", k.RotatedFrom}} {
		if relation.id == nil {
			continue
		}
		other, err := v.control.GetOrganizationKeyUse(v.ctx, place.organization.ID, *relation.id)
		switch {
		case reeve.IsKind(err, reeve.Denied):
			continue // it is gone
		case err != nil:
			return nil, err
		}
		p.Facts = append(p.Facts, fact{relation.name, linked(other.Name, organizationKeyPath(place, other.ID))})
		if relation.id == k.ReplacedBy {
			p.Sections = append(p.Sections, section{Title: "Replaced", Note: stillUsedFrom(k, other.CreatedAt), Bad: k.LastUse.At.After(other.CreatedAt)})
		}
	}
	if place.may(reeve.ManageOrganizationKeys) {
		p.Actions = append(p.Actions, link{Text: "Derive a key", To: organizationKeyPath(place, k.ID, "derive")})
		if k.ReplacedBy == nil {
			p.Actions = append(p.Actions, link{Text: "Rotate", To: organizationKeyPath(place, k.ID, "rotate")})
		}
		p.Actions = append(p.Actions, link{Text: "Delete", To: organizationKeyPath(place, k.ID, "delete"), Danger: true})
	}
	return p, nil
}

// stillUsedFrom says whether a key is used that was replaced at a time.
func stillUsedFrom(old control.OrganizationKeyUse, since time.Time) string {
	if old.LastUse.At.After(since) {
		return "It was still used after it was replaced, last at " + timeText(old.LastUse.At) + " from " + old.LastUse.By +
			": somebody has not taken the new one yet."
	}
	return "No use of it is known since it was replaced."
}

// derivedKeys says how many keys go with one.
func (v *visit) derivedKeys(organization, key reeve.ID) (string, error) {
	effects, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfOrganizationKey, ID: key, Within: organization})
	if err != nil {
		return "", err
	}
	derived := affected(effects, control.AffectedDerived)
	if derived.N == 0 {
		return "", nil
	}
	return several(derived, "key") + agrees(derived, " that was", " that were") + " derived from it", nil
}
