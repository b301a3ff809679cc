package console

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) tenantStatements() {
	const path = "organizations/{organization}/statements"
	s.show(path, (*visit).ownStatements)
	s.show(path+"/{statement}", (*visit).ownStatement)
	s.show(path+"/{statement}/print", (*visit).printStatement)
	s.show(path+"/{statement}/lines/{line}", (*visit).ownStatementLine)
}

// statementBadges say how far a statement has come.
func statementBadges(status reeve.StatementStatus) []badge {
	return []badge{{string(status), map[reeve.StatementStatus]string{
		reeve.StatementDraft: "warn", reeve.StatementFinal: "plain", reeve.StatementPaid: "good", reeve.StatementVoid: "plain",
	}[status]}}
}

// statementLeads say what a status means to who has to pay.
var statementLeads = map[reeve.StatementStatus]string{
	reeve.StatementDraft: "A draft: the month is not closed, and all of this may still change.",
	reeve.StatementFinal: "Final: its lines do not change any more.",
	reeve.StatementPaid:  "Paid.",
	reeve.StatementVoid:  "Void: nothing is to be paid.",
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
	statements, total, err := list(control.Page{Number: v.pageNumber("page"), Size: pageSize})
	if err != nil {
		return nil, err
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
		Pager: v.pages("page", len(statements), total), All: allPages(list, row),
	}
	for _, s := range statements {
		t.Rows = append(t.Rows, row(s))
	}
	p := place.page("Statements")
	p.Sections = []section{{Table: t, Note: "Months that are not closed yet have drafts, which may still change. All amounts are in US dollars."}}
	return p, nil
}

// moneyCell is an amount of cents, in a CSV a number of dollars.
func moneyCell(cents int64) cell {
	return cell{Text: document.Dollars(cents), Plain: new(big.Rat).SetFrac64(cents, 100).FloatString(2)}
}

// quantityCell is a meter's quantity as it is counted, in a CSV a plain number.
func quantityCell(m reeve.UsageMeter, quantity *big.Int) cell {
	n := m.Units(quantity).String()
	return cell{Text: document.Thousands(n), Plain: n}
}

// microMoneyCell is an exact amount, in cents.
func microMoneyCell(microcents *big.Int) cell {
	sign := ""
	if microcents.Sign() < 0 {
		sign = "−"
	}
	cents := new(big.Rat).SetFrac(new(big.Int).Abs(microcents), big.NewInt(reeve.MicrocentsInCent))
	return number(sign + reeve.FormatNumber(cents) + " ¢")
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

func (v *visit) ownStatement() (*page, error) {
	defer v.patient()()
	place, s, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	id := s.ID.TypeID(reeve.PrefixStatement)
	p := place.page("Statement of " + monthName(s.Month))
	p.Up = place.up(link{Text: "Statements", To: place.path("statements")})
	p.Badges = append(p.Badges, statementBadges(s.Status)...)
	if p.Lead == "" {
		p.Lead = statementLeads[s.Status]
	}
	p.Actions = []link{{Text: "To print", To: place.path("statements", id, "print")}}
	p.Facts = []fact{
		{"For", text(s.OrganizationName)},
		{"From", moment(s.Month.Start())},
		{"To", moment(s.Month.End())},
		{"ID", code(id)},
	}
	lines, err := v.statementLines(place, s)
	if err != nil {
		return nil, err
	}
	p.Sections = []section{statementSums(s), lines}
	if len(s.Settlements) > 0 {
		p.Sections = append(p.Sections, statementSettlements(s))
	}
	return p, nil
}

// statementSums tells what a statement comes to.
func statementSums(s reeve.Statement) section {
	out := section{Title: "Amounts", Facts: []fact{{"Usage", moneyCell(s.Gross)}}}
	for _, part := range []struct {
		name  string
		cents int64
	}{{"Coupons", -s.Coupons}, {"Credits", -s.Credits}} {
		if part.cents != 0 {
			out.Facts = append(out.Facts, fact{part.name, moneyCell(part.cents)})
		}
	}
	out.Facts = append(out.Facts, fact{"Due", moneyCell(s.Due)})
	if s.Noted != 0 {
		out.Facts = append(out.Facts, fact{"Credit notes", moneyCell(-s.Noted)})
	}
	out.Facts = append(out.Facts, fact{"To be paid", moneyCell(document.Open(s))})
	return out
}

// linesPage is how many lines of a statement a page shows.
const linesPage = 30

// statementLines lists what was used, page by page.
func (v *visit) statementLines(place ownPlace, s reeve.Statement) (section, error) {
	t := &table{
		ID: fmt.Sprintf("statement-%s", s.Month), Caption: "Usage", Empty: "Nothing was used.",
		Columns: []column{{Name: "Project"}, {Name: "Meter"}, {Name: "Month"}, {Name: "Quantity", Number: true}, {Name: "Amount", Number: true, Plain: "Dollars"}, {}},
	}
	id := s.ID.TypeID(reeve.PrefixStatement)
	names := &lookups{}
	row := func(i int) []cell {
		l := s.Lines[i]
		month := text(l.Month.String())
		if l.Month != s.Month {
			month.Badges = []badge{{"Adjustment", "plain"}}
		}
		n := quantityCell(l.Meter, l.Quantity)
		if n.Text += " " + l.Meter.Unit(); document.Short(l.Meter, l.Meter.Units(l.Quantity)) != "" {
			n.Text = document.Short(l.Meter, l.Meter.Units(l.Quantity))
		}
		return []cell{
			text(l.ProjectName),
			{Text: meterTitles[l.Meter], Plain: meterTitles[l.Meter] + ", " + l.Meter.Unit()},
			month, n, moneyCell(l.Cents),
			doings(link{Text: "Explain", About: "line " + strconv.Itoa(i+1), To: place.path("statements", id, "lines", strconv.Itoa(i+1))}),
		}
	}
	from := min(v.pageNumber("page")*linesPage, len(s.Lines))
	until := min(from+linesPage, len(s.Lines))
	for i := from; i < until; i++ {
		line := row(i)
		line[0].To = v.project(names, s.Lines[i].ProjectID).To
		t.Rows = append(t.Rows, line)
	}
	t.Pager = v.pagesOf("page", linesPage, until-from, len(s.Lines))
	t.All = func(yield func([]cell, error) bool) {
		for i := range s.Lines {
			if !yield(row(i), nil) {
				return
			}
		}
	}
	return section{Title: "Usage", Table: t}, names.err
}

func statementSettlements(s reeve.Statement) section {
	t := &table{ID: "settlements", Caption: "Coupons and credits", Columns: []column{{Name: "Kind"}, {Name: "Description"}, {Name: "Amount", Number: true, Plain: "Dollars"}}}
	for _, part := range s.Settlements {
		t.Rows = append(t.Rows, []cell{text(string(part.Kind)), text(part.Description), moneyCell(-part.Cents)})
	}
	return section{Title: "Coupons and credits", Table: t}
}

// printStatement shows a statement as the API does, to print and to keep.
func (v *visit) printStatement() (*page, error) {
	defer v.patient()()
	_, s, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	body, err := document.StatementHTML(s, func(prefix reeve.Prefix, id reeve.ID) string { return id.TypeID(prefix) })
	if err != nil {
		return nil, err
	}
	header := v.w.Header()
	header.Set("Content-Security-Policy", document.Policy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body) // the browser has gone: nobody to tell
	return nil, nil
}
