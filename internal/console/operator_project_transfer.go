package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// askTransferProject asks who gets a project. Who loses access to it depends
// on that: it is said once a first answer has come, and done with a second.
func (v *visit) askTransferProject() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	owner := kept("owner", "Owner", p.OwnerID.String(), reeve.MaxEmail)
	owner.Required, owner.Hint = true, "Now "+nameOf(p.owner)+". Must be in the organisation. "+userHint
	organization := kept("organization", "Organisation", p.OrganizationID.String(), reeve.MaxName)
	organization.Required, organization.Hint = true, "Now "+nameOf(p.organization)+". "+organizationHint
	q := &question{
		Title: "Transfer " + p.Name, Up: p.up(true), Submit: "Transfer project", Danger: true, Back: p.path(),
		Edited: control.Edited{Project: p.ID}, Fields: []field{owner, organization},
		Lead: "Its API keys stay. Months that are not closed are billed to the organisation that has it when they are.",
	}
	to, err := v.transferSent(values{v.r.PostForm})
	if reeve.IsKind(err, reeve.Invalid) || err == nil && to == (control.Transfer{}) {
		return q, nil // what is wrong is said when it is to be done
	}
	if err != nil {
		return nil, err
	}
	q.Effects, err = v.transferEffects(p, to)
	q.Fields = append(q.Fields, hidden("confirmed", confirmedTransfer(to)))
	return q, err
}

// transferSent reads who is to get the project; zero if that was not sent.
func (v *visit) transferSent(in values) (to control.Transfer, err error) {
	if in.text("owner") == "" || in.text("organization") == "" {
		return to, nil
	}
	if to.OwnerID, err = v.userNamed(in.text("owner")); err == nil {
		to.OrganizationID, err = v.findOrganization(in.text("organization"))
	}
	if err != nil {
		return to, err
	}
	_, err = v.control.FindUser(v.ctx, to.OwnerID) // an id is nobody's, perhaps
	if err == nil {
		_, err = v.control.GetOrganization(v.ctx, to.OrganizationID)
	}
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.Errorf(reeve.Invalid, "%s", reeve.AsError(err).Message)
	}
	return to, err
}

func confirmedTransfer(to control.Transfer) string {
	return to.OwnerID.String() + " " + to.OrganizationID.String()
}

// transferEffects says what comes of a transfer.
func (v *visit) transferEffects(p onProject, to control.Transfer) ([]string, error) {
	owner := control.Named{Kind: control.FoundUser, ID: to.OwnerID}
	organization := control.Named{Kind: control.FoundOrganization, ID: to.OrganizationID}
	if err := v.control.NameThings(v.ctx, []*control.Named{&owner, &organization}); err != nil {
		return nil, err
	}
	var out []string
	if to.OwnerID != p.OwnerID {
		out = append(out, nameOf(owner)+" becomes its owner in place of "+nameOf(p.owner)+", and an admin; "+nameOf(p.owner)+" stays a member if the organisation is theirs too.")
	}
	if to.OrganizationID == p.OrganizationID {
		return out, nil
	}
	gone, err := v.control.MembersOutside(v.ctx, p.ID, to.OrganizationID)
	if err != nil {
		return nil, err
	}
	_, inside, err := v.control.OrganizationMembers(v.ctx, to.OrganizationID, control.Page{Size: 1})
	if err != nil {
		return nil, err
	}
	lost := several(gone, "member") + ", who " + agrees(gone, "is", "are") + " not in " + nameOf(organization) + ", " + agrees(gone, "loses", "lose") + " access."
	if gone == (control.Count{}) {
		lost = "All its members are in " + nameOf(organization) + " and stay."
	}
	return append(out,
		"It moves from "+nameOf(p.organization)+" to "+nameOf(organization)+".", lost,
		"Who is in "+nameOf(p.organization)+" can see it no more; who is in "+nameOf(organization)+" can: "+several(inside, "member")+", with their roles there.",
	), nil
}

func (v *visit) transferProject(in values) (*outcome, error) {
	id := v.id("project", reeve.PrefixProject)
	next, err := v.transferSent(in)
	if err != nil {
		return nil, err
	}
	if in.Get("confirmed") != confirmedTransfer(next) {
		return nil, reeve.Errorf(reeve.Conflict, "look at what will happen, and send it again if you mean it")
	}
	if err := v.control.TransferProject(v.ctx, id, next); err != nil {
		return nil, err
	}
	return &outcome{To: to("projects", id.String()), Said: "The project is transferred."}, nil
}
