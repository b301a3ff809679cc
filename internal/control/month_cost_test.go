package control_test

import (
	"math"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// newPriced makes a Control with a price of 2 cents for each GB of egress.
func newPriced(t *testing.T, h house) *control.Control {
	t.Helper()
	with := settings(t, masterKey)
	h.check(with.Prices.UnmarshalJSON([]byte(
		`{"currency":"USD","prices":[{"meter":"egress","from":"2026-10","unit":"GB","tiers":[{"price":"2"}]}]}`)))
	return control.New(h.s, with)
}

// TestOverflow: an organisation whose statement cannot be made spoils nobody
// else's drafts, nor the statements of other owners.
func TestOverflow(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		with := settings(t, masterKey)
		with.Prices = prices(t, `{"currency":"USD","prices":[{"meter":"requests","from":"2026-10","unit":"request","tiers":[{"price":"1000000000000"}]}]}`)
		c.c = control.New(c.s, with)
		c.send(0, used(1, reeve.UsageRequests, epoch, 10_000_000), used(3, reeve.UsageRequests, epoch, 1), used(5, reeve.UsageRequests, epoch, 2))
		c.check(control.DrainUsage(c.c, t.Context()))
		_, err := c.c.GetStatement(c.ctx, reeve.StatementID(organizationID(1), november))
		refused(t, "the draft", err, reeve.Conflict, "the amount is too large")
		same(t, "another's draft", int64(1_000_000_000_000), c.statement(2, november).Gross, nil)
		ids := func(list []reeve.Statement, err error) (out []reeve.ID) {
			t.Helper()
			c.check(err)
			for _, s := range list {
				out = append(out, s.OrganizationID)
			}
			return out
		}
		same(t, "the owner's", []reeve.ID{organizationID(2)}, ids(c.c.StatementsOfUser(c.ctx, "u1@mail.test")), nil)
		for n, want := range map[byte][]reeve.ID{1: nil, 2: {organizationID(2)}} {
			list, total, err := c.c.OrganizationStatements(c.ctx, organizationID(n), control.Page{Size: 9})
			same(t, "the organisation's", want, ids(list, err), nil)
			same(t, "how many", len(want), total, nil)
		}
		c.clock.set(november.End())
		_, err = c.c.CloseMonth(c.ctx, november)
		refused(t, "closing", err, reeve.Conflict, "the amount is too large")
		list, _, err := c.c.ListStatements(c.ctx, control.StatementFilter{Month: november, Limit: 9})
		same(t, "made", 2, len(ids(list, err)), nil)
		same(t, "final", []reeve.StatementStatus{reeve.StatementDraft, reeve.StatementFinal},
			[]reeve.StatementStatus{c.statement(2, november).Status, c.statement(3, november).Status}, nil)
	})
}

// TestBudgetAlerts: what an organisation's month has come to so far, over all its
// projects and before coupons, is measured by its budget.
func TestBudgetAlerts(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.c = newPriced(t, h)
		u, o, p := h.tenant("ada@mail.test")
		_, other, q := h.tenant("bob@mail.test")
		second := h.project(o)
		_, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: u.ID, Amount: 1_000, Duration: 1, Description: "all of it"})
		h.check(err)
		_, err = h.c.SetWebhook(h.ctx, o.ID, "https://example.com")
		h.check(err)
		check := func(what string, want ...string) {
			t.Helper()
			h.check(control.SweepAlerts(h.c, t.Context()))
			same(t, what, append([]string{}, want...), h.raised(o.ID), nil)
		}
		h.use(q.ID, reeve.UsageEgress, "", 100e9)
		h.check(h.c.SetBudget(h.ctx, o.ID, 100))
		check("another's usage")
		h.use(p.ID, reeve.UsageEgress, "", 24e9)
		check("48 cents")
		h.use(second.ID, reeve.UsageEgress, "", 1e9)
		check("50 cents", "budget 50")
		check("once", "budget 50")
		message, err := h.s.NextWebhookMessage(t.Context(), o.ID)
		same(t, "message", `{"type":"budget.threshold","timestamp":"2026-11-22T15:44:53.397371Z","data":{"organizationId":"`+o.ID.String()+
			`","month":"2026-11","threshold":50,"amount":50,"budget":100}}`, message.Payload, err)
		h.check(h.c.SetBudget(h.ctx, o.ID, 60))
		h.clock.pass(time.Second)
		h.check(control.CheckAlerts(h.c, t.Context())) // touched, so without a sweep
		same(t, "a lower budget", []string{"budget 50", "budget 80"}, h.raised(o.ID), nil)
		h.check(h.c.DeleteBudget(h.ctx, o.ID))
		h.use(p.ID, reeve.UsageEgress, "", 100e9)
		check("without a budget", "budget 50", "budget 80")
		same(t, "another's", []string{}, h.raised(other.ID), nil)
		h.check(h.c.SetBudget(h.ctx, o.ID, 60))
		h.clock.set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		check("a new month")
		for range 2 { // far more than the budget
			h.use(p.ID, reeve.UsageEgress, "", math.MaxInt64)
		}
		check("far more", "budget 50", "budget 80", "budget 100")
	})
}

// reseller makes three organisations of an owner, each with a budget of 4 cents,
// and a project of each.
func (h house) reseller(email string) (organizations []reeve.Organization, projects []reeve.Project) {
	h.t.Helper()
	u := h.user(email)
	for range 3 {
		o := h.organization(u)
		organizations, projects = append(organizations, o), append(projects, h.project(o))
		h.check(h.c.SetBudget(h.ctx, o.ID, 4))
	}
	return organizations, projects
}

// TestBudgetTurns: where there is time for one owner only, all of his budgets are
// looked at. Those of others come next, and none is lost on the way.
func TestBudgetTurns(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.c = newPriced(t, h)
		control.SetAlertTurn(h.c, 0)
		var owned [][]reeve.Organization
		var projects []reeve.Project
		for _, email := range []string{"ada@mail.test", "bob@mail.test", "cyd@mail.test"} {
			organizations, with := h.reseller(email)
			owned, projects = append(owned, organizations), append(projects, with...)
		}
		check := func(what string, want int) {
			t.Helper()
			owners := 0
			for _, organizations := range owned {
				raised := 0
				for _, o := range organizations {
					raised += len(h.raised(o.ID))
				}
				if raised != 0 && raised != len(organizations) {
					t.Errorf("%s: %d of an owner's %d", what, raised, len(organizations))
				}
				owners += raised / len(organizations)
			}
			same(t, what, want, owners, nil)
		}
		for _, p := range projects {
			h.use(p.ID, reeve.UsageEgress, "", 1e9)
		}
		ended, end := contextThatEnds(t)
		end()
		if err := control.CheckAlerts(h.c, ended); err == nil {
			t.Error("a check whose context is over")
		}
		check("after a failure", 0)
		for i := range owned {
			h.check(control.CheckAlerts(h.c, t.Context()))
			check("touched", i+1)
		}

		h.clock.set(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		for _, p := range projects {
			h.use(p.ID, reeve.UsageEgress, "", 1e9)
		}
		h.check(control.SweepAlerts(h.c, t.Context()))
		check("swept", 1)
		for i := range owned[1:] {
			h.check(control.CheckAlerts(h.c, t.Context()))
			check("after the sweep", i+2)
		}
	})
}
