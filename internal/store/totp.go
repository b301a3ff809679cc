package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const totpColumns = "t.user_id, t.secret, t.sealed_by, t.created_at, t.confirmed_at, COALESCE(s.step, 0)"

const totpTables = " FROM user_totps t LEFT JOIN totp_steps s ON s.user_id = t.user_id"

func scanTOTP(row scanner) (t reeve.TOTP, err error) {
	err = row.Scan(&t.UserID, &t.Secret, &t.SealedBy, &t.CreatedAt, &t.ConfirmedAt, &t.LastStep)
	return t, err
}

// TOTP finds a user's; NotFound if there is none. The user's row guards it.
func (r Reader) TOTP(ctx context.Context, user reeve.ID) (reeve.TOTP, error) {
	return one(ctx, r, read{
		"SELECT " + totpColumns + totpTables + " WHERE t.user_id = $1",
		[]any{user},
		missing("totp"),
	}, scanTOTP)
}

// PutTOTP sets a user's, but for its last step.
func (tx *Tx) PutTOTP(t reeve.TOTP) {
	tx.write(statement{
		sql: `INSERT INTO user_totps (user_id, secret, sealed_by, created_at, confirmed_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, sealed_by = excluded.sealed_by,
				created_at = excluded.created_at, confirmed_at = excluded.confirmed_at`,
		args: []any{t.UserID, t.Secret, t.SealedBy, t.CreatedAt, t.ConfirmedAt},
	})
}

// PutTOTPStep notes the newest step whose code was taken.
func (tx *Tx) PutTOTPStep(user reeve.ID, step int64) {
	tx.write(statement{
		sql: `INSERT INTO totp_steps (user_id, step) VALUES ($1, $2)
			ON CONFLICT (user_id) DO UPDATE SET step = excluded.step`,
		args: []any{user, step},
	})
}

// DeleteTOTP deletes a user's, with the recovery codes.
func (tx *Tx) DeleteTOTP(user reeve.ID) {
	tx.write(statement{sql: "DELETE FROM user_totps WHERE user_id = $1", args: []any{user}})
	tx.write(statement{sql: "DELETE FROM totp_steps WHERE user_id = $1", args: []any{user}})
	tx.write(statement{sql: "DELETE FROM recovery_codes WHERE user_id = $1", args: []any{user}})
}

// ReplaceRecoveryCodes gives a user these recovery codes and no others.
func (tx *Tx) ReplaceRecoveryCodes(user reeve.ID, hashes []reeve.TokenHash) {
	tx.write(statement{sql: "DELETE FROM recovery_codes WHERE user_id = $1", args: []any{user}})
	rows := make([][]any, len(hashes))
	for i, hash := range hashes {
		rows[i] = []any{user, hash}
	}
	tx.writeRows("INSERT INTO recovery_codes (user_id, hash) VALUES ", "", rows)
}

// RecoveryCodes lists the hashes of a user's recovery codes.
func (r Reader) RecoveryCodes(ctx context.Context, user reeve.ID) ([]reeve.TokenHash, error) {
	return many(ctx, r, read{
		sql: "SELECT hash FROM recovery_codes WHERE user_id = $1 ORDER BY hash", args: []any{user},
	}, value[reeve.TokenHash])
}

// DeleteRecoveryCode takes one recovery code away.
func (tx *Tx) DeleteRecoveryCode(user reeve.ID, hash reeve.TokenHash) {
	tx.write(statement{sql: "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2", args: []any{user, hash}})
}

// TOTPOfEachSeal gives one for each master key that sealed any.
func (r Reader) TOTPOfEachSeal(ctx context.Context) ([]reeve.TOTP, error) {
	out := []reeve.TOTP{}
	for after := []byte{}; ; {
		next, err := many(ctx, r, read{
			sql:  "SELECT " + totpColumns + totpTables + " WHERE t.sealed_by > $1 ORDER BY t.sealed_by, t.user_id LIMIT 1",
			args: []any{after},
		}, scanTOTP)
		if err != nil || len(next) == 0 {
			return out, err
		}
		out = append(out, next...)
		after = next[0].SealedBy[:]
	}
}

// LockTOTPsSealedBy pages through those that one master key sealed, as
// LockAPIKeysSealedBy does.
func (tx *Tx) LockTOTPsSealedBy(ctx context.Context, by [8]byte, after reeve.ID, limit int) ([]reeve.TOTP, error) {
	return many(ctx, tx.Reader, read{
		sql: `SELECT t.user_id, t.secret, t.sealed_by, t.created_at, t.confirmed_at, 0 FROM user_totps t
			WHERE t.sealed_by = $1 AND t.user_id > $2 ORDER BY t.user_id LIMIT $3` + tx.d.lock,
		args: []any{by, after, limit},
	}, scanTOTP)
}
