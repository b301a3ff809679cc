package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const couponColumns = "id, user_id, amount, duration, description, type, created_at, applied"

func scanCoupon(row scanner) (c reeve.Coupon, err error) {
	err = row.Scan(&c.ID, &c.UserID, &c.Amount, &c.Duration, &c.Description, &c.Type, &c.CreatedAt, &c.Applied)
	return c, err
}

// Coupon finds a coupon.
func (r Reader) Coupon(ctx context.Context, id reeve.ID) (reeve.Coupon, error) {
	return one(ctx, r, couponByID(id, ""), scanCoupon)
}

// LockCouponForDelete finds a coupon and guards it against another deletion.
func (tx *Tx) LockCouponForDelete(ctx context.Context, id reeve.ID) (reeve.Coupon, error) {
	return one(ctx, tx.Reader, couponByID(id, tx.d.lockDrop), scanCoupon)
}

func couponByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + couponColumns + " FROM coupons WHERE id = $1" + lock,
		[]any{id},
		reeve.Errorf(reeve.NotFound, "coupon with id %q not found", id.String()),
	}
}

// CouponsOf lists a user's coupons, newest first.
func (r Reader) CouponsOf(ctx context.Context, user reeve.ID) ([]reeve.Coupon, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + couponColumns + " FROM coupons WHERE user_id = $1 ORDER BY created_at DESC, id DESC",
		args: []any{user},
	}, scanCoupon)
}

// CreateCoupon inserts a coupon; a Conflict if there is one of its id.
func (tx *Tx) CreateCoupon(c reeve.Coupon) {
	tx.write(statement{
		sql: `INSERT INTO coupons (id, user_id, amount, duration, description, type, created_at, applied)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		args: []any{
			c.ID, c.UserID, c.Amount, c.Duration, c.Description, int64(c.Type), c.CreatedAt, c.Applied,
		},
		check: onViolation(conflict("the coupon exists already"), nil),
	})
	tx.createText(couponText(c))
}

// DeleteCoupon deletes a coupon.
func (tx *Tx) DeleteCoupon(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM coupons WHERE id = $1", args: []any{id}})
	tx.deleteText(Coupons, id)
}
