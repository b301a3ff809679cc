package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Edited is what an edit depends on: exactly one of these.
type Edited struct {
	Project, Organization, Coupon, Statement reeve.ID
	User                                     string // the address
	Gateways                                 bool   // the list of them
}

// LockForEdit keeps what is edited as it is until the context's transaction
// ends (see Once), with what belongs to it: nothing is added meanwhile. A tenant
// may do so with a project that it may edit.
func (c *Control) LockForEdit(ctx context.Context, what Edited) error {
	if callerOf(ctx).Key == nil {
		if _, err := operator(ctx); err != nil {
			return err
		}
	} else if what.Project == reeve.Zero {
		return reeve.ErrDenied
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		switch {
		case what.Project != reeve.Zero:
			return c.lockProjectForEdit(ctx, tx, what.Project)
		case what.Organization != reeve.Zero:
			_, err := tx.LockOrganizationForDelete(ctx, what.Organization)
			return err
		case what.Coupon != reeve.Zero:
			_, err := tx.LockCouponForDelete(ctx, what.Coupon)
			return err
		case what.Statement != reeve.Zero:
			_, err := tx.LockStatement(ctx, what.Statement)
			return err
		case what.Gateways:
			return tx.LockGateways(ctx)
		default:
			_, err := tx.LockUserForDelete(ctx, what.User)
			return err
		}
	})
}

func (c *Control) lockProjectForEdit(ctx context.Context, tx *store.Tx, id reeve.ID) error {
	caller, _, err := c.authorize(ctx, tx.Reader, id, reeve.ReadProject)
	if err != nil {
		return err
	}
	_, err = tx.LockProjectForDelete(ctx, id)
	if caller.Actor.Kind == reeve.KeyHolder && reeve.IsKind(err, reeve.NotFound) {
		err = reeve.ErrDenied
	}
	return err
}
