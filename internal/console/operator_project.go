package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// anyProjects are the operators' pages of projects.
func (s *site) anyProjects() {
	s.show("projects/{project}", (*visit).anyProject)
	s.show("projects/{project}/keys", (*visit).projectKeys)
	s.show("projects/{project}/members", (*visit).projectMembersPage)
	s.usagePictures("projects/{project}/usage", (*visit).projectSeries)
	tenants := func(ask func(*visit) (*question, error)) func(*visit) (*question, error) {
		return onlyFor(reeve.ManageTenants, ask)
	}
	s.does(action{Path: "projects/new", Ask: tenants((*visit).askNewProject), Do: (*visit).createProject})
	s.does(action{Path: "projects/{project}/edit", Ask: tenants((*visit).askEditProject), Do: (*visit).editAnyProject})
	s.does(action{Path: "projects/{project}/transfer", Ask: tenants((*visit).askTransferProject), Do: (*visit).transferProject})
	s.does(action{
		Path: "projects/{project}/delete", Before: s.control.AddUpUsage,
		Ask: tenants((*visit).askDeleteProject), Do: (*visit).deleteProject,
	})
	s.does(action{
		Path: "projects/{project}/erase", Before: s.control.AddUpUsage,
		Ask: onlyFor(reeve.EraseForGood, (*visit).askEraseProject), Do: (*visit).eraseProject,
	})
	s.does(action{Path: "projects/{project}/limits", Ask: onlyFor(reeve.ManageLimits, (*visit).askLimits), Do: (*visit).setLimits})
	billing := reeve.FreezeForBilling // who may freeze for any cause may for this one
	s.does(action{Path: "projects/{project}/freeze", Ask: onlyFor(billing, (*visit).askFreezeProject), Do: (*visit).freezeProject})
	s.does(action{Path: "projects/{project}/unfreeze", Ask: onlyFor(billing, (*visit).askUnfreezeProject), Do: (*visit).unfreezeProject})
	s.does(action{Path: "projects/{project}/members/new", Ask: tenants((*visit).askAddToProject), Do: (*visit).addToProject})
	s.does(action{Path: "projects/{project}/members/{user}/role", Ask: tenants((*visit).askRoleInProject), Do: (*visit).setRoleInProject})
	s.does(action{Path: "projects/{project}/members/{user}/remove", Ask: tenants((*visit).askRemoveFromProject), Do: (*visit).removeFromProject})
}

// onProject is a project that an operator looks at, with what it belongs to.
type onProject struct {
	reeve.Project
	organization, owner control.Named
}

// onProject reads the project that the path names.
func (v *visit) onProject() (out onProject, err error) {
	return v.onProjectOf(v.id("project", reeve.PrefixProject))
}

func (v *visit) onProjectOf(id reeve.ID) (out onProject, err error) {
	if out.Project, err = v.control.GetProject(v.ctx, id); err != nil {
		return out, err
	}
	if out.Frozen, err = v.control.ProjectIsFrozen(v.ctx, id); err != nil {
		return out, err
	}
	out.organization = control.Named{Kind: control.FoundOrganization, ID: out.OrganizationID}
	out.owner = control.Named{Kind: control.FoundUser, ID: out.OwnerID}
	return out, v.control.NameThings(v.ctx, []*control.Named{&out.organization, &out.owner})
}

// path is that of the project's page, or of one below it.
func (p onProject) path(below ...string) string {
	return to(append([]string{"projects", p.ID.String()}, below...)...)
}

// up is the way to the project's page; whole with the page itself.
func (p onProject) up(whole bool) []link {
	out := []link{
		{Text: "Projects", To: to("projects")},
		{Text: nameOf(p.organization), To: to("organizations", p.OrganizationID.String())},
	}
	if whole {
		out = append(out, link{Text: p.Name, To: p.path()})
	}
	return out
}

// nameOf is a thing's name, or its id where it has none.
func nameOf(n control.Named) string {
	if n.Name == "" {
		return n.ID.String()
	}
	return n.Name
}

// thingCell leads to the page of what something belongs to.
func thingCell(n *control.Named) cell {
	if n == nil {
		return text("nothing")
	}
	return linked(nameOf(*n), foundPath(*n, nil))
}

// frozenBadge tells of a project's state.
func frozenBadge(p reeve.Project) badge {
	switch {
	case p.Freeze != nil:
		return badge{"frozen: " + string(p.Freeze.Type), "bad"}
	case p.Frozen:
		return badge{"frozen with its organisation or owner", "bad"}
	}
	return badge{"active", "good"}
}

func (v *visit) projectSeries() control.SeriesQuery {
	return control.SeriesQuery{ProjectID: v.id("project", reeve.PrefixProject)}
}

// shortList is how much of its lists a thing's own page shows.
const shortList = 5

// anyProject is a project's page.
func (v *visit) anyProject() (*page, error) {
	defer v.patient()()
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	out := &page{
		Title: p.Name, Up: p.up(false), Badges: []badge{frozenBadge(p.Project)}, Lead: p.Description,
		Facts: p.facts(), Actions: v.projectActions(p),
	}
	out.Sections, err = sideBySide(p, v.projectLimits, v.projectKeysShort, v.projectMembersShort, v.projectUsage, v.projectChanges)
	return out, err
}

func (p onProject) facts() []fact {
	out := []fact{
		{"Organisation", thingCell(&p.organization)},
		{"Owner", thingCell(&p.owner)},
		{"Created", moment(p.CreatedAt)},
		{"ID", code(p.ID.String())},
		{"As tenants write it", code(p.ID.TypeID(reeve.PrefixProject))},
	}
	out = append(out, freezeFacts(p.Freeze)...)
	if p.RevokedBefore != nil {
		out = append(out, fact{"Keys refused if made before", moment(*p.RevokedBefore)})
	}
	return out
}

// projectActions are what the operator may do to a project.
func (v *visit) projectActions(p onProject) (out []link) {
	offer := func(action reeve.OperatorAction, l link) {
		if v.may(action) {
			out = append(out, l)
		}
	}
	offer(reeve.ManageTenants, link{Text: "Edit", To: p.path("edit")})
	offer(reeve.ManageTenants, link{Text: "Transfer", To: p.path("transfer")})
	out = append(out, v.freezeActions(p.Freeze, p.path())...)
	offer(reeve.ManageTenants, link{Text: "Delete", To: p.path("delete"), Danger: true})
	return out
}

func (v *visit) projectLimits(p onProject) ([]section, error) {
	limits, err := v.limitsSection(p.ID, p.path("usage"))
	if err == nil && v.may(reeve.ManageLimits) {
		limits.Actions = append(limits.Actions, link{Text: "Change limits", To: p.path("limits")})
	}
	return []section{limits}, err
}

func (v *visit) projectUsage(p onProject) ([]section, error) {
	return v.usageSections(control.SeriesQuery{ProjectID: p.ID}, p.path("usage"))
}

func (v *visit) projectChanges(p onProject) ([]section, error) {
	changes, err := v.changesSection(control.ChangeFilter{Target: &p.ID, Limit: shortList}, "Last changes")
	return []section{changes}, err
}
