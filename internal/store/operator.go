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
	CreatedAt  time.Time
	ExpiresAt  *time.Time // nil: never
}

// Live tells whether a token has not expired.
func (t OperatorToken) Live(now time.Time) bool {
	return t.ExpiresAt == nil || now.Before(*t.ExpiresAt)
}

// OperatorTokens lists all operators' tokens, oldest first, expired ones
// included.
func (r Reader) OperatorTokens(ctx context.Context) ([]OperatorToken, error) {
	return many(ctx, r, read{
		sql: `SELECT id, hash, NULL, '', created_at, NULL FROM operator_tokens
			UNION ALL SELECT t.id, t.hash, t.operator_id, COALESCE(o.role, ''), t.created_at, t.expires_at
			FROM bounded_operator_tokens t LEFT JOIN operators o ON o.id = t.operator_id ORDER BY created_at, id`,
	}, func(row scanner) (t OperatorToken, err error) {
		err = row.Scan(&t.ID, &t.Hash, optionalID{&t.OperatorID}, &t.Role, &t.CreatedAt, &t.ExpiresAt)
		return t, err
	})
}

// HasRootToken tells whether the root operator has a token in the database: one
// without an end.
func (r Reader) HasRootToken(ctx context.Context) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM operator_tokens",
	}, value[bool])
}

// LockOperatorTokens keeps other transactions from replacing the root's tokens.
func (tx *Tx) LockOperatorTokens(ctx context.Context) error {
	return tx.lockName(ctx, lockOperatorTokens)
}

// CreateOperatorToken inserts a token of an operator; zero is the root. What is
// in operator_tokens the version before takes for the root's, so nothing else is.
func (tx *Tx) CreateOperatorToken(id, operator reeve.ID, hash reeve.TokenHash) {
	if operator == reeve.Zero {
		tx.write(statement{
			sql:  "INSERT INTO operator_tokens (id, hash, created_at) VALUES ($1, $2, $3)",
			args: []any{id, hash, tx.Now()},
		})
		return
	}
	tx.write(statement{
		sql:  "INSERT INTO bounded_operator_tokens (id, operator_id, hash, created_at) VALUES ($1, $2, $3, $4)",
		args: []any{id, operator, hash, tx.Now()},
	})
}

// EndOperatorTokens ends all tokens that an operator has, zero is the root, at
// a time; those that end sooner do so. What has ended by now is forgotten.
func (tx *Tx) EndOperatorTokens(operator reeve.ID, at time.Time) {
	whose, who := "operator_id IS NULL", []any(nil)
	if operator != reeve.Zero {
		whose, who = "operator_id = $2", []any{operator}
	} else {
		tx.write(statement{
			sql: "INSERT INTO bounded_operator_tokens (id, hash, created_at) SELECT id, hash, created_at FROM operator_tokens",
		})
		tx.write(statement{sql: "DELETE FROM operator_tokens"})
	}
	tx.write(statement{
		sql:  "UPDATE bounded_operator_tokens SET expires_at = $1 WHERE " + whose + " AND (expires_at IS NULL OR expires_at > $1)",
		args: append([]any{at}, who...),
	})
	tx.write(statement{
		sql:  "DELETE FROM bounded_operator_tokens WHERE expires_at <= $1 AND " + whose,
		args: append([]any{tx.Now()}, who...),
	})
}

const operatorColumns = "id, name, role, created_at"

func scanOperator(row scanner) (o reeve.NamedOperator, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.Role, &o.CreatedAt)
	return o, err
}

// Operators lists the named operators, oldest first.
func (r Reader) Operators(ctx context.Context) ([]reeve.NamedOperator, error) {
	return many(ctx, r, read{
		sql: "SELECT " + operatorColumns + " FROM operators ORDER BY created_at, id",
	}, scanOperator)
}

// Operator finds a named operator.
func (r Reader) Operator(ctx context.Context, id reeve.ID) (reeve.NamedOperator, error) {
	return one(ctx, r, operatorByID(id, ""), scanOperator)
}

// LockOperator guards an operator's row, and with it which tokens there are.
func (tx *Tx) LockOperator(ctx context.Context, id reeve.ID) (reeve.NamedOperator, error) {
	return one(ctx, tx.Reader, operatorByID(id, tx.d.lock), scanOperator)
}

// LockOperatorForDelete keeps new tokens away.
func (tx *Tx) LockOperatorForDelete(ctx context.Context, id reeve.ID) (reeve.NamedOperator, error) {
	return one(ctx, tx.Reader, operatorByID(id, tx.d.lockDrop), scanOperator)
}

func operatorByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + operatorColumns + " FROM operators WHERE id = $1" + lock,
		[]any{id},
		missing("operator"),
	}
}

var operatorNameTaken = conflict("an operator with that name already exists")

// CreateOperator inserts a named operator; a Conflict if the name is taken.
func (tx *Tx) CreateOperator(o reeve.NamedOperator) {
	tx.write(statement{
		sql:   "INSERT INTO operators (id, name, role, created_at) VALUES ($1, $2, $3, $4)",
		args:  []any{o.ID, o.Name, string(o.Role), o.CreatedAt},
		check: onViolation(operatorNameTaken, nil),
	})
}

// UpdateOperator writes an operator's name and role; a Conflict if the name is
// taken.
func (tx *Tx) UpdateOperator(o reeve.NamedOperator) {
	tx.write(statement{
		sql:   "UPDATE operators SET name = $2, role = $3 WHERE id = $1",
		args:  []any{o.ID, o.Name, string(o.Role)},
		check: onViolation(operatorNameTaken, nil),
	})
}

// DeleteOperator deletes an operator with the tokens, the sessions and the
// identity.
func (tx *Tx) DeleteOperator(id reeve.ID) {
	tx.endOperatorSessions("operator_id = $1", id)
	tx.write(statement{sql: "DELETE FROM operators WHERE id = $1", args: []any{id}})
}
