package store

import (
	"context"
	"strconv"

	"github.com/reeve-cloud/reeve"
)

// MemberOf says whose members are meant: an organisation's or a project's.
type MemberOf struct {
	table, column string
	id            reeve.ID
}

// InOrganization names an organisation's own members.
func InOrganization(id reeve.ID) MemberOf {
	return MemberOf{"organization_members", "organization_id", id}
}

// InProject names a project's own members, not those who inherit a role from
// the organisation.
func InProject(id reeve.ID) MemberOf { return MemberOf{"project_members", "project_id", id} }

// Member finds one user's membership; NotFound when there is none.
func (r Reader) Member(ctx context.Context, of MemberOf, user reeve.ID) (reeve.Member, error) {
	return one(ctx, r, memberByUser(of, user, ""), scanMember)
}

// KeepMember finds one user's membership and keeps it from being removed until
// the transaction ends.
func (tx *Tx) KeepMember(ctx context.Context, of MemberOf, user reeve.ID) (reeve.Member, error) {
	return one(ctx, tx.Reader, memberByUser(of, user, tx.d.lockShare), scanMember)
}

// KeepMembers tells which of some users are members, disabled ones included, and
// keeps them from being removed until the transaction ends.
func (tx *Tx) KeepMembers(ctx context.Context, of MemberOf, users []reeve.ID) (map[reeve.ID]bool, error) {
	out := map[reeve.ID]bool{}
	err := tx.inLists(users, func(list string, args []any) error {
		args = append(args, of.id)
		return tx.query(ctx, "SELECT user_id FROM "+of.table+" WHERE user_id IN ("+list+") AND "+of.column+
			" = $"+strconv.Itoa(len(args))+" ORDER BY user_id"+tx.d.lockShare, args, func(row scanner) error {
			user, err := value[reeve.ID](row)
			out[user] = true
			return err
		})
	})
	return out, err
}

func memberByUser(of MemberOf, user reeve.ID, lock string) read {
	return read{
		"SELECT user_id, role, disabled, created_at FROM " + of.table + " WHERE " + of.column +
			" = $1 AND user_id = $2" + lock,
		[]any{of.id, user},
		missing("member"),
	}
}

// scanMember scans a membership without the user's own fields.
func scanMember(row scanner) (m reeve.Member, err error) {
	err = row.Scan(&m.UserID, &m.Role, &m.Disabled, &m.CreatedAt)
	return m, err
}

// HasOtherAdmin tells whether anyone but one user is an enabled admin.
func (r Reader) HasOtherAdmin(ctx context.Context, of MemberOf, user reeve.ID) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT EXISTS (SELECT 1 FROM " + of.table + " WHERE " + of.column +
			" = $1 AND user_id <> $2 AND role = $3 AND NOT disabled)",
		args: []any{of.id, user, reeve.RoleAdmin},
	}, value[bool])
}

// CountMembers counts members, disabled ones included, and stops after so many.
func (r Reader) CountMembers(ctx context.Context, of MemberOf, most int) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM (SELECT 1 FROM " + of.table + " WHERE " + of.column + " = $1 LIMIT $2) c",
		args: []any{of.id, most},
	}, value[int])
}

// Membership is a user's place in one organisation.
type Membership struct {
	OrganizationID reeve.ID
	Member         reeve.Member
}

// LockMembershipsOf gives a user's memberships of organisations and guards
// them.
func (tx *Tx) LockMembershipsOf(ctx context.Context, user reeve.ID) ([]Membership, error) {
	return many(ctx, tx.Reader, read{
		sql: `SELECT organization_id, user_id, role, disabled, created_at FROM organization_members
			WHERE user_id = $1 ORDER BY organization_id` + tx.d.lockDrop,
		args: []any{user},
	}, func(row scanner) (m Membership, err error) {
		err = row.Scan(&m.OrganizationID, &m.Member.UserID, &m.Member.Role, &m.Member.Disabled, &m.Member.CreatedAt)
		return m, err
	})
}

// Place is an organisation that a user is in.
type Place struct {
	Organization reeve.Organization
	Role         reeve.Role
}

// Places lists the organisations that a user is an enabled member of, oldest
// membership first. An equality is what SQLite follows an index by.
func (r Reader) Places(ctx context.Context, user reeve.ID, w Window) ([]Place, error) {
	return many(ctx, r, read{
		sql: `SELECT o.id, o.name, o.owner_id, o.created_at, m.role
			FROM (SELECT organization_id, role, created_at FROM organization_members
				WHERE user_id = $1 AND disabled = FALSE ORDER BY created_at, organization_id LIMIT $2 OFFSET $3) m
			JOIN organizations o ON o.id = m.organization_id
			ORDER BY m.created_at, o.id`,
		args: []any{user, w.Limit, w.Offset},
	}, func(row scanner) (p Place, err error) {
		o := &p.Organization
		err = row.Scan(&o.ID, &o.Name, &o.OwnerID, &o.CreatedAt, &p.Role)
		return p, err
	})
}

// CountPlaces counts what Places lists.
func (r Reader) CountPlaces(ctx context.Context, user reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM organization_members WHERE user_id = $1 AND disabled = FALSE",
		args: []any{user},
	}, value[int])
}

// CreateMember inserts a membership.
func (tx *Tx) CreateMember(of MemberOf, m reeve.Member) {
	tx.write(statement{
		sql: "INSERT INTO " + of.table + " (" + of.column + `, user_id, role, disabled, created_at)
			VALUES ($1, $2, $3, $4, $5)`,
		args: []any{of.id, m.UserID, m.Role, m.Disabled, m.CreatedAt},
	})
}

// UpdateMember changes a membership's role and whether it is disabled.
func (tx *Tx) UpdateMember(of MemberOf, m reeve.Member) {
	tx.write(statement{
		sql:  "UPDATE " + of.table + " SET role = $3, disabled = $4 WHERE " + of.column + " = $1 AND user_id = $2",
		args: []any{of.id, m.UserID, m.Role, m.Disabled},
	})
}

// DeleteMember deletes a membership.
func (tx *Tx) DeleteMember(of MemberOf, user reeve.ID) {
	tx.write(statement{
		sql:  "DELETE FROM " + of.table + " WHERE " + of.column + " = $1 AND user_id = $2",
		args: []any{of.id, user},
	})
}

// LockProjectsOfMemberIn guards the projects of an organisation that a user is
// an own member of, in the order of their ids, and gives them.
func (tx *Tx) LockProjectsOfMemberIn(ctx context.Context, organization, user reeve.ID) ([]reeve.Project, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + projectColumns + ` FROM projects p WHERE p.organization_id = $1 AND p.id IN
			(SELECT m.project_id FROM project_members m WHERE m.user_id = $2) ORDER BY p.id` + tx.d.lock,
		args: []any{organization, user},
	}, scanProject)
}
