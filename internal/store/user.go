package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const userColumns = "id, email, full_name, short_name, password_hash, project_limit, created_at"

func scanUser(row scanner) (u reeve.User, err error) {
	err = row.Scan(&u.ID, &u.Email, &u.FullName, &u.ShortName, &u.PasswordHash, &u.ProjectLimit, &u.CreatedAt)
	return u, err
}

// UserByEmail finds a user by address, in any case. A deleted user is not
// found, by the old address or by the tombstone's.
func (r Reader) UserByEmail(ctx context.Context, email string) (reeve.User, error) {
	return one(ctx, r, userByEmail(email, ""), scanUser)
}

// LockUserByEmail finds a user and guards the row: its fields and its count of
// projects stay as they are.
func (tx *Tx) LockUserByEmail(ctx context.Context, email string) (reeve.User, error) {
	return one(ctx, tx.Reader, userByEmail(email, tx.d.lock), scanUser)
}

// LockUserForDelete finds a user and keeps new references to it away.
func (tx *Tx) LockUserForDelete(ctx context.Context, email string) (reeve.User, error) {
	return one(ctx, tx.Reader, userByEmail(email, tx.d.lockDrop), scanUser)
}

// LockUserByIDForDelete is LockUserForDelete by id.
func (tx *Tx) LockUserByIDForDelete(ctx context.Context, id reeve.ID) (reeve.User, error) {
	return one(ctx, tx.Reader, userByID(id, tx.d.lockDrop), scanUser)
}

func userByEmail(email, lock string) read {
	return read{
		"SELECT " + userColumns + " FROM users WHERE email_key = $1" + lock,
		[]any{reeve.EmailKey(email)},
		reeve.Errorf(reeve.NotFound, "user with email %q not found", email),
	}
}

// User finds a user who is not deleted, by id.
func (r Reader) User(ctx context.Context, id reeve.ID) (reeve.User, error) {
	return one(ctx, r, userByID(id, ""), scanUser)
}

// LockUser finds a user who is not deleted, by id, and guards the row.
func (tx *Tx) LockUser(ctx context.Context, id reeve.ID) (reeve.User, error) {
	return one(ctx, tx.Reader, userByID(id, tx.d.lock), scanUser)
}

// KeepUser finds a user by id and keeps it from being deleted until the
// transaction ends.
func (tx *Tx) KeepUser(ctx context.Context, id reeve.ID) (reeve.User, error) {
	return one(ctx, tx.Reader, userByID(id, tx.d.lockShare), scanUser)
}

// KeepUsers tells which of some users are not deleted, and keeps those so until
// the transaction ends.
func (tx *Tx) KeepUsers(ctx context.Context, ids []reeve.ID) (map[reeve.ID]bool, error) {
	found, err := manyIn(ctx, tx.Reader, ids, "SELECT id FROM users WHERE id IN (",
		") AND email_key IS NOT NULL ORDER BY id"+tx.d.lockShare, value[reeve.ID])
	out := make(map[reeve.ID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, err
}

func userByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + userColumns + " FROM users WHERE id = $1 AND email_key IS NOT NULL" + lock,
		[]any{id},
		missing("user"),
	}
}

// CreateUser inserts a user; a Conflict if the address is taken.
func (tx *Tx) CreateUser(u reeve.User) {
	tx.write(statement{
		sql: `INSERT INTO users (id, email, email_key, full_name, short_name, password_hash, project_limit, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		args: []any{
			u.ID, u.Email, reeve.EmailKey(u.Email), u.FullName, u.ShortName, u.PasswordHash,
			u.ProjectLimit, u.CreatedAt,
		},
		check: onViolation(EmailTaken(u.Email), nil),
	})
	tx.createText(userText(u))
}

// EmailTaken is the answer to an address that another user has.
func EmailTaken(email string) error {
	return conflict("user with email already exists %s", email)
}

// UpdateUser writes all fields that may change; a Conflict if the address is
// taken.
func (tx *Tx) UpdateUser(u reeve.User) {
	tx.write(statement{
		sql: `UPDATE users SET email = $2, email_key = $3, full_name = $4, short_name = $5,
			password_hash = $6, project_limit = $7 WHERE id = $1`,
		args: []any{
			u.ID, u.Email, reeve.EmailKey(u.Email), u.FullName, u.ShortName, u.PasswordHash, u.ProjectLimit,
		},
		check: onViolation(EmailTaken(u.Email), nil),
	})
	tx.updateText(userText(u))
}

// RestoreUser undoes DeactivateUser, as far as the user's row goes; a Conflict if the
// address is taken.
func (tx *Tx) RestoreUser(u reeve.User) {
	tx.UpdateUser(u)
	tx.createText(userText(u))
}

// EraseUser is DeactivateUser for good: it forgets the codes, too.
func (tx *Tx) EraseUser(id reeve.ID) {
	tx.DeleteTOTP(id)
	tx.DeactivateUser(id)
}

// DeactivateUser takes a user, who is a member of nothing any more, out of sight
// with all personal data and everything that lets the user in. The row stays,
// for coupons refer to it, and so do the codes that are asked for beside the
// password: who restores the user must not do without them.
func (tx *Tx) DeactivateUser(id reeve.ID) {
	tx.DeleteFreeze(id)
	tx.DeleteUserSessions(id, reeve.Zero)
	tx.write(statement{
		sql: `UPDATE users SET email = $2, email_key = NULL, full_name = '', short_name = '',
			password_hash = $3, project_limit = 0 WHERE id = $1`,
		args: []any{id, reeve.DeactivatedEmail(id), []byte{}},
	})
	tx.deleteText(Users, id)
}
