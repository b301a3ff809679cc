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

// withFreezes joins the freezes to things whose id is that column; freezeRow
// scans what it adds.
func withFreezes(id string) string {
	return " LEFT JOIN (SELECT id AS frozen_id, type AS freeze_type, frozen_at, frozen_until FROM freezes) f ON f.frozen_id = " + id
}

const joinedFreeze = ", freeze_type, frozen_at, frozen_until"

// freezeRow is a row that ends with a joinedFreeze.
type freezeRow struct {
	scanner
	maybeFrozen
}

func (r *freezeRow) Scan(to ...any) error { return r.scanner.Scan(append(to, r.fields()...)...) }

// UsersByID reads users who are not deleted, with their freezes.
func (r Reader) UsersByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.User, error) {
	return byID(ctx, r, ids, "SELECT "+userColumns+joinedFreeze+" FROM users"+withFreezes("id")+" WHERE email_key IS NOT NULL AND id",
		func(row scanner) (reeve.ID, reeve.User, error) {
			with := freezeRow{scanner: row}
			u, err := scanUser(&with)
			u.Freeze = with.frozen()
			return u.ID, u, err
		})
}

// OrganizationsByID reads organisations with their freezes.
func (r Reader) OrganizationsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Organization, error) {
	return byID(ctx, r, ids, "SELECT "+organizationColumns+joinedFreeze+" FROM organizations"+withFreezes("id")+" WHERE id",
		func(row scanner) (reeve.ID, reeve.Organization, error) {
			with := freezeRow{scanner: row}
			o, err := scanOrganization(&with)
			o.Freeze = with.frozen()
			return o.ID, o, err
		})
}

// ProjectsByID reads projects with their own freezes.
func (r Reader) ProjectsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Project, error) {
	return byID(ctx, r, ids, "SELECT "+projectColumns+joinedFreeze+" FROM projects p"+withFreezes("p.id")+" WHERE p.id",
		func(row scanner) (reeve.ID, reeve.Project, error) {
			with := freezeRow{scanner: row}
			p, err := scanProject(&with)
			p.Freeze = with.frozen()
			return p.ID, p, err
		})
}

// CouponsByID reads coupons.
func (r Reader) CouponsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Coupon, error) {
	return byID(ctx, r, ids, "SELECT "+couponColumns+" FROM coupons WHERE id",
		func(row scanner) (reeve.ID, reeve.Coupon, error) { c, err := scanCoupon(row); return c.ID, c, err })
}
