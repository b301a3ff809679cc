package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const creditColumns = "id, organization_id, amount, applied, priority, description, effective_at, expires_at, voided_at, created_at"

func scanCredit(row scanner) (c reeve.Credit, err error) {
	err = row.Scan(&c.ID, &c.OrganizationID, &c.Amount, &c.Applied, &c.Priority, &c.Description,
		&c.EffectiveAt, &c.ExpiresAt, &c.VoidedAt, &c.CreatedAt)
	return c, err
}

// Credit finds a credit.
func (r Reader) Credit(ctx context.Context, id reeve.ID) (reeve.Credit, error) {
	return one(ctx, r, creditByID(id, ""), scanCredit)
}

// LockCredit finds a credit and guards it.
func (tx *Tx) LockCredit(ctx context.Context, id reeve.ID) (reeve.Credit, error) {
	return one(ctx, tx.Reader, creditByID(id, tx.d.lock), scanCredit)
}

func creditByID(id reeve.ID, lock string) read {
	return read{"SELECT " + creditColumns + " FROM credits WHERE id = $1" + lock, []any{id}, missing("credit")}
}

// CreditsOf lists an organisation's credits, newest first.
func (r Reader) CreditsOf(ctx context.Context, organization reeve.ID) ([]reeve.Credit, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + creditColumns + " FROM credits WHERE organization_id = $1 ORDER BY created_at DESC, id DESC",
		args: []any{organization},
	}, scanCredit)
}

// CreateCredit inserts a credit.
func (tx *Tx) CreateCredit(c reeve.Credit) {
	tx.write(statement{
		sql: "INSERT INTO credits (" + creditColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		args: []any{
			c.ID, c.OrganizationID, c.Amount, c.Applied, c.Priority, c.Description,
			c.EffectiveAt, c.ExpiresAt, c.VoidedAt, c.CreatedAt,
		},
	})
}

// VoidCredit keeps a credit from being used any more.
func (tx *Tx) VoidCredit(id reeve.ID) {
	tx.write(statement{sql: "UPDATE credits SET voided_at = $2 WHERE id = $1", args: []any{id, tx.Now()}})
}

// Applications lists what statements, but for void ones, have used of a coupon
// or a credit, oldest month first.
func (r Reader) Applications(ctx context.Context, source reeve.ID) ([]reeve.Application, error) {
	return many(ctx, r, read{
		sql: `SELECT s.id, s.month, p.cents FROM statement_settlements p JOIN statements s ON s.id = p.statement_id
			WHERE p.source_id = $1 AND p.cents > 0 AND s.status <> $2 ORDER BY s.month, s.id`,
		args: []any{source, string(reeve.StatementVoid)},
	}, func(row scanner) (a reeve.Application, err error) {
		var month int64
		err = row.Scan(&a.StatementID, &month, &a.Cents)
		a.Month = reeve.Month(month)
		return a, err
	})
}
