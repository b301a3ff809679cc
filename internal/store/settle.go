package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// CouponsOfUsers lists the coupons of some users of which something is left,
// in no order.
func (r Reader) CouponsOfUsers(ctx context.Context, users []reeve.ID) ([]reeve.Coupon, error) {
	return r.couponsOfUsers(ctx, users, "")
}

// LockCouponsOfUsers is CouponsOfUsers, and guards the coupons.
func (tx *Tx) LockCouponsOfUsers(ctx context.Context, users []reeve.ID) ([]reeve.Coupon, error) {
	return tx.couponsOfUsers(ctx, users, " ORDER BY id"+tx.d.lock)
}

func (r Reader) couponsOfUsers(ctx context.Context, users []reeve.ID, suffix string) ([]reeve.Coupon, error) {
	return manyIn(ctx, r, users, "SELECT "+couponColumns+" FROM coupons WHERE user_id IN (", ") AND applied < amount"+suffix, scanCoupon)
}

// ApplyCoupon uses an amount of a coupon, or gives it back if it is negative.
func (tx *Tx) ApplyCoupon(id reeve.ID, cents int64) {
	tx.write(statement{sql: "UPDATE coupons SET applied = applied + $2 WHERE id = $1", args: []any{id, cents}})
}

// CreditsOfOrganizations lists the credits of some organisations of which
// something is left, in no order.
func (r Reader) CreditsOfOrganizations(ctx context.Context, organizations []reeve.ID) ([]reeve.Credit, error) {
	return r.creditsOfOrganizations(ctx, organizations, "")
}

// LockCreditsOfOrganizations is CreditsOfOrganizations, and guards the credits.
func (tx *Tx) LockCreditsOfOrganizations(ctx context.Context, organizations []reeve.ID) ([]reeve.Credit, error) {
	return tx.creditsOfOrganizations(ctx, organizations, " ORDER BY id"+tx.d.lock)
}

func (r Reader) creditsOfOrganizations(ctx context.Context, organizations []reeve.ID, suffix string) ([]reeve.Credit, error) {
	return manyIn(ctx, r, organizations, "SELECT "+creditColumns+" FROM credits WHERE organization_id IN (",
		") AND applied < amount AND voided_at IS NULL"+suffix, scanCredit)
}

// ApplyCredit uses an amount of a credit, or gives it back if it is negative.
func (tx *Tx) ApplyCredit(id reeve.ID, cents int64) {
	tx.write(statement{sql: "UPDATE credits SET applied = applied + $2 WHERE id = $1", args: []any{id, cents}})
}

// manyIn reads all rows of a SELECT whose IN goes over all ids.
func manyIn[T any](ctx context.Context, r Reader, ids []reeve.ID, before, after string, scan func(scanner) (T, error)) (out []T, err error) {
	err = inLists(ids, func(list string, args []any) error {
		found, err := many(ctx, r, read{sql: before + list + after, args: args}, scan)
		out = append(out, found...)
		return err
	})
	return out, err
}
