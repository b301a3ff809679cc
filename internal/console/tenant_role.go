package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// rolesInWords says what the roles are.
const rolesInWords = "Viewers see what there is and what it costs, editors also rename projects and manage their API keys, admins may do everything."

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
	q.Fields[0].Hint = "" // the facts tell more
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
		return "the project " + isolated(p.name())
	}
	return isolated(p.name()) + " and every project of it"
}

// memberQuestion begins a question about a member.
func (v *visit) memberQuestion(p ownPlace, m reeve.Member, title string) *question {
	members, back := p.path("members"), p.path("members", userID(m))
	q := &question{Title: title, Up: p.up(link{Text: "Members", To: members}, link{Text: called(m), To: back}), Back: back}
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

// memberPath is the page of the member that the path names.
func (v *visit) memberPath() string {
	path, _ := v.members()
	return path + "/" + v.id("user", reeve.PrefixUser).TypeID(reeve.PrefixUser)
}

func (v *visit) changeMemberRole(in values) (*outcome, error) {
	role, err := reeve.ParseRole(in.Get("role"))
	if err != nil {
		return nil, err
	}
	user := v.id("user", reeve.PrefixUser)
	if _, project := v.members(); project {
		_, err = v.control.ChangeProjectMember(v.ctx, v.id("project", reeve.PrefixProject), user, role)
	} else {
		_, err = v.control.ChangeOrganizationMember(v.ctx, v.id("organization", reeve.PrefixOrganization), user, role)
	}
	return &outcome{To: v.memberPath(), Said: "The role is now " + string(role) + "."}, err
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

func (v *visit) askRemoveMember(p ownPlace, m reeve.Member) (q *question, err error) {
	q = v.memberQuestion(p, m, "Remove "+called(m)+" from "+p.name())
	q.Submit, q.Danger, q.Edited = "Remove", true, control.Edited{}
	const keys = "API keys that were made or copied before go on working: replace those that matter."
	if !p.isProject() {
		q.Effects, err = v.leaving(p, m)
		q.Effects = append(q.Effects, keys)
		return q, err
	}
	role, err := v.inherited(p, m)
	if err != nil {
		return nil, err
	}
	q.Effects = []string{
		isolated(called(m)) + " loses the role " + string(m.Role) + " on " + isolated(p.name()) + " at once, and stays in " + isolated(p.organization.Name) + ".",
		isolated(called(m)) + " keeps what the role " + string(role) + " in " + isolated(p.organization.Name) + " allows in all its projects, this one too.",
		keys,
	}
	return q, nil
}

// leaving says what a member of an organisation loses who is removed from it.
func (v *visit) leaving(p ownPlace, m reeve.Member) ([]string, error) {
	_, projects, err := v.control.OrganizationProjects(v.ctx, p.organization.ID, control.Page{Size: 1})
	if err != nil {
		return nil, err
	}
	effects, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfMember, ID: m.UserID, Within: p.organization.ID})
	if err != nil {
		return nil, err
	}
	out := []string{isolated(called(m)) + " loses access at once to " + isolated(p.name()) + " and to " + several(projects, "project") + " of it."}
	if own := howMany(affected(effects, control.AffectedProjects)); own != "0" {
		out = append(out, "Roles of their own on single projects are lost, too: "+own+". Who is invited again begins without them.")
	}
	if effects.LastAdmin {
		out = append(out, called(m)+" is the last admin, and cannot go before somebody else is one.")
	}
	return out, nil
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
