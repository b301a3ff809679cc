package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// listOrganizations shows the organisations.
func (v *visit) listOrganizations() (*page, error) {
	l := v.listing("Name or id", thingSorts)
	l.Owner = l.asks(v, "owner", "Owner")
	l.Member = l.asks(v, "member", "Member")
	t, err := tableOf(v, l,
		func(l control.Listing) ([]reeve.Organization, string, error) {
			return v.control.ListOrganizations(v.ctx, l)
		}, v.organizationRows)
	t.ID, t.Caption, t.Empty = "organizations", "Organisations", l.nothing("There are no organisations yet.")
	t.Columns = []column{{Name: "Name"}, {Name: "State"}, {Name: "Owner"}, {Name: "Created"}, {Name: "ID"}}
	p := &page{Title: "Organisations", Sections: []section{{Form: l.form()}, {Table: t}}}
	if v.may(reeve.ManageTenants) {
		p.Actions = []link{{Text: "New organisation", To: to("organizations", "new"), Main: true}}
	}
	p.Actions = append(p.Actions, link{Text: "Deleted organisations", To: at(to("deletions"), "kind", string(reeve.DeletedOrganization))}, link{Text: "Bulk actions", To: to("bulk")})
	return p, err
}

func (v *visit) organizationRows(organizations []reeve.Organization) ([][]cell, error) {
	out, owners := make([][]cell, len(organizations)), make([]*control.Named, len(organizations))
	for i, o := range organizations {
		owners[i] = &control.Named{Kind: control.FoundUser, ID: o.OwnerID}
	}
	if err := v.control.NameThings(v.ctx, owners); err != nil {
		return nil, err
	}
	for i, o := range organizations {
		id := o.ID.String()
		out[i] = []cell{linked(o.Name, to("organizations", id)), freezeState(o.Freeze), thingCell(owners[i]), moment(o.CreatedAt), code(id)}
	}
	return out, nil
}

// listProjects shows the projects.
func (v *visit) listProjects() (*page, error) {
	l := v.listing("Name or id", thingSorts)
	l.Owner = l.asks(v, "owner", "Owner")
	organization := v.r.URL.Query().Get("organization")
	l.with(field{Name: "organization", Label: "Organisation", Value: organization, Hint: organizationHint})
	if organization != "" {
		id, err := v.findOrganization(organization)
		l.refuse(err)
		l.Organization = &id
	}
	t, err := tableOf(v, l, func(l control.Listing) ([]reeve.Project, string, error) { return v.control.ListProjects(v.ctx, l) }, v.projectRows)
	t.ID, t.Caption, t.Empty = "projects", "Projects", l.nothing("There are no projects yet.")
	t.Columns = projectColumns
	p := &page{Title: "Projects", Sections: []section{{Form: l.form()}, {Table: t}}}
	if v.may(reeve.ManageTenants) {
		p.Actions = []link{{Text: "New project", To: to("projects", "new"), Main: true}}
	}
	p.Actions = append(p.Actions, link{Text: "Deleted projects", To: at(to("deletions"), "kind", string(reeve.DeletedProject))}, link{Text: "Bulk actions", To: to("bulk")})
	return p, err
}

var projectColumns = []column{{Name: "Name"}, {Name: "Frozen itself"}, {Name: "Organisation"}, {Name: "Owner"}, {Name: "Created"}, {Name: "ID"}}

func (v *visit) projectRows(projects []reeve.Project) ([][]cell, error) {
	out, of := make([][]cell, len(projects)), make([]*control.Named, 0, 2*len(projects))
	for _, p := range projects {
		of = append(of, &control.Named{Kind: control.FoundOrganization, ID: p.OrganizationID}, &control.Named{Kind: control.FoundUser, ID: p.OwnerID})
	}
	if err := v.control.NameThings(v.ctx, of); err != nil {
		return nil, err
	}
	for i, p := range projects {
		id := p.ID.String()
		out[i] = []cell{
			linked(p.Name, to("projects", id)), frozenItself(p.Freeze), thingCell(of[2*i]), thingCell(of[2*i+1]), moment(p.CreatedAt), code(id),
		}
	}
	return out, nil
}

// frozenItself says whether a project has a freeze of its own, whatever is with
// what it belongs to.
func frozenItself(f *reeve.Frozen) cell {
	if f == nil {
		return text("no")
	}
	return state(string(f.Type), "bad")
}
