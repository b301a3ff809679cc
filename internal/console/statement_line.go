package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

var errNoLine = reeve.Errorf(reeve.NotFound, "the statement has no such line")

// explained begins the page of the statement's line that the path names: the
// prices that it was made with, and the hours behind it.
func (v *visit) explained(shown statementView) (*page, error) {
	which := v.r.PathValue("line")
	number, err := strconv.Atoi(which)
	if err != nil || number < 1 {
		return nil, errNoLine
	}
	s, lines, err := v.control.ExplainStatement(v.ctx, shown.ID, number)
	switch {
	case err == nil:
	case reeve.IsKind(err, reeve.Invalid) && number > len(s.Lines):
		return nil, errNoLine
	default:
		return nil, err
	}
	l, e := s.Lines[number-1], lines[0]
	p := &page{
		Title: meterTitles[l.Meter] + " of " + l.ProjectName, Lead: "How line " + which + " of the statement was made.",
		Facts: append([]fact{{"Project", linked(l.ProjectName, shown.project(l.ProjectID))}}, lineFacts(l, e)...),
	}
	if l.Month != s.Month {
		p.Lead += " This usage came after its month was closed: the line is the difference to what was billed before."
	}
	if e.Price != nil {
		p.Sections = append(p.Sections, lineTiers(l, e))
	}
	p.Sections = append(p.Sections, v.lineHours(l, e))
	return p, nil
}

func lineFacts(l reeve.StatementLine, e control.LineExplanation) []fact {
	out := []fact{{"Month", text(monthName(l.Month))}, {"Used in all", usedInAll(l.Meter, e)}}
	if e.BilledQuantity.Sign() != 0 || e.BilledMicrocents.Sign() != 0 {
		out = append(out, fact{"Billed before", text(document.Thousands(l.Meter.Units(e.BilledQuantity).String()) + " " + l.Meter.Unit())},
			fact{"Billed before, exactly", microMoneyCell(e.BilledMicrocents)})
	}
	price := "None: it costs nothing"
	if e.Price != nil {
		price = "By " + e.Price.Unit.String()
	}
	return append(out, fact{"Price", text(price)}, fact{"Exactly", microMoneyCell(l.Microcents)}, fact{"Amount", moneyCell(l.Cents)})
}

// usedInAll is all that a line's month has of its meter.
func usedInAll(m reeve.UsageMeter, e control.LineExplanation) cell {
	n := m.Units(e.Total)
	out := document.Thousands(n.String()) + " " + m.Unit()
	if short := document.Short(m, n); short != "" {
		out += " (" + short + ")"
	}
	return text(out)
}

// lineTiers tells what each tier of the price adds.
func lineTiers(l reeve.StatementLine, e control.LineExplanation) section {
	unit := e.Price.Unit.String()
	t := &table{ID: "tiers", Caption: "Tiers of the price", Columns: []column{
		{Name: "From, " + l.Meter.Unit(), Number: true},
		{Name: "Up to", Number: true},
		{Name: "Used of it", Number: true},
		{Name: "Cents for each " + unit, Number: true},
		{Name: "Cents", Number: true},
	}}
	for _, tier := range e.Cost.Tiers {
		upTo := "without end"
		if tier.UpTo != nil {
			upTo = document.Thousands(l.Meter.Units(tier.UpTo).String())
		}
		t.Rows = append(t.Rows, []cell{
			quantityCell(l.Meter, tier.From), number(upTo),
			quantityCell(l.Meter, tier.Quantity), number(reeve.FormatNumber(tier.Price)), microMoneyCell(tier.Microcents),
		})
	}
	return section{Title: "Tiers of the price", Table: t}
}

// lineHours lists the hours behind a line.
func (v *visit) lineHours(l reeve.StatementLine, e control.LineExplanation) section {
	t := &table{
		ID: "hours", Caption: "Hours with usage", Empty: "No hour with usage is known.",
		Columns: []column{{Name: "Hour, UTC"}, {Name: "Bucket"}, {Name: "Quantity, " + l.Meter.Unit(), Number: true}},
	}
	return section{
		Title: "Hours with usage", Note: "As it is known now: what came since the statement was made is among them.",
		Table: inPages(v, t, e.Records, func(r control.HourRecord) []cell {
			bucket := text(r.Bucket)
			if r.Bucket == "" {
				bucket = text("of no bucket")
			}
			return []cell{hourCell(r.At), bucket, quantityCell(l.Meter, r.Quantity.Big())}
		}),
	}
}
