package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// The columns of a session s that tell whether it may be used, with the last
// use that was written down.
const userSessionColumns = "s.id, s.user_id, s.created_at, l.used_at"

// userSessionTables joins them; a user who is deleted or frozen has no session.
const userSessionTables = ` FROM user_sessions s
	JOIN users u ON u.id = s.user_id AND u.email_key IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = s.user_id)
	LEFT JOIN last_uses l ON l.id = s.id`

func userSessionFields(s *reeve.UserSession, used **time.Time) []any {
	return []any{&s.ID, &s.UserID, &s.CreatedAt, used}
}

// usedSince fills in when a session was used last.
func usedSince(s *reeve.UserSession, used *time.Time) {
	s.UsedAt = s.CreatedAt
	if used != nil {
		s.UsedAt = *used
	}
}

// UserSession finds a session by its token's hash, expired ones included.
func (r Reader) UserSession(ctx context.Context, hash reeve.TokenHash) (reeve.UserSession, error) {
	return one(ctx, r, read{
		"SELECT " + userSessionColumns + userSessionTables + " WHERE s.hash = $1",
		[]any{hash},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (s reeve.UserSession, err error) {
		var used *time.Time
		err = row.Scan(userSessionFields(&s, &used)...)
		usedSince(&s, used)
		return s, err
	})
}

// SessionAndProject is a user's session and, if the user may see it, a project.
type SessionAndProject struct {
	Session reeve.UserSession
	Project *reeve.Project // without limits
	Role    reeve.Role     // the user's on it
}

// inOrganization joins what a user is in an organisation, disabled or not.
const inOrganization = " LEFT JOIN organization_members om ON om.user_id = s.user_id AND om.organization_id = "

// SessionAndProject looks a session and a project up in one statement. A
// project that the user has no role on and one that does not exist are both
// nil. The role is the stronger one of the organisation's and the project's; who
// is disabled in either has none, but for the organisation's admins.
func (r Reader) SessionAndProject(ctx context.Context, hash reeve.TokenHash, project reeve.ID) (SessionAndProject, error) {
	return one(ctx, r, read{
		"SELECT " + userSessionColumns + `, p.organization_id, p.owner_id, p.service_account_id, p.name, p.description, p.created_at,
			om.role, om.disabled, pm.role, pm.disabled` + userSessionTables + `
			LEFT JOIN projects p ON p.id = $2` + inOrganization + `p.organization_id
			LEFT JOIN project_members pm ON pm.user_id = s.user_id AND pm.project_id = p.id
			WHERE s.hash = $1`,
		[]any{hash, project},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (out SessionAndProject, err error) {
		var organization, owner, account *reeve.ID
		var name, description *string
		var used, created *time.Time
		var inOrganization, inProject place
		err = row.Scan(append(
			userSessionFields(&out.Session, &used),
			&organization, &owner, &account, &name, &description, &created,
			&inOrganization.role, &inOrganization.disabled, &inProject.role, &inProject.disabled,
		)...)
		usedSince(&out.Session, used)
		if out.Role = roleOnProject(inOrganization, inProject); err == nil && out.Role != "" {
			out.Project = &reeve.Project{
				ID: project, OrganizationID: *organization, OwnerID: *owner, ServiceAccountID: *account,
				Name: *name, Description: *description, CreatedAt: *created,
			}
		}
		return out, err
	})
}

// place is a membership that there may be.
type place struct {
	role     *string
	disabled *bool
}

// in is the role of an enabled membership, "" without one.
func (p place) in() reeve.Role {
	if p.role == nil || *p.disabled {
		return ""
	}
	return reeve.Role(*p.role)
}

func roleOnProject(inOrganization, inProject place) reeve.Role {
	role := inOrganization.in()
	switch {
	case role == "" || role == reeve.RoleAdmin || inProject.role == nil:
		return role
	case *inProject.disabled:
		return ""
	default:
		return role.Stronger(inProject.in())
	}
}

// SessionAndOrganization is a user's session and, if the user is in it, an
// organisation.
type SessionAndOrganization struct {
	Session      reeve.UserSession
	Organization *reeve.Organization
	Role         reeve.Role // the user's in it
}

// SessionAndOrganization looks a session and an organisation up in one
// statement. One that the user is not an enabled member of and one that does not
// exist are both nil.
func (r Reader) SessionAndOrganization(ctx context.Context, hash reeve.TokenHash, organization reeve.ID) (SessionAndOrganization, error) {
	return one(ctx, r, read{
		"SELECT " + userSessionColumns + ", o.name, o.owner_id, o.created_at, om.role, om.disabled" + userSessionTables + `
			LEFT JOIN organizations o ON o.id = $2` + inOrganization + `o.id
			WHERE s.hash = $1`,
		[]any{hash, organization},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (out SessionAndOrganization, err error) {
		var name *string
		var owner *reeve.ID
		var used, created *time.Time
		var in place
		err = row.Scan(append(
			userSessionFields(&out.Session, &used), &name, &owner, &created, &in.role, &in.disabled,
		)...)
		usedSince(&out.Session, used)
		if out.Role = in.in(); err == nil && out.Role != "" {
			out.Organization = &reeve.Organization{ID: organization, Name: *name, OwnerID: *owner, CreatedAt: *created}
		}
		return out, err
	})
}

// OrganizationsOfSession lists the organisations that a session's user is in.
func (r Reader) OrganizationsOfSession(ctx context.Context, hash reeve.TokenHash) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql: `SELECT m.organization_id FROM user_sessions s
			JOIN organization_members m ON m.user_id = s.user_id AND NOT m.disabled
			WHERE s.hash = $1 ORDER BY m.organization_id`,
		args: []any{hash},
	}, value[reeve.ID])
}

// CreateUserSession inserts a session.
func (tx *Tx) CreateUserSession(s reeve.UserSession, hash reeve.TokenHash) {
	tx.write(statement{
		sql: `INSERT INTO user_sessions (id, user_id, hash, address, agent, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`,
		args: []any{s.ID, s.UserID, hash, s.Address, s.Agent, s.CreatedAt},
	})
}

// DeleteUserSession ends a session.
func (tx *Tx) DeleteUserSession(id reeve.ID) { tx.endSessions("id = $1", id) }

// DeleteUserSessions ends all sessions of a user but one; zero for all.
func (tx *Tx) DeleteUserSessions(user, but reeve.ID) {
	tx.endSessions("user_id = $1 AND id <> $2", user, but)
}

// endSessions deletes sessions, and where they were used from.
func (tx *Tx) endSessions(which string, args ...any) {
	tx.leaveTokens("user_sessions", "user_id", which, args...)
	tx.write(statement{sql: "DELETE FROM last_uses WHERE id IN (SELECT id FROM user_sessions WHERE " + which + ")", args: args})
	tx.write(statement{sql: "DELETE FROM user_sessions WHERE " + which, args: args})
}
