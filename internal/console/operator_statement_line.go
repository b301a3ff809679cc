package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
)

// statementLinePage tells what a line of a statement was made from.
func (v *visit) statementLinePage() (*page, error) {
	defer v.patient()()
	n, err := strconv.Atoi(v.r.PathValue("line"))
	if err != nil || n < 1 {
		return nil, errNoLine
	}
	s, lines, err := v.control.ExplainStatement(v.ctx, v.id("statement", reeve.PrefixStatement), n)
	if reeve.IsKind(err, reeve.Invalid) && n > len(s.Lines) {
		err = errNoLine
	}
	if err != nil {
		return nil, err
	}
	l, e := s.Lines[n-1], lines[0]
	p := &page{
		Title: meterTitles[l.Meter] + " of " + l.ProjectName, Up: statementUp(s),
		Facts: append(
			[]fact{{"Line", text(strconv.Itoa(n))}, {"Project", linked(l.ProjectName, to("projects", l.ProjectID.String()))}}, lineFacts(l, e)...,
		),
	}
	if l.Month != s.Month {
		p.Lead = "This usage came after its month was closed: the line is the difference to what was billed before."
	}
	if e.Price != nil {
		p.Sections = append(p.Sections, lineTiers(l, e))
	}
	p.Sections = append(p.Sections, v.lineHours(l, e))
	return p, nil
}

var errNoLine = reeve.Errorf(reeve.NotFound, "the statement has no such line")
