package console

import (
	"fmt"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/document"
)

// statementView is a statement as its readers are shown it.
type statementView struct {
	reeve.Statement
	page    string                        // where it is
	project func(reeve.ID) string         // the page of a project, "" if they see none
	source  func(reeve.Settlement) string // the page of what has paid, "" if they see none
}

// statementBadges say how far a statement has come.
func statementBadges(status reeve.StatementStatus) []badge {
	return []badge{{string(status), map[reeve.StatementStatus]string{
		reeve.StatementDraft: "warn", reeve.StatementFinal: "plain", reeve.StatementPaid: "good", reeve.StatementVoid: "plain",
	}[status]}}
}

// statementLeads say what a status means.
var statementLeads = map[reeve.StatementStatus]string{
	reeve.StatementDraft: "A draft: the month is not closed, and all of this may still change.",
	reeve.StatementFinal: "Final: its lines do not change any more.",
	reeve.StatementPaid:  "Paid.",
	reeve.StatementVoid:  "Void: nothing is to be paid.",
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

// sections tell all that a statement says.
func (s statementView) sections(v *visit) ([]section, error) {
	lines, err := s.lines(v)
	out := []section{statementSums(s.Statement), lines}
	if len(s.Settlements) > 0 {
		out = append(out, s.settlements())
	}
	return out, err
}

// linesPage is how many lines of a statement a page shows.
const linesPage = 30

// lines lists what was used, page by page.
func (s statementView) lines(v *visit) (section, error) {
	t := &table{
		ID: fmt.Sprintf("statement-%s", s.Month), Caption: "Usage", Empty: "Nothing was used.",
		Columns: []column{{Name: "Project"}, {Name: "Meter"}, {Name: "Month"}, {Name: "Quantity", Number: true}, {Name: "Amount", Number: true, Plain: "Dollars"}, {}},
	}
	numbers := make([]int, len(s.Lines))
	for i := range numbers {
		numbers[i] = i + 1
	}
	err := fillPageOf(v, "page", linesPage, t, pagesOf(numbers), s.line)
	from := v.pageNumber("page") * linesPage
	for i, row := range t.Rows {
		row[0].To = s.project(s.Lines[from+i].ProjectID)
	}
	return section{Title: "Usage", Table: t}, err
}

// line is the row of a line, by its number.
func (s statementView) line(n int) []cell {
	l, which := s.Lines[n-1], strconv.Itoa(n)
	month := text(l.Month.String())
	if l.Month != s.Month {
		month.Badges = []badge{{"Adjustment", "plain"}}
	}
	quantity := quantityCell(l.Meter, l.Quantity)
	if short := document.Short(l.Meter, l.Meter.Units(l.Quantity)); short != "" {
		quantity.Text = short
	} else {
		quantity.Text += " " + l.Meter.Unit()
	}
	return []cell{
		text(l.ProjectName),
		{Text: meterTitles[l.Meter], Plain: meterTitles[l.Meter] + ", " + l.Meter.Unit()},
		month, quantity, moneyCell(l.Cents),
		doings(link{Text: "Explain", About: "line " + which, To: s.page + "/lines/" + which}),
	}
}

// settlements tells which coupons and credits have paid.
func (s statementView) settlements() section {
	t := &table{ID: "settlements", Caption: "Coupons and credits", Columns: []column{{Name: "Kind"}, {Name: "Description"}, {Name: "Amount", Number: true, Plain: "Dollars"}}}
	for _, part := range s.Settlements {
		kind := string(part.Kind)
		if part.Cents < 0 {
			kind = "credit that this statement gives"
		}
		t.Rows = append(t.Rows, []cell{text(kind), linked(part.Description, s.source(part)), moneyCell(-part.Cents)})
	}
	return section{Title: "Coupons and credits", Table: t}
}

// printStatement answers a statement as the API does, to print and to keep, with
// ids as its readers write them.
func (v *visit) printStatement(s reeve.Statement, spell func(reeve.Prefix, reeve.ID) string) error {
	body, err := document.StatementHTML(s, spell)
	if err != nil {
		return err
	}
	header := v.w.Header()
	header.Set("Content-Security-Policy", document.Policy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body) // the browser has gone: nobody to tell
	return nil
}

// meterTitles are what the meters of usage are called.
var meterTitles = map[reeve.UsageMeter]string{
	reeve.UsageStorage: "Storage", reeve.UsageObjects: "Objects", reeve.UsageEgress: "Egress", reeve.UsageRequests: "Requests",
}
