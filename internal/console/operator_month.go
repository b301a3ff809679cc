package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// closingTime is how long closing a month goes on at most before it must be
// begun again, where it was left.
const closingTime = 30 * time.Minute

func (s *site) operatorMonths() {
	s.show("months", (*visit).listMonths)
	s.show("months/{month}", (*visit).monthPage)
	s.does(action{
		Path: "months/{month}/close", Ask: (*visit).askCloseMonth, Do: (*visit).closeMonth, Resumable: true, Timeout: closingTime,
		Long: func(v *visit, _ values) string { return to("months", v.r.PathValue("month")) },
	})
}

// monthState says how far a month has come.
type monthState string

const (
	monthOpen    monthState = "open"
	monthOver    monthState = "over, not closed"
	monthClosing monthState = "being closed"
	monthClosed  monthState = "closed"
)

func (s monthState) badge() badge {
	kinds := map[monthState]string{monthOver: "warn", monthClosing: "warn", monthClosed: "good"}
	return badge{string(s), kinds[s]}
}

// stateOf tells a month's state by those that are closed or being closed.
func (v *visit) stateOf(month reeve.Month, known []control.BillingMonth) monthState {
	for _, m := range known {
		switch {
		case m.Month == month && m.Closed:
			return monthClosed
		case m.Month == month:
			return monthClosing
		}
	}
	if v.control.Now().Before(month.End()) {
		return monthOpen
	}
	return monthOver
}

// listMonths shows the months, newest first: those that are closed or being
// closed, and from then on until now.
func (v *visit) listMonths() (*page, error) {
	known, err := v.control.ListMonths(v.ctx)
	if err != nil {
		return nil, err
	}
	now := reeve.MonthOf(v.control.Now())
	months := []reeve.Month{now, now.Previous()}
	for _, m := range known {
		months = append(months, m.Month)
	}
	if len(known) > 0 {
		for m := known[len(known)-1].Month; m < now; m = m.Add(1) {
			months = append(months, m)
		}
	}
	slices.Sort(months)
	months = slices.Compact(months)
	slices.Reverse(months)
	row := func(m reeve.Month) []cell {
		return []cell{
			linked(m.String(), to("months", m.String())),
			{Badges: []badge{v.stateOf(m, known).badge()}},
			doings(link{Text: "Statements", About: "of " + m.String(), To: at(to("statements"), "month", m.String())}),
		}
	}
	return &page{
		Title: "Months", Up: []link{{Text: "Statements", To: to("statements")}},
		Lead: "A month that is over is closed to make its statements final. Months are in UTC, and closed in order.",
		Sections: []section{{Table: inPages(v, &table{
			ID: "months", Caption: "Months", Columns: []column{{Name: "Month"}, {Name: "State"}, {}},
		}, months, row)}},
	}, nil
}

// month reads the month in the path.
func (v *visit) month() (reeve.Month, error) {
	month, err := reeve.ParseMonth(v.r.PathValue("month"))
	if err != nil {
		return 0, reeve.Errorf(reeve.NotFound, "a month is written as 2026-11")
	}
	return month, nil
}

func monthUp(m reeve.Month) []link {
	return []link{{Text: "Statements", To: to("statements")}, {Text: "Months", To: to("months")}, {Text: m.String(), To: to("months", m.String())}}
}

// monthPage tells how far a month has come, and what usage costs in it.
func (v *visit) monthPage() (*page, error) {
	month, err := v.month()
	if err != nil {
		return nil, err
	}
	known, err := v.control.ListMonths(v.ctx)
	if err != nil {
		return nil, err
	}
	prices, err := v.control.PricesOf(v.ctx, month)
	if err != nil {
		return nil, err
	}
	made, err := v.control.CountStatements(v.ctx, month)
	if err != nil {
		return nil, err
	}
	closing, err := v.run()
	if err != nil {
		return nil, err
	}
	state := v.stateOf(month, known)
	if v.polled() && !closing.goesOn(state) {
		return v.anew()
	}
	p := &page{
		Title: month.String(), Up: monthUp(month)[:2], Badges: []badge{state.badge()},
		Facts: []fact{
			{"From", moment(month.Start())},
			{"To", moment(month.End())},
			{"Statements made", text(fmt.Sprint(made))},
		},
		Actions: []link{{Text: "Statements", About: "of " + month.String(), To: at(to("statements"), "month", month.String())}},
	}
	if v.may(reeve.CloseMonths) && (state == monthOver || state == monthClosing && (closing == nil || !closing.Running)) {
		words := map[monthState]string{monthOver: "Close the month", monthClosing: "Go on closing"}
		p.Actions = append(p.Actions, link{Text: words[state], To: to("months", month.String(), "close"), Main: true})
	}
	if progress, ok := closing.progress(state, made); ok {
		p.Sections = append(p.Sections, progress)
		if progress.Live {
			p.Refresh = 2
		}
	}
	p.Sections = append(p.Sections, pricesSection(prices, state))
	return p, nil
}

// goesOn tells whether a month may still be being closed.
func (r *run) goesOn(state monthState) bool {
	return r != nil && r.Running || state == monthClosing && !r.Over()
}

// progress tells how far closing a month has come, if there is something to tell.
func (r *run) progress(state monthState, made int) (out section, ok bool) {
	out = section{ID: "closing", Title: "Closing"}
	switch {
	case r != nil && r.Failed != "":
		out.Bad, out.Note = true, "It could not be finished: "+r.Failed+" What is made stays: go on where it was left."
	case r.goesOn(state):
		out.Live, out.Note = true, fmt.Sprintf("It is being closed: %s so far. You may leave this page, it goes on.", tally(made, "statement"))
		if r == nil || r.Lost {
			out.Note = fmt.Sprintf("It is begun: %s so far. If that does not rise, it was interrupted: go on where it was left.", tally(made, "statement"))
		}
	case r.Over() && r.Said != "":
		out.Note = r.Said
	default:
		return out, false
	}
	return out, true
}

// wholeUnits makes a number readable, if it is a whole one.
func wholeUnits(text string) string {
	if strings.Trim(text, "0123456789") != "" {
		return text
	}
	return document.Thousands(text)
}

// pricesSection tells the prices in force in a month.
func pricesSection(list reeve.PriceList, state monthState) section {
	t := &table{
		ID: "prices", Caption: "Prices", Empty: "There are no prices: all usage is free.",
		Columns: []column{{Name: "Meter"}, {Name: "Used"}, {Name: "US cents"}, {Name: "For each"}, {Name: "Since"}},
	}
	for _, p := range list.All() {
		from := "0"
		row := func(upTo, price string) {
			used := "from " + wholeUnits(from)
			if upTo != "" {
				used += " to " + wholeUnits(upTo)
			}
			t.Rows = append(t.Rows, []cell{text(meterTitles[p.Meter]), text(used), text(price), text(p.Unit.String()), text(p.From.String())})
			from = upTo
		}
		if p.Free != nil && p.Free.Sign() > 0 {
			row(reeve.FormatNumber(p.Free), "0")
		}
		for _, tier := range p.Tiers {
			upTo := ""
			if tier.UpTo != nil {
				upTo = reeve.FormatNumber(tier.UpTo)
			}
			row(upTo, reeve.FormatNumber(tier.Price))
		}
	}
	out := section{Title: "Prices in force", Note: "As they are configured now: they are kept for the month when closing it begins.", Table: t}
	if state == monthClosed || state == monthClosing {
		out.Note = "As the month was closed with them."
	}
	return out
}

func (v *visit) askCloseMonth() (*question, error) {
	if !v.may(reeve.CloseMonths) {
		return nil, reeve.ErrDenied
	}
	month, err := v.month()
	if err != nil {
		return nil, err
	}
	prices, err := v.control.PricesOf(v.ctx, month)
	if err != nil {
		return nil, err
	}
	made, err := v.control.CountStatements(v.ctx, month)
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Close " + month.String(), Up: monthUp(month), Submit: "Close the month", Back: to("months", month.String()), Danger: true,
		Effects: []string{
			"Every organisation that used something gets its final statement of the month, which coupons and credits pay first.",
			"The prices of the month are kept as they are: " + pricedMeters(prices) + ".",
			"Usage that comes after that is billed with a later month.",
			"A closed month cannot be opened again: what is wrong is corrected by credit notes.",
		},
	}
	if made > 0 {
		q.Lead = fmt.Sprintf("%s of the month are made already: it goes on where it was left.", tally(made, "statement"))
	}
	return q, nil
}

// pricedMeters names the meters that cost something.
func pricedMeters(list reeve.PriceList) string {
	var names []string
	for _, p := range list.All() {
		if name := strings.ToLower(meterTitles[p.Meter]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return "there are none, all usage is free"
	}
	return strings.Join(names, ", ") + " cost something"
}

func (v *visit) closeMonth(values) (*outcome, error) {
	month, err := v.month()
	if err != nil {
		return nil, err
	}
	closed, err := v.control.CloseMonth(v.ctx, month)
	return &outcome{Said: fmt.Sprintf("%s is closed. It has %s.", month, tally(closed.Statements, "statement"))}, err
}
