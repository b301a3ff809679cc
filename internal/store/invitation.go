package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const invitationColumns = "id, organization_id, project_id, email, role, created_at, expires_at"

func scanInvitation(row scanner) (i reeve.Invitation, err error) {
	err = row.Scan(&i.ID, &i.OrganizationID, optionalID{&i.ProjectID}, &i.Email, &i.Role, &i.CreatedAt, &i.ExpiresAt)
	return i, err
}

// Invitation finds an invitation, expired ones included. Its organisation's row
// guards it.
func (r Reader) Invitation(ctx context.Context, id reeve.ID) (reeve.Invitation, error) {
	return one(ctx, r, read{
		"SELECT " + invitationColumns + " FROM invitations WHERE id = $1",
		[]any{id},
		missing("invitation"),
	}, scanInvitation)
}

// Invitations lists a page of an organisation's invitations that are valid at a
// time, those to its projects included, oldest first.
func (r Reader) Invitations(ctx context.Context, organization reeve.ID, at time.Time, limit, offset int) ([]reeve.Invitation, error) {
	return many(ctx, r, read{
		sql: "SELECT " + invitationColumns + ` FROM invitations WHERE organization_id = $1 AND expires_at > $2
			ORDER BY created_at, id LIMIT $3 OFFSET $4`,
		args: []any{organization, at, limit, offset},
	}, scanInvitation)
}

// CountInvitations counts what Invitations lists.
func (r Reader) CountInvitations(ctx context.Context, organization reeve.ID, at time.Time) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM invitations WHERE organization_id = $1 AND expires_at > $2",
		args: []any{organization, at},
	}, value[int])
}

// InvitationsOf lists an organisation's invitations of one address, expired
// ones included.
func (r Reader) InvitationsOf(ctx context.Context, organization reeve.ID, email string) ([]reeve.Invitation, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + invitationColumns + " FROM invitations WHERE organization_id = $1 AND email_key = $2 ORDER BY id",
		args: []any{organization, reeve.EmailKey(email)},
	}, scanInvitation)
}

// LockExpiredInvitations guards some invitations that were valid until a time at
// most, and gives them.
func (tx *Tx) LockExpiredInvitations(ctx context.Context, until time.Time, limit int) ([]reeve.Invitation, error) {
	return many(ctx, tx.Reader, read{
		sql:  "SELECT " + invitationColumns + " FROM invitations WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2" + tx.d.lock,
		args: []any{until, limit},
	}, scanInvitation)
}

// LockInvitationsTo guards all invitations of an address that were made until a
// time, and gives them.
func (tx *Tx) LockInvitationsTo(ctx context.Context, email string, until time.Time) ([]reeve.Invitation, error) {
	return many(ctx, tx.Reader, read{
		sql:  "SELECT " + invitationColumns + " FROM invitations WHERE email_key = $1 AND created_at <= $2 ORDER BY id" + tx.d.lock,
		args: []any{reeve.EmailKey(email), until},
	}, scanInvitation)
}

// CreateInvitation inserts an invitation.
func (tx *Tx) CreateInvitation(i reeve.Invitation) {
	tx.write(statement{
		sql: `INSERT INTO invitations (id, organization_id, project_id, email, email_key, role, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		args: []any{
			i.ID, i.OrganizationID, orNull(i.ProjectID), i.Email, reeve.EmailKey(i.Email), i.Role, i.CreatedAt, i.ExpiresAt,
		},
	})
}

// DeleteInvitation deletes an invitation.
func (tx *Tx) DeleteInvitation(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM invitations WHERE id = $1", args: []any{id}})
}
