package console

import (
	"errors"
	"slices"
	"testing"

	"github.com/reeve-cloud/reeve"
)

// TestLookups: what is gone has no name, and is asked for once; an error that says
// nothing of the thing is none's name, and ends a whole table.
func TestLookups(t *testing.T) {
	var l lookups
	asked := 0
	find := func(name string, err error) func() (string, error) {
		return func() (string, error) { asked++; return name, err }
	}
	for range 2 {
		if a, b, c := l.name(reeve.ID{1}, find("a", nil)), l.name(reeve.ID{2}, find("", reeve.ErrDenied)), l.name(reeve.ID{3}, find("", reeve.Errorf(reeve.NotFound, "gone"))); a != "a" || b+c != "" {
			t.Errorf("%q %q %q", a, b, c)
		}
	}
	if asked != 3 || l.err != nil {
		t.Errorf("asked %d times, %v", asked, l.err)
	}
	for i := range 3 * maxLookups {
		l.name(reeve.ID{4, byte(i), byte(i >> 8)}, find("x", nil))
	}
	if len(l.known) > maxLookups {
		t.Errorf("%d names are kept", len(l.known))
	}
	down := errors.New("down")
	rows := l.rows(func(yield func([]cell, error) bool) {
		_ = yield([]cell{text(l.name(reeve.ID{5}, find("five", nil)))}, nil) &&
			yield([]cell{text(l.name(reeve.ID{6}, find("", down)))}, nil) &&
			yield([]cell{text("never")}, nil)
	})
	var got []string
	var err error
	for row, failed := range rows {
		if err = failed; failed == nil {
			got = append(got, row[0].Text)
		}
	}
	if !slices.Equal(got, []string{"five"}) || !errors.Is(err, down) {
		t.Errorf("%q, %v", got, err)
	}
	if _, known := l.known[reeve.ID{6}]; known {
		t.Error("a failure is taken for a name")
	}
}
