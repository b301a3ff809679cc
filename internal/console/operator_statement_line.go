package console

import (
	"math/big"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// statementLinePage tells what a line of a statement was made from.
func (v *visit) statementLinePage() (*page, error) {
	defer v.patiently()()
	n, err := strconv.Atoi(v.r.PathValue("line"))
	if err != nil || n < 1 {
		return nil, reeve.Errorf(reeve.NotFound, "the statement has no such line")
	}
	s, lines, err := v.control.ExplainStatement(v.ctx, v.id("statement", reeve.PrefixStatement), n)
	if err != nil {
		return nil, err
	}
	l, why := s.Lines[n-1], lines[0]
	p := &page{
		Title: meterTitles[l.Meter] + " of " + l.ProjectName, Up: statementUp(s),
		Facts: []fact{
			{"Line", text(strconv.Itoa(n))},
			{"Project", linked(l.ProjectName, to("projects", l.ProjectID.String()))},
			{"Month", text(lineMonth(s, l))},
			{"Used in the month", quantityOf(l.Meter, why.Total)},
			{"Price for each", text(priceUnit(why.Price))},
			{"Costs", text(microdollars(why.Cost.Microcents))},
			{"Amount of the line", text(document.Dollars(l.Cents))},
		},
		Sections: []section{tiersSection(l, why), v.hoursSection(l, why)},
	}
	if l.Month != s.Month {
		p.Lead = "This usage came after its month was closed: the line is the difference to what was billed before."
		p.Facts = append(
			p.Facts, fact{"Billed before", quantityOf(l.Meter, why.BilledQuantity)}, fact{"Cost billed before", text(microdollars(why.BilledMicrocents))},
		)
	}
	return p, nil
}

func priceUnit(p *reeve.Price) string {
	if p == nil {
		return "nothing: it has no price"
	}
	return p.Unit.String()
}

// quantityOf is a quantity in the meter's unit.
func quantityOf(m reeve.UsageMeter, n *big.Int) cell {
	return text(document.Thousands(m.Units(n).String()) + " " + m.Unit())
}

// microdollars writes millionths of a cent as dollars, all of them.
func microdollars(microcents *big.Int) string {
	return "$" + new(big.Rat).SetFrac(microcents, big.NewInt(100*reeve.MicrocentsInCent)).FloatString(8)
}

func tiersSection(l reeve.StatementLine, why control.LineExplanation) section {
	t := &table{
		ID: "tiers", Caption: "Tiers", Empty: "The meter had no price.",
		Columns: []column{
			{Name: "From", Number: true},
			{Name: "Up to", Number: true},
			{Name: "Used", Number: true},
			{Name: "US cents for each", Number: true},
			{Name: "Costs", Number: true},
		},
	}
	for _, tier := range why.Cost.Tiers {
		end := text("without end")
		if tier.UpTo != nil {
			end = quantityOf(l.Meter, tier.UpTo)
		}
		t.Rows = append(t.Rows, []cell{
			quantityOf(l.Meter, tier.From), end, quantityOf(l.Meter, tier.Quantity), number(reeve.FormatNumber(tier.Price)), number(microdollars(tier.Microcents)),
		})
	}
	return section{Title: "Tiers", Table: t}
}

// hoursSection tells the hours behind a line.
func (v *visit) hoursSection(l reeve.StatementLine, why control.LineExplanation) section {
	rows := make([][]cell, len(why.Records))
	for i, r := range why.Records {
		bucket := text(r.Bucket)
		if r.Bucket == "" {
			bucket.Text = "none"
		}
		rows[i] = []cell{moment(r.At), bucket, quantityOf(l.Meter, r.Quantity.Big())}
	}
	return section{
		Title: "Hours", Note: "What is known now: what came since the statement was made is among them.",
		Table: v.inPages("hours", &table{
			ID: "hours", Caption: "Hours", Empty: "No records are kept of that month any more.", Rows: rows,
			Columns: []column{{Name: "Hour from"}, {Name: "Bucket"}, {Name: "Used", Number: true}},
		}),
	}
}
