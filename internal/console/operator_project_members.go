package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// membersOn lists a project's own members with what can be done to them.
func (v *visit) membersOn(p onProject) memberList {
	out := v.inProject(p.Project)
	out.path = userPage
	out.doings = func(m reeve.Member) []link {
		all := v.placeDoings(p.path("members", m.UserID.String()), called(m))
		if all != nil && m.Disabled {
			all[0].Text, all[0].About = "Enable", called(m)
		}
		switch {
		case m.UserID != p.OwnerID:
			return all
		case m.Disabled: // the owner stays
			return all[:min(1, len(all))]
		}
		return nil
	}
	return out
}

const ownMembers = "Who is in the organisation may also reach it, with the role there."

// projectMembersShort shows the oldest of a project's members.
func (v *visit) projectMembersShort(p onProject) ([]section, error) {
	out, err := v.membersInBrief(v.membersOn(p), p.path("members"))
	out.Note = ownMembers
	return []section{out}, err
}

// projectMembersPage lists a project's members.
func (v *visit) projectMembersPage() (*page, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	out := &page{Title: "Members of " + p.Name, Up: p.up(true), Lead: ownMembers}
	if v.may(reeve.ManageTenants) {
		out.Actions = []link{addMemberLink(p.path("members"))}
	}
	out.Sections, err = v.memberSections(v.membersOn(p))
	return out, err
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
	user, err := v.userNamed(in.text("user"))
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
