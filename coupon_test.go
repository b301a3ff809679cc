package reeve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestCouponCheck: of several faults the first in the original's order counts.
func TestCouponCheck(t *testing.T) {
	good := reeve.Coupon{UserID: reeve.ID{1}, Amount: 3000, Duration: 2, Description: "promotional"}
	for _, test := range []struct {
		name  string
		spoil func(*reeve.Coupon)
		want  refusal
	}{
		{"good", func(*reeve.Coupon) {}, refusal{}},
		{"longest", func(c *reeve.Coupon) { c.Duration = 12_000 }, refusal{}},
		{"nothing", func(c *reeve.Coupon) { *c = reeve.Coupon{} }, invalid("Duration is not set")},
		{"only duration", func(c *reeve.Coupon) { *c = reeve.Coupon{Duration: -1} }, invalid("Amount is not set")},
		{"no text, no user", func(c *reeve.Coupon) { c.Description, c.UserID, c.Amount = "", reeve.Zero, -1 }, invalid("Description is not set")},
		{"no user, negative", func(c *reeve.Coupon) { c.UserID, c.Amount, c.Duration = reeve.Zero, -1, -1 }, invalid("UserID is not set")},
		{"both negative", func(c *reeve.Coupon) { c.Amount, c.Duration = -1, -1 }, invalid("negative amount")},
		{"negative duration", func(c *reeve.Coupon) { c.Duration = -1 }, invalid("negative duration")},
		{"too long", func(c *reeve.Coupon) { c.Duration = 12_001 }, invalid("duration is longer than 12000 months")},
		{"long text", func(c *reeve.Coupon) { c.Description = strings.Repeat("x", 2001) }, invalid("description is longer than 2000 characters")},
	} {
		coupon := good
		test.spoil(&coupon)
		checkRefusal(t, test.name, coupon.Check(), test.want)
	}
}

func at(text string) time.Time {
	out, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return out
}

// TestCouponMonths is the table of month ends: a coupon pays from the month
// that it was created in, UTC, and its duration on.
func TestCouponMonths(t *testing.T) {
	for _, test := range []struct {
		created  string
		duration int64
		last     reeve.Month
		until    string
	}{
		{"2026-01-31T12:00:00Z", 1, 202602, "2026-03-01T00:00:00Z"},
		{"2028-01-31T12:00:00Z", 1, 202802, "2028-03-01T00:00:00Z"},
		{"2028-02-29T23:59:59.999999Z", 12, 202902, "2029-03-01T00:00:00Z"},
		{"2026-02-01T00:00:00Z", 1, 202603, "2026-04-01T00:00:00Z"},
		{"2026-12-31T23:59:59.999999Z", 1, 202701, "2027-02-01T00:00:00Z"},
		{"2026-11-15T00:00:00Z", 2, 202701, "2027-02-01T00:00:00Z"},
		{"2026-03-31T00:00:00Z", 24, 202803, "2028-04-01T00:00:00Z"},
		{"2026-01-01T00:30:00+02:00", 1, 202601, "2026-02-01T00:00:00Z"}, // December in UTC
		{"2026-10-25T02:30:00+01:00", 1, 202611, "2026-12-01T00:00:00Z"}, // summer time ends there
		{"2026-01-31T12:00:00Z", reeve.MaxCouponDuration, 302601, "3026-02-01T00:00:00Z"},
	} {
		coupon := reeve.Coupon{Amount: 1, Duration: test.duration, CreatedAt: at(test.created)}
		until := at(test.until)
		if got := coupon.Until(); !got.Equal(until) {
			t.Errorf("%s + %d: until %s, want %s", test.created, test.duration, got, until)
		}
		first := reeve.MonthOf(coupon.CreatedAt)
		for month, want := range map[reeve.Month]bool{
			first.Previous(): true, first: true, test.last: true, test.last.Add(1): false,
		} {
			if got := coupon.UsableIn(month); got != want {
				t.Errorf("%s + %d: in %s %v, want %v", test.created, test.duration, month, got, want)
			}
		}
		for applied, want := range map[int64][2]reeve.CouponStatus{
			0: {reeve.CouponActive, reeve.CouponExpired}, 1: {reeve.CouponUsed, reeve.CouponUsed},
		} {
			coupon.Applied = applied
			got := [2]reeve.CouponStatus{coupon.StatusAt(until.Add(-time.Nanosecond)), coupon.StatusAt(until)}
			if got != want || coupon.Remaining() != 1-applied {
				t.Errorf("%s + %d, %d applied: %v, %d left", test.created, test.duration, applied, got, coupon.Remaining())
			}
		}
	}
}
