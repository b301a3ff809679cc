package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// UserSessions lists a user's sessions, expired ones included, newest first.
func (r Reader) UserSessions(ctx context.Context, user reeve.ID) ([]reeve.UserSession, error) {
	return many(ctx, r, read{
		sql: `SELECT s.id, s.user_id, s.address, s.agent, s.created_at, l.used_at FROM user_sessions s
			LEFT JOIN last_uses l ON l.id = s.id WHERE s.user_id = $1 ORDER BY s.created_at DESC, s.id DESC`,
		args: []any{user},
	}, func(row scanner) (s reeve.UserSession, err error) {
		var used *time.Time
		err = row.Scan(&s.ID, &s.UserID, &s.Address, &s.Agent, &s.CreatedAt, &used)
		usedSince(&s, used)
		return s, err
	})
}

// KeepUserSessions ends all sessions of a user but those used last.
func (tx *Tx) KeepUserSessions(user reeve.ID, keep int) {
	// What the first statement forgets of those that go makes them no younger.
	tx.endSessions(`user_id = $1 AND id NOT IN (SELECT s.id FROM user_sessions s
		LEFT JOIN last_uses l ON l.id = s.id WHERE s.user_id = $1
		ORDER BY COALESCE(l.used_at, s.created_at) DESC, s.id DESC LIMIT $2)`, user, keep)
}

// DeleteDeadUserSessions removes up to limit sessions that were opened before
// created, or last used before used, and gives how many went.
func (tx *Tx) DeleteDeadUserSessions(ctx context.Context, created, used time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM user_sessions WHERE id IN (SELECT s.id FROM user_sessions s LEFT JOIN last_uses l ON l.id = s.id
			WHERE s.created_at < $1 OR s.created_at < $2 AND COALESCE(l.used_at, s.created_at) < $2
			ORDER BY s.created_at LIMIT $3) RETURNING id`,
		args: []any{created, used, limit},
	}, value[reeve.ID])
	for _, id := range gone {
		tx.write(statement{sql: "DELETE FROM last_uses WHERE id = $1", args: []any{id}})
	}
	return len(gone), err
}

// OrganizationAndRole is an organisation and what somebody is in it.
type OrganizationAndRole struct {
	Organization reeve.Organization
	Role         reeve.Role
}

// OrganizationsSeenBy lists up to limit organisations that a user is an enabled
// member of, oldest membership first.
func (r Reader) OrganizationsSeenBy(ctx context.Context, user reeve.ID, limit int) ([]OrganizationAndRole, error) {
	return many(ctx, r, read{
		sql: `SELECT o.id, o.name, o.owner_id, o.created_at, m.role FROM organization_members m
			JOIN organizations o ON o.id = m.organization_id
			WHERE m.user_id = $1 AND m.disabled = FALSE ORDER BY m.created_at, o.id LIMIT $2`,
		args: []any{user, limit},
	}, func(row scanner) (out OrganizationAndRole, err error) {
		o := &out.Organization
		err = row.Scan(&o.ID, &o.Name, &o.OwnerID, &o.CreatedAt, &out.Role)
		return out, err
	})
}

// ProjectsSeenBy lists up to limit projects that a user has a role on, as
// SessionAndProject tells it, oldest first.
func (r Reader) ProjectsSeenBy(ctx context.Context, user reeve.ID, limit int) ([]reeve.Project, error) {
	return many(ctx, r, read{
		sql: "SELECT " + projectColumns + ` FROM projects p
			JOIN organization_members om ON om.organization_id = p.organization_id AND om.user_id = $1 AND NOT om.disabled
			LEFT JOIN project_members pm ON pm.project_id = p.id AND pm.user_id = $1
			WHERE om.role = $2 OR pm.disabled IS NULL OR NOT pm.disabled
			ORDER BY p.created_at, p.id LIMIT $3`,
		args: []any{user, reeve.RoleAdmin, limit},
	}, scanProject)
}
