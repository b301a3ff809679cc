package operatorapi

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
	"github.com/reeve-cloud/reeve/internal/web"
)

type getStatementIn struct {
	statementPath
	web.FormatQuery
	Explain *string `query:"explain" doc:"Adds what each line was made from, or only the line of a number. Only in JSON."`
}

// statementOut is a whole statement.
type statementOut struct {
	statementSummary
	Lines       []lineOut       `json:"lines"`
	Settlements []settlementOut `json:"settlements"`
}

type lineOut struct {
	Number      int              `json:"number"`
	ProjectID   reeve.ID         `json:"projectId"`
	ProjectName string           `json:"projectName" doc:"When the month was closed."`
	Meter       reeve.UsageMeter `json:"meter"`
	Unit        string           `json:"unit"`
	Month       reeve.Month      `json:"month"`
	Adjustment  bool             `json:"adjustment" doc:"The month was billed before; the line is the difference to that."`
	Quantity    web.Integer      `json:"quantity" doc:"In units, rounded half to even."`
	Amount      int64            `json:"amount"`
	Microcents  string           `json:"microcents" doc:"The amount before it was rounded to cents; 1000000 are a cent."`
	Explain     *explanationOut  `json:"explain,omitempty"`
}

type settlementOut struct {
	Kind        reeve.SettlementKind `json:"kind" doc:"coupon or credit."`
	ID          reeve.ID             `json:"id" doc:"The coupon's or credit's."`
	Description string               `json:"description"`
	Amount      int64                `json:"amount" doc:"What it took off; negative of a credit that the statement gave."`
}

// explanationOut is what a line was made from: its microcents are those of the
// tiers, less what was billed before.
type explanationOut struct {
	Total            web.Integer `json:"total" doc:"All that was used in the month."`
	PriceUnit        string      `json:"priceUnit,omitempty" doc:"What the prices count; absent if there is no price."`
	Tiers            []tierPart  `json:"tiers" doc:"The free allowance first."`
	BilledQuantity   web.Integer `json:"billedQuantity" doc:"By earlier statements; 0 but of adjustments."`
	BilledMicrocents string      `json:"billedMicrocents"`
	Records          []recordOut `json:"records" doc:"The hours with usage, as it is known now."`
}

type tierPart struct {
	From       web.Integer  `json:"from"`
	UpTo       *web.Integer `json:"upTo" doc:"null: without end."`
	Quantity   web.Integer  `json:"quantity"`
	Price      string       `json:"price" doc:"US cents a price unit: a decimal or a fraction."`
	Microcents string       `json:"microcents"`
}

type recordOut struct {
	At       time.Time   `json:"at"`
	Bucket   string      `json:"bucket" doc:"Empty: of none."`
	Quantity web.Integer `json:"quantity"`
}

func (a *api) getStatement(ctx context.Context, in *getStatementIn) (out web.Formatted[statementOut], err error) {
	format, err := in.Choose(web.CSV, web.HTML)
	if err != nil {
		return out, err
	}
	number, explain, err := control.ParseExplain(in.Explain)
	if err != nil {
		return out, err
	}
	if explain && format == web.JSON {
		s, lines, err := a.control.ExplainStatement(ctx, in.Statement.id, number)
		out.JSON = newStatementOut(s)
		for _, l := range lines {
			line := &out.JSON.Lines[l.Number-1]
			line.Explain = newExplanationOut(line.Meter, l)
		}
		return out, err
	}
	s, err := a.control.GetStatement(ctx, in.Statement.id)
	if err != nil {
		return out, err
	}
	out.JSON = newStatementOut(s)
	out.Document, err = statementDocument(s, format)
	return out, err
}

// statementDocument gives a statement in another format than JSON, nil if that
// is asked for.
func statementDocument(s reeve.Statement, format web.Format) (*web.Document, error) {
	ids := func(_ reeve.Prefix, id reeve.ID) string { return id.String() }
	switch format {
	case web.CSV:
		name := fmt.Sprintf("statement-%s-%s.csv", s.Month, s.ID)
		return &web.Document{Format: web.CSV, Filename: name, Body: document.StatementCSV(s, ids)}, nil
	case web.HTML:
		body, err := document.StatementHTML(s, ids)
		return &web.Document{Format: web.HTML, Policy: document.Policy, Body: body}, err
	default:
		return nil, nil
	}
}

func newStatementOut(s reeve.Statement) statementOut {
	out := statementOut{
		statementSummary: newStatementSummary(s),
		Lines:            make([]lineOut, len(s.Lines)), Settlements: make([]settlementOut, len(s.Settlements)),
	}
	for i, l := range s.Lines {
		out.Lines[i] = lineOut{
			Number: i + 1, ProjectID: l.ProjectID, ProjectName: l.ProjectName, Meter: l.Meter, Unit: l.Meter.Unit(),
			Month: l.Month, Adjustment: l.Month != s.Month, Quantity: units(l.Meter, l.Quantity), Amount: l.Cents,
			Microcents: l.Microcents.String(),
		}
	}
	for i, part := range s.Settlements {
		out.Settlements[i] = settlementOut{part.Kind, part.SourceID, part.Description, part.Cents}
	}
	return out
}

func units(m reeve.UsageMeter, n *big.Int) web.Integer { return web.Integer{Int: m.Units(n)} }

func newExplanationOut(m reeve.UsageMeter, l control.LineExplanation) *explanationOut {
	out := &explanationOut{
		Total: units(m, l.Total), BilledQuantity: units(m, l.BilledQuantity), BilledMicrocents: l.BilledMicrocents.String(),
		Tiers: make([]tierPart, len(l.Cost.Tiers)), Records: make([]recordOut, len(l.Records)),
	}
	if l.Price != nil {
		out.PriceUnit = l.Price.Unit.String()
	}
	for i, t := range l.Cost.Tiers {
		out.Tiers[i] = tierPart{
			From: units(m, t.From), Quantity: units(m, t.Quantity), Price: reeve.FormatNumber(t.Price), Microcents: t.Microcents.String(),
		}
		if t.UpTo != nil {
			upTo := units(m, t.UpTo)
			out.Tiers[i].UpTo = &upTo
		}
	}
	for i, r := range l.Records {
		out.Records[i] = recordOut{r.At, r.Bucket, units(m, r.Quantity.Big())}
	}
	return out
}
