package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

var projectMemberColumns = []column{{Name: "Name"}, {Name: "Address"}, {Name: "Role"}, {Name: "State"}, {Name: "Since"}, {}}

func (v *visit) memberRow(p onProject, m reeve.Member) []cell {
	row := []cell{
		linked(m.FullName, to("users", m.UserID.String())), text(m.Email), text(string(m.Role)), state("enabled", "good"), moment(m.CreatedAt), {},
	}
	if m.Disabled {
		row[3] = state("disabled", "warn")
	}
	if m.UserID == p.OwnerID {
		row[3].Badges = append(row[3].Badges, badge{"owner", "plain"})
	}
	if !v.may(reeve.ManageTenants) {
		return row
	}
	change := link{Text: "Change role", About: "of " + m.FullName, To: p.path("members", m.UserID.String(), "role")}
	if m.Disabled {
		change.Text = "Enable"
		change.About = m.FullName
	}
	row[5] = doings(change)
	if m.UserID != p.OwnerID {
		row[5].Actions = append(row[5].Actions, link{
			Text: "Remove", About: m.FullName, To: p.path("members", m.UserID.String(), "remove"), Danger: true,
		})
	}
	return row
}

// projectMemberTable begins a list of a project's members.
func projectMemberTable(p onProject) *table {
	return &table{ID: "members", Caption: "Members of " + p.Name, Columns: projectMemberColumns, Empty: "No members of its own."}
}

// membersOfProject reads a project's members, and makes a row of one.
func (v *visit) membersOfProject(p onProject) (lister[reeve.Member], func(reeve.Member) []cell) {
	return func(page control.Page) ([]reeve.Member, int, error) {
			return v.control.ProjectMembers(v.ctx, p.ID, page)
		},
		func(m reeve.Member) []cell { return v.memberRow(p, m) }
}

const ownMembers = "Who is in the organisation may also reach it, with the role there."

// projectMembersShort shows the oldest of a project's members.
func (v *visit) projectMembersShort(p onProject) ([]section, error) {
	t := projectMemberTable(p)
	list, row := v.membersOfProject(p)
	total, err := fillFirst(t, shortList, list, row)
	out := section{ID: "members", Title: "Members", Note: ownMembers, Table: t, Actions: v.memberActions(p)}
	if total > shortList {
		t.Pager = &pager{Text: "The oldest " + tally(shortList, "member")}
		out.Actions = append([]link{{Text: "All " + tally(total, "member"), To: p.path("members")}}, out.Actions...)
	}
	return []section{out}, err
}

func (v *visit) memberActions(p onProject) []link {
	if !v.may(reeve.ManageTenants) {
		return nil
	}
	return []link{{Text: "Add member", To: p.path("members", "new")}}
}

// projectMembersPage lists a project's members.
func (v *visit) projectMembersPage() (*page, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	t := projectMemberTable(p)
	list, row := v.membersOfProject(p)
	return &page{
		Title: "Members of " + p.Name, Up: p.up(true), Lead: ownMembers, Actions: v.memberActions(p), Sections: []section{{Table: t}},
	}, fillPage(v, "page", t, list, row)
}

func (v *visit) askAddToProject() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Add a member to " + p.Name, Up: p.up(true), Submit: "Add member", Back: p.path("members"),
		Lead: "Only who is in " + nameOf(p.organization) + " can be a member. A disabled member is enabled again.",
		Fields: []field{
			{Name: "user", Label: "User", Required: true, Hint: userHint},
			roleField(reeve.RoleViewer, false),
		},
	}, nil
}

func (v *visit) addToProject(in values) (*outcome, error) {
	user, err := v.findUser(in.text("user"))
	if err != nil {
		return nil, err
	}
	return v.putInProject(user, in.Get("role"))
}

func (v *visit) putInProject(user reeve.ID, text string) (*outcome, error) {
	project := v.id("project", reeve.PrefixProject)
	role, err := reeve.ParseRole(text)
	if err != nil {
		return nil, err
	}
	if err := v.control.PutProjectMember(v.ctx, project, user, role); err != nil {
		return nil, err
	}
	named := []*control.Named{{Kind: control.FoundUser, ID: user}}
	err = v.control.NameThings(v.ctx, named)
	return &outcome{To: to("projects", project.String(), "members"), Said: named[0].Name + " is a member with the role " + text + "."}, err
}

// memberOfProject reads the project and the member that the path names.
func (v *visit) memberOfProject() (p onProject, m reeve.Member, err error) {
	if p, err = v.onProject(); err != nil {
		return p, m, err
	}
	m, err = v.control.FindProjectMember(v.ctx, p.ID, v.id("user", reeve.PrefixUser))
	return p, m, err
}

func (v *visit) askRoleInProject() (*question, error) {
	p, m, err := v.memberOfProject()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Role of " + m.FullName, Up: p.up(true), Submit: "Change role", Back: p.path("members"),
		Lead: m.FullName + " is " + string(m.Role) + " of " + p.Name + ". The new role counts at once.", Edited: control.Edited{Project: p.ID},
		Fields: []field{roleField(m.Role, true)},
	}
	if m.Disabled {
		q.Title, q.Submit = "Enable "+m.FullName, "Enable"
		q.Lead = m.FullName + " is a disabled " + string(m.Role) + " of " + p.Name + ", and gets the rights back."
	}
	return q, nil
}

func (v *visit) setRoleInProject(in values) (*outcome, error) {
	return v.putInProject(v.id("user", reeve.PrefixUser), in.Get("role"))
}

func (v *visit) askRemoveFromProject() (*question, error) {
	p, m, err := v.memberOfProject()
	if err != nil {
		return nil, err
	}
	effect := m.FullName + " loses the role " + string(m.Role) + " in " + p.Name + " at once."
	if m.Disabled {
		effect = m.FullName + ", who is disabled, loses the place in " + p.Name + "."
	}
	return &question{
		Title: "Remove " + m.FullName, Up: p.up(true), Submit: "Remove member", Danger: true, Back: p.path("members"),
		Effects: []string{
			effect, "The membership of " + nameOf(p.organization) + " stays, and the role there counts here too.",
			"API keys stay, whoever has them: revoke or rotate those that this person knows.",
		},
	}, nil
}

func (v *visit) removeFromProject(values) (*outcome, error) {
	p, m, err := v.memberOfProject()
	if err != nil {
		return nil, err
	}
	err = v.control.DeleteProjectMember(v.ctx, p.ID, m.UserID)
	return &outcome{To: p.path("members"), Said: m.FullName + " is no member of " + p.Name + " any more."}, err
}
