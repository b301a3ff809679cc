package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// LockOperatorIdentities keeps other transactions from tying identities to
// operators.
func (tx *Tx) LockOperatorIdentities(ctx context.Context) error {
	return tx.lockName(ctx, lockOperatorIdentities)
}

// LockOperatorOfIdentity finds the operator that a provider's subject is tied
// to, and guards the row.
func (tx *Tx) LockOperatorOfIdentity(ctx context.Context, issuer, subject string) (reeve.NamedOperator, error) {
	id, err := one(ctx, tx.Reader, read{
		"SELECT operator_id FROM operator_identities WHERE issuer = $1 AND subject = $2",
		[]any{issuer, subject},
		missing("operator"),
	}, value[reeve.ID])
	if err != nil {
		return reeve.NamedOperator{}, err
	}
	return tx.LockOperator(ctx, id)
}

// HasIdentity tells whether an operator is tied to a provider's subject.
func (r Reader) HasIdentity(ctx context.Context, operator reeve.ID) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM operator_identities WHERE operator_id = $1", args: []any{operator},
	}, value[bool])
}

// ProvidedOperators gives the operators that are tied to a provider's subject.
func (r Reader) ProvidedOperators(ctx context.Context) (map[reeve.ID]bool, error) {
	ids, err := many(ctx, r, read{sql: "SELECT DISTINCT operator_id FROM operator_identities"}, value[reeve.ID])
	out := make(map[reeve.ID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// CreateOperatorIdentity ties a provider's subject to an operator.
func (tx *Tx) CreateOperatorIdentity(issuer, subject string, operator reeve.ID) {
	tx.write(statement{
		sql:  "INSERT INTO operator_identities (issuer, subject, operator_id, created_at) VALUES ($1, $2, $3, $4)",
		args: []any{issuer, subject, operator, tx.Now()},
	})
}
