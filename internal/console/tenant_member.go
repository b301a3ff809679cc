package console

import (
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantMembers() {
	s.show("organizations/{organization}/members", (*visit).organizationMembers)
	s.show("projects/{project}/members", (*visit).projectMembers)
	s.show("projects/{project}/members/add", (*visit).projectCandidates)
	for path, place := range map[string]func(*visit, reeve.Action) (ownPlace, error){
		"organizations/{organization}/members/{user}": (*visit).organizationFor,
		"projects/{project}/members/{user}":           (*visit).projectFor,
	} {
		s.does(action{Path: path + "/role", Ask: about(place, (*visit).askMemberRole), Do: (*visit).changeMemberRole})
		s.does(action{Path: path + "/remove", Ask: about(place, (*visit).askRemoveMember), Do: (*visit).removeMember})
	}
	s.does(action{Path: "projects/{project}/members/{user}/add", Ask: (*visit).askAddMember, Do: (*visit).addMember})
	s.does(action{Path: "projects/{project}/members/{user}/disable", Ask: about((*visit).projectFor, (*visit).askDisableMember), Do: (*visit).disableMember})
	s.does(action{Path: "projects/{project}/members/{user}/enable", Ask: about((*visit).projectFor, (*visit).askEnableMember), Do: (*visit).enableMember})
}

// about makes a question about a member of a place, for who may manage that.
func about(
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

// called is how a member is spoken of.
func called(m reeve.Member) string {
	if m.FullName == "" {
		return m.Email
	}
	return m.FullName
}

var memberColumns = []column{{Name: "Name"}, {Name: "Address"}, {Name: "Role"}, {Name: "State"}, {Name: "Since"}, {Name: "ID"}, {}}

// memberRow is a member in a list, with what may be done.
func (p ownPlace) memberRow(m reeve.Member) []cell {
	is := state("Active", "good")
	if m.Disabled {
		is = state("Disabled", "warn")
	}
	row := []cell{text(called(m)), text(m.Email), text(string(m.Role)), is, moment(m.CreatedAt), code(userID(m)), {}}
	if !p.may(reeve.ManageMembers) {
		return row
	}
	path := func(verb string) string { return p.path("members", userID(m), verb) }
	actions := []link{{Text: "Change role", About: "of " + called(m), To: path("role")}}
	switch {
	case !p.isProject() && m.UserID == p.organization.OwnerID:
		row[3].Badges = append(row[3].Badges, badge{"Owner", "plain"})
		row[6] = cell{}
		return row
	case p.isProject() && m.Disabled:
		actions = append(actions, link{Text: "Enable", About: called(m), To: path("enable")})
	case p.isProject():
		actions = append(actions, link{Text: "Disable", About: called(m), To: path("disable")})
	}
	row[6] = doings(append(actions, link{Text: "Remove", About: called(m), To: path("remove"), Danger: true})...)
	return row
}

// memberTable lists members, a page of them here and all as CSV.
func (v *visit) memberTable(caption string, list func(control.Page) ([]reeve.Member, int, error), row func(reeve.Member) []cell) (*table, error) {
	members, total, err := list(control.Page{Number: v.pageNumber("page"), Size: pageSize})
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "members", Caption: caption, Columns: memberColumns, Empty: "There are none.",
		Pager: v.pages("page", len(members), total), All: allPages(list, row),
	}
	for _, m := range members {
		t.Rows = append(t.Rows, row(m))
	}
	return t, nil
}

// inOrganization lists the members of a place's organisation.
func (v *visit) inOrganization(p ownPlace) func(control.Page) ([]reeve.Member, int, error) {
	return func(page control.Page) ([]reeve.Member, int, error) {
		return v.control.OrganizationMembers(v.ctx, p.organization.ID, page)
	}
}

// inProject lists a project's own members.
func (v *visit) inProject(p ownPlace) func(control.Page) ([]reeve.Member, int, error) {
	return func(page control.Page) ([]reeve.Member, int, error) {
		all, err := v.control.ListProjectMembers(v.ctx, p.project.ID)
		from := min(page.Number*page.Size, len(all))
		return all[from:min(from+page.Size, len(all))], len(all), err
	}
}

func (v *visit) organizationMembers() (*page, error) {
	place, err := v.organizationPlace()
	if err != nil {
		return nil, err
	}
	t, err := v.memberTable("Members of "+place.name(), v.inOrganization(place), place.memberRow)
	if err != nil {
		return nil, err
	}
	p := place.page("Members")
	p.Sections = []section{{
		Table: t, Note: "A role here counts in every project of the organisation. " + rolesInWords,
	}}
	if place.may(reeve.ManageMembers) {
		p.Actions = []link{{Text: "Invite somebody", To: place.path("invitations", "new"), Main: true}}
	}
	return p, nil
}

func (v *visit) projectMembers() (*page, error) {
	place, err := v.projectPlace()
	if err != nil {
		return nil, err
	}
	t, err := v.memberTable("Members of "+place.name(), v.inProject(place), place.memberRow)
	if err != nil {
		return nil, err
	}
	t.Empty = "Nobody has a role of their own on this project."
	p := place.page("Members")
	p.Sections = []section{{
		Table: t,
		Note: fmt.Sprintf("These have a role of their own on this project. Everybody in %s may do here what their role there allows, too: the stronger role counts. %s",
			place.organization.Name, rolesInWords),
		Actions: []link{{Text: "Everybody in the organisation", To: place.within("members")}},
	}}
	if place.may(reeve.ManageMembers) {
		p.Actions = []link{
			{Text: "Add a member", To: place.path("members", "add"), Main: true},
			{Text: "Invite somebody new", To: place.path("invitations", "new")},
		}
	}
	return p, nil
}

// projectCandidates lists who may be added to a project.
func (v *visit) projectCandidates() (*page, error) {
	place, err := v.projectFor(reeve.ManageMembers)
	if err != nil {
		return nil, err
	}
	t, err := v.memberTable("Members of "+place.organization.Name, v.inOrganization(place), func(m reeve.Member) []cell {
		row := ownPlace{}.memberRow(m)
		if !m.Disabled {
			row[6] = doings(link{Text: "Add", About: called(m), To: place.path("members", userID(m), "add")})
		}
		return row
	})
	if err != nil {
		return nil, err
	}
	p := place.page("Add a member")
	p.Up = place.up(link{Text: "Members", To: place.path("members")})
	p.Sections = []section{{
		Table: t, Note: "Who is in the organisation can be given a stronger role on this project. Who is not can be invited.",
		Actions: []link{{Text: "Invite somebody new", To: place.path("invitations", "new")}},
	}}
	return p, nil
}
