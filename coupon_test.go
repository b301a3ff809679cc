package reeve_test

import (
	"strings"
	"testing"

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
