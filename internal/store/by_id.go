package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// byID reads the things of a list of ids: those that are there.
func byID[T any](ctx context.Context, r Reader, ids []reeve.ID, text string, scan func(scanner) (reeve.ID, T, error)) (map[reeve.ID]T, error) {
	out := make(map[reeve.ID]T, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := r.d.lists(ids, func(list string, args []any) error {
		return r.q.query(ctx, text+" IN ("+list+")", args, func(row scanner) error {
			id, thing, err := scan(row)
			out[id] = thing
			return err
		})
	})
	return out, err
}

// UsersByID reads users who are not deleted.
func (r Reader) UsersByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.User, error) {
	return byID(ctx, r, ids, "SELECT "+userColumns+" FROM users WHERE email_key IS NOT NULL AND id",
		func(row scanner) (reeve.ID, reeve.User, error) { u, err := scanUser(row); return u.ID, u, err })
}

// OrganizationsByID reads organisations.
func (r Reader) OrganizationsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Organization, error) {
	return byID(ctx, r, ids, "SELECT "+organizationColumns+" FROM organizations WHERE id",
		func(row scanner) (reeve.ID, reeve.Organization, error) {
			o, err := scanOrganization(row)
			return o.ID, o, err
		})
}

// ProjectsByID reads projects.
func (r Reader) ProjectsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Project, error) {
	return byID(ctx, r, ids, "SELECT "+projectColumns+" FROM projects p WHERE p.id",
		func(row scanner) (reeve.ID, reeve.Project, error) { p, err := scanProject(row); return p.ID, p, err })
}

// CouponsByID reads coupons.
func (r Reader) CouponsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Coupon, error) {
	return byID(ctx, r, ids, "SELECT "+couponColumns+" FROM coupons WHERE id",
		func(row scanner) (reeve.ID, reeve.Coupon, error) { c, err := scanCoupon(row); return c.ID, c, err })
}
