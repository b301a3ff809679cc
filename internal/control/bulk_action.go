package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// BulkAction is what is done to each thing: exactly one of these.
type BulkAction struct {
	Limits   *reeve.LimitsPatch // of projects
	Coupon   *NewCoupon         // for users
	Freeze   *NewFreeze
	Unfreeze bool
}

// NewCoupon is a coupon that each user gets.
type NewCoupon struct {
	Amount, Duration int64
	Description      string
}

// bulkAction is an action as it is done to each thing, inside a transaction;
// after follows the commit.
type bulkAction struct {
	right reeve.OperatorAction
	of    []FoundKind // which kinds of things it is done to; nil: all
	check func() error
	each  func(ctx context.Context, tx *store.Tx, id reeve.ID) error
	after func(ctx context.Context, ids []reeve.ID)
}

// bulkActions are those that are asked for.
func (c *Control) bulkActions(by Caller, b Bulk) (out []bulkAction) {
	a := b.Action
	if a.Limits != nil {
		out = append(out, bulkAction{
			right: reeve.ManageLimits, of: []FoundKind{FoundProject}, check: a.Limits.Check,
			each: func(ctx context.Context, tx *store.Tx, id reeve.ID) error {
				return updateLimits(ctx, tx, by, id, *a.Limits)
			},
			after: func(ctx context.Context, ids []reeve.ID) { c.limitsUpdated(ctx, ids...) },
		})
	}
	if a.Coupon != nil {
		out = append(out, bulkAction{
			right: reeve.ManageMoney, of: []FoundKind{FoundUser},
			// Any id will do in place of the users'.
			check: func() error { return a.Coupon.of(reeve.ID{1}, time.Time{}).Check() },
			each: func(ctx context.Context, tx *store.Tx, id reeve.ID) error {
				return createCoupon(ctx, tx, by, a.Coupon.of(id, tx.Now()))
			},
			after: func(context.Context, []reeve.ID) {},
		})
	}
	if a.Freeze != nil {
		out = append(out, bulkAction{
			right: a.Freeze.Type.Right(), check: func() error { return a.Freeze.check(c.store.Now()) },
			each: func(ctx context.Context, tx *store.Tx, id reeve.ID) error {
				_, err := freezeOne(ctx, tx, by, toFreeze(b.Kind, id), *a.Freeze)
				return err
			},
			after: func(ctx context.Context, ids []reeve.ID) { c.freezesChanged(ctx, ids...) },
		})
	}
	if a.Unfreeze {
		out = append(out, bulkAction{
			// Each thing takes the right to the type of its own freeze.
			right: reeve.FreezeForBilling, check: func() error { return nil },
			each: func(ctx context.Context, tx *store.Tx, id reeve.ID) error {
				_, err := unfreezeOne(ctx, tx, by, toFreeze(b.Kind, id))
				return err
			},
			after: func(ctx context.Context, ids []reeve.ID) { c.freezesChanged(ctx, ids...) },
		})
	}
	return out
}

func toFreeze(kind FoundKind, id reeve.ID) findFrozen {
	switch kind {
	case FoundUser:
		return userIDToFreeze(id)
	case FoundOrganization:
		return organizationToFreeze(id)
	default:
		return projectToFreeze(id)
	}
}

func (n NewCoupon) of(user reeve.ID, now time.Time) reeve.Coupon {
	return reeve.Coupon{
		ID: newID(), UserID: user, Amount: n.Amount, Duration: n.Duration, Description: n.Description,
		Type: reeve.CouponPromotional, CreatedAt: now,
	}
}
