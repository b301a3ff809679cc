package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateCredit grants an organisation a credit, from its amount, priority,
// description and times; without a time it is in effect at once.
func (c *Control) CreateCredit(ctx context.Context, in reeve.Credit) (reeve.Credit, error) {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return in, err
	}
	in.ID, in.Applied, in.VoidedAt = newID(), 0, nil
	in.EffectiveAt = stored(in.EffectiveAt)
	if in.ExpiresAt != nil {
		end := stored(*in.ExpiresAt)
		in.ExpiresAt = &end
	}
	atOnce := in.EffectiveAt.IsZero()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if in.CreatedAt = tx.Now(); atOnce {
			in.EffectiveAt = tx.Now()
		}
		if err := in.Check(); err != nil {
			return err
		}
		if _, err := tx.LockOrganization(ctx, in.OrganizationID); err != nil {
			return err
		}
		createCredit(tx, by, in)
		return nil
	})
	return in, err
}

// createCredit keeps a credit, and records it.
func createCredit(tx *store.Tx, by Caller, credit reeve.Credit) {
	tx.CreateCredit(credit)
	record(tx, by, change{action: "credit.create", target: credit.ID, organization: credit.OrganizationID, after: creditFields(credit)})
}

// voidCredit voids a credit that is locked, and records it.
func voidCredit(tx *store.Tx, by Caller, credit reeve.Credit) {
	tx.VoidCredit(credit.ID)
	record(tx, by, change{
		action: "credit.void", target: credit.ID, organization: credit.OrganizationID, before: creditFields(credit), after: fields{"applied": credit.Applied},
	})
}

// stored gives a time as the database keeps it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func creditFields(cr reeve.Credit) fields {
	return fields{
		"organizationId": cr.OrganizationID, "amount": cr.Amount, "priority": cr.Priority,
		"description": cr.Description, "effectiveAt": cr.EffectiveAt, "expiresAt": cr.ExpiresAt,
	}
}

// GetCredit finds a credit.
func (c *Control) GetCredit(ctx context.Context, id reeve.ID) (reeve.Credit, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.Credit{}, err
	}
	return c.store.Credit(ctx, id)
}

// ListCredits lists an organisation's credits of all states, newest first.
func (c *Control) ListCredits(ctx context.Context, organization reeve.ID) ([]reeve.Credit, error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return nil, err
	}
	return c.store.CreditsOf(ctx, organization)
}

// VoidCredit keeps what is left of a credit from being used. What statements
// have used stays used. Voiding again is a Conflict.
func (c *Control) VoidCredit(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		credit, err := tx.LockCredit(ctx, id)
		if err != nil {
			return err
		}
		if credit.VoidedAt != nil {
			return reeve.Errorf(reeve.Conflict, "the credit is void")
		}
		voidCredit(tx, by, credit)
		return nil
	})
}
