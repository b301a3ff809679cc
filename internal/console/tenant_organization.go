package console

import (
	"fmt"
	"strconv"

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

// pageNumber is which page of a list is asked for, from 0 on.
func (v *visit) pageNumber(name string) int {
	n, err := strconv.Atoi(v.r.URL.Query().Get(name))
	if err != nil || n < 1 || n > 1_000_000 {
		return 0
	}
	return n - 1
}

// pages makes the pager of a list whose length is known.
func (v *visit) pages(name string, shown, total int) *pager {
	return v.pagesOf(name, pageSize, shown, total)
}

// pagesOf is pages of another size.
func (v *visit) pagesOf(name string, size, shown, total int) *pager {
	n := v.pageNumber(name)
	here := v.r.URL.RequestURI()
	out := &pager{Text: fmt.Sprintf("%d to %d of %d", n*size+1, n*size+shown, total)}
	if shown == 0 {
		out.Text = fmt.Sprintf("%d in all", total)
	}
	if n > 0 {
		out.Prev = at(here, name, strconv.Itoa(n))
	}
	if (n+1)*size < total {
		out.Next = at(here, name, strconv.Itoa(n+2))
	}
	return out
}

// ownOrganizations is where a tenant's user begins.
func (v *visit) ownOrganizations() (*page, error) {
	list := func(p control.Page) ([]control.Place, int, error) {
		return v.control.ListOrganizationsOf(v.ctx, v.who.Actor.ID, p)
	}
	places, total, err := list(control.Page{Number: v.pageNumber("page"), Size: pageSize})
	if err != nil {
		return nil, err
	}
	row := func(p control.Place) []cell {
		id := p.Organization.ID.TypeID(reeve.PrefixOrganization)
		return []cell{
			linked(p.Organization.Name, to("organizations", id)), text(string(p.Role)), moment(p.Organization.CreatedAt), code(id),
		}
	}
	t := &table{
		ID: "organizations", Caption: "Your organisations", Columns: []column{{Name: "Name"}, {Name: "Your role"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "You are in no organisation yet: ask for an invitation.", Pager: v.pages("page", len(places), total),
		All: allPages(list, row),
	}
	for _, p := range places {
		t.Rows = append(t.Rows, row(p))
	}
	return &page{Title: "Your organisations", Sections: []section{{Table: t}}}, nil
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
	list := func(p control.Page) ([]reeve.Project, int, error) {
		return v.control.OrganizationProjects(v.ctx, place.organization.ID, p)
	}
	projects, total, err := list(control.Page{Number: v.pageNumber("projects"), Size: pageSize})
	if err != nil {
		return out, err
	}
	row := func(p reeve.Project) []cell {
		id := p.ID.TypeID(reeve.PrefixProject)
		return []cell{linked(p.Name, to("projects", id)), moment(p.CreatedAt), code(id)}
	}
	t := &table{
		ID: "projects", Caption: "Projects", Columns: []column{{Name: "Name"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "There are no projects yet.", Pager: v.pages("projects", len(projects), total), All: allPages(list, row),
	}
	for _, p := range projects {
		t.Rows = append(t.Rows, row(p))
	}
	out = section{Title: "Projects", Table: t}
	if place.may(reeve.CreateProject) {
		out.Actions = []link{{Text: "New project", To: place.path("projects", "new"), Main: true}}
	}
	return out, nil
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
