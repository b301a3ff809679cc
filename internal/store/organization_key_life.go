package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// OrganizationKeysPage lists a part of an organisation's keys that have not
// expired, by name, and counts all of them.
func (r Reader) OrganizationKeysPage(ctx context.Context, organization reeve.ID, now time.Time, limit, offset int) ([]reeve.OrganizationKey, int, error) {
	const live = " FROM organization_keys k WHERE k.organization_id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)"
	total, err := one(ctx, r, read{sql: "SELECT COUNT(*)" + live, args: []any{organization, now}}, value[int])
	if err != nil {
		return nil, 0, err
	}
	keys, err := many(ctx, r, read{
		sql:  "SELECT " + organizationKeyColumns + live + " ORDER BY k.name LIMIT $3 OFFSET $4",
		args: []any{organization, now, limit, offset},
	}, scanOrganizationKey)
	return keys, total, err
}

// LockOrganizationKeyByID finds one of an organisation's keys by its id and
// guards it, as LockOrganizationKey does: nothing is derived from it meanwhile.
func (tx *Tx) LockOrganizationKeyByID(ctx context.Context, organization, id reeve.ID) (reeve.OrganizationKey, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + organizationKeyColumns + ` FROM organization_keys k
			WHERE k.id = $2 AND k.organization_id = $1` + tx.d.lockDrop,
		[]any{organization, id},
		missing("organization key"),
	}, scanOrganizationKey)
}

// LockDerivedKeys lists and guards the keys that were derived from one directly.
func (tx *Tx) LockDerivedKeys(ctx context.Context, parent reeve.ID) ([]reeve.OrganizationKey, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + organizationKeyColumns + ` FROM organization_keys k
			WHERE k.parent_id = $1 ORDER BY k.id` + tx.d.lockDrop,
		args: []any{parent},
	}, scanOrganizationKey)
}

// UpdateOrganizationKey changes what a rotation changes of a key: its name, its
// end and what replaced it.
func (tx *Tx) UpdateOrganizationKey(k reeve.OrganizationKey) {
	tx.write(statement{
		sql:   "UPDATE organization_keys SET name = $2, expires_at = $3, replaced_by = $4 WHERE id = $1",
		args:  []any{k.ID, k.Name, k.ExpiresAt, k.ReplacedBy},
		check: onViolation(conflict("organization key with given name already exists"), nil),
	})
}
