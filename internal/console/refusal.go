package console

import (
	"math"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
)

// refusalWords says why something was not done, and when to try it again where that
// is known.
func refusalWords(e *reeve.Error) string {
	out := sentence(e.Message)
	if e.Kind == reeve.Exhausted && e.RetryAfter > 0 {
		out += " Try again in " + wait(e.RetryAfter) + "."
	}
	return out
}

// wait says how long something takes at most, in words.
func wait(d time.Duration) string {
	unit, n := "second", math.Ceil(d.Seconds())
	switch {
	case d > 2*time.Hour:
		unit, n = "hour", math.Ceil(d.Hours())
	case d > time.Minute:
		unit, n = "minute", math.Ceil(d.Minutes())
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(int(n)) + " " + unit
}

// denied words a Denied as a fault of what was filled in, where that is all that
// it can be: who asks may do so.
func denied(err error, words string) error {
	if reeve.IsKind(err, reeve.Denied) {
		return reeve.Errorf(reeve.Invalid, "%s", words).Wrap(err)
	}
	return err
}
