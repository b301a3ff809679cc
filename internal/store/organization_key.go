package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const organizationKeyColumns = "k.id, k.organization_id, k.name, k.role, k.created_at, k.expires_at, k.parent_id, k.rotated_from, k.replaced_by"

func scanOrganizationKey(row scanner) (k reeve.OrganizationKey, err error) {
	err = row.Scan(&k.ID, &k.OrganizationID, &k.Name, &k.Role, &k.CreatedAt, &k.ExpiresAt, &k.ParentID, &k.RotatedFrom, &k.ReplacedBy)
	return k, err
}

// OrganizationKey finds a key by its token's hash, expired ones included.
func (r Reader) OrganizationKey(ctx context.Context, hash reeve.TokenHash) (reeve.OrganizationKey, error) {
	return one(ctx, r, read{
		"SELECT " + organizationKeyColumns + " FROM organization_keys k WHERE k.hash = $1",
		[]any{hash},
		reeve.ErrUnauthenticated,
	}, scanOrganizationKey)
}

// KeyAndProject is an organisation key and, if its organisation has it, a
// project: the fields that a tenant's read needs.
type KeyAndProject struct {
	Key     reeve.OrganizationKey // without its name and date
	Project *reeve.Project        // without limits
}

// OrganizationKeyAndProject looks a key and a project up in one statement. A
// project of another organisation and one that does not exist are both nil.
func (r Reader) OrganizationKeyAndProject(ctx context.Context, hash reeve.TokenHash, project reeve.ID) (KeyAndProject, error) {
	return one(ctx, r, read{
		`SELECT k.id, k.organization_id, k.role, k.expires_at, p.owner_id, p.service_account_id, p.name, p.description, p.created_at
			FROM organization_keys k
			LEFT JOIN projects p ON p.id = $2 AND p.organization_id = k.organization_id
			WHERE k.hash = $1`,
		[]any{hash, project},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (out KeyAndProject, err error) {
		var owner, account *reeve.ID
		var name, description *string
		var created *time.Time
		k := &out.Key
		err = row.Scan(&k.ID, &k.OrganizationID, &k.Role, &k.ExpiresAt, &owner, &account, &name, &description, &created)
		if account != nil {
			out.Project = &reeve.Project{
				ID: project, OrganizationID: k.OrganizationID, OwnerID: *owner, ServiceAccountID: *account,
				Name: *name, Description: *description, CreatedAt: *created,
			}
		}
		return out, err
	})
}

// KeyAndOrganization is an organisation key and, if it is the key's own, an
// organisation.
type KeyAndOrganization struct {
	Key          reeve.OrganizationKey // without its name and date
	Organization *reeve.Organization
}

// OrganizationKeyAndOrganization looks a key and an organisation up in one
// statement. Another organisation and one that does not exist are both nil.
func (r Reader) OrganizationKeyAndOrganization(ctx context.Context, hash reeve.TokenHash, organization reeve.ID) (KeyAndOrganization, error) {
	return one(ctx, r, read{
		`SELECT k.id, k.organization_id, k.role, k.expires_at, o.name, o.owner_id, o.created_at
			FROM organization_keys k
			LEFT JOIN organizations o ON o.id = $2 AND o.id = k.organization_id
			WHERE k.hash = $1`,
		[]any{hash, organization},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (out KeyAndOrganization, err error) {
		var name *string
		var owner *reeve.ID
		var created *time.Time
		k := &out.Key
		err = row.Scan(&k.ID, &k.OrganizationID, &k.Role, &k.ExpiresAt, &name, &owner, &created)
		if name != nil {
			out.Organization = &reeve.Organization{ID: organization, Name: *name, OwnerID: *owner, CreatedAt: *created}
		}
		return out, err
	})
}

// OrganizationKeys lists an organisation's keys by name, expired ones included.
func (r Reader) OrganizationKeys(ctx context.Context, organization reeve.ID) ([]reeve.OrganizationKey, error) {
	return many(ctx, r, read{
		sql: "SELECT " + organizationKeyColumns + ` FROM organization_keys k
			WHERE k.organization_id = $1 ORDER BY k.name`,
		args: []any{organization},
	}, scanOrganizationKey)
}

// LockOrganizationKey finds a key by name and guards it against another
// deletion.
func (tx *Tx) LockOrganizationKey(ctx context.Context, organization reeve.ID, name string) (reeve.OrganizationKey, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + organizationKeyColumns + ` FROM organization_keys k
			WHERE k.organization_id = $1 AND k.name = $2` + tx.d.lockDrop,
		[]any{organization, name},
		missing("organization key"),
	}, scanOrganizationKey)
}

// CreateOrganizationKey inserts a key; a Conflict if the organisation has one
// of that name, NotFound if there is no such organisation.
func (tx *Tx) CreateOrganizationKey(k reeve.OrganizationKey, hash reeve.TokenHash) {
	tx.write(statement{
		sql: `INSERT INTO organization_keys
			(id, organization_id, name, role, hash, created_at, expires_at, parent_id, rotated_from, replaced_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		args: []any{
			k.ID, k.OrganizationID, k.Name, k.Role, hash, k.CreatedAt, k.ExpiresAt, k.ParentID, k.RotatedFrom, k.ReplacedBy,
		},
		check: onViolation(
			conflict("organization key with given name already exists"), missing("organization"),
		),
	})
}

// DeleteOrganizationKey deletes a key: it stops working with the commit.
func (tx *Tx) DeleteOrganizationKey(id reeve.ID) {
	tx.leaveTokens("organization_keys", "organization_id", "id = $1", id)
	tx.write(statement{sql: "DELETE FROM organization_keys WHERE id = $1", args: []any{id}})
}
