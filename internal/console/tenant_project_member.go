package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// askAddMember asks for the role of a member of the organisation on a project.
func (v *visit) askAddMember() (*question, error) {
	p, err := v.projectFor(reeve.ManageMembers)
	if err != nil {
		return nil, err
	}
	m, err := v.control.FindOrganizationMember(v.ctx, p.organization.ID, v.id("user", reeve.PrefixUser))
	if err != nil {
		return nil, err
	}
	back := p.path("members", "add")
	return &question{
		Title: "Add " + called(m) + " to " + p.name(), Up: p.up(link{Text: "Members", To: p.path("members")}), Back: back, Submit: "Add",
		Facts:  []fact{{"Address", text(m.Email)}, {"Role in " + p.organization.Name, text(string(m.Role))}},
		Fields: []field{roleField(m.Role, false)},
		Effects: []string{
			isolated(called(m)) + " may at once do in " + isolated(p.name()) + " what the role allows that you choose; a weaker one than " + string(m.Role) +
				" takes nothing away.",
		},
	}, nil
}

func (v *visit) addMember(in values) (*outcome, error) {
	role, err := reeve.ParseRole(in.Get("role"))
	if err != nil {
		return nil, err
	}
	path := v.memberPath()
	_, err = v.control.AddProjectMember(v.ctx, v.id("project", reeve.PrefixProject), v.id("user", reeve.PrefixUser), role)
	return &outcome{To: path, Said: "The member is added, as " + string(role) + "."}, err
}

func (v *visit) askDisableMember(p ownPlace, m reeve.Member) (*question, error) {
	q := v.memberQuestion(p, m, "Disable "+called(m)+" in "+p.name())
	q.Submit, q.Danger, q.Edited = "Disable", true, control.Edited{}
	role, err := v.inherited(p, m)
	if err != nil {
		return nil, err
	}
	if role == reeve.RoleAdmin {
		q.Effects = []string{isolated(called(m)) + " is an admin of " + isolated(p.organization.Name) + ", and keeps access to this project as such."}
		return q, nil
	}
	q.Effects = []string{
		isolated(called(m)) + " can at once neither see nor change this project; other projects of " + isolated(p.organization.Name) + " are not touched.",
		"The place and the role " + string(m.Role) + " are kept until you enable or remove the member.",
		"API keys that were made or copied before go on working: replace those that matter.",
	}
	return q, nil
}

func (v *visit) disableMember(values) (*outcome, error) {
	path := v.memberPath()
	err := v.control.DisableProjectMember(v.ctx, v.id("project", reeve.PrefixProject), v.id("user", reeve.PrefixUser))
	return &outcome{To: path, Said: "The member is disabled."}, err
}

func (v *visit) askEnableMember(p ownPlace, m reeve.Member) (*question, error) {
	q := v.memberQuestion(p, m, "Enable "+called(m)+" in "+p.name())
	q.Submit, q.Edited = "Enable", control.Edited{}
	q.Effects = []string{isolated(called(m)) + " has the role " + string(m.Role) + " on this project again at once: " + mayInWords(m.Role, "") + "."}
	return q, nil
}

func (v *visit) enableMember(values) (*outcome, error) {
	path := v.memberPath()
	_, err := v.control.EnableProjectMember(v.ctx, v.id("project", reeve.PrefixProject), v.id("user", reeve.PrefixUser))
	return &outcome{To: path, Said: "The member is enabled."}, err
}
