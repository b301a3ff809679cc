package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// OperatorTokens lists the hashes of the root operator's tokens.
func (r Reader) OperatorTokens(ctx context.Context) ([]reeve.TokenHash, error) {
	return many(ctx, r, read{sql: "SELECT hash FROM operator_tokens"}, value[reeve.TokenHash])
}

// LockOperatorTokens keeps other transactions from replacing the tokens.
func (tx *Tx) LockOperatorTokens(ctx context.Context) error {
	return tx.lockName(ctx, lockOperatorTokens)
}

// ReplaceOperatorTokens makes one token the only one.
func (tx *Tx) ReplaceOperatorTokens(id reeve.ID, hash reeve.TokenHash) {
	tx.write(statement{sql: "DELETE FROM operator_tokens"})
	tx.write(statement{
		sql:  "INSERT INTO operator_tokens (id, hash, created_at) VALUES ($1, $2, $3)",
		args: []any{id, hash, tx.Now()},
	})
}
