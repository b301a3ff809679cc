package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Edited is what an edit depends on: one of these, or, where something is added
// to a list, none.
type Edited struct {
	Project, Organization, Coupon, Statement reeve.ID
	Person                                   reeve.ID // a user who edits what is the user's own
	User                                     string   // the address of one whom operators edit
	Operator                                 reeve.ID
	Gateways                                 bool // the list of them
}

// LockForEdit keeps what is edited as it is until the context's transaction
// ends (see Once), with what belongs to it: nothing is added meanwhile. A tenant
// may do so with what it may see.
func (c *Control) LockForEdit(ctx context.Context, what Edited) error {
	switch {
	case what.Project != reeve.Zero, what.Organization != reeve.Zero, what.Person != reeve.Zero:
	default:
		if _, err := operator(ctx, reeve.Look); err != nil {
			return err
		}
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		switch {
		case what.Project != reeve.Zero:
			_, _, err := c.guardProject(ctx, tx, what.Project, reeve.ReadProject, guarded{project: store.HoldToDrop})
			return err
		case what.Organization != reeve.Zero:
			_, _, err := c.guardOrganization(ctx, tx, what.Organization, reeve.ReadOrganization, store.HoldToDrop)
			return err
		case what.Person != reeve.Zero:
			if _, err := c.person(ctx, tx.Reader, what.Person); err != nil {
				return err
			}
			_, _, err := c.lockPerson(ctx, tx, what.Person)
			return err
		case what.Operator != reeve.Zero:
			_, err := tx.LockOperatorForDelete(ctx, what.Operator)
			return err
		case what.Coupon != reeve.Zero:
			_, err := tx.LockCouponForDelete(ctx, what.Coupon)
			return err
		case what.Statement != reeve.Zero:
			_, err := tx.LockStatement(ctx, what.Statement)
			return err
		case what.Gateways:
			return tx.LockGateways(ctx)
		case what.User != "":
			_, err := tx.LockUserForDelete(ctx, what.User)
			return err
		}
		return nil // who adds to a list takes nothing from it
	})
}
