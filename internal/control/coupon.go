package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateCoupon creates a coupon for a user from its amount, duration,
// description and user.
func (c *Control) CreateCoupon(ctx context.Context, in reeve.Coupon) (reeve.Coupon, error) {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return in, err
	}
	if err := in.Check(); err != nil {
		return in, err
	}
	in.ID, in.Type, in.Applied = newID(), reeve.CouponPromotional, 0
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		in.CreatedAt = tx.Now()
		return createCoupon(ctx, tx, by, in)
	})
	return in, err
}

func createCoupon(ctx context.Context, tx *store.Tx, by Caller, in reeve.Coupon) error {
	if _, err := tx.KeepUser(ctx, in.UserID); err != nil {
		return err
	}
	tx.CreateCoupon(in)
	record(tx, by, change{action: "coupon.create", target: in.ID, after: couponFields(in)})
	return nil
}

func couponFields(cp reeve.Coupon) fields {
	return fields{
		"userId": cp.UserID, "amount": cp.Amount, "duration": cp.Duration,
		"description": cp.Description, "applied": cp.Applied,
	}
}

// GetCoupon finds a coupon.
func (c *Control) GetCoupon(ctx context.Context, id reeve.ID) (reeve.Coupon, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.Coupon{}, err
	}
	return c.store.Coupon(ctx, id)
}

// CouponBalance finds a coupon and what statements have used of it, oldest
// month first.
func (c *Control) CouponBalance(ctx context.Context, id reeve.ID) (coupon reeve.Coupon, used []reeve.Application, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return coupon, nil, err
	}
	if coupon, err = c.store.Coupon(ctx, id); err != nil {
		return coupon, nil, err
	}
	used, err = c.store.Applications(ctx, id)
	return coupon, used, err
}

// DeleteCoupon deletes a coupon. What statements have used of it stays used.
func (c *Control) DeleteCoupon(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		coupon, err := tx.LockCouponForDelete(ctx, id)
		if err != nil {
			return err
		}
		tx.DeleteCoupon(id)
		record(tx, by, change{action: "coupon.delete", target: id, before: couponFields(coupon)})
		return nil
	})
}
