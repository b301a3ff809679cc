package control_test

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// bound sets a project's limits.
func (h house) bound(project reeve.ID, usage, bandwidth reeve.Limit) {
	h.t.Helper()
	h.check(h.c.UpdateLimits(h.ctx, project, reeve.LimitsPatch{Usage: &usage, Bandwidth: &bandwidth}))
}

var sequences atomic.Int64

// use reports a project's usage at the clock's time, and adds it up.
func (h house) use(project reeve.ID, meter reeve.UsageMeter, bucket string, value int64) {
	h.t.Helper()
	_, err := h.c.IngestUsage(h.gateway(newID().String()), control.UsageBatch{Sequence: sequences.Add(1), Records: []control.UsageItem{
		{UsageRecord: reeve.UsageRecord{ProjectID: project, Bucket: bucket, Meter: meter, At: h.s.Now(), Value: value}},
	}})
	h.check(err)
	h.check(control.DrainUsage(h.c, h.ctx))
}

// raised gives "kind threshold" of what was raised for an organisation in the
// clock's month, oldest first.
func (h house) raised(organization reeve.ID) []string {
	h.t.Helper()
	alerts, err := h.c.ListAlerts(h.ctx, organization, reeve.MonthOf(h.s.Now()))
	h.check(err)
	out := []string{}
	for _, a := range alerts {
		out = append(out, fmt.Sprintf("%s %d", a.Kind, a.Threshold))
	}
	return out
}

// TestAlerts: each threshold of each limit is raised when it is reached, once a
// month, whatever the value and the limit do then.
func TestAlerts(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.clock.set(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
		_, o, p := h.tenant("ada@mail.test")
		_, quiet, unlimited := h.tenant("bob@mail.test")
		check := func(what string, want ...string) {
			t.Helper()
			h.check(control.SweepAlerts(h.c, t.Context()))
			same(t, what, append([]string{}, want...), h.raised(o.ID), nil)
		}
		h.bound(p.ID, reeve.LimitOf(1000), reeve.LimitOf(100))
		h.bound(unlimited.ID, reeve.Unlimited, reeve.Limit{})
		h.use(unlimited.ID, reeve.UsageEgress, "", math.MaxInt64)
		h.use(unlimited.ID, reeve.UsageStorage, "", math.MaxInt64)
		check("nothing is used")
		h.use(p.ID, reeve.UsageEgress, "a", 49)
		h.use(p.ID, reeve.UsageStorage, "a", 300)
		h.use(p.ID, reeve.UsageObjects, "a", 999)
		check("less than half")
		h.use(p.ID, reeve.UsageEgress, "b", 1)
		h.use(p.ID, reeve.UsageStorage, "b", 200)
		h.clock.pass(time.Second)
		check("half, over buckets", "bandwidth 50", "usage 50")
		check("not again", "bandwidth 50", "usage 50")
		h.clock.pass(time.Second)
		h.use(p.ID, reeve.UsageStorage, "a", 0)
		check("nor when it is less", "bandwidth 50", "usage 50")
		h.use(p.ID, reeve.UsageStorage, "a", 300)
		check("nor when it is as much again", "bandwidth 50", "usage 50")
		h.use(p.ID, reeve.UsageEgress, "", 1000)
		check("all that a jump has passed", "bandwidth 50", "usage 50", "bandwidth 80", "bandwidth 100")
		h.bound(p.ID, reeve.LimitOf(500), reeve.LimitOf(1))
		h.clock.pass(time.Second)
		check("a lower limit", "bandwidth 50", "usage 50", "bandwidth 80", "bandwidth 100", "usage 80", "usage 100")

		h.clock.set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		check("what is stored, in the next month", "usage 50", "usage 80", "usage 100")
		h.clock.set(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
		check("nothing was reported for a day")
		h.bound(p.ID, reeve.LimitOf(0), reeve.LimitOf(0))
		check("nothing of nothing")
		h.use(p.ID, reeve.UsageEgress, "", 1)
		check("something of nothing", "bandwidth 50", "bandwidth 80", "bandwidth 100")
		h.clock.set(time.Date(2026, 11, 30, 13, 0, 0, 0, time.UTC))
		same(t, "without limits", []string{}, h.raised(quiet.ID), nil)
		_, err := h.c.ListAlerts(h.ctx, newID(), 202611)
		refused(t, "of nobody", err, reeve.NotFound, "organization not found")
	})
}

// TestAlertsFollowUsage: what was touched is looked at without a sweep: usage
// that was added up, and limits that were changed.
func TestAlertsFollowUsage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		h.bound(p.ID, reeve.Limit{}, reeve.LimitOf(100))
		h.use(p.ID, reeve.UsageEgress, "", 60)
		h.check(control.CheckAlerts(h.c, t.Context()))
		same(t, "usage", []string{"bandwidth 50"}, h.raised(o.ID), nil)
		h.bound(p.ID, reeve.Limit{}, reeve.LimitOf(75))
		h.check(control.CheckAlerts(h.c, t.Context()))
		same(t, "limits", []string{"bandwidth 50", "bandwidth 80"}, h.raised(o.ID), nil)

		// What fails is looked at again.
		h.use(p.ID, reeve.UsageEgress, "", 60)
		ended, end := contextThatEnds(t)
		end()
		if err := control.CheckAlerts(h.c, ended); err == nil {
			t.Error("a check whose context is over")
		}
		h.check(control.CheckAlerts(h.c, t.Context()))
		same(t, "after a failure", []string{"bandwidth 50", "bandwidth 80", "bandwidth 100"}, h.raised(o.ID), nil)
	})
}

// TestDefaultLimitAlerts: the platform's limits are limits, too.
func TestDefaultLimitAlerts(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		with := settings(t, masterKey)
		with.DefaultLimits.Bandwidth = reeve.LimitOf(10)
		h.c = control.New(h.s, with)
		_, o, p := h.tenant("ada@mail.test")
		h.use(p.ID, reeve.UsageEgress, "", 5)
		h.check(control.SweepAlerts(h.c, t.Context()))
		same(t, "default", []string{"bandwidth 50"}, h.raised(o.ID), nil)
	})
}

// TestRaceAlerts: replicas that look at once raise each alert once, with one
// message, in order.
func TestRaceAlerts(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		_, err := h.c.SetWebhook(h.ctx, o.ID, "https://example.com")
		h.check(err)
		h.bound(p.ID, reeve.Limit{}, reeve.LimitOf(10))
		h.use(p.ID, reeve.UsageEgress, "", 10)
		var sweeps []func() error
		for range 4 {
			replica := newControl(h.t, h.s, masterKey)
			sweeps = append(sweeps, func() error { return control.SweepAlerts(replica, h.ctx) })
		}
		if n := tally(h.t, race(sweeps...)); n != len(sweeps) {
			h.t.Errorf("%d sweeps went well", n)
		}
		same(h.t, "raised", []string{"bandwidth 50", "bandwidth 80", "bandwidth 100"}, h.raised(o.ID), nil)
		state, err := h.c.GetWebhook(h.ctx, o.ID)
		same(h.t, "messages", 3, state.Pending, err)
	})
}

func TestBudget(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		_, err := h.c.GetBudget(h.ctx, o.ID)
		refused(t, "none", err, reeve.NotFound, "budget not found")
		refused(t, "none to delete", h.c.DeleteBudget(h.ctx, o.ID), reeve.NotFound, "budget not found")
		refused(t, "negative", h.c.SetBudget(h.ctx, o.ID, -1), reeve.Invalid, "negative amount")
		refused(t, "of nobody", h.c.SetBudget(h.ctx, newID(), 1), reeve.NotFound, "organization not found")
		h.check(h.c.SetBudget(h.ctx, o.ID, 100))
		h.check(h.c.SetBudget(h.ctx, o.ID, math.MaxInt64))
		cents, err := h.c.GetBudget(h.ctx, o.ID)
		same(t, "set", int64(math.MaxInt64), cents, err)
		h.check(h.c.DeleteBudget(h.ctx, o.ID))
		same(t, "log", []string{
			`organization.create  {"name":"Acme","ownerId":"` + o.OwnerID.String() + `"}`,
			`budget.set  {"amount":100}`,
			`budget.set {"amount":100} {"amount":9223372036854775807}`,
			`budget.delete {"amount":9223372036854775807}`,
		}, h.log(o.ID), nil)
	})
}
