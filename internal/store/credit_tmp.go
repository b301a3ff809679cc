package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const creditColumns = `id, organization_id, amount, applied, priority, description, effective_at, expires_at, voided_at, created_at`

func scanCredit(row scanner) (c reeve.Credit, err error) {
	err = row.Scan(&c.ID, &c.OrganizationID, &c.Amount, &c.Applied, &c.Priority, &c.Description,
		&c.EffectiveAt, &c.ExpiresAt, &c.VoidedAt, &c.CreatedAt)
	return c, err
}

func (tx *Tx) CreateCredit(c reeve.Credit) {
	tx.write(statement{
		sql:  "INSERT INTO credits (" + creditColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		args: []any{c.ID, c.OrganizationID, c.Amount, c.Applied, c.Priority, c.Description, c.EffectiveAt, c.ExpiresAt, c.VoidedAt, c.CreatedAt},
	})
}

func (tx *Tx) LockCredit(ctx context.Context, id reeve.ID) (reeve.Credit, error) {
	return one(ctx, tx.Reader, read{"SELECT " + creditColumns + " FROM credits WHERE id = $1" + tx.d.lock, []any{id}, missing("credit")}, scanCredit)
}

func (tx *Tx) VoidCredit(id reeve.ID) {
	tx.write(statement{sql: "UPDATE credits SET voided_at = $2 WHERE id = $1", args: []any{id, tx.Now()}})
}
