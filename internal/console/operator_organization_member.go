package console

import (
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// organizationMembers serves the members of organisations.
func (s *site) organizationMembers() {
	const here = "organizations/{organization}/members"
	s.show(here, (*visit).showMembers)
	s.does(action{Path: here + "/new", Ask: (*visit).askAddAnyMember, Do: (*visit).addAnyMember})
	s.does(action{Path: here + "/{user}/role", Ask: (*visit).askAnyMemberRole, Do: (*visit).changeAnyMemberRole})
	s.does(action{Path: here + "/{user}/remove", Ask: (*visit).askRemoveAnyMember, Do: (*visit).removeAnyMember})
}

// membersOf lists an organisation's members with what can be done to them.
func (v *visit) membersOf(o reeve.Organization) memberList {
	out := v.inOrganization(o)
	out.path = userPage
	out.doings = func(m reeve.Member) []link {
		if m.UserID == o.OwnerID {
			return nil
		}
		return v.placeDoings(organizationPath(o, "members", m.UserID.String()), called(m))
	}
	return out
}

// userPage is where operators read more of a member.
func userPage(m reeve.Member) string { return to("users", m.UserID.String()) }

// organizationMembersInBrief tells of the organisation's first members.
func (v *visit) organizationMembersInBrief(o reeve.Organization) (section, error) {
	return v.membersInBrief(v.membersOf(o), organizationPath(o, "members"))
}

// showMembers shows all members of an organisation, page by page.
func (v *visit) showMembers() (*page, error) {
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	out := &page{Title: "Members of " + o.Name, Up: organizationWay(o)}
	if v.may(reeve.ManageTenants) {
		out.Actions = []link{addMemberLink(organizationPath(o, "members"))}
	}
	out.Sections, err = v.memberSections(v.membersOf(o))
	return out, err
}

func (v *visit) askAddAnyMember() (*question, error) {
	q, o, err := v.organizationQuestion("Add a member to", reeve.ManageTenants)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Lead = "Add", "Who is a member already gets the role, and is enabled."
	q.Fields = []field{
		{Name: "user", Label: "User", Required: true, Hint: "Address or id."},
		roleField(reeve.RoleViewer, false),
	}
	q.Back = organizationPath(o)
	return q, nil
}

func (v *visit) addAnyMember(in values) (*outcome, error) {
	user, err := v.userNamed(in.text("user"))
	if err != nil {
		return nil, err
	}
	if err := v.putMember(user, in); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", v.organizationID().String(), "members"), Said: "The user is a member now."}, nil
}

func (v *visit) putMember(user reeve.ID, in values) error {
	role, err := reeve.ParseRole(in.text("role"))
	if err != nil {
		return err
	}
	return v.control.PutOrganizationMember(v.ctx, v.organizationID(), user, role)
}

// anyMemberQuestion begins a question about a member of an organisation.
func (v *visit) anyMemberQuestion(verb, after string) (*question, reeve.Organization, reeve.Member, error) {
	q, o, err := v.organizationQuestion(verb, reeve.ManageTenants)
	if err != nil {
		return nil, o, reeve.Member{}, err
	}
	m, err := v.control.FindOrganizationMember(v.ctx, o.ID, v.id("user", reeve.PrefixUser))
	if err != nil {
		return nil, o, m, err
	}
	q.Title = verb + " " + called(m) + after
	q.Up = append(q.Up, link{Text: "Members", To: organizationPath(o, "members")})
	q.Back = q.Up[2].To
	return q, o, m, nil
}

func (v *visit) askAnyMemberRole() (*question, error) {
	q, o, m, err := v.anyMemberQuestion("Change the role of", "")
	if err != nil {
		return nil, err
	}
	q.Submit, q.Fields, q.Edited = "Change", []field{roleField(m.Role, true)}, control.Edited{Organization: o.ID}
	if m.Disabled {
		q.Effects = []string{"The member is disabled, and is enabled along with the change."}
	}
	return q, nil
}

func (v *visit) changeAnyMemberRole(in values) (*outcome, error) {
	user := v.id("user", reeve.PrefixUser)
	// Who is not a member is not made one here.
	if _, err := v.control.FindOrganizationMember(v.ctx, v.organizationID(), user); err != nil {
		return nil, err
	}
	if err := v.putMember(user, in); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", v.organizationID().String(), "members"), Said: "The member's role is " + in.text("role") + " now."}, nil
}

func (v *visit) askRemoveAnyMember() (*question, error) {
	q, o, m, err := v.anyMemberQuestion("Remove", " from the organisation")
	if err != nil {
		return nil, err
	}
	e, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfMember, ID: m.UserID, Within: o.ID})
	if err != nil {
		return nil, err
	}
	q.Submit, q.Danger = "Remove", true
	projects := affected(e, control.AffectedProjects)
	q.Effects = []string{
		fmt.Sprintf("%s loses access to %s at once, and the place in %s of it.", called(m), o.Name, several(projects, "project")),
		"API keys that the member has made stay as they are.",
	}
	switch {
	case e.Owner:
		q.Effects = []string{"It is refused: the owner stays in the organisation."}
	case e.LastAdmin:
		q.Effects = []string{"It is refused: this is the last enabled admin. Make somebody else an admin first."}
	}
	return q, nil
}

func (v *visit) removeAnyMember(values) (*outcome, error) {
	id := v.organizationID()
	if err := v.control.DeleteOrganizationMember(v.ctx, id, v.id("user", reeve.PrefixUser)); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String(), "members"), Said: "The member is removed."}, nil
}
