package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantOrganizations() {
	s.show("{$}", (*visit).ownOrganizations)
	s.show("organizations/{organization}", (*visit).ownOrganization)
	s.usagePictures("organizations/{organization}/pictures", func(v *visit) control.SeriesQuery {
		return control.SeriesQuery{OrganizationID: v.id("organization", reeve.PrefixOrganization)}
	})
	s.does(action{Path: "organizations/{organization}/rename", Ask: (*visit).askRenameOrganization, Do: (*visit).renameOrganization})
}

// ownOrganizations is where a tenant's user begins.
func (v *visit) ownOrganizations() (*page, error) {
	list := func(p control.Page) ([]control.Place, int, error) {
		return v.control.ListOrganizationsOf(v.ctx, v.who.Actor.ID, p)
	}
	row := func(p control.Place) []cell {
		id := p.Organization.ID.TypeID(reeve.PrefixOrganization)
		return []cell{
			linked(p.Organization.Name, to("organizations", id)), text(string(p.Role)), moment(p.Organization.CreatedAt), code(id),
		}
	}
	t := &table{
		ID: "organizations", Caption: "Your organisations", Columns: []column{{Name: "Name"}, {Name: "Your role"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "You are in no organisation yet: ask for an invitation.",
	}
	return &page{Title: "Your organisations", Sections: []section{{Table: t}}}, fillPage(v, "page", t, exactly(list), row)
}

// ownOrganization shows an organisation with its projects.
func (v *visit) ownOrganization() (*page, error) {
	place, err := v.organizationPlace()
	if err != nil {
		return nil, err
	}
	o := place.organization
	p := place.page("")
	p.Facts = []fact{{"Your role", text(string(place.role))}, {"Created", moment(o.CreatedAt)}, {"ID", code(o.ID.TypeID(reeve.PrefixOrganization))}}
	if place.may(reeve.UpdateOrganization) {
		p.Actions = append(p.Actions, link{Text: "Rename", To: place.path("rename")})
	}
	projects, err := v.ownProjects(place)
	p.Sections = append(p.Sections, projects)
	return p, err
}

// ownProjects lists an organisation's projects.
func (v *visit) ownProjects(place ownPlace) (out section, err error) {
	list := func(p control.Page) ([]reeve.Project, control.Count, error) {
		return v.control.OrganizationProjects(v.ctx, place.organization.ID, p)
	}
	row := func(p reeve.Project) []cell {
		id := p.ID.TypeID(reeve.PrefixProject)
		return []cell{linked(p.Name, to("projects", id)), moment(p.CreatedAt), code(id)}
	}
	t := &table{
		ID: "projects", Caption: "Projects", Columns: []column{{Name: "Name"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "There are no projects yet.",
	}
	out = section{Title: "Projects", Table: t}
	if place.may(reeve.CreateProject) {
		out.Actions = []link{{Text: "New project", To: place.path("projects", "new"), Main: true}}
	}
	return out, fillPage(v, "projects", t, list, row)
}

func (v *visit) askRenameOrganization() (*question, error) {
	place, err := v.organizationFor(reeve.UpdateOrganization)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Rename " + place.name(), Up: place.up(), Submit: "Rename", Back: place.path(),
		Edited: control.Edited{Organization: place.organization.ID},
		Fields: []field{{Name: "name", Label: "Name", Value: place.name(), Required: true, Max: reeve.MaxName, Current: true}},
	}, nil
}

func (v *visit) renameOrganization(in values) (*outcome, error) {
	o, err := v.control.RenameOrganization(v.ctx, v.id("organization", reeve.PrefixOrganization), in.Get("name"))
	return &outcome{To: ownPlace{organization: o}.path(), Said: "The organisation is now called " + o.Name + "."}, err
}
