package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// listOrganizations shows the organisations.
func (v *visit) listOrganizations() (*page, error) {
	l, err := v.listing("Part of a name, or an id", thingSorts)
	if err != nil {
		return nil, err
	}
	if l.Owner, err = l.asks(v, "owner", "Owner"); err != nil {
		return nil, err
	}
	if l.Member, err = l.asks(v, "member", "Member"); err != nil {
		return nil, err
	}
	t, err := tableOf(v, l.Listing,
		func(l control.Listing) ([]reeve.Organization, string, error) {
			return v.control.ListOrganizations(v.ctx, l)
		}, organizationRows)
	if err != nil {
		return nil, err
	}
	t.ID, t.Caption, t.Empty = "organizations", "Organisations", l.nothing("There are no organisations yet.")
	t.Columns = []column{{Name: "Name"}, {Name: "State"}, {Name: "Owner"}, {Name: "Created"}, {Name: "ID"}}
	p := &page{Title: "Organisations", Sections: []section{{Form: l.form(), Table: t}}}
	if v.may(reeve.ManageTenants) {
		p.Actions = []link{{Text: "New organisation", To: to("organizations", "new"), Main: true}}
	}
	p.Actions = append(p.Actions, link{Text: "Deleted organisations", To: at(to("deletions"), "kind", string(reeve.DeletedOrganization))})
	return p, nil
}

func organizationRows(organizations []reeve.Organization) ([][]cell, error) {
	out := make([][]cell, len(organizations))
	for i, o := range organizations {
		id := o.ID.String()
		out[i] = []cell{linked(o.Name, to("organizations", id)), freezeState(o.Freeze), userCell(o.OwnerID), moment(o.CreatedAt), code(id)}
	}
	return out, nil
}

// userCell leads to a user of whom only the id is known.
func userCell(id reeve.ID) cell {
	return cell{Text: id.String(), To: to("users", id.String()), Code: true}
}

// listProjects shows the projects.
func (v *visit) listProjects() (*page, error) {
	l, err := v.listing("Part of a name, or an id", thingSorts)
	if err != nil {
		return nil, err
	}
	if l.Owner, err = l.asks(v, "owner", "Owner"); err != nil {
		return nil, err
	}
	organization := v.r.URL.Query().Get("organization")
	l.with(field{Name: "organization", Label: "Organisation", Value: organization, Hint: "Its id."})
	if organization != "" {
		id, err := reeve.FindID(reeve.PrefixOrganization, organization)
		if err != nil {
			return nil, reeve.Errorf(reeve.Invalid, "that is no organisation's id")
		}
		l.Organization = &id
	}
	t, err := tableOf(v, l.Listing, func(l control.Listing) ([]reeve.Project, string, error) { return v.control.ListProjects(v.ctx, l) }, projectRows)
	if err != nil {
		return nil, err
	}
	t.ID, t.Caption, t.Empty = "projects", "Projects", l.nothing("There are no projects yet.")
	t.Columns = projectColumns
	p := &page{Title: "Projects", Sections: []section{{Form: l.form(), Table: t}}}
	if v.may(reeve.ManageTenants) {
		p.Actions = []link{{Text: "New project", To: to("projects", "new"), Main: true}}
	}
	p.Actions = append(p.Actions, link{Text: "Deleted projects", To: at(to("deletions"), "kind", string(reeve.DeletedProject))})
	return p, nil
}

var projectColumns = []column{{Name: "Name"}, {Name: "State"}, {Name: "Organisation"}, {Name: "Owner"}, {Name: "Created"}, {Name: "ID"}}

func projectRows(projects []reeve.Project) ([][]cell, error) {
	out := make([][]cell, len(projects))
	for i, p := range projects {
		id, organization := p.ID.String(), p.OrganizationID.String()
		out[i] = []cell{
			linked(p.Name, to("projects", id)), freezeState(p.Freeze),
			{Text: organization, To: to("organizations", organization), Code: true},
			userCell(p.OwnerID), moment(p.CreatedAt), code(id),
		}
	}
	return out, nil
}
