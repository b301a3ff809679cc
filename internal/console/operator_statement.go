package console

import (
	"net/http"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// statementUp is the way to a statement's page, and statementTitle its title.
func statementUp(s reeve.Statement) []link {
	return []link{{Text: "Statements", To: to("statements")}, {Text: statementTitle(s), To: to("statements", s.ID.String())}}
}

func statementTitle(s reeve.Statement) string { return s.Month.String() + ", " + s.OrganizationName }

// statementPage tells all of a statement.
func (v *visit) statementPage() (*page, error) {
	defer v.patient()()
	s, err := v.control.GetStatement(v.ctx, v.id("statement", reeve.PrefixStatement))
	if err != nil {
		return nil, err
	}
	notes, err := v.control.ListCreditNotes(v.ctx, s.ID)
	if err != nil {
		return nil, err
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &s.ID}, "Last changes")
	if err != nil {
		return nil, err
	}
	owner, err := v.userCell(s.OwnerID)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: statementTitle(s), Up: statementUp(s)[:1], Badges: statementBadges(s.Status), Facts: statementFacts(s, owner),
		Actions:  append(v.statementActions(s), link{Text: "To print", To: to("statements", s.ID.String(), "print")}),
		Sections: []section{v.linesSection(s), settlementsSection(s)},
	}
	if s.Status == reeve.StatementDraft {
		p.Lead = "The month is not closed: all of this may still change."
	} else {
		p.Sections = append(p.Sections, notesSection(notes), changes)
	}
	return p, nil
}

func statementFacts(s reeve.Statement, owner cell) []fact {
	return []fact{
		{"Organisation", linked(s.OrganizationName, to("organizations", s.OrganizationID.String()))},
		{"Owner at the month's close", owner},
		{"Gross", moneyCell(s.Gross)},
		{"Paid by coupons", moneyCell(s.Coupons)},
		{"Paid by credits", moneyCell(s.Credits)},
		{"Due", moneyCell(s.Due)},
		{"Taken back by credit notes", moneyCell(s.Noted)},
		{"Open", moneyCell(document.Open(s))},
		{"ID", code(s.ID.String())},
	}
}

// statementActions are those that the statement's state allows, to who may.
func (v *visit) statementActions(s reeve.Statement) []link {
	if !v.may(reeve.ManageMoney) {
		return nil
	}
	path := to("statements", s.ID.String()) + "/"
	var out []link
	if s.Status == reeve.StatementFinal {
		out = append(out, link{Text: "Mark as paid", To: path + "pay", Main: true})
	}
	if (s.Status == reeve.StatementFinal || s.Status == reeve.StatementPaid) && s.Due > s.Noted {
		out = append(out, link{Text: "Credit note", To: path + "note"})
	}
	if s.Status == reeve.StatementFinal {
		out = append(out, link{Text: "Void", To: path + "void", Danger: true})
	}
	return out
}

// linesSection tells what was used, of a page of the projects.
func (v *visit) linesSection(s reeve.Statement) section {
	rows := make([][]cell, len(s.Lines))
	for i, l := range s.Lines {
		amount := moneyCell(l.Cents)
		amount.To = to("statements", s.ID.String(), "lines", strconv.Itoa(i+1))
		amount.About = "of line " + strconv.Itoa(i+1) + ", explained"
		rows[i] = []cell{
			number(strconv.Itoa(i + 1)), linked(l.ProjectName, to("projects", l.ProjectID.String())), text(meterTitles[l.Meter]),
			text(lineMonth(s, l)), number(quantityText(l)), amount,
		}
	}
	return section{Title: "Usage", Note: "An amount leads to what it was made from.", Table: v.inPages("lines", &table{
		ID: "lines", Caption: "Usage", Empty: "Nothing was used.", Rows: rows,
		Columns: []column{
			{Name: "Line", Number: true},
			{Name: "Project"},
			{Name: "Meter"},
			{Name: "Month"},
			{Name: "Quantity", Number: true},
			{Name: "Amount", Number: true},
		},
	})}
}

// inPages shows a page of a table's rows, which are all there are.
func (v *visit) inPages(name string, t *table) *table {
	rows := t.Rows
	from := min(v.pageNumber(name)*pageSize, len(rows))
	t.Rows = rows[from:min(from+pageSize, len(rows))]
	t.Pager = v.pages(name, len(t.Rows), len(rows))
	t.All = func(yield func([]cell, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	return t
}

// meterTitles are what the meters of usage are called.
var meterTitles = map[reeve.UsageMeter]string{
	reeve.UsageStorage: "Storage", reeve.UsageObjects: "Objects", reeve.UsageEgress: "Egress", reeve.UsageRequests: "Requests",
}

// lineMonth is the month of a line's usage: an earlier one's came late.
func lineMonth(s reeve.Statement, l reeve.StatementLine) string {
	if l.Month == s.Month {
		return l.Month.String()
	}
	return l.Month.String() + ", came late"
}

// quantityText is a line's quantity with its unit, in a large one if that helps.
func quantityText(l reeve.StatementLine) string {
	n := l.Meter.Units(l.Quantity)
	if short := document.Short(l.Meter, n); short != "" {
		return short
	}
	return document.Thousands(n.String()) + " " + l.Meter.Unit()
}

// settlementsSection tells which coupons and credits have paid.
func settlementsSection(s reeve.Statement) section {
	t := &table{
		ID: "settlements", Caption: "Coupons and credits used", Empty: "None.",
		Columns: []column{{Name: "Kind"}, {Name: "Description"}, {Name: "Amount", Number: true}},
	}
	for _, part := range s.Settlements {
		path := to("coupons", part.SourceID.String())
		if part.Kind == reeve.SettledByCredit {
			path = to("credits", part.SourceID.String())
		}
		kind := string(part.Kind)
		if part.Cents < 0 {
			kind = "credit that this statement gives"
		}
		t.Rows = append(t.Rows, []cell{text(kind), linked(part.Description, path), moneyCell(-part.Cents)})
	}
	return section{Title: "Coupons and credits used", Table: t}
}

// notesSection tells what was taken back.
func notesSection(notes []reeve.CreditNote) section {
	t := &table{
		ID: "credit-notes", Caption: "Credit notes", Empty: "None.",
		Columns: []column{{Name: "When"}, {Name: "Text"}, {Name: "Amount", Number: true}, {Name: "Credit"}},
	}
	for _, n := range notes {
		became := text("none: less was open then")
		if n.CreditID != reeve.Zero {
			became = cell{Text: n.CreditID.String(), To: to("credits", n.CreditID.String()), Code: true}
		}
		t.Rows = append(t.Rows, []cell{moment(n.CreatedAt), text(n.Reason), moneyCell(-n.Cents), became})
	}
	return section{Title: "Credit notes", Table: t}
}

// printAnyStatement answers a statement as a page of its own, to print.
func (v *visit) printAnyStatement() (*page, error) {
	defer v.patient()()
	s, err := v.control.GetStatement(v.ctx, v.id("statement", reeve.PrefixStatement))
	if err != nil {
		return nil, err
	}
	body, err := document.StatementHTML(s, func(_ reeve.Prefix, id reeve.ID) string { return id.String() })
	if err != nil {
		return nil, err
	}
	header := v.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", document.Policy)
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(body) // the browser has gone: nobody to tell
	return nil, nil
}
