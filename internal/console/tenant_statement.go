package console

import (
	"cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) tenantStatements() {
	const path = "organizations/{organization}/statements"
	s.show(path, (*visit).ownStatements)
	s.show(path+"/{statement}", (*visit).ownStatement)
	s.show(path+"/{statement}/print", (*visit).printOwnStatement)
	s.show(path+"/{statement}/lines/{line}", (*visit).ownStatementLine)
}

func (v *visit) ownStatements() (*page, error) {
	defer v.patient()()
	place, err := v.organizationFor(reeve.ReadStatements)
	if err != nil {
		return nil, err
	}
	list := func(p control.Page) ([]reeve.Statement, int, error) {
		return v.control.OrganizationStatements(v.ctx, place.organization.ID, p)
	}
	row := func(s reeve.Statement) []cell {
		id := s.ID.TypeID(reeve.PrefixStatement)
		return []cell{
			linked(monthName(s.Month), place.path("statements", id)),
			{Badges: statementBadges(s.Status)},
			moneyCell(s.Gross), moneyCell(-s.Coupons), moneyCell(-s.Credits), moneyCell(s.Due), moneyCell(document.Open(s)), code(id),
		}
	}
	t := &table{
		ID: "statements", Caption: "Statements", Empty: "There is no statement yet: there is one for each month in which something was used.",
		Columns: []column{
			{Name: "Month"},
			{Name: "Status"},
			{Name: "Usage", Number: true},
			{Name: "Coupons", Number: true},
			{Name: "Credits", Number: true},
			{Name: "Due", Number: true},
			{Name: "To be paid", Number: true},
			{Name: "ID"},
		},
	}
	p := place.page("Statements")
	p.Sections = []section{{Table: t, Note: "Months that are not closed yet have drafts, which may still change. All amounts are in US dollars."}}
	return p, fillPage(v, "page", t, exactly(list), row)
}

// statementHere is the statement that the path names, if it is the
// organisation's.
func (v *visit) statementHere() (place ownPlace, s reeve.Statement, err error) {
	if place, err = v.organizationFor(reeve.ReadStatements); err != nil {
		return place, s, err
	}
	s, err = v.control.GetStatement(v.ctx, v.id("statement", reeve.PrefixStatement))
	if err == nil && s.OrganizationID != place.organization.ID {
		err = reeve.ErrDenied
	}
	return place, s, err
}

// statementOf is how tenants are shown a statement.
func (v *visit) statementOf(place ownPlace, s reeve.Statement, names *lookups) statementView {
	return statementView{
		Statement: s, page: place.path("statements", s.ID.TypeID(reeve.PrefixStatement)),
		project: func(id reeve.ID) string { return v.project(names, id).To },
		source:  func(reeve.Settlement) string { return "" },
	}
}

func (v *visit) ownStatement() (*page, error) {
	defer v.patient()()
	place, s, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	names := &lookups{}
	shown := v.statementOf(place, s, names)
	p := place.page("Statement of " + monthName(s.Month))
	p.Up = place.up(link{Text: "Statements", To: place.path("statements")})
	p.Badges = append(p.Badges, statementBadges(s.Status)...)
	p.Lead = cmp.Or(p.Lead, statementLeads[s.Status])
	p.Actions = []link{{Text: "To print", To: shown.page + "/print"}}
	p.Facts = []fact{
		{"For", text(s.OrganizationName)},
		{"From", moment(s.Month.Start())},
		{"To", moment(s.Month.End())},
		{"ID", code(s.ID.TypeID(reeve.PrefixStatement))},
	}
	p.Sections, err = shown.sections(v)
	return p, cmp.Or(err, names.err)
}

// ownStatementLine explains a line of a statement.
func (v *visit) ownStatementLine() (*page, error) {
	defer v.patient()()
	place, s, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	names := &lookups{}
	shown := v.statementOf(place, s, names)
	line, err := v.explained(shown)
	if err = cmp.Or(err, names.err); err != nil {
		return nil, err
	}
	p := place.page(line.Title)
	p.Up = place.up(link{Text: "Statements", To: place.path("statements")}, link{Text: monthName(s.Month), To: shown.page})
	p.Lead, p.Facts, p.Sections = cmp.Or(p.Lead, line.Lead), line.Facts, line.Sections
	return p, nil
}

// printOwnStatement shows a statement to print and to keep.
func (v *visit) printOwnStatement() (*page, error) {
	defer v.patient()()
	_, s, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	return nil, v.printStatement(s, func(prefix reeve.Prefix, id reeve.ID) string { return id.TypeID(prefix) })
}
