package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSideBySide: sections keep their order, the first error counts, and a panic
// is one of the request.
func TestSideBySide(t *testing.T) {
	titled := func(title string) func(int) ([]section, error) {
		return single(func(n int) (section, error) {
			time.Sleep(time.Duration(n) * time.Millisecond)
			return section{Title: title}, nil
		})
	}
	fails := func(text string) func(int) ([]section, error) {
		return func(int) ([]section, error) { return nil, errors.New(text) }
	}
	var parts []func(int) ([]section, error)
	want := ""
	for i := range 3 * readers {
		title := fmt.Sprintf("%d ", i)
		parts, want = append(parts, titled(title)), want+title
	}
	got := ""
	found, err := sideBySide(1, parts...)
	for _, s := range found {
		got += s.Title
	}
	if got != want || err != nil {
		t.Errorf("read %q, %v, not %q", got, err, want)
	}
	if found, err := sideBySide(0, titled("a"), fails("first"), fails("second")); found != nil || err == nil || err.Error() != "first" {
		t.Errorf("%v, %v", found, err)
	}
	defer func() {
		if cause := fmt.Sprint(recover()); !strings.Contains(cause, "out of order") || !strings.Contains(cause, "side_by_side_test.go") {
			t.Errorf("panics with %s", cause)
		}
	}()
	_, _ = sideBySide(0, titled("a"), func(int) ([]section, error) { panic("out of order") })
}
