package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// CreateCreditNote inserts a credit note.
func (tx *Tx) CreateCreditNote(n reeve.CreditNote) {
	var credit *reeve.ID
	if n.CreditID != reeve.Zero {
		credit = &n.CreditID
	}
	tx.write(statement{
		sql: `INSERT INTO credit_notes (id, statement_id, cents, reason, credit_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`,
		args: []any{n.ID, n.StatementID, n.Cents, n.Reason, credit, n.CreatedAt},
	})
}

// CreditNotes lists a statement's credit notes, oldest first.
func (r Reader) CreditNotes(ctx context.Context, statement reeve.ID) ([]reeve.CreditNote, error) {
	return many(ctx, r, read{
		sql: `SELECT id, statement_id, cents, reason, credit_id, created_at FROM credit_notes
			WHERE statement_id = $1 ORDER BY created_at, id`,
		args: []any{statement},
	}, func(row scanner) (n reeve.CreditNote, err error) {
		var credit *reeve.ID
		err = row.Scan(&n.ID, &n.StatementID, &n.Cents, &n.Reason, &credit, &n.CreatedAt)
		if credit != nil {
			n.CreditID = *credit
		}
		return n, err
	})
}
