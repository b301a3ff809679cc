package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantProjects() {
	s.show("projects/{project}", (*visit).ownProject)
	s.usagePictures("projects/{project}/pictures", func(v *visit) control.SeriesQuery {
		return control.SeriesQuery{ProjectID: v.id("project", reeve.PrefixProject)}
	})
	s.does(action{Path: "organizations/{organization}/projects/new", Ask: (*visit).askCreateOwnProject, Do: (*visit).createOwnProject})
	s.does(action{Path: "projects/{project}/edit", Ask: (*visit).askEditOwnProject, Do: (*visit).editOwnProject})
	s.does(action{
		Path: "projects/{project}/delete", Ask: (*visit).askDeleteOwnProject, Do: (*visit).deleteOwnProject,
		Before: s.control.AddUpUsage,
	})
}

// ownProject shows a project with what it may use and has used.
func (v *visit) ownProject() (*page, error) {
	defer v.patient()()
	place, err := v.projectPlace()
	if err != nil {
		return nil, err
	}
	project := place.project
	p := place.page("")
	if p.Lead == "" { // it says nothing more urgent
		p.Lead = project.Description
	}
	p.Facts = []fact{
		{"Your role", text(string(place.role))},
		{"Organisation", linked(place.organization.Name, place.within())},
		{"Created", moment(project.CreatedAt)},
		{"ID", code(project.ID.TypeID(reeve.PrefixProject))},
		{"Service account", code(project.ServiceAccountID.TypeID(reeve.PrefixServiceAccount))},
	}
	if place.may(reeve.UpdateProject) {
		p.Actions = append(p.Actions, link{Text: "Edit", To: place.path("edit")})
	}
	if place.may(reeve.DeleteProject) {
		p.Actions = append(p.Actions, link{Text: "Delete", To: place.path("delete"), Danger: true})
	}
	limits, err := v.limitsSection(project.ID, place.path("pictures"))
	if err != nil {
		return nil, err
	}
	used, err := v.usageSections(control.SeriesQuery{ProjectID: project.ID}, place.path("pictures"))
	p.Sections = append(append(p.Sections, limits), used...)
	return p, err
}

func (v *visit) askCreateOwnProject() (*question, error) {
	place, err := v.organizationFor(reeve.CreateProject)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "New project", Up: place.up(), Submit: "Create", Back: place.path(),
		Lead: "You will own it, and be an admin of it. Its limits are the platform's until the operator sets others.",
		Fields: []field{
			{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName},
			{Name: "description", Label: "Description", Kind: "textarea", Max: reeve.MaxDescription},
		},
	}, nil
}

func (v *visit) createOwnProject(in values) (*outcome, error) {
	project, err := v.control.CreateOwnProject(v.ctx, control.NewProject{
		OrganizationID: v.id("organization", reeve.PrefixOrganization), Name: in.Get("name"), Description: plainLines(in.Get("description")),
	})
	return &outcome{To: ownPlace{project: project}.path(), Said: "The project " + project.Name + " is created."}, err
}

func (v *visit) askEditOwnProject() (*question, error) {
	place, err := v.projectFor(reeve.UpdateProject)
	if err != nil {
		return nil, err
	}
	return projectQuestion(place.project, place.up(), place.path()), nil
}

func (v *visit) editOwnProject(in values) (*outcome, error) {
	return v.editProject(in, func(p reeve.Project) string { return ownPlace{project: p}.path() })
}

// askDeleteOwnProject says what is in the way, too: buckets, keys and usage that
// is not billed are.
func (v *visit) askDeleteOwnProject() (*question, error) {
	place, err := v.projectFor(reeve.DeleteProject)
	if err != nil {
		return nil, err
	}
	effects, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfProject, ID: place.project.ID})
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Delete " + place.name(), Up: place.up(), Submit: "Delete the project", Danger: true, Back: place.path(),
		Lead: "Only a project without buckets and API keys, all of whose usage is billed, can be deleted.",
		Effects: []string{
			"Nobody in " + isolated(place.organization.Name) + " can see the project any more. Members with a role of their own on it: " +
				howMany(affected(effects, control.AffectedMembers)) + ".",
			"You cannot undo it. For a limited time the operator of this platform can.",
		},
	}
	if n := howMany(affected(effects, control.AffectedAPIKeys)); n != "0" {
		q.Effects = append(q.Effects, "Its API keys must be deleted before: "+n+".")
	}
	if n := howMany(affected(effects, control.AffectedBuckets)); n != "0" {
		q.Effects = append(q.Effects, "Its buckets must be deleted before: "+n+".")
	}
	return q, nil
}

func (v *visit) deleteOwnProject(values) (*outcome, error) {
	id := v.id("project", reeve.PrefixProject)
	place, err := v.projectPlace() // there is nothing to see of it later
	if err != nil {
		return nil, err
	}
	return &outcome{To: place.within(), Said: "The project " + place.name() + " is deleted."}, v.control.DeleteProject(v.ctx, id)
}
