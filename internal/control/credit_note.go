package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateCreditNote takes an amount, in cents, back from a statement: of a final
// one less is open then, and of a paid one it becomes a credit of the
// organisation. Together a statement's notes are never more than was due; more
// is a Conflict, as is a draft or void statement.
func (c *Control) CreateCreditNote(ctx context.Context, id reeve.ID, amount int64, reason string) (out reeve.CreditNote, err error) {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return out, err
	}
	switch {
	case amount == 0:
		return out, reeve.Errorf(reeve.Invalid, "Amount is not set")
	case amount < 0:
		return out, reeve.Errorf(reeve.Invalid, "negative amount")
	case reason == "":
		return out, reeve.Errorf(reeve.Invalid, "Reason is not set")
	}
	if err := reeve.CheckDescription(reason); err != nil {
		return out, err
	}
	out = reeve.CreditNote{ID: newID(), StatementID: id, Cents: amount, Reason: reason}
	credit := newID()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		s, err := tx.LockStatement(ctx, id)
		if err != nil {
			return err
		}
		if s.Status != reeve.StatementFinal && s.Status != reeve.StatementPaid {
			return statementIs(s.Status)
		}
		if left := s.Due - s.Noted; amount > left {
			return reeve.Errorf(reeve.Conflict, "the amount is more than is left of the statement").WithDetail("left %d", left)
		}
		out.CreatedAt, out.CreditID = tx.Now(), reeve.Zero
		if s.Status == reeve.StatementPaid {
			out.CreditID = credit
			createCredit(tx, by, reeve.Credit{
				ID: credit, OrganizationID: s.OrganizationID, Amount: amount, Description: reason,
				EffectiveAt: tx.Now(), CreatedAt: tx.Now(),
			})
		}
		s.Noted += amount
		tx.UpdateStatement(s)
		tx.CreateCreditNote(out)
		after := fields{"statementId": id, "amount": amount}
		if out.CreditID != reeve.Zero {
			after["creditId"] = out.CreditID
		}
		record(tx, by, change{action: "creditnote.create", target: out.ID, organization: s.OrganizationID, after: after})
		return nil
	})
	return out, c.orDraft(ctx, id, err)
}

// ListCreditNotes lists a statement's credit notes, oldest first; a draft has
// none.
func (c *Control) ListCreditNotes(ctx context.Context, id reeve.ID) ([]reeve.CreditNote, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	notes, err := c.store.CreditNotes(ctx, id)
	if err != nil || len(notes) > 0 {
		return notes, err
	}
	_, err = c.GetStatement(ctx, id)
	return notes, err
}
