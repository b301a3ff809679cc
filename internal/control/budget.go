package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// SetBudget says what an organisation means to spend in a month, in cents. It
// stops nothing: it is what alerts are measured by.
func (c *Control) SetBudget(ctx context.Context, organization reeve.ID, cents int64) error {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return err
	}
	if err := reeve.CheckBudget(cents); err != nil {
		return err
	}
	err = c.putBudget(ctx, organization, func(tx *store.Tx, before fields) error {
		tx.PutBudget(organization, &cents)
		record(tx, by, change{action: "budget.set", target: organization, organization: organization, before: before, after: fields{"amount": cents}})
		return nil
	})
	if err == nil {
		c.store.AfterCommit(ctx, func() { c.alerts.touchOrganization(organization) })
	}
	return err
}

// DeleteBudget takes an organisation's budget away.
func (c *Control) DeleteBudget(ctx context.Context, organization reeve.ID) error {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return err
	}
	return c.putBudget(ctx, organization, func(tx *store.Tx, before fields) error {
		if before == nil {
			return errNoBudget
		}
		tx.PutBudget(organization, nil)
		record(tx, by, change{action: "budget.delete", target: organization, organization: organization, before: before})
		return nil
	})
}

var errNoBudget = reeve.Errorf(reeve.NotFound, "budget not found")

// putBudget locks an organisation and gives what is recorded of its budget; nil
// if it has none.
func (c *Control) putBudget(ctx context.Context, organization reeve.ID, put func(*store.Tx, fields) error) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockOrganization(ctx, organization); err != nil {
			return err
		}
		cents, err := tx.Budget(ctx, organization)
		switch {
		case reeve.IsKind(err, reeve.NotFound):
			return put(tx, nil)
		case err != nil:
			return err
		}
		return put(tx, fields{"amount": cents})
	})
}

// GetBudget gives what an organisation means to spend in a month, in cents.
func (c *Control) GetBudget(ctx context.Context, organization reeve.ID) (int64, error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return 0, err
	}
	return c.store.Budget(ctx, organization)
}
