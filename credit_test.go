package reeve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestCreditCheck: what a credit must say.
func TestCreditCheck(t *testing.T) {
	start := at("2026-11-01T00:00:00Z")
	good := reeve.Credit{OrganizationID: reeve.ID{1}, Amount: 500, Description: "sorry", EffectiveAt: start}
	ends := func(after time.Duration) func(*reeve.Credit) {
		return func(c *reeve.Credit) { end := start.Add(after); c.ExpiresAt = &end }
	}
	for _, test := range []struct {
		name  string
		spoil func(*reeve.Credit)
		want  refusal
	}{
		{"good", func(*reeve.Credit) {}, refusal{}},
		{"shortest", ends(1), refusal{}},
		{"any priority", func(c *reeve.Credit) { c.Priority = -1 << 63 }, refusal{}},
		{"of nobody", func(c *reeve.Credit) { c.OrganizationID, c.Amount = reeve.Zero, 0 }, invalid("OrganizationID is not set")},
		{"of nothing", func(c *reeve.Credit) { c.Amount, c.Description = 0, "" }, invalid("Amount is not set")},
		{"negative", func(c *reeve.Credit) { c.Amount = -1 }, invalid("negative amount")},
		{"no text", func(c *reeve.Credit) { c.Description = "" }, invalid("Description is not set")},
		{"long text", func(c *reeve.Credit) { c.Description = strings.Repeat("x", 2001) }, invalid("description is longer than 2000 characters")},
		{"never", ends(0), invalid("expiresAt is not after effectiveAt")},
	} {
		credit := good
		test.spoil(&credit)
		checkRefusal(t, test.name, credit.Check(), test.want)
	}
}

// TestCreditTimes: a credit pays for the months that it is in effect in some
// of, and its state goes by the time.
func TestCreditTimes(t *testing.T) {
	end := at("2026-12-01T00:00:00Z")
	later := end.Add(1)
	for _, test := range []struct {
		name   string
		credit reeve.Credit
		usable []bool // in October, November, December, January
		status []reeve.CreditStatus
	}{
		{
			"from November on",
			reeve.Credit{Amount: 2, EffectiveAt: at("2026-11-30T23:59:59Z")},
			[]bool{false, true, true, true},
			[]reeve.CreditStatus{"pending", "pending", "active", "active"},
		},
		{
			"November",
			reeve.Credit{Amount: 2, EffectiveAt: at("2026-11-01T00:00:00Z"), ExpiresAt: &end},
			[]bool{false, true, false, false},
			[]reeve.CreditStatus{"pending", "active", "expired", "expired"},
		},
		{
			"a moment of December",
			reeve.Credit{Amount: 2, EffectiveAt: end, ExpiresAt: &later},
			[]bool{false, false, true, false},
			[]reeve.CreditStatus{"pending", "pending", "active", "expired"},
		},
		{
			"in effect when it is granted",
			reeve.Credit{Amount: 2, EffectiveAt: at("2026-11-30T23:59:59Z"), CreatedAt: at("2026-11-30T23:59:59Z")},
			[]bool{true, true, true, true},
			[]reeve.CreditStatus{"pending", "pending", "active", "active"},
		},
		{
			"partly used",
			reeve.Credit{Amount: 2, Applied: 1},
			[]bool{true, true, true, true},
			[]reeve.CreditStatus{"active", "active", "active", "active"},
		},
		{
			"used",
			reeve.Credit{Amount: 2, Applied: 2, ExpiresAt: &end},
			[]bool{true, true, false, false},
			[]reeve.CreditStatus{"used", "used", "used", "used"},
		},
		{
			"void",
			reeve.Credit{Amount: 2, Applied: 2, VoidedAt: &end},
			[]bool{false, false, false, false},
			[]reeve.CreditStatus{"void", "void", "void", "void"},
		},
	} {
		for i, month := range []reeve.Month{202610, 202611, 202612, 202701} {
			now := month.Start()
			if got := test.credit.UsableIn(month); got != test.usable[i] {
				t.Errorf("%s: in %s %v, want %v", test.name, month, got, test.usable[i])
			}
			if got := test.credit.StatusAt(now); got != test.status[i] {
				t.Errorf("%s: at %s %s, want %s", test.name, now, got, test.status[i])
			}
		}
		if got, want := test.credit.Remaining(), test.credit.Amount-test.credit.Applied; got != want {
			t.Errorf("%s: %d left, want %d", test.name, got, want)
		}
	}
}
