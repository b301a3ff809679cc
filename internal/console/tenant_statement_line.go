package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// ownStatementLine explains a line of a statement: the prices that it was made
// with, and the hours behind it.
func (v *visit) ownStatementLine() (*page, error) {
	defer v.patient()()
	place, _, err := v.statementHere()
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(v.r.PathValue("line"))
	if err != nil || number < 1 {
		return nil, errNoLine
	}
	s, explained, err := v.control.ExplainStatement(v.ctx, v.id("statement", reeve.PrefixStatement), number)
	switch {
	case err == nil:
	case reeve.IsKind(err, reeve.Invalid) && number > len(s.Lines):
		return nil, errNoLine
	default:
		return nil, err
	}
	l, e := s.Lines[number-1], explained[0]
	id := s.ID.TypeID(reeve.PrefixStatement)
	p := place.page(meterTitles[l.Meter] + " of " + l.ProjectName)
	p.Up = place.up(
		link{Text: "Statements", To: place.path("statements")}, link{Text: monthName(s.Month), To: place.path("statements", id)},
	)
	if p.Lead == "" {
		p.Lead = "How line " + strconv.Itoa(number) + " of the statement was made."
	}
	p.Facts = lineFacts(l, e)
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
	row := func(r control.HourRecord) []cell {
		bucket := text(r.Bucket)
		if r.Bucket == "" {
			bucket = text("of no bucket")
		}
		return []cell{hourCell(r.At), bucket, quantityCell(l.Meter, r.Quantity.Big())}
	}
	from := min(v.pageNumber("page")*pageSize, len(e.Records))
	until := min(from+pageSize, len(e.Records))
	for _, r := range e.Records[from:until] {
		t.Rows = append(t.Rows, row(r))
	}
	t.Pager = v.pages("page", until-from, len(e.Records))
	t.All = func(yield func([]cell, error) bool) {
		for _, r := range e.Records {
			if !yield(row(r), nil) {
				return
			}
		}
	}
	return section{Title: "Hours with usage", Note: "As it is known now: what came since the statement was made is among them.", Table: t}
}
