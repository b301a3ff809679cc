package console

import (
	"iter"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) operatorStatements() {
	s.show("statements", (*visit).listStatements)
	s.show("statements/{statement}", (*visit).statementPage)
	s.show("statements/{statement}/print", (*visit).printFound)
	s.show("statements/{statement}/lines/{line}", (*visit).statementLinePage)
	s.does(action{Path: "statements/{statement}/pay", Ask: (*visit).askPay, Do: (*visit).pay})
	s.does(action{Path: "statements/{statement}/void", Ask: (*visit).askVoidStatement, Do: (*visit).voidStatement})
	s.does(action{Path: "statements/{statement}/note", Ask: (*visit).askCreditNote, Do: (*visit).createCreditNote})
}

// statementStates are the states of statements, as a filter has them.
var statementStates = []option{
	{"", "Any but drafts"},
	{string(reeve.StatementDraft), "Draft: the month is not closed"},
	{string(reeve.StatementFinal), "Final: to be paid"},
	{string(reeve.StatementPaid), "Paid"},
	{string(reeve.StatementVoid), "Void"},
}

// listStatements shows the statements of a month, a state or an organisation.
func (v *visit) listStatements() (*page, error) {
	defer v.patient()()
	query := v.r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	t := &table{ID: "statements", Caption: "Statements", Empty: "There are no such statements.", Columns: statementColumns}
	p := &page{
		Title: "Statements", Actions: []link{{Text: "Months", To: to("months")}},
		Sections: []section{{Table: t, Form: &form{Get: true, Submit: "Show", Fields: []field{
			{Name: "month", Label: "Month", Kind: "month", Value: get("month"), Hint: "Such as 2026-11."},
			{Name: "status", Label: "State", Kind: "select", Value: get("status"), Options: statementStates},
			{Name: "organization", Label: "Organisation", Value: get("organization"), Hint: organizationHint},
		}}}},
	}
	f, err := v.statementFilter(get)
	if err != nil {
		return p, err
	}
	found, more, err := v.control.ListStatements(v.ctx, f)
	next := ""
	if more {
		next = found[len(found)-1].ID.String()
	}
	t.Rows, t.Pager, t.All = rowsOf(found, statementInFull), v.onwards("after", next), v.eachStatement(f)
	return p, err
}

// statementFilter reads what is asked for.
func (v *visit) statementFilter(get func(string) string) (f control.StatementFilter, err error) {
	f = control.StatementFilter{Status: reeve.StatementStatus(get("status")), Limit: pageSize}
	switch f.Status {
	case "", reeve.StatementDraft, reeve.StatementFinal, reeve.StatementPaid, reeve.StatementVoid:
	default:
		return f, reeve.Errorf(reeve.Invalid, "the state must be draft, final, paid or void")
	}
	if text := get("month"); text != "" {
		if f.Month, err = reeve.ParseMonth(text); err != nil {
			return f, err
		}
	}
	if text := get("organization"); text != "" {
		if f.OrganizationID, err = v.findOrganization(text); err != nil {
			return f, err
		}
	}
	if text := get("after"); text != "" {
		if f.After, err = reeve.ParseID(reeve.PrefixStatement, text); err != nil {
			return f, reeve.Errorf(reeve.Invalid, "that is no page of the list")
		}
	}
	return f, nil
}

// eachStatement gives the rows of all statements that a filter picks.
func (v *visit) eachStatement(f control.StatementFilter) iter.Seq2[[]cell, error] {
	f.After, f.Limit = reeve.Zero, csvPage
	return steps(func() ([][]cell, bool, error) {
		found, more, err := v.control.ListStatements(v.ctx, f)
		if more {
			f.After = found[len(found)-1].ID
		}
		return rowsOf(found, statementInFull), more, err
	})
}

var statementColumns = []column{
	{Name: "Month"},
	{Name: "Organisation"},
	{Name: "State"},
	{Name: "Gross", Number: true},
	{Name: "Coupons", Number: true},
	{Name: "Credits", Number: true},
	{Name: "Due", Number: true},
	{Name: "Noted", Number: true},
	{Name: "Open", Number: true},
}

// statementInFull is a statement's row below statementColumns.
func statementInFull(s reeve.Statement) []cell {
	month := linked(s.Month.String(), to("statements", s.ID.String()))
	month.About = "of " + s.OrganizationName
	return []cell{
		month, linked(s.OrganizationName, to("organizations", s.OrganizationID.String())),
		{Badges: statementBadges(s.Status)},
		moneyCell(s.Gross), moneyCell(-s.Coupons), moneyCell(-s.Credits),
		moneyCell(s.Due), moneyCell(-s.Noted), moneyCell(document.Open(s)),
	}
}
