package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// OperatorSession is an operator who has signed in, with what tells whether the
// session may still be used.
type OperatorSession struct {
	ID         reeve.ID
	OperatorID reeve.ID           // zero: the root
	Name       string             // the operator's; "" of the root
	Role       reeve.OperatorRole // the operator's, as of now; "" of the root

	Provided  bool               // by an identity provider, not opened with a token
	Mapped    reeve.OperatorRole // what the provider's groups said then
	TokenHash reeve.TokenHash    // of the token that it was opened with
	TokenKept bool               // that token is in the database
	TokenEnds *time.Time         // nil: never

	CreatedAt time.Time
	UsedAt    time.Time // as it is written down
}

// OperatorSession finds a session by its token's hash, whether or not it may
// still be used.
func (r Reader) OperatorSession(ctx context.Context, hash reeve.TokenHash) (OperatorSession, error) {
	return one(ctx, r, read{
		`SELECT s.id, s.operator_id, COALESCE(o.name, ''), COALESCE(o.role, ''), s.token_hash IS NULL, s.role, s.token_hash,
			(r.hash IS NOT NULL OR t.hash IS NOT NULL), t.expires_at, s.created_at, l.used_at
			FROM operator_sessions s
			LEFT JOIN operators o ON o.id = s.operator_id
			LEFT JOIN operator_tokens r ON r.hash = s.token_hash
			LEFT JOIN bounded_operator_tokens t ON t.hash = s.token_hash
			LEFT JOIN last_uses l ON l.id = s.id
			WHERE s.hash = $1`,
		[]any{hash},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (s OperatorSession, err error) {
		var token []byte
		var used *time.Time
		err = row.Scan(
			&s.ID, optionalID{&s.OperatorID}, &s.Name, &s.Role, &s.Provided, &s.Mapped, &token, &s.TokenKept, &s.TokenEnds,
			&s.CreatedAt, &used,
		)
		copy(s.TokenHash[:], token)
		s.UsedAt = s.CreatedAt
		if used != nil {
			s.UsedAt = *used
		}
		return s, err
	})
}

// CreateOperatorSession inserts a session.
func (tx *Tx) CreateOperatorSession(s OperatorSession, hash reeve.TokenHash) {
	var token []byte
	if !s.Provided {
		token = s.TokenHash[:]
	}
	tx.write(statement{
		sql: `INSERT INTO operator_sessions (id, hash, operator_id, token_hash, role, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`,
		args: []any{s.ID, hash, orNull(s.OperatorID), token, string(s.Mapped), s.CreatedAt},
	})
}

// DeleteOperatorSession ends a session.
func (tx *Tx) DeleteOperatorSession(id reeve.ID) { tx.endOperatorSessions("id = $1", id) }

// DeleteProvidedSessions ends the sessions of an operator that an identity
// provider has opened.
func (tx *Tx) DeleteProvidedSessions(operator reeve.ID) {
	tx.endOperatorSessions("operator_id = $1 AND token_hash IS NULL", operator)
}

// KeepOperatorSessions ends all sessions of an operator, zero is the root, but
// those used last.
func (tx *Tx) KeepOperatorSessions(operator reeve.ID, keep int) {
	whose, args := "operator_id IS NULL", []any{keep}
	if operator != reeve.Zero {
		whose, args = "operator_id = $2", []any{keep, operator}
	}
	// What the first statement forgets of those that go makes them no younger.
	tx.endOperatorSessions(whose+` AND id NOT IN (SELECT s.id FROM operator_sessions s
		LEFT JOIN last_uses l ON l.id = s.id WHERE s.`+whose+`
		ORDER BY COALESCE(l.used_at, s.created_at) DESC, s.id DESC LIMIT $1)`, args...)
}

// endOperatorSessions deletes sessions, and where they were used from.
func (tx *Tx) endOperatorSessions(which string, args ...any) {
	tx.leaveTokens("operator_sessions", "operator_id", which, args...)
	tx.write(statement{sql: "DELETE FROM last_uses WHERE id IN (SELECT id FROM operator_sessions WHERE " + which + ")", args: args})
	tx.write(statement{sql: "DELETE FROM operator_sessions WHERE " + which, args: args})
}

// DeleteDeadOperatorSessions removes up to limit sessions that were opened
// before created, or last used before used, and gives how many went.
func (tx *Tx) DeleteDeadOperatorSessions(ctx context.Context, created, used time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM operator_sessions WHERE id IN (SELECT s.id FROM operator_sessions s LEFT JOIN last_uses l ON l.id = s.id
			WHERE s.created_at < $1 OR s.created_at < $2 AND COALESCE(l.used_at, s.created_at) < $2
			ORDER BY s.created_at LIMIT $3) RETURNING id`,
		args: []any{created, used, limit},
	}, value[reeve.ID])
	for _, id := range gone {
		tx.write(statement{sql: "DELETE FROM last_uses WHERE id = $1", args: []any{id}})
	}
	return len(gone), err
}
