package store

import (
	"context"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
)

// RevokedToken is what a deleted organisation key or a session that was ended,
// of a user or an operator, has left behind.
type RevokedToken struct {
	ID             reeve.ID
	OrganizationID *reeve.ID // of a key
	UserID         *reeve.ID // of a user's session
	OperatorID     *reeve.ID // of an operator's session; nil of the root's
}

// RevokedToken finds what a token has left behind.
func (r Reader) RevokedToken(ctx context.Context, hash reeve.TokenHash) (RevokedToken, error) {
	return one(ctx, r, read{
		"SELECT id, organization_id, user_id, operator_id FROM revoked_tokens WHERE hash = $1", []any{hash}, reeve.ErrUnauthenticated,
	}, func(row scanner) (t RevokedToken, err error) {
		err = row.Scan(&t.ID, &t.OrganizationID, &t.UserID, &t.OperatorID)
		return t, err
	})
}

// leaveTokens remembers the tokens of the rows that are about to be deleted;
// whose tells the table's column of who they belong to. One that another
// transaction deletes meanwhile is remembered once.
func (tx *Tx) leaveTokens(table, whose, which string, args ...any) {
	tx.write(statement{
		sql: fmt.Sprintf(`INSERT INTO revoked_tokens (hash, id, %[2]s, revoked_at)
			SELECT hash, id, %[2]s, CAST($%[4]d AS BIGINT) FROM %[1]s WHERE %[3]s
			ON CONFLICT (hash) DO NOTHING`, table, whose, which, len(args)+1),
		args: append(args[:len(args):len(args)], tx.Now()),
	})
}

// DeleteRevokedTokensBefore forgets up to limit tokens that were revoked before
// a time, and gives how many: they are unknown then.
func (tx *Tx) DeleteRevokedTokensBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM revoked_tokens WHERE hash IN
			(SELECT hash FROM revoked_tokens WHERE revoked_at < $1 LIMIT $2) RETURNING revoked_at`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}
