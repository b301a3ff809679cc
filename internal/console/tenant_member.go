package console

import (
	"fmt"

	"github.com/reeve-cloud/reeve"
)

func (s *site) tenantMembers() {
	s.show("organizations/{organization}/members", (*visit).organizationMembers)
	s.show("projects/{project}/members", (*visit).projectMembers)
	s.show("projects/{project}/members/add", (*visit).projectCandidates)
	s.show("organizations/{organization}/members/{user}", func(v *visit) (*page, error) { return v.ownMember(v.organizationPlace()) })
	s.show("projects/{project}/members/{user}", func(v *visit) (*page, error) { return v.ownMember(v.projectPlace()) })
	for path, place := range map[string]func(*visit, reeve.Action) (ownPlace, error){
		"organizations/{organization}/members/{user}": (*visit).organizationFor,
		"projects/{project}/members/{user}":           (*visit).projectFor,
	} {
		s.does(action{Path: path + "/role", Ask: aboutMember(place, (*visit).askMemberRole), Do: (*visit).changeMemberRole})
		s.does(action{Path: path + "/remove", Ask: aboutMember(place, (*visit).askRemoveMember), Do: (*visit).removeMember})
	}
	s.does(action{Path: "projects/{project}/members/{user}/add", Ask: (*visit).askAddMember, Do: (*visit).addMember})
	s.does(action{Path: "projects/{project}/members/{user}/disable", Ask: aboutMember((*visit).projectFor, (*visit).askDisableMember), Do: (*visit).disableMember})
	s.does(action{Path: "projects/{project}/members/{user}/enable", Ask: aboutMember((*visit).projectFor, (*visit).askEnableMember), Do: (*visit).enableMember})
}

// aboutMember makes a question about a member of a place, for who may manage that.
func aboutMember(
	place func(*visit, reeve.Action) (ownPlace, error), ask func(*visit, ownPlace, reeve.Member) (*question, error),
) func(*visit) (*question, error) {
	return func(v *visit) (*question, error) {
		p, err := place(v, reeve.ManageMembers)
		if err != nil {
			return nil, err
		}
		m, err := v.member(p)
		if err != nil {
			return nil, err
		}
		return ask(v, p, m)
	}
}

// member is the one that the path names.
func (v *visit) member(p ownPlace) (reeve.Member, error) {
	user := v.id("user", reeve.PrefixUser)
	if p.isProject() {
		return v.control.FindProjectMember(v.ctx, p.project.ID, user)
	}
	return v.control.FindOrganizationMember(v.ctx, p.organization.ID, user)
}

// userID is how a member is named in paths.
func userID(m reeve.Member) string { return m.UserID.TypeID(reeve.PrefixUser) }

// ownMember shows a member, with what may be done.
func (v *visit) ownMember(place ownPlace, err error) (*page, error) {
	if err != nil {
		return nil, err
	}
	m, err := v.member(place)
	if err != nil {
		return nil, err
	}
	p := place.page(called(m))
	p.Up = place.up(link{Text: "Members", To: place.path("members")})
	p.Badges = append(p.Badges, memberList{owner: place.owner()}.badges(m)...)
	p.Facts = []fact{
		{"Address", text(m.Email)}, {"Role in " + place.name(), text(string(m.Role))}, {"Since", moment(m.CreatedAt)}, {"ID", code(userID(m))},
	}
	role := reeve.Role("")
	s := section{Title: "What the role allows", Note: isolated(called(m)) + " may " + mayInWords(m.Role, "") + "."}
	if place.isProject() {
		if role, err = v.inherited(place, m); err != nil {
			return nil, err
		}
		in := linked(string(role), place.within("members", userID(m)))
		if role == "" {
			in.Text = "none"
		}
		p.Facts = append(p.Facts, fact{"Role in " + place.organization.Name, in})
		s.Note = isolated(called(m)) + " may " + mayInWords(m.Role.Stronger(role), "") + "."
	}
	if m.Disabled && role != reeve.RoleAdmin { // the organisation's admins stay what they are
		s.Note = "Nothing, while the member is disabled. The place and the role are kept."
	}
	p.Sections = []section{s}
	p.Actions = place.memberActions(m)
	return p, nil
}

// memberActions are what may be done with a member.
func (p ownPlace) memberActions(m reeve.Member) (out []link) {
	if !p.may(reeve.ManageMembers) {
		return nil
	}
	path := func(verb string) string { return p.path("members", userID(m), verb) }
	owner := m.UserID == p.owner() // who stays, as an admin
	if !owner {
		out = append(out, link{Text: "Change role", To: path("role")})
	}
	switch {
	case !p.isProject():
	case m.Disabled:
		out = append(out, link{Text: "Enable", To: path("enable")})
	default:
		out = append(out, link{Text: "Disable", To: path("disable"), Danger: true})
	}
	if !owner {
		out = append(out, link{Text: "Remove", To: path("remove"), Danger: true})
	}
	return out
}

// listed is a list of members with the pages that the place has for them.
func (p ownPlace) listed(l memberList) memberList {
	l.path = func(m reeve.Member) string { return p.path("members", userID(m)) }
	return l
}

func (v *visit) organizationMembers() (*page, error) {
	place, err := v.organizationPlace()
	if err != nil {
		return nil, err
	}
	p := place.page("Members")
	p.Sections, err = v.memberSections(place.listed(v.inOrganization(place.organization)))
	p.Sections = append(p.Sections, section{Note: "A role here counts in every project of the organisation. " + rolesInWords})
	if place.may(reeve.ManageMembers) {
		p.Actions = []link{{Text: "Invite somebody", To: place.path("invitations", "new"), Main: true}}
	}
	return p, err
}

func (v *visit) projectMembers() (*page, error) {
	place, err := v.projectPlace()
	if err != nil {
		return nil, err
	}
	p := place.page("Members")
	p.Sections, err = v.memberSections(place.listed(v.inProject(place.project)))
	p.Sections = append(p.Sections, section{
		Note: fmt.Sprintf("These have a role of their own on this project. Everybody in %s may do here what their role there allows, too: the stronger role counts. %s",
			isolated(place.organization.Name), rolesInWords),
		Actions: []link{{Text: "Everybody in the organisation", To: place.within("members")}},
	})
	if place.may(reeve.ManageMembers) {
		p.Actions = []link{
			{Text: "Add a member", To: place.path("members", "add"), Main: true},
			{Text: "Invite somebody new", To: place.path("invitations", "new")},
		}
	}
	return p, err
}

// projectCandidates lists who may be added to a project.
func (v *visit) projectCandidates() (*page, error) {
	place, err := v.projectFor(reeve.ManageMembers)
	if err != nil {
		return nil, err
	}
	p := place.page("Add a member")
	p.Up = place.up(link{Text: "Members", To: place.path("members")})
	if !place.frozen {
		p.Lead = "Who is in the organisation can be given a stronger role on this project: choose. Who is not can be invited."
	}
	p.Actions = []link{{Text: "Invite somebody new", To: place.path("invitations", "new")}}
	list := v.inOrganization(place.organization)
	list.path = func(m reeve.Member) string { return place.path("members", userID(m), "add") }
	p.Sections, err = v.memberSections(list)
	return p, err
}
