package console

import (
	"iter"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// statementTable shows the first of some statements; all are in its CSV. with
// says whose each is.
func statementTable(all []reeve.Statement, with bool) *table {
	t := &table{
		ID: "statements", Caption: "Statements",
		Columns: []column{{Name: "Month"}, {Name: "State"}, {Name: "Gross", Number: true}, {Name: "To pay", Number: true}},
	}
	if with {
		t.Columns = append(t.Columns, column{Name: "Organisation"})
	}
	rows := make([][]cell, len(all))
	for i, s := range all {
		rows[i] = []cell{
			linked(s.Month.String(), to("statements", s.ID.String())),
			{Badges: statementBadges(s.Status)},
			number(document.Dollars(s.Gross)), number(document.Dollars(document.Open(s))),
		}
		if with {
			rows[i] = append(rows[i], linked(s.OrganizationName, to("organizations", s.OrganizationID.String())))
		}
	}
	t.Rows, t.All = rows[:min(preview, len(rows))], allOf(rows)
	return t
}

// allOf gives rows that are there already.
func allOf(rows [][]cell) iter.Seq2[[]cell, error] {
	return func(yield func([]cell, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// affected gives how many things of a kind go with something.
func affected(e control.Effects, what control.Affected) control.Count {
	for _, c := range e.Counts {
		if c.What == what {
			return c.Count
		}
	}
	return control.Count{}
}

// amount says how many things of a kind go with something.
func amount(e control.Effects, what control.Affected) string { return howMany(affected(e, what)) }

func howMany(c control.Count) string {
	out := document.Thousands(strconv.Itoa(c.N))
	if c.More {
		return out + " or more"
	}
	return out
}

// several is tally for what was counted up to some number.
func several(c control.Count, one string) string {
	if c.More {
		return howMany(c) + " " + one + "s"
	}
	return tally(c.N, one)
}

// agrees is the form that goes with a number of things.
func agrees(c control.Count, one, more string) string {
	if c.N == 1 && !c.More {
		return one
	}
	return more
}
