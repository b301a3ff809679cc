package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestOwnStatements: an organisation sees what its months cost, from the list
// down to the hours behind a line, and what this month comes to so far.
func TestOwnStatements(t *testing.T) {
	s := reevetest.Open(t)
	s.Bill(t)
	b := signedIn(t, s, "bob") // who is a viewer
	list := b.get(s.Expand("organizations/{org:acme}/statements")).titled("Statements").
		says("December 2026 draft", "November 2026 final $0.20 −$0.15 $0.00 $0.05 $0.05", "1 to 2 of 2")
	bill := list.follow("November 2026").titled("Statement of November 2026").
		says("Final: its lines do not change any more.", `For =<b>"acme"`, "Usage $0.20", "Coupons −$0.15", "Due $0.05", "To be paid $0.05",
			"px Egress 2026-11 11.00 GB $0.20", "coupon -cheers −$0.15", "1 to 2 of 2")
	line := bill.follow("Explain line 2").titled("Egress of px").
		says("How line 2 of the statement was made.", "Used in all 11,000,000,000 bytes (11.00 GB)", "By GB", "Exactly 20 ¢", "Amount $0.20",
			"0 1,000,000,000 1,000,000,000 0 0 ¢", "1,000,000,000 without end 10,000,000,000 2 20 ¢",
			"2026-11-22 10:00 a 11,000,000,000", "2026-11-22 11:00 a 1,000,000,000")
	line.follow("CSV of Hours with usage")
	bill.follow("Explain line 1").says("None: it costs nothing", "Amount $0.00")
	draft := list.follow("December 2026").titled("Statement of December 2026").says("A draft", "Adjustment", "1.00 GB")
	draft.follow("Explain line 1").says("November 2026", "Billed before 11,000,000,000 bytes", "Billed before, exactly 20 ¢", "Amount $0.02")
	csv := bill.follow("CSV of Coupons and credits")
	if want := "Kind,Description,Dollars\r\ncoupon,'-cheers,-0.15\r\n"; csv.text != want {
		t.Errorf("the CSV is %q, not %q", csv.text, want)
	}
	if want := "px,\"Egress, bytes\",2026-11,11000000000,0.20\r\n"; !strings.Contains(bill.follow("CSV of Usage").text, want) {
		t.Errorf("the CSV of the lines lacks %q", want)
	}
	if disposition := csv.header.Get("Content-Disposition"); !strings.Contains(disposition, "attachment") {
		t.Errorf("the CSV is %s", disposition)
	}
	printed := bill.follow("To print")
	if policy := printed.header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") || !strings.Contains(printed.text, "Statement November 2026") {
		t.Errorf("printed with the policy %q:\n%s", policy, printed.text)
	}
	for _, path := range []string{"lines/0", "lines/4", "lines/x", "lines/99999999999999999999"} {
		b.get(s.Expand("organizations/{org:acme}/statements/{stm:bill}/"+path)).answered(http.StatusNotFound, "Not found")
	}
	for _, path := range []string{"", "/print", "/lines/1"} {
		b.get(s.Expand("organizations/{org:acme}/statements/{stm:theirs}"+path)).answered(http.StatusForbidden, "Not allowed")
		b.get(s.Expand("organizations/{org:evil}/statements/{stm:bill}"+path)).answered(http.StatusForbidden, "Not allowed")
	}
}

// TestUsageByMonth: what was used is told by month once it is asked for, of an
// organisation and of a project.
func TestUsageByMonth(t *testing.T) {
	s := reevetest.Open(t)
	s.Bill(t)
	b := signedIn(t, s, "bob")
	for _, path := range []string{"organizations/{org:acme}/usage", "projects/{prj:px}/usage"} {
		b.get(s.Expand(path)).titled("Usage").says("Usage by month", "From month")
		page := b.get(s.Expand(path)+"?from=2026-10&to=2026-12").titled("Usage").
			says("October 2026 0 0 0 0", "November 2026 0 1 12,000,000,000 0", "December 2026 0 0 0 0")
		page.follow("CSV of Usage by month")
		b.get(s.Expand(path) + "?from=2026-12&to=2026-10").titled("Usage").says("From must be before to.")
		b.get(s.Expand(path) + "?from=soon&to=2026-10").titled("Usage").says("A month is written as 2006-01.")
		b.get(s.Expand(path) + "?from=0001-01&to=2026-10").titled("Usage").says("From and to must be within the years 1970 to 9999.")
	}
	b.get(s.Expand("organizations/{org:acme}/usage") + "?from=2026-10&to=2026-12").follow("px").titled("Usage").says("November 2026 0 1 12,000,000,000 0")
}

// TestOwnChanges: an organisation's admins read who has changed what, in words,
// page by page; not who the operators are, nor why.
func TestOwnChanges(t *testing.T) {
	s, b := tenant(t, "alice")
	s.Do(t, reevetest.Step{
		Call: "POST /api/projects/{px}/freeze", Body: `{"type":"billing"}`, Header: http.Header{"X-Reason": {"secret reason"}}, Status: 200, Reply: reevetest.Any,
	})
	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/unfreeze", Status: 200, Reply: reevetest.Any})
	b.get(s.Expand("projects/{prj:px}/members/{usr:bob}/add")).send(fields{"role": "editor"})
	b.get(s.Expand("organizations/{org:acme}/rename")).send(fields{"name": "Acme GmbH"})
	page := b.get(s.Expand("organizations/{org:acme}/changes")).titled("Changes").says(
		"Organisation changed Acme GmbH name “acme” → “Acme GmbH” Alice van Test",
		"Member added Bob in px role editor Alice van Test",
		"Project frozen px for billing The platform's operator",
	).silent("secret reason", "root")
	page.follow("px").titled("px").follow("Changes").titled("Changes").says("Member added Bob in px").silent("Organisation changed").
		follow("Changes of everything").says("Organisation changed")
	csv := b.get(s.Expand("organizations/{org:acme}/changes?csv=changes"))
	if !strings.Contains(csv.text, "Organisation changed,Acme GmbH,name “acme” → “Acme GmbH”,Alice van Test,") {
		t.Errorf("the CSV is %s", csv.text)
	}
}

// TestManyKeyNames: of however many keys of an organisation, the changes tell the
// names; of one that is gone that it is.
func TestManyKeyNames(t *testing.T) {
	s, b := tenant(t, "alice")
	for i := range 503 {
		s.Do(t, reevetest.Step{Call: "POST /api/organizations/{acme}/apikeys", Body: fmt.Sprintf(`{"name":"key %d","role":"viewer"}`, i), Status: 200, Reply: reevetest.Any})
	}
	csv := b.get(s.Expand("organizations/{org:acme}/changes?csv=changes")).text
	for i := range 503 {
		if !strings.Contains(csv, fmt.Sprintf("Organisation key created,key %d,", i)) {
			t.Fatalf("key %d has no name", i)
		}
	}
}

// TestManyChanges: older changes are a page away, and all are in the CSV.
func TestManyChanges(t *testing.T) {
	s, b := tenant(t, "alice")
	for i := range 60 {
		s.Do(t, reevetest.Step{Call: "PUT /api/organizations/{acme}", Body: fmt.Sprintf(`{"name":"acme %d"}`, i+1), Status: 200})
	}
	first := b.get(s.Expand("organizations/{org:acme}/changes")).says("“acme 60”").silent("Organisation created", "First page")
	if len(first.text) > 30_000 {
		t.Errorf("the page has %d bytes", len(first.text))
	}
	first.follow("Next").says("Organisation created").silent("“acme 60”", "Next").follow("First page").silent("Organisation created")
	if got := strings.Count(first.follow("CSV of Changes").text, "\r\n"); got != 68 {
		t.Errorf("the CSV has %d lines", got)
	}
}
