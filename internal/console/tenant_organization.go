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
	n := v.pageNumber(name)
	here := v.r.URL.RequestURI()
	out := &pager{Text: fmt.Sprintf("%d to %d of %d", n*pageSize+1, n*pageSize+shown, total)}
	if shown == 0 {
		out.Text = fmt.Sprintf("%d in all", total)
	}
	if n > 0 {
		out.Prev = at(here, name, strconv.Itoa(n))
	}
	if (n+1)*pageSize < total {
		out.Next = at(here, name, strconv.Itoa(n+2))
	}
	return out
}

// ownOrganizations is where a tenant's user begins.
func (v *visit) ownOrganizations() (*page, error) {
	places, total, err := v.control.ListOrganizationsOf(v.ctx, v.who.Actor.ID, control.Page{Number: v.pageNumber("page"), Size: pageSize})
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "organizations", Caption: "Your organisations", Columns: []column{{Name: "Name"}, {Name: "Your role"}, {Name: "Since"}, {Name: "ID"}},
		Empty: "You are in no organisation yet: ask for an invitation.", Pager: v.pages("page", len(places), total),
	}
	for _, p := range places {
		id := p.Organization.ID.TypeID(reeve.PrefixOrganization)
		t.Rows = append(t.Rows, []cell{
			linked(p.Organization.Name, to("organizations", id)), text(string(p.Role)), moment(p.Organization.CreatedAt), code(id),
		})
	}
	return &page{Title: "Your organisations", Sections: []section{{Table: t}}}, nil
}

// organizationUp is the way to an organisation's page.
func organizationUp(o reeve.Organization) []link {
	return []link{{Text: "Organisations", To: root}, {Text: o.Name, To: to("organizations", o.ID.TypeID(reeve.PrefixOrganization))}}
}

func (v *visit) ownOrganization() (*page, error) {
	id := v.id("organization", reeve.PrefixOrganization)
	o, err := v.control.GetOrganization(v.ctx, id)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: o.Name, Up: organizationUp(o)[:1],
		Facts: []fact{{"Your role", text(string(v.role))}, {"Since", moment(o.CreatedAt)}, {"ID", code(o.ID.TypeID(reeve.PrefixOrganization))}},
	}
	if v.allowed(reeve.UpdateOrganization) {
		p.Actions = append(p.Actions, link{Text: "Rename", To: v.r.URL.Path + "/rename"})
	}
	projects, total, err := v.control.OrganizationProjects(v.ctx, id, control.Page{Number: v.pageNumber("projects"), Size: pageSize})
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "projects", Caption: "Projects", Columns: []column{{Name: "Name"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "No projects yet.", Pager: v.pages("projects", len(projects), total),
	}
	for _, project := range projects {
		id := project.ID.TypeID(reeve.PrefixProject)
		t.Rows = append(t.Rows, []cell{linked(project.Name, to("projects", id)), moment(project.CreatedAt), code(id)})
	}
	p.Sections = append(p.Sections, section{Title: "Projects", Table: t})
	return p, nil
}

func (v *visit) askRenameOrganization() (*question, error) {
	o, err := v.control.GetOrganization(v.ctx, v.id("organization", reeve.PrefixOrganization))
	if err != nil {
		return nil, err
	}
	up := organizationUp(o)
	return &question{
		Title: "Rename " + o.Name, Up: up, Submit: "Rename", Back: up[1].To, Edited: control.Edited{Organization: o.ID},
		Fields: []field{{Name: "name", Label: "Name", Value: o.Name, Required: true, Max: 100, Current: true}},
	}, nil
}

func (v *visit) renameOrganization(in values) (*outcome, error) {
	id := v.id("organization", reeve.PrefixOrganization)
	o, err := v.control.RenameOrganization(v.ctx, id, in.Get("name"))
	if err != nil {
		return nil, err
	}
	return &outcome{To: organizationUp(o)[1].To, Said: "The organisation is now called " + o.Name + "."}, nil
}
