package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

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
