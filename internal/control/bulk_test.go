package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

func coupons(ids ...reeve.ID) control.Bulk {
	return control.Bulk{
		Kind: control.FoundUser, IDs: ids,
		Action: control.BulkAction{Coupon: &control.NewCoupon{Amount: 5, Duration: 1, Description: "sorry"}},
	}
}

func rates(ids ...reeve.ID) control.Bulk {
	seven := reeve.LimitOf(7)
	return control.Bulk{
		Kind: control.FoundProject, IDs: ids, Action: control.BulkAction{Limits: &reeve.LimitsPatch{Rate: &seven}},
	}
}

// TestBulkRights: planning and doing need the right to the action.
func TestBulkRights(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	user, _, project := h.tenant("ada@mail.test")
	for role, may := range map[reeve.OperatorRole][2]bool{
		reeve.OperatorViewer: {false, false}, reeve.OperatorFinance: {true, false},
		reeve.OperatorSupport: {false, true}, reeve.OperatorAdmin: {true, true},
	} {
		ctx := as(t, reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: role})
		for i, bulk := range []control.Bulk{coupons(user.ID), rates(project.ID)} {
			plan, err := h.c.PlanBulk(ctx, bulk)
			if may[i] {
				h.check(err)
				_, err = h.c.RunBulk(ctx, bulk, plan.Token)
				h.check(err)
				continue
			}
			denied(t, string(role)+" plans", err)
			_, err = h.c.RunBulk(ctx, bulk, "x")
			denied(t, string(role)+" does", err)
		}
	}
}

// TestBulkAtOnce: a plan that is carried out by several at the same time is
// carried out once.
func TestBulkAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		var ids []reeve.ID
		for i := range 120 {
			ids = append(ids, h.user(fmt.Sprintf("u%d@mail.test", i)).ID)
		}
		bulk := coupons(ids...)
		plan, err := h.c.PlanBulk(h.ctx, bulk)
		h.check(err)
		for _, err := range race(repeat(4, func() error {
			result, err := h.c.RunBulk(h.ctx, bulk, plan.Token)
			if err == nil && (result.Done != len(ids) || len(result.Failed) > 0) {
				err = fmt.Errorf("done %+v", result)
			}
			return err
		})...) {
			h.check(err)
		}
		done, err := h.c.BulkProgress(h.ctx, plan.Token)
		same(t, "done", len(ids), done, err)
		other, err := h.c.PlanBulk(h.ctx, bulk)
		h.check(err)
		done, err = h.c.BulkProgress(h.ctx, other.Token)
		same(t, "done of another plan", 0, done, err)
		_, err = h.c.BulkProgress(h.ctx, "x")
		refused(t, "no plan", err, reeve.Invalid, "plan is not the token of a plan")
		for _, id := range ids {
			found, err := h.s.CouponsOf(h.ctx, id)
			if err != nil || len(found) != 1 {
				t.Fatalf("%d coupons (%v), want 1", len(found), err)
			}
		}
	})
}

// TestBulkFailures: what cannot be done is told, and does not keep the rest
// from being done.
func TestBulkFailures(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, bob, nobody := h.user("ada@mail.test"), h.user("bob@mail.test"), newID()
		result, err := control.RunBatch(h.ctx, h.c, coupons(), []reeve.ID{ada.ID, nobody, bob.ID})
		h.check(err)
		if result.Done != 2 || len(result.Failed) != 1 || result.Failed[0].ID != nobody || result.Failed[0].Err.Message != "user not found" {
			t.Errorf("%+v", result)
		}
		for _, id := range []reeve.ID{ada.ID, bob.ID} {
			found, err := h.s.CouponsOf(h.ctx, id)
			if err != nil || len(found) != 1 {
				t.Errorf("%d coupons (%v), want 1", len(found), err)
			}
		}
		changes := len(h.all())
		h.s.Close()
		_, err = control.RunBatch(h.ctx, h.c, coupons(), []reeve.ID{ada.ID, bob.ID})
		if !reeve.IsKind(err, reeve.Unavailable) {
			t.Errorf("without a database, after %d changes: %v", changes, err)
		}
	})
}

// TestBulkAgain: a plan that was carried out does nothing more, whatever has
// become of the things since, and an old one cannot be carried out.
func TestBulkAgain(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		bulk := rates(p.ID)
		plan, err := h.c.PlanBulk(h.ctx, bulk)
		h.check(err)
		_, err = h.c.RunBulk(h.ctx, bulk, plan.Token)
		h.check(err)
		eight := reeve.LimitOf(8)
		h.check(h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{Rate: &eight}))
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		result, err := h.c.RunBulk(h.ctx, bulk, plan.Token)
		same(t, "again", control.BulkResult{Done: 1, Failed: []control.BulkFailure{}}, result, err)
		got, err := h.c.GetProject(h.ctx, p.ID)
		same(t, "rate", eight, got.Limits.Rate, err)
		h.clock.pass(24*time.Hour + time.Microsecond)
		_, err = h.c.RunBulk(h.ctx, bulk, plan.Token)
		refused(t, "a day later", err, reeve.Conflict, "the plan is older than 24h0m0s")
		h.clock.pass(24 * time.Hour)
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			left, err := tx.DeleteBulkDoneBefore(t.Context(), tx.Now(), 10)
			same(t, "notes left", 0, left, err)
			return nil
		}))
	})
}

// TestBulkTooMany: more than an action is done to is refused, not cut.
func TestBulkTooMany(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, err := h.c.PlanBulk(h.ctx, coupons(make([]reeve.ID, control.MaxBulk+1)...))
	refused(t, "too many", err, reeve.Invalid, "more than 10000 things are selected")
}
