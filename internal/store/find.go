package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// Named gives up to limit things of a kind, newest first, whose name or
// description, folded and as far as it is indexed, is a text.
func (r Reader) Named(ctx context.Context, kind Kind, name string, limit int) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql:  "SELECT id FROM " + kind.table() + " WHERE name = $1 ORDER BY id DESC LIMIT $2",
		args: []any{sortKey(Fold(name)), limit},
	}, value[reeve.ID])
}

// APIKeysNamed gives up to limit keys of any project, newest first, that have
// exactly a name.
func (r Reader) APIKeysNamed(ctx context.Context, name string, limit int) ([]reeve.APIKey, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + apiKeyColumns + " FROM api_keys WHERE name = $1 ORDER BY id DESC LIMIT $2",
		args: []any{name, limit},
	}, scanAPIKey)
}

// OrganizationKeysNamed is APIKeysNamed for organisations' keys, expired ones
// included.
func (r Reader) OrganizationKeysNamed(ctx context.Context, name string, limit int) ([]reeve.OrganizationKey, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + organizationKeyColumns + " FROM organization_keys k WHERE k.name = $1 ORDER BY k.id DESC LIMIT $2",
		args: []any{name, limit},
	}, scanOrganizationKey)
}

// OrganizationKeyByID finds a key by its id, expired ones included.
func (r Reader) OrganizationKeyByID(ctx context.Context, id reeve.ID) (reeve.OrganizationKey, error) {
	return one(ctx, r, read{
		"SELECT " + organizationKeyColumns + " FROM organization_keys k WHERE k.id = $1", []any{id}, missing("organization key"),
	}, scanOrganizationKey)
}

// ProjectOfServiceAccount finds the project that a service account was made
// with.
func (r Reader) ProjectOfServiceAccount(ctx context.Context, account reeve.ID) (reeve.Project, error) {
	return one(ctx, r, read{
		"SELECT " + projectColumns + " FROM projects p WHERE p.service_account_id = $1", []any{account}, missing("project"),
	}, scanProject)
}

// RevokedHead finds what a deleted key has left behind.
func (r Reader) RevokedHead(ctx context.Context, head [32]byte) (RevokedHead, error) {
	return one(ctx, r, read{
		"SELECT api_key_id, head, revoked_at FROM revoked_heads WHERE head = $1", []any{head}, missing("api key"),
	}, func(row scanner) (h RevokedHead, err error) {
		err = row.Scan(&h.APIKeyID, &h.Head, &h.At)
		return h, err
	})
}
