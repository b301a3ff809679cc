package control_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestMonthsInOrder: only months that are over are closed, in order; those in
// between without usage go with them.
func TestMonthsInOrder(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		closing := func(month reeve.Month) error { _, err := c.c.CloseMonth(c.ctx, month); return err }
		c.check(c.c.CloseDueMonths(c.ctx)) // November is when all began
		c.send(0, used(1, reeve.UsageEgress, epoch, gigabyte), used(1, reeve.UsageEgress, november.Start().Add(-1000), gigabyte))
		for _, month := range []reeve.Month{0, -1, 196912} {
			refused(t, "no month", closing(month), reeve.Invalid, "a month is written as 2006-01")
		}
		c.clock.set(november.End().Add(-time.Microsecond))
		refused(t, "too early", closing(november), reeve.Conflict, "the month is not over")
		c.clock.set(november.Add(4).End())
		refused(t, "out of order", closing(november.Add(3)), reeve.Conflict, "an earlier month is not closed", "2026-11")
		c.check(closing(november)) // October was before the beginning
		c.check(closing(november.Add(3)))
		months, err := c.c.ListMonths(c.ctx)
		same(t, "months", []control.BillingMonth{{202611, true}, {202612, true}, {202701, true}, {202702, true}}, months, err)
		same(t, "October by hand", control.ClosedMonth{Month: 202610, Statements: 1}, c.month(202610), nil)
		made, err := c.c.CountStatements(c.ctx, 202610)
		same(t, "October's statements", 1, made, err)
		c.send(0, used(1, reeve.UsageEgress, november.Add(1).Start(), gigabyte))
		c.month(november.Add(4))
		if s := c.statement(1, november.Add(4)); len(s.Lines) != 1 || s.Lines[0].Month != november.Add(1) {
			t.Errorf("late for a month without usage: %+v", s)
		}
		c.statements()
	})
}

// TestBegunMonth: a month that was begun while it had no usage, and not
// finished, is finished before a later one; and none is billed twice.
func TestBegunMonth(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		december := november.Add(1)
		put := func(closed bool) {
			t.Helper()
			c.check(c.s.Write(t.Context(), func(tx *store.Tx) error {
				tx.PutBillingMonth(store.BillingMonth{Month: november, Closed: closed, Prices: cloudPrices})
				return nil
			}))
		}
		c.clock.set(december.End())
		put(false)
		c.send(0, used(5, reeve.UsageEgress, december.Start(), gigabyte))
		_, err := c.c.CloseMonth(c.ctx, december)
		refused(t, "December first", err, reeve.Conflict, "an earlier month is not closed", "2026-11")
		c.send(0, used(1, reeve.UsageEgress, november.Start(), gigabyte))
		same(t, "November", control.ClosedMonth{Month: november, Statements: 1}, c.month(november), nil)
		same(t, "December", control.ClosedMonth{Month: december, Statements: 1}, c.month(december), nil)
		same(t, "due", []int64{7, 11}, []int64{c.statement(1, november).Due, c.statement(3, december).Due}, nil)

		c.send(0, used(3, reeve.UsageEgress, november.Start(), gigabyte))
		c.month(december.Add(1))
		same(t, "late", int64(7), c.statement(2, december.Add(1)).Due, nil)
		put(false) // as one that another has not finished
		same(t, "November again", control.ClosedMonth{Month: november, Statements: 1}, c.month(november), nil)
		c.statements()
	})
}

// TestCloseDueMonths: the job closes a month when it is over for long enough,
// and none from before the program first ran.
func TestCloseDueMonths(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		job := c.billing(t, 48*time.Hour)
		closed := func() (out []reeve.Month) {
			t.Helper()
			c.check(job.CloseDueMonths(c.ctx))
			months, err := c.c.ListMonths(c.ctx)
			c.check(err)
			for _, m := range months {
				out = append(out, m.Month)
			}
			return out
		}
		c.send(0, used(1, reeve.UsageEgress, epoch, gigabyte), used(1, reeve.UsageEgress, november.Start().Add(-1000), gigabyte))
		c.clock.set(november.Start())
		same(t, "in the first month", nil, closed(), nil)
		c.clock.set(november.End().Add(48*time.Hour - time.Microsecond))
		same(t, "not yet", nil, closed(), nil)
		c.clock.set(november.End().Add(48 * time.Hour))
		same(t, "due", []reeve.Month{202611}, closed(), nil)
		same(t, "again", []reeve.Month{202611}, closed(), nil)
		c.clock.set(november.Add(3).End().Add(time.Hour))
		same(t, "three months later", []reeve.Month{202611, 202612, 202701}, closed(), nil)
		same(t, "statements", 1, len(c.statements()), nil)
	})
}

// TestCloseTimeout: an owner's projects, which are never parted, have the more
// time the more there are.
func TestCloseTimeout(t *testing.T) {
	for projects, want := range map[int]time.Duration{0: 30 * time.Second, 500: 31 * time.Second, 80_000: 190 * time.Second} {
		same(t, "with projects", want, control.CloseTimeout(projects), nil)
	}
}

// TestMonthEnds: months are UTC's, whatever their length and wherever the
// server is: the last microsecond is the month's, the next is not, and a value
// holds for as long as there are hours.
func TestMonthEnds(t *testing.T) {
	for _, test := range []struct {
		month reeve.Month
		zone  string
		hours int64
	}{
		{202612, "UTC", 744},
		{202702, "Asia/Kolkata", 672},
		{202802, "America/New_York", 696},    // a leap day
		{202703, "Europe/Warsaw", 744},       // an hour is lost there
		{202710, "Europe/Warsaw", 744},       // and found
		{202711, "America/New_York", 720},    // found here
		{203004, "Australia/Lord_Howe", 720}, // half an hour
	} {
		inZone(t, test.zone, func(t *testing.T, c *cloud) {
			c.clock.set(test.month.End().Add(time.Hour))
			last := test.month.End().Add(-time.Microsecond)
			c.send(0, used(1, reeve.UsageEgress, test.month.Start(), 1), used(1, reeve.UsageEgress, last, 2),
				used(1, reeve.UsageEgress, test.month.End(), 4))
			for day := range 31 { // a value holds for a day
				if at := test.month.Start().Add(time.Duration(day) * 24 * time.Hour).In(time.Local); at.Before(test.month.End()) {
					c.send(1, used(1, reeve.UsageStorage, at, 5))
				}
			}
			c.month(test.month)
			s := c.statement(1, test.month)
			got := []int64{s.Lines[0].Quantity.Int64() / time.Hour.Microseconds(), s.Lines[1].Quantity.Int64()}
			same(t, test.month.String(), []int64{5 * test.hours, 3}, got, nil)
		})
	}
}

// inZone runs a part of a test on both databases in a process of its own, whose
// time zone it is: every goroutine of this one reads time.Local.
func inZone(t *testing.T, name string, run func(t *testing.T, c *cloud)) {
	t.Helper()
	zone(t, name)
	switch os.Getenv(zoneVariable) {
	case "":
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		command.Env = append(os.Environ(), zoneVariable+"="+name, "TZ="+name)
		out, err := command.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+"/sqlite")) {
			t.Errorf("in %s: %v\n%s", name, err, out)
		}
	case name:
		same(t, "the process's time zone", name, time.Local.String(), nil)
		eachCloud(t, run)
	}
}

// zoneVariable names the environment variable with the one zone that a process
// of inZone runs.
const zoneVariable = "REEVE_TEST_ZONE"

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// TestBillingGuards: an owner and an organisation stay while something is
// unbilled or not paid.
func TestBillingGuards(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		organization := organizationID(3)
		drop := func() {
			t.Helper()
			for _, p := range []byte{5, 6} {
				c.check(c.c.DeleteProject(c.ctx, projectID(p)))
			}
		}
		guarded := func(user, o string) {
			t.Helper()
			refused(t, "user", c.c.DeleteUser(c.ctx, "u2@mail.test"), reeve.Conflict, user)
			refused(t, "organization", c.c.DeleteOrganization(c.ctx, organization), reeve.Conflict, o)
		}
		// Requests keep no project, and are billed all the same.
		c.send(0, used(5, reeve.UsageRequests, epoch, 100_000))
		drop()
		guarded("user has pending invoice items", "organization has pending invoice items")
		c.month(november)
		s := c.statement(3, november)
		same(t, "the project's name", "project 5", s.Lines[0].ProjectName, nil)
		same(t, "due", int64(40), s.Due, nil)
		guarded("user has unpaid/pending invoices", "organization has unpaid/pending invoices")
		_, err := c.c.CreateCreditNote(c.ctx, s.ID, 39, "sorry")
		c.check(err)
		guarded("user has unpaid/pending invoices", "organization has unpaid/pending invoices")
		_, err = c.c.CreateCreditNote(c.ctx, s.ID, 1, "sorry")
		c.check(err)
		c.check(c.c.DeleteOrganization(c.ctx, organization))
		c.check(c.c.DeleteUser(c.ctx, "u2@mail.test"))
		same(t, "the statement stays", 1, len(c.statements()), nil)
	})
}

// TestDeletedBetweenPasses: usage that was taken in before its project was
// deleted, and added up after, is billed.
func TestDeletedBetweenPasses(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.check(c.c.DeleteProject(c.ctx, projectID(6)))
		c.check(c.s.Write(t.Context(), func(tx *store.Tx) error { // as by a replica that did not know
			tx.AppendUsageBatch([]reeve.UsageRecord{used(6, reeve.UsageEgress, epoch, gigabyte)})
			return nil
		}))
		c.month(november)
		same(t, "due", int64(7), c.statement(3, november).Due, nil)
	})
}

// TestRetentionKeepsUnbilled: usage goes when it is billed, however old it is.
func TestRetentionKeepsUnbilled(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.check(c.c.CloseDueMonths(c.ctx))
		c.send(0, used(1, reeve.UsageEgress, epoch, gigabyte), used(2, reeve.UsageEgress, november.Start().Add(-1000), gigabyte))
		c.check(control.DrainUsage(c.c, t.Context()))
		c.clock.set(november.Add(30).Start())
		kept := func(project byte, month reeve.Month) bool {
			t.Helper()
			c.check(c.c.ApplyRetention(t.Context(), control.Retention{UsageMonths: 1}))
			total, err := c.s.UsageTotal(t.Context(), projectID(project), month, c.s.Now())
			c.check(err)
			return total.Any()
		}
		same(t, "November", true, kept(1, november), nil)
		c.month(november)
		same(t, "closed", false, kept(1, november), nil)
		same(t, "before the beginning", false, kept(2, november.Previous()), nil)

		// What comes when the month is closed keeps it until the difference is
		// billed, however late that is.
		month := november.Add(29)
		c.send(0, used(1, reeve.UsageEgress, month.Start(), 9*gigabyte))
		c.month(month)
		c.send(0, used(1, reeve.UsageEgress, month.Start(), gigabyte))
		c.check(control.DrainUsage(c.c, t.Context()))
		c.clock.set(month.Add(30).Start())
		same(t, "late", true, kept(1, month), nil)
		c.month(month.Add(29))
		same(t, "the difference", int64(11), c.statement(1, month.Add(29)).Gross, nil)
		same(t, "late and billed", false, kept(1, month), nil)
	})
}
