package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) statements(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/statements", ID: "listStatements", Tag: "statements",
		Summary: "List statements, newest first", Description: "Drafts are listed of a month that is asked for and is not closed.",
		Errors: []reeve.Kind{reeve.Invalid}, Timeout: seriesTime,
	}, a.listStatements)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/statements/{statement}", ID: "getStatement", Tag: "statements",
		Summary: "Get a statement, as JSON, CSV or a page to print",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound}, Formats: []web.Format{web.CSV, web.HTML}, Timeout: seriesTime,
	}, a.getStatement)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/statements/{statement}/pay", ID: "payStatement", Tag: "statements",
		Summary: "Note that a final statement is paid",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.payStatement)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/statements/{statement}/void", ID: "voidStatement", Tag: "statements",
		Summary: "Void a final statement, and give its coupons and credits back",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.voidStatement)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/users/{email}/statements", ID: "listUserStatements", Tag: "statements",
		Summary: "List the statements of the organisations that a user owns or owned, drafts first, newest first",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.userStatements)
}

type (
	statementID   struct{ id reeve.ID }
	statementPath struct {
		Statement statementID `path:"statement" doc:"The statement's id."`
	}
)

// statementSummary is a statement without what it is made of. Amounts are US
// cents; coupons + credits + due = gross.
type statementSummary struct {
	ID               reeve.ID              `json:"id"`
	OrganizationID   reeve.ID              `json:"organizationId"`
	OrganizationName string                `json:"organizationName"`
	OwnerID          reeve.ID              `json:"ownerId" doc:"Of the organisation, when the month was closed."`
	Month            reeve.Month           `json:"month"`
	From             time.Time             `json:"from"`
	To               time.Time             `json:"to"`
	Status           reeve.StatementStatus `json:"status" doc:"draft, final, paid or void."`
	Currency         string                `json:"currency"`
	statementSums
}

type statementSums struct {
	Gross       int64 `json:"gross" doc:"US cents, as all amounts; coupons + credits + due make it."`
	Coupons     int64 `json:"coupons"`
	Credits     int64 `json:"credits" doc:"Negative if the lines came to less than nothing: it became a credit."`
	Due         int64 `json:"due"`
	CreditNotes int64 `json:"creditNotes" doc:"Of what was due, what credit notes have taken back."`
	Open        int64 `json:"open" doc:"What is still to be paid."`
}

func newStatementSummary(s reeve.Statement) statementSummary {
	return statementSummary{
		ID: s.ID, OrganizationID: s.OrganizationID, OrganizationName: s.OrganizationName, OwnerID: s.OwnerID,
		Month: s.Month, From: s.Month.Start(), To: s.Month.End(), Status: s.Status, Currency: "USD",
		statementSums: statementSums{
			Gross: s.Gross, Coupons: s.Coupons, Credits: s.Credits, Due: s.Due, CreditNotes: s.Noted, Open: document.Open(s),
		},
	}
}

func newStatementSummaries(statements []reeve.Statement) []statementSummary {
	out := make([]statementSummary, len(statements))
	for i, s := range statements {
		out[i] = newStatementSummary(s)
	}
	return out
}

type listStatementsIn struct {
	pageQuery
	Month          string         `query:"month" doc:"Such as 2026-11; all when absent."`
	Status         string         `query:"status" doc:"draft, final, paid or void; all when absent."`
	OrganizationID organizationID `query:"organizationId"`
}

type statementsOut struct {
	Statements []statementSummary `json:"statements"`
	Next       *string            `json:"next" doc:"The cursor towards older statements; null at the end."`
}

func (a *api) listStatements(ctx context.Context, in *listStatementsIn) (out statementsOut, err error) {
	f := control.StatementFilter{OrganizationID: in.OrganizationID.id, Status: reeve.StatementStatus(in.Status)}
	switch f.Status {
	case "", reeve.StatementDraft, reeve.StatementFinal, reeve.StatementPaid, reeve.StatementVoid:
	default:
		return out, reeve.Errorf(reeve.Invalid, "status must be draft, final, paid or void")
	}
	if in.Month != "" {
		if f.Month, err = reeve.ParseMonth(in.Month); err != nil {
			return out, err
		}
	}
	if f.Limit, err = in.limit(); err != nil {
		return out, err
	}
	if in.After != "" {
		if f.After, err = reeve.ParseID(reeve.PrefixStatement, in.After); err != nil {
			return out, errNoCursor
		}
	}
	page, more, err := a.control.ListStatements(ctx, f)
	out.Statements = newStatementSummaries(page)
	if more {
		next := page[len(page)-1].ID.String()
		out.Next = &next
	}
	return out, err
}

type userStatementsOut struct {
	Statements []statementSummary `json:"statements"`
}

func (a *api) userStatements(ctx context.Context, in *userPath) (userStatementsOut, error) {
	statements, err := a.control.StatementsOfUser(ctx, in.Email)
	return userStatementsOut{newStatementSummaries(statements)}, err
}

func (a *api) payStatement(ctx context.Context, in *statementPath) (web.Empty, error) {
	return web.Empty{}, a.control.PayStatement(ctx, in.Statement.id)
}

func (a *api) voidStatement(ctx context.Context, in *statementPath) (web.Empty, error) {
	return web.Empty{}, a.control.VoidStatement(ctx, in.Statement.id)
}
