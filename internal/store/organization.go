package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const organizationColumns = "id, name, owner_id, created_at"

func scanOrganization(row scanner) (o reeve.Organization, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.OwnerID, &o.CreatedAt)
	return o, err
}

// Organization finds an organisation.
func (r Reader) Organization(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	return one(ctx, r, organizationByID(id, ""), scanOrganization)
}

// OrganizationAndFreeze finds an organisation with its Freeze filled.
func (r Reader) OrganizationAndFreeze(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	return one(ctx, r, read{
		`SELECT o.id, o.name, o.owner_id, o.created_at, f.type, f.frozen_at, f.frozen_until
			FROM organizations o LEFT JOIN freezes f ON f.id = o.id WHERE o.id = $1`,
		[]any{id},
		missing("organization"),
	}, func(row scanner) (o reeve.Organization, err error) {
		var freeze maybeFrozen
		err = row.Scan(append([]any{&o.ID, &o.Name, &o.OwnerID, &o.CreatedAt}, freeze.fields()...)...)
		o.Freeze = freeze.frozen()
		return o, err
	})
}

// LockOrganization guards an organisation's row: its members stay as they are.
func (tx *Tx) LockOrganization(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	return one(ctx, tx.Reader, organizationByID(id, tx.d.lock), scanOrganization)
}

// LockOrganizationForDelete keeps new projects, members and keys away.
func (tx *Tx) LockOrganizationForDelete(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	return one(ctx, tx.Reader, organizationByID(id, tx.d.lockDrop), scanOrganization)
}

func organizationByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + organizationColumns + " FROM organizations WHERE id = $1" + lock,
		[]any{id},
		missing("organization"),
	}
}

// LockOrganizationsOwnedBy gives the organisations that a user owns, oldest
// first, and keeps new projects, members and keys away from them.
func (tx *Tx) LockOrganizationsOwnedBy(ctx context.Context, user reeve.ID) ([]reeve.Organization, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + organizationColumns + ` FROM organizations WHERE owner_id = $1
			ORDER BY created_at, id` + tx.d.lockDrop,
		args: []any{user},
	}, scanOrganization)
}

// KeepOldestOrganizationOwnedBy finds the organisation that a user's projects
// go to when they name none, and keeps it from being deleted until the
// transaction ends. One that is deleted just then is NotFound.
func (tx *Tx) KeepOldestOrganizationOwnedBy(ctx context.Context, user reeve.ID) (reeve.Organization, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + organizationColumns + ` FROM organizations WHERE owner_id = $1
			ORDER BY created_at, id LIMIT 1` + tx.d.lockShare,
		[]any{user},
		missing("organization"),
	}, scanOrganization)
}

// KeepOrganization keeps an organisation from being deleted until the
// transaction ends.
func (tx *Tx) KeepOrganization(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	return one(ctx, tx.Reader, organizationByID(id, tx.d.lockShare), scanOrganization)
}

// CreateOrganization inserts an organisation.
func (tx *Tx) CreateOrganization(o reeve.Organization) {
	tx.write(statement{
		sql:  "INSERT INTO organizations (id, name, owner_id, created_at) VALUES ($1, $2, $3, $4)",
		args: []any{o.ID, o.Name, o.OwnerID, o.CreatedAt},
	})
	tx.createText(organizationText(o))
}

// RenameOrganization changes an organisation's name to the one it has.
func (tx *Tx) RenameOrganization(o reeve.Organization) {
	tx.write(statement{
		sql:  "UPDATE organizations SET name = $2 WHERE id = $1",
		args: []any{o.ID, o.Name},
	})
	tx.updateText(organizationText(o))
}

// DeleteOrganization deletes an organisation with its memberships, keys and
// freeze; a Conflict while it has projects.
func (tx *Tx) DeleteOrganization(id reeve.ID) {
	tx.DeleteFreeze(id)
	tx.write(statement{
		sql:   "DELETE FROM organizations WHERE id = $1",
		args:  []any{id},
		check: onViolation(nil, conflict("projects still exist")),
	})
	tx.deleteText(Organizations, id)
}

// CountProjects counts an organisation's projects, and stops after so many.
func (r Reader) CountProjects(ctx context.Context, organization reeve.ID, most int) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM (SELECT 1 FROM projects WHERE organization_id = $1 LIMIT $2) c",
		args: []any{organization, most},
	}, value[int])
}

// CountProjectsOwnedBy counts the projects that a user owns anywhere.
func (r Reader) CountProjectsOwnedBy(ctx context.Context, user reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM projects WHERE owner_id = $1",
		args: []any{user},
	}, value[int])
}
