package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// tally says how many of some thing there are, by its English plural.
func tally(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		thing += "e"
	}
	return document.Thousands(strconv.Itoa(n)) + " " + thing + "s"
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

// howMany says a number of things, which may be more than were counted.
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

// plainLines is a text of several lines as a browser sends it, with line ends of
// one character.
func plainLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// ago says how long ago something was.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "within the last minute"
	case d < 2*time.Hour:
		return tally(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return tally(int(d.Hours()), "hour") + " ago"
	}
	return tally(int(d.Hours()/24), "day") + " ago"
}
