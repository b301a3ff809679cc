package console

import (
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// operatorOrganizations serves organisations' pages.
func (s *site) operatorOrganizations() {
	const here = "organizations/{organization}"
	s.show(here, (*visit).showOrganization)
	s.show(here+"/usage", (*visit).showUsage)
	s.usagePictures(here+"/pictures", func(v *visit) control.SeriesQuery {
		return control.SeriesQuery{OrganizationID: v.organizationID()}
	})
	s.does(action{Path: "organizations/new", Ask: (*visit).askCreateOrganization, Do: (*visit).createOrganization})
	s.does(action{Path: here + "/rename", Ask: (*visit).askNameOrganization, Do: (*visit).nameOrganization})
	s.does(action{Path: here + "/freeze", Ask: (*visit).askFreezeOrganization, Do: (*visit).freezeOrganization})
	s.does(action{Path: here + "/unfreeze", Ask: (*visit).askUnfreezeOrganization, Do: (*visit).unfreezeOrganization})
	s.does(action{Path: here + "/delete", Before: s.control.AddUpUsage, Ask: (*visit).askDeleteOrganization, Do: (*visit).deleteOrganization})
	s.does(action{Path: here + "/erase", Before: s.control.AddUpUsage, Ask: (*visit).askEraseOrganization, Do: (*visit).eraseOrganization})
	s.organizationMembers()
	s.organizationKeys()
	s.organizationAlerts()
}

func (v *visit) organizationID() reeve.ID { return v.id("organization", reeve.PrefixOrganization) }

// organizationOf finds the organisation that the path names.
func (v *visit) organizationOf() (reeve.Organization, error) {
	o, err := v.control.GetOrganization(v.ctx, v.organizationID())
	if reeve.IsKind(err, reeve.NotFound) {
		err = errNoOrganization
	}
	return o, err
}

var errNoOrganization = reeve.Errorf(reeve.NotFound, "there is no such organisation; one that was deleted may be among the deletions")

// organizationPath is that of an organisation's page, or of one below it.
func organizationPath(o reeve.Organization, below ...string) string {
	return to(append([]string{"organizations", o.ID.String()}, below...)...)
}

// organizationWay is the way to an organisation's page.
func organizationWay(o reeve.Organization) []link {
	return []link{{Text: "Organisations", To: to("organizations")}, {Text: o.Name, To: organizationPath(o)}}
}

// showOrganization shows an organisation with what it has.
func (v *visit) showOrganization() (*page, error) {
	defer v.patient()()
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	owner, err := v.control.FindUser(v.ctx, o.OwnerID)
	if reeve.IsKind(err, reeve.NotFound) { // between two reads
		err = nil
	}
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: o.Name, Up: organizationWay(o)[:1], Badges: freezeState(o.Freeze).Badges, Actions: v.organizationActions(o),
		Facts: append([]fact{
			{"Owner", linked(calledOr(owner.FullName, owner.Email), to("users", o.OwnerID.String()))},
			{"Owner's address", text(owner.Email)},
			{"Created", moment(o.CreatedAt)},
			{"ID", code(o.ID.String())},
			{"ID for tenants", code(o.ID.TypeID(reeve.PrefixOrganization))},
		}, freezeFacts(o.Freeze)...),
	}
	changes := func(reeve.Organization) (section, error) {
		return v.changesSection(control.ChangeFilter{Organization: &o.ID}, "Last changes")
	}
	p.Sections, err = sideBySide(o,
		single(v.organizationMembersInBrief), single(v.projectsInBrief), single(v.keysInBrief), single(v.spending),
		single(v.statementsInBrief), single(v.creditsInBrief), v.usageInBrief, single(changes))
	return p, err
}

// fewProjects is of how many projects the usage is added up on their
// organisation's page; that of more has a page of its own.
const fewProjects = 100

// usageInBrief tells what the organisation's projects used, or where that is.
func (v *visit) usageInBrief(o reeve.Organization) ([]section, error) {
	_, more, err := v.control.ListProjects(v.ctx, control.Listing{Organization: &o.ID, Sort: "created", Limit: fewProjects})
	switch {
	case err != nil:
		return nil, err
	case more != "":
		if _, err := v.daysAsked(); err != nil {
			return nil, err
		}
		return []section{{
			ID: "usage", Title: "Usage by day", Note: "It is added up of many projects, which takes a moment.",
			Later:   at(organizationPath(o, "usage"), monthField, v.r.URL.Query().Get(monthField)),
			Actions: []link{{Text: "Show usage", About: "of " + o.Name, To: organizationPath(o, "usage")}},
		}}, nil
	}
	return v.usageSections(control.SeriesQuery{OrganizationID: o.ID}, organizationPath(o, "pictures"))
}

// showUsage shows what the organisation's projects used.
func (v *visit) showUsage() (*page, error) {
	defer v.patient()()
	o, err := v.organizationOf()
	if err != nil {
		return nil, err
	}
	sections, err := v.usageSections(control.SeriesQuery{OrganizationID: o.ID}, organizationPath(o, "pictures"))
	return &page{Title: "Usage of " + o.Name, Up: organizationWay(o), Sections: sections}, err
}

// organizationActions are what can be done to an organisation.
func (v *visit) organizationActions(o reeve.Organization) (out []link) {
	if v.may(reeve.ManageTenants) {
		out = append(out, link{Text: "Rename", To: organizationPath(o, "rename"), Main: true})
	}
	out = append(out, v.freezeActions(o.Freeze, organizationPath(o))...)
	if v.may(reeve.ManageTenants) {
		out = append(out, link{Text: "Delete", To: organizationPath(o, "delete"), Danger: true})
		if v.may(reeve.EraseForGood) {
			out = append(out, link{Text: "Erase", To: organizationPath(o, "erase"), Danger: true})
		}
	}
	return out
}

// projectsInBrief tells of the organisation's oldest projects.
func (v *visit) projectsInBrief(o reeve.Organization) (section, error) {
	found, next, err := v.control.ListProjects(v.ctx, control.Listing{Organization: &o.ID, Sort: "created", Limit: preview})
	if err != nil {
		return section{}, err
	}
	t := &table{
		ID: "projects", Caption: "Projects", Empty: "The organisation has no project.",
		Columns: []column{{Name: "Name"}, {Name: "Frozen itself"}, {Name: "Owner"}, {Name: "Created"}, {Name: "ID"}},
		All: eachRow(control.Listing{Organization: &o.ID, Sort: "created"},
			func(l control.Listing) ([]reeve.Project, string, error) { return v.control.ListProjects(v.ctx, l) }, v.briefProjects),
	}
	if t.Rows, err = v.briefProjects(found); err != nil {
		return section{}, err
	}
	out := section{Title: "Projects", Table: t}
	if next != "" {
		out.Actions = append(out.Actions, link{Text: "All projects", About: "of " + o.Name, To: at(to("projects"), "organization", o.ID.String())})
	}
	if v.may(reeve.ManageTenants) {
		out.Actions = append(out.Actions, link{Text: "New project", To: at(to("projects", "new"), "organization", o.ID.String())})
	}
	return out, nil
}

func (v *visit) briefProjects(projects []reeve.Project) ([][]cell, error) {
	rows, err := v.projectRows(projects)
	for i, row := range rows {
		rows[i] = slices.Delete(row, 2, 3) // the organisation
	}
	return rows, err
}

// statementsInBrief tells what the organisation had to pay of late. A draft would
// have to be added up first.
func (v *visit) statementsInBrief(o reeve.Organization) (section, error) {
	f := control.StatementFilter{OrganizationID: o.ID, Limit: preview}
	found, more, err := v.control.ListStatements(v.ctx, f)
	if err != nil {
		return section{}, err
	}
	t := &table{
		ID: "statements", Caption: "Statements", Empty: "There are no final statements yet.",
		Columns: statementColumns, Rows: rowsOf(found, statementInFull), All: v.eachStatement(f),
	}
	if more {
		t.Pager = &pager{Text: "The newest " + tally(len(found), "statement")}
	}
	return section{
		Title: "Statements", Table: t, Note: "Those of closed months.",
		Actions: []link{{Text: "All statements", About: "of " + o.Name, To: at(to("statements"), "organization", o.ID.String())}},
	}, nil
}

// creditsInBrief tells what the organisation was granted.
func (v *visit) creditsInBrief(o reeve.Organization) (section, error) {
	all, err := v.control.ListCredits(v.ctx, o.ID)
	if err != nil {
		return section{}, err
	}
	now := v.control.Now()
	t := &table{
		ID: "credits", Caption: "Credits", Empty: "The organisation was granted no credit.",
		Columns: []column{{Name: "Description"}, {Name: "State"}, {Name: "Left", Number: true}, {Name: "Of", Number: true}, {Name: "Until"}},
	}
	row := func(c reeve.Credit) []cell {
		return []cell{
			linked(calledOr(shortened(c.Description), "Credit"), to("credits", c.ID.String())),
			{Badges: []badge{creditState(c.StatusAt(now))}},
			moneyCell(c.Remaining()), moneyCell(c.Amount), moments(c.ExpiresAt, "it is used up"),
		}
	}
	out := section{Title: "Credits", Table: firstOf(t, all, row), Actions: []link{{Text: "All credits", To: organizationPath(o, "credits")}}}
	if len(all) > preview {
		out.Note = fmt.Sprintf("The newest %d of %d.", preview, len(all))
	}
	return out, nil
}
