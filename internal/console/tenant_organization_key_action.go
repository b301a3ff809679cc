package console

import (
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// organizationKeyFields ask what an organisation key shall be: no stronger than a
// role.
func organizationKeyFields(strongest reeve.Role, end string) []field {
	role := roleField(reeve.RoleViewer, false)
	role.Options = slices.DeleteFunc(role.Options, func(o option) bool { return strongest.Stronger(reeve.Role(o.Value)) != strongest })
	return []field{
		{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName, Hint: "What or whom it is for, so that you know it again."},
		role,
		instantField("expires", "Works until", "UTC. "+end),
	}
}

// newOwnOrganizationKey reads what an organisation key shall be.
func (v *visit) newOwnOrganizationKey(in values) (out control.NewOrganizationKey, err error) {
	out.OrganizationID, out.Name = v.id("organization", reeve.PrefixOrganization), in.Get("name")
	if out.Role, err = reeve.ParseRole(in.Get("role")); err != nil {
		return out, err
	}
	if out.ExpiresAt, err = in.instant("expires"); err != nil {
		return out, err
	}
	if out.ExpiresAt != nil && !out.ExpiresAt.After(v.control.Now()) {
		return out, reeve.Errorf(reeve.Invalid, "“Works until” is in the past")
	}
	return out, nil
}

func (v *visit) askNewOwnOrganizationKey() (*question, error) {
	place, err := v.organizationFor(reeve.ManageOrganizationKeys)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Create an organisation key", Up: organizationKeysUp(place), Submit: "Create", Back: place.within("keys"),
		Lead:   "With it a program uses the API in the name of " + place.organization.Name + ", on all its projects, as far as the role allows.",
		Fields: organizationKeyFields(place.role, "Left empty, it has no end."),
	}, nil
}

func (v *visit) makeOwnOrganizationKey(in values) (*outcome, error) {
	from, err := v.newOwnOrganizationKey(in)
	if err != nil {
		return nil, err
	}
	return newOrganizationToken(v.control.CreateOrganizationKey(v.ctx, from))
}

// newOrganizationToken shows a key that is not shown again.
func newOrganizationToken(k reeve.OrganizationKey, token reeve.Token, err error) (*outcome, error) {
	if err != nil {
		return nil, err
	}
	organization, key := k.OrganizationID.TypeID(reeve.PrefixOrganization), k.ID.TypeID(reeve.PrefixOrganizationKey)
	return &outcome{
		To: to("organizations", organization, "keys", key), Said: "The organisation key " + k.Name + " is made",
		Secrets: []secret{{
			Label: "Organisation key", Value: string(token),
			Hint: "Give it to the program that it is for. It is not kept: nobody can show it again.",
		}},
	}, nil
}

// ownOrganizationKeyQuestion begins a question about the key that the path names.
func (v *visit) ownOrganizationKeyQuestion(verb string) (*question, ownPlace, control.OrganizationKeyUse, error) {
	place, k, err := v.organizationKey()
	if err == nil {
		err = v.control.AuthorizeOrganization(v.ctx, place.organization.ID, reeve.ManageOrganizationKeys)
	}
	if err != nil {
		return nil, place, k, err
	}
	back := organizationKeyPath(place, k.ID)
	q := &question{Title: verb + " " + k.Name, Up: append(organizationKeysUp(place), link{Text: k.Name, To: back}), Back: back}
	q.Facts = []fact{{"Role", text(string(k.Role))}, {"Last used", moments(&k.LastUse.At, "Not known")}}
	if k.LastUse.By != "" {
		q.Facts = append(q.Facts, fact{"From", text(k.LastUse.By)})
	}
	return q, place, k, nil
}

func (v *visit) askDeriveKey() (*question, error) {
	q, _, k, err := v.ownOrganizationKeyQuestion("Derive a key from")
	if err != nil {
		return nil, err
	}
	q.Submit, q.Lead = "Derive", "A derived key may no more than the one that it is derived from, and is deleted with it."
	q.Fields = organizationKeyFields(k.Role, "Left empty, it ends with the one that it is derived from.")
	return q, nil
}

func (v *visit) deriveKey(in values) (*outcome, error) {
	from, err := v.newOwnOrganizationKey(in)
	if err != nil {
		return nil, err
	}
	return newOrganizationToken(v.control.DeriveOrganizationKey(v.ctx, from, v.id("key", reeve.PrefixOrganizationKey)))
}

func (v *visit) askRotateOwnOrganizationKey() (*question, error) {
	q, place, k, err := v.ownOrganizationKeyQuestion("Rotate")
	if err != nil {
		return nil, err
	}
	derived, err := v.derivedKeys(place.organization.ID, k.ID)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Fields = "Rotate", []field{graceField("The old key", usualOverlap)}
	q.Effects = []string{
		"A new key of the same name takes its place, with the same role and the same end. You are shown it once.",
		"The old one, renamed to “" + k.Name + " (replaced …)”, works beside it for as long as you choose, and no longer.",
	}
	if derived != "" {
		q.Effects = append(q.Effects, "The same goes for "+derived+".")
	}
	return q, nil
}

func (v *visit) rotateOwnOrganizationKey(in values) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	organization, key := v.id("organization", reeve.PrefixOrganization), v.id("key", reeve.PrefixOrganizationKey)
	return newOrganizationToken(v.control.RotateOrganizationKey(v.ctx, organization, key, overlap))
}

func (v *visit) askDeleteOwnOrganizationKey() (*question, error) {
	q, place, k, err := v.ownOrganizationKeyQuestion("Delete")
	if err != nil {
		return nil, err
	}
	derived, err := v.derivedKeys(place.organization.ID, k.ID)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Danger = "Delete", true
	q.Effects = []string{"The organisation key " + k.Name + " stops working at once, for good."}
	if derived != "" {
		q.Effects = append(q.Effects, "So do "+derived+".")
	} else {
		q.Effects = append(q.Effects, "No other key was derived from it.")
	}
	if k.LastUse.At.IsZero() {
		q.Effects = append(q.Effects, "No use of it is known.")
	} else {
		q.Effects = append(q.Effects, "It was last used at "+timeText(k.LastUse.At)+" from "+k.LastUse.By+": what uses it fails from then on.")
	}
	return q, nil
}

func (v *visit) deleteOwnOrganizationKey(values) (*outcome, error) {
	organization, key := v.id("organization", reeve.PrefixOrganization), v.id("key", reeve.PrefixOrganizationKey)
	return &outcome{
		To: to("organizations", organization.TypeID(reeve.PrefixOrganization), "keys"), Said: "The organisation key is deleted.",
	}, v.control.DeleteOrganizationKeyByID(v.ctx, organization, key)
}
