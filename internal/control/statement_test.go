package control_test

import (
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// eachCloud runs a test on a cloud for every kind of database.
func eachCloud(t *testing.T, run func(t *testing.T, c *cloud)) {
	t.Helper()
	storetest.EachConfig(t, func(t *testing.T, config store.Config) { run(t, newCloud(t, config)) })
}

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

// alike compares statements.
func alike(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, bigInts); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const gigabyte = 1_000_000_000

var november = reeve.Month(202611)

// TestDraftBecomesFinal: a draft is what the statement will be, under the same
// id, for operators and the organisation's own keys; it is in all lists.
func TestDraftBecomesFinal(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.coupon(1, 1, 50, 1, epoch)
		c.clock.set(november.End().Add(-time.Microsecond))
		c.send(0,
			used(1, reeve.UsageEgress, epoch, 9*gigabyte), used(3, reeve.UsageEgress, epoch, 2*gigabyte),
			used(1, reeve.UsageStorage, november.End().Add(-time.Hour), gigabyte*7200))
		c.check(control.DrainUsage(c.c, t.Context()))
		id := reeve.StatementID(organizationID(1), november)
		draft := c.statement(1, november)
		if draft.ID != id || draft.Status != reeve.StatementDraft || draft.Gross != 63+32 || draft.Coupons != 50 || draft.Due != 45 {
			t.Errorf("draft: %+v", draft)
		}
		if other := c.statement(2, november); other.Coupons != 0 || other.Due != 14 {
			t.Errorf("the second organisation: %+v", other)
		}
		o, err := c.s.Organization(t.Context(), organizationID(1))
		c.check(err)
		tenant := c.keyholder(o, reeve.RoleViewer)
		read := func(status reeve.StatementStatus) {
			t.Helper()
			want := c.statement(1, november)
			got, err := c.c.GetStatement(tenant, id)
			c.check(err)
			alike(t, "to its tenant", want, got)
			want.Lines, want.Settlements = nil, nil
			list, total, err := c.c.OrganizationStatements(tenant, o.ID, control.Page{Size: 10})
			c.check(err)
			alike(t, "the organisation's", []reeve.Statement{want}, list)
			same(t, "total", 1, total, nil)
			second := c.statement(2, november)
			second.Lines, second.Settlements = nil, nil
			both := []reeve.Statement{want, second}
			newestFirst(both)
			list, err = c.c.StatementsOfUser(c.ctx, "u1@mail.test")
			c.check(err)
			alike(t, "the owner's", both, list)
			for _, f := range []control.StatementFilter{{Month: november, Limit: 1}, {Status: status, Month: november, Limit: 1}} {
				var paged []reeve.Statement
				for more := true; more; f.After = paged[len(paged)-1].ID {
					list, more, err = c.c.ListStatements(c.ctx, f)
					c.check(err)
					if paged = append(paged, list...); len(list) != 1 {
						t.Fatalf("a page of %d", len(list))
					}
				}
				alike(t, "pages", both, paged)
			}
			list, _, err = c.c.ListStatements(c.ctx, control.StatementFilter{Status: reeve.StatementPaid, Month: november, Limit: 9})
			c.check(err)
			alike(t, "paid", []reeve.Statement{}, list)
		}
		read(reeve.StatementDraft)
		refused(t, "pay a draft", c.c.PayStatement(c.ctx, id), reeve.Conflict, "the statement is a draft")
		_, err = c.c.CreateCreditNote(c.ctx, id, 1, "why not")
		refused(t, "note on a draft", err, reeve.Conflict, "the statement is a draft")
		notes, err := c.c.ListCreditNotes(c.ctx, id)
		same(t, "notes", []reeve.CreditNote{}, notes, err)

		c.clock.set(november.End())
		draft = c.statement(1, november)
		same(t, "closed", control.ClosedMonth{Month: november, Statements: 2}, c.month(november), nil)
		final := c.statement(1, november)
		draft.Status = reeve.StatementFinal
		alike(t, "final", draft, final)
		// 7200 GB for an hour of November's 720 are 10 GB-months; one is free.
		if final.Gross != 63+32 {
			t.Errorf("gross %d", final.Gross)
		}
		read(reeve.StatementFinal)
		c.statements()
	})
}

// TestForeignStatements: to a tenant, another's statement, another's draft and
// no statement are the same.
func TestForeignStatements(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.send(0, used(5, reeve.UsageEgress, epoch, gigabyte))
		c.check(control.DrainUsage(c.c, t.Context()))
		o, err := c.s.Organization(t.Context(), organizationID(1))
		c.check(err)
		tenant := c.keyholder(o, reeve.RoleAdmin)
		foreign := func() {
			t.Helper()
			for what, id := range map[string]reeve.ID{
				"another's": reeve.StatementID(organizationID(3), november), "nobody's": newID(), "zero": reeve.Zero,
				"own, without a line": reeve.StatementID(organizationID(1), november),
				"own, of the future":  reeve.StatementID(organizationID(1), 203011),
			} {
				_, err := c.c.GetStatement(tenant, id)
				denied(t, what, err)
			}
			for _, id := range []reeve.ID{organizationID(3), newID(), reeve.Zero} {
				_, _, err := c.c.OrganizationStatements(tenant, id, control.Page{Size: 1})
				denied(t, "list", err)
			}
		}
		foreign()
		c.month(november)
		foreign()
		_, err = c.c.GetStatement(c.ctx, newID())
		refused(t, "nobody's, to an operator", err, reeve.NotFound, "statement not found")
		for _, call := range []func(context.Context, reeve.ID) error{c.c.PayStatement, c.c.VoidStatement} {
			refused(t, "nobody's", call(c.ctx, newID()), reeve.NotFound, "statement not found")
		}
		_, err = c.c.ListCreditNotes(c.ctx, newID())
		refused(t, "notes of nobody's", err, reeve.NotFound, "statement not found")
	})
}

func newestFirst(list []reeve.Statement) {
	if len(list) == 2 && string(list[0].ID[:]) < string(list[1].ID[:]) {
		list[0], list[1] = list[1], list[0]
	}
}

// TestLateUsage: what comes for a closed month is the difference in the next
// statement, be it less than nothing, over several months; what was billed
// stays as it is.
func TestLateUsage(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		december, january := november.Add(1), november.Add(2)
		c.clock.set(november.End())
		c.send(0, used(1, reeve.UsageEgress, epoch, 9*gigabyte), used(1, reeve.UsageStorage, november.Start(), 360*gigabyte))
		c.month(november)
		first := c.statement(1, november)
		c.send(0, used(1, reeve.UsageEgress, epoch, 3*gigabyte))
		c.month(december)
		second := c.statement(1, december)
		if len(second.Lines) != 1 || second.Lines[0].Month != november || second.Lines[0].Quantity.Int64() != 3*gigabyte ||
			second.Lines[0].Cents != 8 { // a GB at 7, two at a third
			t.Errorf("December: %+v", second)
		}
		// The value held a day, and not as long as was thought.
		c.send(0, used(1, reeve.UsageStorage, november.Start().Add(time.Hour), 0), used(1, reeve.UsageRequests, january.Start(), 1000))
		c.month(january)
		third := c.statement(1, january)
		if third.Gross >= 0 || third.Due != 0 || third.Credits != third.Gross || len(third.Lines) != 2 {
			t.Errorf("January: %+v", third)
		}
		credit, err := c.s.Credit(t.Context(), third.Settlements[0].SourceID)
		c.check(err)
		if credit.Amount != -third.Gross || !credit.EffectiveAt.Equal(january.End()) {
			t.Errorf("credit: %+v", credit)
		}
		same(t, "the credit's log", []string{"credit.create"}, actions(c.log(credit.ID)), nil)
		alike(t, "November", first, c.statement(1, november))
		c.send(0, used(1, reeve.UsageEgress, january.End(), gigabyte))
		c.month(january.Add(1))
		if fourth := c.statement(1, january.Add(1)); fourth.Credits != min(credit.Amount, fourth.Gross) || len(fourth.Lines) != 1 {
			t.Errorf("February: %+v", fourth)
		}
		c.statements()
	})
}

// TestVoid: a void statement gives back what it used, and is not billed again.
func TestVoid(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.coupon(1, 1, 50, 1, epoch)
		c.credit(1, 1, 5)
		c.send(0, used(1, reeve.UsageEgress, epoch, 9*gigabyte))
		c.month(november)
		s := c.statement(1, november)
		same(t, "settled", []int64{63, 50, 5, 8}, []int64{s.Gross, s.Coupons, s.Credits, s.Due}, nil)
		c.check(c.c.VoidStatement(c.ctx, s.ID))
		refused(t, "again", c.c.VoidStatement(c.ctx, s.ID), reeve.Conflict, "the statement is void")
		refused(t, "to pay", c.c.PayStatement(c.ctx, s.ID), reeve.Conflict, "the statement is void")
		_, err := c.c.CreateCreditNote(c.ctx, s.ID, 1, "x")
		refused(t, "to note", err, reeve.Conflict, "the statement is void")
		credit, err := c.s.Credit(t.Context(), fixedID(6, 1))
		c.check(err)
		same(t, "credit", int64(0), credit.Applied, nil)
		c.statements() // the coupon, too
		same(t, "log", []string{"statement.finalize", "statement.void"}, actions(c.log(s.ID)), nil)
		c.send(0, used(1, reeve.UsageEgress, epoch, gigabyte))
		c.month(november.Add(1))
		if next := c.statement(1, november.Add(1)); next.Gross != 7 || next.Coupons != 7 {
			t.Errorf("the month after: %+v", next)
		}
		c.statements()
	})
}

// TestVoidTakesBack: a void statement takes the credit back that it gave, if
// nothing of it is used.
func TestVoidTakesBack(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		december := november.Add(1)
		c.clock.set(november.End())
		c.send(0, used(1, reeve.UsageStorage, november.Start(), 100*gigabyte), used(3, reeve.UsageStorage, november.Start(), 100*gigabyte))
		c.month(november)
		c.send(0, used(1, reeve.UsageStorage, november.Start().Add(time.Hour), 0), used(3, reeve.UsageStorage, november.Start().Add(time.Hour), 0))
		c.month(december)
		given, _ := c.statement(1, december).NewCredit()
		c.check(c.c.VoidStatement(c.ctx, reeve.StatementID(organizationID(1), december)))
		credit, err := c.c.GetCredit(c.ctx, given.ID)
		same(t, "credit", reeve.CreditVoid, credit.StatusAt(c.s.Now()), err)
		same(t, "its log", []string{"credit.create", "credit.void"}, actions(c.log(given.ID)), nil)
		c.send(0, used(3, reeve.UsageEgress, december.End(), gigabyte))
		c.month(december.Add(1))
		refused(t, "used", c.c.VoidStatement(c.ctx, reeve.StatementID(organizationID(2), december)),
			reeve.Conflict, "the credit that the statement gave is used")
	})
}

// TestVoidIsNotGivenBack: a correction gives nothing back of a month that a void
// statement has billed; what comes to more than it billed is billed.
func TestVoidIsNotGivenBack(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.clock.set(november.End())
		c.send(0, used(1, reeve.UsageStorage, november.Start(), 100*gigabyte), used(3, reeve.UsageStorage, november.Start(), 100*gigabyte))
		c.month(november)
		c.check(c.c.VoidStatement(c.ctx, reeve.StatementID(organizationID(1), november)))
		c.send(0,
			used(1, reeve.UsageStorage, november.Start().Add(time.Hour), 0), used(1, reeve.UsageRequests, november.Start(), 5000),
			used(3, reeve.UsageStorage, november.Start().Add(time.Hour), 0))
		c.month(november.Add(1))
		s := c.statement(1, november.Add(1))
		if len(s.Lines) != 1 || s.Lines[0].Meter != reeve.UsageRequests || s.Gross != 2 {
			t.Errorf("of a void statement: %+v", s)
		}
		if paid := c.statement(2, november.Add(1)); paid.Gross >= 0 {
			t.Errorf("of a final statement: %+v", paid)
		}
	})
}

// TestCreditNotes: they take back what is open, or what was paid as a credit,
// and never more than was due.
func TestCreditNotes(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.send(0, used(1, reeve.UsageEgress, epoch, 9*gigabyte))
		c.month(november)
		id := reeve.StatementID(organizationID(1), november)
		note := func(amount int64, reason string) error {
			_, err := c.c.CreateCreditNote(c.ctx, id, amount, reason)
			return err
		}
		refused(t, "none", note(0, "x"), reeve.Invalid, "Amount is not set")
		refused(t, "negative", note(-1, "x"), reeve.Invalid, "negative amount")
		refused(t, "no reason", note(1, ""), reeve.Invalid, "Reason is not set")
		refused(t, "too much", note(64, "x"), reeve.Conflict, "the amount is more than is left of the statement", "left 63")
		c.check(note(60, "an outage"))
		refused(t, "too much then", note(4, "x"), reeve.Conflict, "the amount is more than is left of the statement", "left 3")
		c.check(c.c.PayStatement(c.ctx, id))
		refused(t, "pay again", c.c.PayStatement(c.ctx, id), reeve.Conflict, "the statement is paid")
		refused(t, "void", c.c.VoidStatement(c.ctx, id), reeve.Conflict, "the statement is paid")
		c.check(note(2, "a gift"))
		notes, err := c.c.ListCreditNotes(c.ctx, id)
		c.check(err)
		if len(notes) != 2 || notes[0].CreditID != reeve.Zero || notes[0].Cents != 60 || notes[1].CreditID == reeve.Zero {
			t.Fatalf("notes: %+v", notes)
		}
		credit, err := c.s.Credit(t.Context(), notes[1].CreditID)
		c.check(err)
		same(t, "credit", int64(2), credit.Amount, nil)
		same(t, "the credit's log", []string{"credit.create"}, actions(c.log(credit.ID)), nil)
		s := c.statement(1, november)
		same(t, "noted", []any{int64(63), int64(62), reeve.StatementPaid}, []any{s.Due, s.Noted, s.Status}, nil)
		same(t, "log", []string{"statement.finalize", "statement.pay"}, actions(c.log(id)), nil)
	})
}
