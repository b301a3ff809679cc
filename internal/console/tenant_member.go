package console

import (
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
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

// called is how a member is spoken of.
func called(m reeve.Member) string {
	if m.FullName == "" {
		return m.Email
	}
	return m.FullName
}

var memberColumns = []column{{Name: "Name"}, {Name: "Address"}, {Name: "Role"}, {Name: "State"}, {Name: "Since"}}

// memberRow is a member in a list, with the member's page.
func (p ownPlace) memberRow(m reeve.Member) []cell {
	is := cell{Badges: p.memberBadges(m)}
	if len(is.Badges) == 0 {
		is.Text = "active"
	}
	return []cell{linked(called(m), p.path("members", userID(m))), text(m.Email), text(string(m.Role)), is, moment(m.CreatedAt)}
}

// memberBadges tell what is not so with every member.
func (p ownPlace) memberBadges(m reeve.Member) (out []badge) {
	if m.Disabled {
		out = append(out, badge{"Disabled", "warn"})
	}
	if p.owns(m) {
		out = append(out, badge{"Owner", "plain"})
	}
	return out
}

// owns tells whether a member is known to own the place, and stays an admin of it.
func (p ownPlace) owns(m reeve.Member) bool {
	return !p.isProject() && m.UserID == p.organization.OwnerID
}

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
	p.Badges = append(p.Badges, place.memberBadges(m)...)
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
func (p ownPlace) memberActions(m reeve.Member) []link {
	if !p.may(reeve.ManageMembers) || p.owns(m) {
		return nil
	}
	path := func(verb string) string { return p.path("members", userID(m), verb) }
	out := []link{{Text: "Change role", To: path("role")}}
	switch {
	case !p.isProject():
	case m.Disabled:
		out = append(out, link{Text: "Enable", To: path("enable")})
	default:
		out = append(out, link{Text: "Disable", To: path("disable"), Danger: true})
	}
	return append(out, link{Text: "Remove", To: path("remove"), Danger: true})
}

// memberList is where the members of a place are found.
type memberList struct {
	of   string // what it is called
	page lister[reeve.Member]
	find func(text string, limit int) ([]reeve.Member, bool, error)
}

// inOrganization are the members of a place's organisation.
func (v *visit) inOrganization(p ownPlace) memberList {
	id := p.organization.ID
	return memberList{
		p.organization.Name,
		func(page control.Page) ([]reeve.Member, int, error) {
			return v.control.OrganizationMembers(v.ctx, id, page)
		},
		func(text string, limit int) ([]reeve.Member, bool, error) {
			return v.control.FindOrganizationMembers(v.ctx, id, text, limit)
		},
	}
}

// inProject are a project's own members.
func (v *visit) inProject(p ownPlace) memberList {
	id := p.project.ID
	return memberList{
		p.project.Name,
		func(page control.Page) ([]reeve.Member, int, error) { return v.control.ProjectMembers(v.ctx, id, page) },
		func(text string, limit int) ([]reeve.Member, bool, error) {
			return v.control.FindProjectMembers(v.ctx, id, text, limit)
		},
	}
}

// memberSections are a search box and a list of members: those that were looked
// for, or a page of all, which are in the CSV.
func (v *visit) memberSections(list memberList, row func(reeve.Member) []cell) ([]section, error) {
	query := strings.TrimSpace(v.r.URL.Query().Get("q"))
	search := section{Form: &form{
		Get: true, To: v.r.URL.Path, Submit: "Search", Live: "members",
		Fields: []field{{Name: "q", Label: "Name or address begins with", Kind: "search", Value: query, Max: control.MaxQuery}},
	}}
	t := &table{ID: "members", Caption: "Members of " + list.of, Columns: memberColumns}
	var err error
	if query != "" {
		var members []reeve.Member
		var more bool
		members, more, err = list.find(query, pageSize)
		t.Rows = rowsOf(members, row)
		t.Empty, t.Pager = "Nobody is found whose name or address begins so.", &pager{Text: howMany(control.Count{N: len(members)}) + agrees(control.Count{N: len(members)}, " is found", " are found")}
		if t.Brief = more; more {
			t.Pager.Text = "There are more: write more of the name or the address"
		}
	} else {
		t.Empty, err = "There are none.", fillPage(v, "page", t, list.page, row)
		if t.Pager.Prev == "" && t.Pager.Next == "" {
			search.Form = nil
		}
	}
	tellApart(t.Rows)
	out := section{ID: "members", Table: t}
	if search.Form == nil {
		return []section{out}, err
	}
	return []section{search, out}, err
}

// tellApart says the address with names that are more than once in a list.
func tellApart(rows [][]cell) {
	seen := map[string]int{}
	for _, row := range rows {
		seen[row[0].Text]++
	}
	for _, row := range rows {
		if seen[row[0].Text] > 1 {
			row[0].About = row[1].Text
		}
	}
}

func (v *visit) organizationMembers() (*page, error) {
	place, err := v.organizationPlace()
	if err != nil {
		return nil, err
	}
	p := place.page("Members")
	p.Sections, err = v.memberSections(v.inOrganization(place), place.memberRow)
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
	p.Sections, err = v.memberSections(v.inProject(place), place.memberRow)
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
	p.Sections, err = v.memberSections(v.inOrganization(place), func(m reeve.Member) []cell {
		row := ownPlace{organization: place.organization}.memberRow(m)
		row[0].To = place.path("members", userID(m), "add")
		return row
	})
	return p, err
}
