package tenantapi

import (
	"math/big"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// statementOut is a whole statement.
type statementOut struct {
	statementSummary
	Lines       []lineOut       `json:"lines"`
	Settlements []settlementOut `json:"settlements"`
}

type lineOut struct {
	Number      int              `json:"number"`
	ProjectID   projectTypeID    `json:"project_id"`
	ProjectName string           `json:"project_name" doc:"When the month was closed."`
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
	Description string               `json:"description"`
	Amount      int64                `json:"amount" doc:"What it took off; negative of a credit that the statement gave."`
}

// explanationOut is what a line was made from: its microcents are those of the
// tiers, less what was billed before.
type explanationOut struct {
	Total            web.Integer `json:"total" doc:"All that was used in the month."`
	PriceUnit        string      `json:"price_unit,omitempty" doc:"What the prices count; absent if there is no price."`
	Tiers            []tierPart  `json:"tiers" doc:"The free allowance first."`
	BilledQuantity   web.Integer `json:"billed_quantity" doc:"By earlier statements; 0 but of adjustments."`
	BilledMicrocents string      `json:"billed_microcents"`
	Records          []recordOut `json:"records" doc:"The hours with usage, as it is known now."`
}

type tierPart struct {
	From       web.Integer  `json:"from"`
	UpTo       *web.Integer `json:"up_to" doc:"null: without end."`
	Quantity   web.Integer  `json:"quantity"`
	Price      string       `json:"price" doc:"US cents a price unit: a decimal or a fraction."`
	Microcents string       `json:"microcents"`
}

type recordOut struct {
	At       wireTime    `json:"at"`
	Bucket   string      `json:"bucket" doc:"Empty: of none."`
	Quantity web.Integer `json:"quantity"`
}

func newStatementOut(s reeve.Statement) statementOut {
	out := statementOut{
		statementSummary: newStatementSummary(s),
		Lines:            make([]lineOut, len(s.Lines)), Settlements: make([]settlementOut, len(s.Settlements)),
	}
	for i, l := range s.Lines {
		out.Lines[i] = lineOut{
			Number: i + 1, ProjectID: projectTypeID(l.ProjectID), ProjectName: l.ProjectName, Meter: l.Meter, Unit: l.Meter.Unit(),
			Month: l.Month, Adjustment: l.Month != s.Month, Quantity: units(l.Meter, l.Quantity), Amount: l.Cents,
			Microcents: l.Microcents.String(),
		}
	}
	for i, part := range s.Settlements {
		out.Settlements[i] = settlementOut{part.Kind, part.Description, part.Cents}
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
		out.Records[i] = recordOut{wireTime{r.At}, r.Bucket, units(m, r.Quantity.Big())}
	}
	return out
}
