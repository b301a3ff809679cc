package tenantapi

import (
	"context"
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) statements(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/statements", ID: "listStatements", Tag: "statements",
		Summary: "Retrieve the organisation's statements, drafts first, newest first",
		Errors:  []reeve.Kind{reeve.Invalid}, Timeout: seriesTime,
	}, a.listStatements)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/statements/{statement}", ID: "getStatement", Tag: "statements",
		Summary: "Retrieve a statement, as JSON, CSV or a page to print",
		Errors:  []reeve.Kind{reeve.Invalid}, Formats: []web.Format{web.CSV, web.HTML}, Timeout: seriesTime,
	}, a.getStatement)
}

// statementSummary is a statement without what it is made of.
type statementSummary struct {
	ID               statementTypeID       `json:"id"`
	OrganizationID   organizationTypeID    `json:"organization_id"`
	OrganizationName string                `json:"organization_name"`
	Month            reeve.Month           `json:"month"`
	From             wireTime              `json:"from"`
	To               wireTime              `json:"to"`
	Status           reeve.StatementStatus `json:"status" doc:"draft, final, paid or void."`
	Currency         string                `json:"currency"`
	statementSums
}

type statementSums struct {
	Gross       int64 `json:"gross" doc:"US cents, as all amounts; coupons + credits + due make it."`
	Coupons     int64 `json:"coupons"`
	Credits     int64 `json:"credits" doc:"Negative if the lines came to less than nothing: it became a credit."`
	Due         int64 `json:"due"`
	CreditNotes int64 `json:"credit_notes" doc:"Of what was due, what credit notes have taken back."`
	Open        int64 `json:"open" doc:"What is still to be paid."`
}

func newStatementSummary(s reeve.Statement) statementSummary {
	return statementSummary{
		ID: statementTypeID(s.ID), OrganizationID: organizationTypeID(s.OrganizationID), OrganizationName: s.OrganizationName,
		Month: s.Month, From: wireTime{s.Month.Start()}, To: wireTime{s.Month.End()}, Status: s.Status, Currency: "USD",
		statementSums: statementSums{
			Gross: s.Gross, Coupons: s.Coupons, Credits: s.Credits, Due: s.Due, CreditNotes: s.Noted, Open: document.Open(s),
		},
	}
}

type statementsOut struct {
	TotalCount int                `json:"total_count"`
	Statements []statementSummary `json:"statements"`
}

func (a *api) listStatements(ctx context.Context, in *organizationPageIn) (out envelope[statementsOut], err error) {
	page, err := in.read(ctx, a, reeve.ReadStatements)
	if err != nil {
		return out, err
	}
	statements, total, err := a.control.OrganizationStatements(ctx, in.Organization.id, page)
	list := statementsOut{TotalCount: total, Statements: make([]statementSummary, len(statements))}
	for i, s := range statements {
		list.Statements[i] = newStatementSummary(s)
	}
	return success(list), err
}

// firstDenied reports what is malformed to those only who may see the answer.
func (a *api) firstDenied(ctx context.Context, organization organizationID, err error) error {
	if denied := a.mayIn(ctx, organization, reeve.ReadStatements); denied != nil {
		return denied
	}
	return err
}

type getStatementIn struct {
	organizationPath
	Statement statementID `path:"statement" doc:"The statement's id."`
	web.FormatQuery
	Explain *string `query:"explain" doc:"Adds what each line was made from, or only the line of a number. Only in JSON."`
}

func (a *api) getStatement(ctx context.Context, in *getStatementIn) (out web.Formatted[envelope[statementOut]], err error) {
	format, err := in.Choose(web.CSV, web.HTML)
	if err != nil {
		return out, a.firstDenied(ctx, in.Organization, err)
	}
	number, explain, err := control.ParseExplain(in.Explain)
	if err != nil {
		return out, a.firstDenied(ctx, in.Organization, err)
	}
	// The key says whose statements there are; the path must agree.
	if err := a.mayIn(ctx, in.Organization, reeve.ReadStatements); err != nil {
		return out, err
	}
	if explain && format == web.JSON {
		s, lines, err := a.control.ExplainStatement(ctx, in.Statement.id, number)
		body := newStatementOut(s)
		for _, l := range lines {
			line := &body.Lines[l.Number-1]
			line.Explain = newExplanationOut(line.Meter, l)
		}
		out.JSON = success(body)
		return out, err
	}
	s, err := a.control.GetStatement(ctx, in.Statement.id)
	if err != nil {
		return out, err
	}
	out.JSON = success(newStatementOut(s))
	out.Document, err = statementDocument(s, format)
	return out, err
}

// statementDocument gives a statement in another format than JSON, nil if that
// is asked for.
func statementDocument(s reeve.Statement, format web.Format) (*web.Document, error) {
	ids := func(prefix reeve.Prefix, id reeve.ID) string { return id.TypeID(prefix) }
	switch format {
	case web.CSV:
		name := fmt.Sprintf("statement-%s-%s.csv", s.Month, ids(reeve.PrefixStatement, s.ID))
		return &web.Document{Format: web.CSV, Filename: name, Body: document.StatementCSV(s, ids)}, nil
	case web.HTML:
		body, err := document.StatementHTML(s, ids)
		return &web.Document{Format: web.HTML, Policy: document.Policy, Body: body}, err
	default:
		return nil, nil
	}
}
