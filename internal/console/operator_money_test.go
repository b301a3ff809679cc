package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// billed opens a server with a month that was billed, and a browser of the root
// operator.
func billed(t *testing.T) (*reevetest.Server, *browser) {
	t.Helper()
	s := reevetest.Open(t)
	s.Bill(t)
	return s, operating(t, s, "operator")
}

// operating is a browser of an operator, whose token is bound to a name.
func operating(t *testing.T, s *reevetest.Server, name string) *browser {
	t.Helper()
	b := newBrowser(t, s, "operator")
	if got := b.get("sign-in?next=/console/months").send(fields{"token": s.Value(t, name)}); got.status != http.StatusOK {
		t.Fatalf("%s cannot sign in: %s", name, got.main())
	}
	return b
}

// TestStatementPages: what a statement tells, line by line, and what it came to.
func TestStatementPages(t *testing.T) {
	s, b := billed(t)
	list := b.get("statements?month=2026-11").titled("Statements").says(`=<b>"acme"`, "evil", "final", "$0.20", "$0.05")
	page := list.get(s.Expand("statements/{stm:bill}")).titled(`2026-11, =<b>"acme"`).
		says("final", "Egress", "11.00 GB", "$0.20", "-cheers", "−$0.15", "Statement made final", "Root operator")
	page.follow("To print").says("Statement November 2026")
	line := b.get(s.Expand("statements/{bill}/lines/2")).titled("Egress of px").says("11,000,000,000 bytes", "Tiers of the price", "without end", "2026-11-22 10:00")
	line.follow(`2026-11, =<b>"acme"`).titled(`2026-11, =<b>"acme"`)
	for _, path := range []string{"{bill}/lines/3", "{bill}/lines/0", "{bill}/lines/x", "nothing", "{acme}"} {
		b.get(s.Expand("statements/"+path)).answered(http.StatusNotFound, "Not found")
	}
	b.get(s.Expand("statements/{draft}")).titled(`2026-12, =<b>"acme"`).says("may still change", "Adjustment 2026-11").silent("Mark as paid", "Void")
	csv := b.get("statements?csv=statements&month=2026-11").text
	if strings.Count(csv, "\r\n") != 3 || !strings.Contains(csv, `"'=<b>""acme"""`) {
		t.Errorf("CSV: %s", csv)
	}
	for query, says := range map[string]string{
		"status=paid": "There are no such statements.", "status=draft": "2026-12", "organization={org:evil}": "evil", "status=final&month=2026-10": "There are no such",
	} {
		b.get(s.Expand("statements?" + query)).titled("Statements").says(says)
	}
	for _, query := range []string{"status=open", "month=11", "organization=x", "after=x"} {
		if got := b.get("statements?" + query).status; got != http.StatusBadRequest {
			t.Errorf("%s is %d", query, got)
		}
	}
}

// TestSettling: a statement is noted, paid or void, and whoever was quicker wins.
func TestSettling(t *testing.T) {
	s, b := billed(t)
	path := s.Expand("statements/{bill}")
	late := b.get(path + "/pay").titled(`Mark as paid: 2026-11, =<b>"acme"`).says("$0.05 is noted as paid")
	note := b.get(path).follow("Credit note").says("At most $0.05")
	note.send(fields{"amount": "0.06", "text": "sorry"}).answered(http.StatusConflict, `Credit note to 2026-11, =<b>"acme"`).says("more than is left")
	note.send(fields{"amount": "x", "text": "sorry"}).answered(http.StatusBadRequest, `Credit note to 2026-11, =<b>"acme"`).says("An amount is written in dollars")
	note.send(fields{"amount": "$0.02", "text": "<b>sorry"}).titled(`2026-11, =<b>"acme"`).says("The credit note over $0.02 is made.", "<b>sorry")
	late.send(nil).answered(http.StatusPreconditionFailed, `Mark as paid: 2026-11, =<b>"acme"`).says("Somebody has changed this", "$0.03 is noted as paid").
		send(fields{"reason": "bank"}).titled(`2026-11, =<b>"acme"`).says("marked as paid", "paid", "bank", "status final → paid").silent("Void")
	b.get(path+"/void").send(nil).answered(http.StatusConflict, `Void 2026-11, =<b>"acme"`).says("The statement is paid.")
	b.get(path).follow("Credit note").says("becomes a credit").send(fields{"amount": "0.01", "text": "again"}).titled(`2026-11, =<b>"acme"`)
	b.get(s.Expand("organizations/{acme}/credits")).says("again", "$0.01")
	b.get(s.Expand("statements/{theirs}/void")).says("is not to be paid any more").send(nil).says("The statement is void.")
	b.get(s.Expand("statements/{draft}/pay")).answered(http.StatusConflict, "Conflict").says("The statement is a draft")
}

// TestMoneyRights: who may only look is shown no button and does nothing by
// asking anyway.
func TestMoneyRights(t *testing.T) {
	s, root := billed(t)
	s.Operator(t, "look", "viewer")
	s.Operator(t, "help", "support")
	s.Operator(t, "pay", "finance")
	actions := []string{
		"statements/{bill}/pay", "statements/{bill}/void", "statements/{bill}/note", "coupons/new", "coupons/{coupon}/delete",
		"organizations/{acme}/credits/new", "months/2026-12/close",
	}
	before := s.Count(t)
	for _, name := range []string{"look", "help"} {
		b := operating(t, s, name)
		for _, path := range []string{"statements", "statements/{bill}", "coupons", "coupons/{coupon}", "organizations/{acme}/credits", "months", "months/2026-12", "changes", "system", "bulk"} {
			if got := b.get(s.Expand(path)); got.status != http.StatusOK {
				t.Errorf("%s for %s is %d: %s", path, name, got.status, got.main())
			} else {
				for _, button := range []string{"Void", "Mark as paid", "New coupon", "New credit", "Close the month", "Delete"} {
					if slices.Contains(got.links(), button) {
						t.Errorf("%s offers %s to %s", path, button, name)
					}
				}
			}
		}
		for _, path := range actions {
			b.get(s.Expand(path)).answered(http.StatusForbidden, "Not allowed")
			b.do(http.MethodPost, s.Expand("/console/"+path), nil, nil).answered(http.StatusForbidden, "Not allowed")
		}
	}
	if got := s.Count(t) - before; got != 0 {
		t.Errorf("%d changes", got)
	}
	b := operating(t, s, "pay")
	for _, path := range actions {
		if got := b.get(s.Expand(path)); got.status != http.StatusOK {
			t.Errorf("%s for finance is %d", path, got.status)
		}
	}
	root.get("changes?action=operator.create").titled("Changes").says("look", "role viewer")
}

// TestCredits: a credit is granted, shown and voided.
func TestCredits(t *testing.T) {
	s, b := billed(t)
	list := b.get(s.Expand("organizations/{acme}/credits")).titled(`Credits of =<b>"acme"`).says("There are none yet.")
	form := list.follow("New credit")
	form.send(fields{"amount": "10", "description": "x", "until": "2020-01-01"}).answered(http.StatusBadRequest, `New credit of =<b>"acme"`)
	page := form.send(fields{"amount": "12.5", "description": `"><img onerror=x>`, "priority": "-3", "until": "2027-01-01"}).titled("Credit of $12.50").
		says("The credit of $12.50 is granted.", `"><img onerror=x>`, "active", "-3", "2027-01-01 00:00 UTC", "Credit created")
	page.follow("Void").says("$12.50 that are left").send(fields{"reason": "wrong one"}).titled("Credit of $12.50").says("The credit is void.", "wrong one", "Credit voided")
	page.get(page.url.Path+"/void").send(nil).answered(http.StatusConflict, `Void a credit of =<b>"acme"`).says("The credit is void.")
	b.get("credits/nothing").answered(http.StatusNotFound, "Not found")
}

// TestCouponPages: a coupon is created, found, shown and deleted.
func TestCouponPages(t *testing.T) {
	s, b := billed(t)
	b.get("coupons").titled("Coupons").says("-cheers", "$0.00", "$0.15", "used up")
	b.get(s.Expand("coupons/{coupon}")).titled("Coupon of $0.15").says("used up", "2026-11", "$0.15", "Coupon created")
	form := b.get(s.Expand("coupons/new?user={bob}")).titled("New coupon")
	form.send(fields{"amount": "5", "duration": "2", "description": "x", "user": "nobody@mail.test"}).answered(http.StatusBadRequest, "New coupon").says("There is no user")
	form.send(fields{"amount": "5", "duration": "0", "description": "x"}).answered(http.StatusBadRequest, "New coupon").says("Duration is not set")
	page := form.send(fields{"amount": "5", "duration": "2", "description": "<script>alert(1)</script>"}).titled("Coupon of $5.00").
		says("The coupon of $5.00 is created.", "<script>alert(1)</script>", "active", "2 months")
	b.get(s.Expand("coupons?user={bob}")).says("<script>").silent("-cheers")
	b.get("coupons?user=bob@mail.test&status=expired").says("Nothing is like that")
	b.get("coupons?q=cheers&status=used").says("-cheers")
	if csv := b.get("coupons?csv=coupons").text; strings.Count(csv, "\r\n") != 3 || !strings.Contains(csv, "'-cheers") {
		t.Errorf("CSV: %s", csv)
	}
	page.follow("Delete").says("$5.00 that are left").send(fields{"reason": "typo"}).titled("Coupons").says("The coupon is deleted.")
	b.get("changes?action=coupon.delete").says("typo", "was: description “<script>")
	page.get(page.url.Path).answered(http.StatusNotFound, "Not found")
}

// TestMonths: a month is closed once it is over, and in order.
func TestMonths(t *testing.T) {
	s, b := billed(t)
	b.get("months").titled("Months").says("2026-12", "open", "2026-11", "closed")
	b.get("months/2026-11").titled("2026-11").says("closed", "Egress", "As the month was closed with them.").silent("Close the month")
	b.get("months/2026-12/close").titled("Close 2026-12").send(nil).answered(http.StatusConflict, "Close 2026-12").says("The month is not over.")
	s.Clock.Advance(40 * 24 * time.Hour)
	b = operating(t, s, "operator") // the session was idle for too long
	form := b.get("months/2026-12").says("over, not closed").follow("Close the month").says("Every organisation", "cost something")
	finished(form.send(nil)).titled("2026-12").says("2026-12 is closed. It has 1 statement.", "closed")
	finished(form.send(nil)).titled("2026-12").says("It has 1 statement.")
	b.get("months/13").answered(http.StatusNotFound, "Not found")
	b.get("months/2026-12?run=x.y").titled("2026-12").silent("Closing")
	b.get("months/2026-12?run=x." + strings.Repeat("0", 64)).titled("2026-12")
}
