package browser

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// billed is a server with statements of November 2026, at whose operators'
// console the root operator has signed in.
func billed(t *testing.T) (*reevetest.Server, *person) {
	t.Helper()
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Bill(t)
	return s, operator(t, s)
}

func TestOperatorMoney(t *testing.T) {
	s, p := billed(t)
	p.click("Statements").titled("Statements").choose("State", "final").fill("Organisation", s.Value(t, "acme")).click("Show").click("2026-11").see("$0.05")
	p.click("To print").back()
	p.click("Credit note").fill("Amount in US dollars", "0.02").fill("Text of the note", "Sorry").click("Make the credit note").see("The credit note over $0.02 is made.")
	p.click("Mark as paid").click("Mark as paid").see("The statement is marked as paid.")
	p.click("Statements").fill("Organisation", s.Value(t, "evil")).click("Show").click("2026-11").click("Void").click("Void the statement").see("The statement is void.")
	p.click("Statements").click("Months").click("2026-11").see("closed")
	p.click("Coupons").click("New coupon").fill("User", "alice@mail.test").fill("Amount in US dollars", "12.50").fill("Description", "Welcome").
		click("Create the coupon").see("The coupon of $12.50 is created.").click("Delete").click("Delete the coupon").see("The coupon is deleted.")
}

func TestOperatorMonthEnd(t *testing.T) {
	s := server(t)
	s.Clock.Advance(10 * 24 * time.Hour)
	operator(t, s).click("Statements").click("Months").click("2026-11").click("Close").see("What will happen").click("Close the month").see("is closed")
}

func TestOperatorSearch(t *testing.T) {
	s, p := operators(t)
	p.fill("Search everything", "alice").click("Search").titled("Search").see("Alice van Test")
	p.fill("Name, address, id, key or token", "acme").see("acme").click("acme").titled("acme")
	p.fill("Search everything", s.Value(t, "key")).click("Search").see("Inspected: organisation key").miss(s.Value(t, "key"))
	p.click("Changes").titled("Changes").choose("What", "project.create").click("Show").see("px", "name “foreign”").miss("alice@mail.test", "reeve_org_")
	p.click("System").titled("System").see("Database", "Jobs of this server")
}

func TestOperatorBulk(t *testing.T) {
	_, p := operators(t)
	p.click("Bulk").titled("Bulk actions").choose("What is to be done", "Freeze projects").click("Choose").click("Show what would be done").
		see("What will happen", "px").click("Freeze projects").see("2 projects")
}
