package reeve_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func TestMonthOf(t *testing.T) {
	east := time.FixedZone("east", 14*60*60)
	for want, at := range map[reeve.Month]time.Time{
		202611: time.Date(2026, 11, 30, 23, 59, 59, 999999999, time.UTC),
		202612: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		202601: time.Date(2026, 2, 1, 13, 59, 0, 0, east), // still January in UTC
		202602: time.Date(2026, 2, 1, 14, 0, 0, 0, east),
	} {
		if got := reeve.MonthOf(at); got != want {
			t.Errorf("%s is in %s, want %s", at, got, want)
		}
	}
	if got := reeve.Month(202603).String(); got != "2026-03" {
		t.Errorf("printed as %s", got)
	}
}

// TestMonthPrevious: the month before is the one that the instant before the
// month's first falls in.
func TestMonthPrevious(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(rapid.IntRange(1, 9998).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		if got, want := reeve.MonthOf(first).Previous(), reeve.MonthOf(first.Add(-1)); got != want {
			t.Fatalf("before %s is %s, want %s", reeve.MonthOf(first), got, want)
		}
	})
}

// TestOutstanding is the table of what keeps a project from being deleted.
func TestOutstanding(t *testing.T) {
	none, one := reeve.UsageTotal{}, reeve.Count(1)
	uses := []reeve.UsageTotal{{Storage: one}, {Objects: one}, {Egress: one}}
	const (
		current   = "usage for current month exists"
		unbilled  = "usage for last month exist, but is not billed yet"
		unapplied = "unapplied project invoice record exist"
	)
	for _, used := range uses {
		for _, test := range []struct {
			of   reeve.Outstanding
			want string
		}{
			{reeve.Outstanding{}, ""},
			{reeve.Outstanding{Current: reeve.UsageTotal{Requests: one}, Last: reeve.UsageTotal{Requests: one}}, ""},
			{reeve.Outstanding{Current: used}, current},
			{reeve.Outstanding{Current: used, Last: used}, current},
			{reeve.Outstanding{Current: used, Last: used, State: reeve.BillingApplied}, current},
			{reeve.Outstanding{Current: none, Last: used}, unbilled},
			{reeve.Outstanding{Last: used, State: reeve.BillingUnapplied}, unapplied},
			{reeve.Outstanding{Last: used, State: reeve.BillingApplied}, ""},
			{reeve.Outstanding{State: reeve.BillingUnapplied}, ""},
		} {
			err := test.of.Check()
			if test.want == "" && err != nil || test.want != "" && (!reeve.IsKind(err, reeve.Conflict) || err.Error() != test.want) {
				t.Errorf("%+v: %v, want %q", test.of, err, test.want)
			}
		}
	}
}
