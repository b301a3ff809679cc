package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// statementTable begins a list of statements in brief; with says whose each is.
func statementTable(with bool) *table {
	t := &table{
		ID: "statements", Caption: "Statements",
		Columns: []column{{Name: "Month"}, {Name: "State"}, {Name: "Gross", Number: true}, {Name: "To pay", Number: true}},
	}
	if with {
		t.Columns = append(t.Columns, column{Name: "Organisation"})
	}
	return t
}

// statementRow makes a row of statementTable.
func statementRow(with bool) func(reeve.Statement) []cell {
	return func(s reeve.Statement) []cell {
		out := []cell{
			linked(s.Month.String(), to("statements", s.ID.String())),
			{Badges: statementBadges(s.Status)},
			moneyCell(s.Gross), moneyCell(document.Open(s)),
		}
		if with {
			out = append(out, linked(s.OrganizationName, to("organizations", s.OrganizationID.String())))
		}
		return out
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
