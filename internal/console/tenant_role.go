package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// rolesInWords says what the roles are.
const rolesInWords = "Viewers see everything, editors also name projects and manage their API keys, admins may do everything."

// roleField asks for a role.
func roleField(value reeve.Role, current bool) field {
	f := field{Name: "role", Label: "Role", Kind: "select", Value: string(value), Hint: rolesInWords, Current: current, Required: true}
	for _, role := range reeve.Roles {
		f.Options = append(f.Options, option{string(role), string(role)})
	}
	return f
}

// mayInWords lists what a role allows that another does not, from the policy.
func mayInWords(role, less reeve.Role) string {
	var out []string
	for _, rule := range reeve.Policy {
		if role.Allows(rule.Action) && !less.Allows(rule.Action) {
			out = append(out, rule.About)
		}
	}
	return strings.Join(out, "; ")
}

// askMemberRole asks which role a member shall have. In an organisation it also
// lets in who is disabled there.
func (v *visit) askMemberRole(p ownPlace, m reeve.Member) (*question, error) {
	q := v.memberQuestion(p, m, "Role of "+called(m))
	q.Submit = "Change the role"
	q.Fields = []field{roleField(m.Role, true)}
	q.Effects = []string{"It counts from the next request on, in " + p.reach() + "."}
	if m.Disabled {
		q.Effects = append(q.Effects, called(m)+" is disabled now, and can come in again.")
	}
	for i, role := range reeve.Roles[1:] {
		q.Facts = append(q.Facts, fact{"Only from " + string(role) + " on", text(mayInWords(role, reeve.Roles[i]))})
	}
	return q, nil
}

// reach says where a role in the place counts.
func (p ownPlace) reach() string {
	if p.isProject() {
		return "the project " + p.name()
	}
	return p.name() + " and every project of it"
}

// memberQuestion begins a question about a member.
func (v *visit) memberQuestion(p ownPlace, m reeve.Member, title string) *question {
	back := p.path("members")
	q := &question{Title: title, Up: p.up(link{Text: "Members", To: back}), Back: back}
	q.Facts = []fact{{"Address", text(m.Email)}, {"Role now", text(string(m.Role))}}
	if p.isProject() {
		q.Edited.Project = p.project.ID
	} else {
		q.Edited.Organization = p.organization.ID
	}
	if m.UserID == v.who.Actor.ID {
		q.Lead = "This is you: you may no longer be able to undo it."
	}
	return q
}

// members is where the members of the place that the path names are.
func (v *visit) members() (path string, project bool) {
	if id := v.r.PathValue("project"); id != "" {
		return to("projects", id, "members"), true
	}
	return to("organizations", v.r.PathValue("organization"), "members"), false
}

func (v *visit) changeMemberRole(in values) (*outcome, error) {
	role, err := reeve.ParseRole(in.Get("role"))
	if err != nil {
		return nil, err
	}
	path, project := v.members()
	user := v.id("user", reeve.PrefixUser)
	if project {
		_, err = v.control.ChangeProjectMember(v.ctx, v.id("project", reeve.PrefixProject), user, role)
	} else {
		_, err = v.control.ChangeOrganizationMember(v.ctx, v.id("organization", reeve.PrefixOrganization), user, role)
	}
	return &outcome{To: path, Said: "The role is now " + string(role) + "."}, err
}

// inherited says what a project's member may do there by the organisation's role
// alone; "" is nothing.
func (v *visit) inherited(p ownPlace, m reeve.Member) (reeve.Role, error) {
	in, err := v.control.FindOrganizationMember(v.ctx, p.organization.ID, m.UserID)
	if err != nil || in.Disabled {
		return "", err
	}
	return in.Role, nil
}

func (v *visit) askRemoveMember(p ownPlace, m reeve.Member) (*question, error) {
	q := v.memberQuestion(p, m, "Remove "+called(m)+" from "+p.name())
	q.Submit, q.Danger, q.Edited = "Remove", true, control.Edited{}
	const keys = "API keys that were made or copied before go on working: replace those that matter."
	if !p.isProject() {
		_, projects, err := v.control.OrganizationProjects(v.ctx, p.organization.ID, control.Page{Size: 1})
		if err != nil {
			return nil, err
		}
		q.Effects = []string{
			called(m) + " loses access at once to " + p.name() + " and to " + counted(projects, "project", "projects") + " of it.",
			"Roles on single projects are lost, too: who is invited again begins anew.", keys,
		}
		return q, nil
	}
	role, err := v.inherited(p, m)
	if err != nil {
		return nil, err
	}
	q.Effects = []string{
		called(m) + " loses the role " + string(m.Role) + " on " + p.name() + " at once, and stays in " + p.organization.Name + ".",
		called(m) + " keeps what the role " + string(role) + " in " + p.organization.Name + " allows in all its projects, this one too.",
		keys,
	}
	return q, nil
}

func (v *visit) removeMember(values) (*outcome, error) {
	path, project := v.members()
	user := v.id("user", reeve.PrefixUser)
	out := &outcome{To: path, Said: "The member is removed."}
	if project {
		return out, v.control.DeleteProjectMember(v.ctx, v.id("project", reeve.PrefixProject), user)
	}
	if user == v.who.Actor.ID { // who has left sees nothing of it
		out.To, out.Said = root, "You have left the organisation."
	}
	return out, v.control.DeleteOrganizationMember(v.ctx, v.id("organization", reeve.PrefixOrganization), user)
}
