package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// OperatorToken is a token with whose it is.
type OperatorToken struct {
	ID         reeve.ID
	Hash       reeve.TokenHash
	OperatorID reeve.ID           // zero: the root's
	Role       reeve.OperatorRole // "" of the root's
	ExpiresAt  *time.Time         // nil: never
}

// OperatorTokens lists all operators' tokens, expired ones included.
func (r Reader) OperatorTokens(ctx context.Context) ([]OperatorToken, error) {
	return many(ctx, r, read{
		sql: `SELECT t.id, t.hash, t.operator_id, COALESCE(o.role, ''), t.expires_at
			FROM operator_tokens t LEFT JOIN operators o ON o.id = t.operator_id`,
	}, func(row scanner) (t OperatorToken, err error) {
		err = row.Scan(&t.ID, &t.Hash, optionalID{&t.OperatorID}, &t.Role, &t.ExpiresAt)
		return t, err
	})
}

// HasRootToken tells whether the root operator has a token in the database.
func (r Reader) HasRootToken(ctx context.Context) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM operator_tokens WHERE operator_id IS NULL",
	}, value[bool])
}

// LockOperatorTokens keeps other transactions from replacing the tokens.
func (tx *Tx) LockOperatorTokens(ctx context.Context) error {
	return tx.lockName(ctx, lockOperatorTokens)
}

// ReplaceOperatorTokens makes one token the root operator's only one.
func (tx *Tx) ReplaceOperatorTokens(id reeve.ID, hash reeve.TokenHash) {
	tx.write(statement{sql: "DELETE FROM operator_tokens WHERE operator_id IS NULL"})
	tx.write(statement{
		sql:  "INSERT INTO operator_tokens (id, hash, created_at) VALUES ($1, $2, $3)",
		args: []any{id, hash, tx.Now()},
	})
}
