package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const apiKeyColumns = "id, project_id, partner_id, name, head, secret, sealed_by, created_at, expires_at, caveat, rotated_from, replaced_by"

func scanAPIKey(row scanner) (k reeve.APIKey, err error) {
	err = row.Scan(&k.ID, &k.ProjectID, &k.PartnerID, &k.Name, &k.Head, &k.Secret, &k.SealedBy, &k.CreatedAt,
		&k.ExpiresAt, &k.Caveat, &k.RotatedFrom, &k.ReplacedBy)
	return k, err
}

// APIKeys lists a project's keys by name.
func (r Reader) APIKeys(ctx context.Context, project reeve.ID) ([]reeve.APIKey, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + apiKeyColumns + " FROM api_keys WHERE project_id = $1 ORDER BY name",
		args: []any{project},
	}, scanAPIKey)
}

// CountAPIKeys counts a project's keys.
func (r Reader) CountAPIKeys(ctx context.Context, project reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM api_keys WHERE project_id = $1",
		args: []any{project},
	}, value[int])
}

// LockAPIKeyByName finds a project's key and guards it against another
// deletion.
func (tx *Tx) LockAPIKeyByName(ctx context.Context, project reeve.ID, name string) (reeve.APIKey, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + apiKeyColumns + " FROM api_keys WHERE project_id = $1 AND name = $2" + tx.d.lockDrop,
		[]any{project, name},
		missing("api key"),
	}, scanAPIKey)
}

// LockAPIKey finds a key by its id and guards it, as LockAPIKeyByHead does.
func (tx *Tx) LockAPIKey(ctx context.Context, id reeve.ID) (reeve.APIKey, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + apiKeyColumns + " FROM api_keys WHERE id = $1" + tx.d.lockDrop,
		[]any{id},
		missing("api key"),
	}, scanAPIKey)
}

// LockAPIKeysBefore lists up to limit of a project's keys that were made before a
// time, and guards them.
func (tx *Tx) LockAPIKeysBefore(ctx context.Context, project reeve.ID, before time.Time, limit int) ([]reeve.APIKey, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + apiKeyColumns + " FROM api_keys WHERE project_id = $1 AND created_at < $2 ORDER BY id LIMIT $3" +
			tx.d.lockDrop,
		args: []any{project, before, limit},
	}, scanAPIKey)
}

// TailRevoked tells whether a tail is revoked.
func (r Reader) TailRevoked(ctx context.Context, tail [32]byte) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM revoked_tails WHERE tail = $1", args: []any{tail},
	}, value[bool])
}

// LockAPIKeyByHead finds a key by its macaroon's head and guards it: no other
// revocation of it or its descendants runs beside.
func (tx *Tx) LockAPIKeyByHead(ctx context.Context, head [32]byte) (reeve.APIKey, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + apiKeyColumns + " FROM api_keys WHERE head = $1" + tx.d.lockDrop,
		[]any{head},
		missing("api key"),
	}, scanAPIKey)
}

// CreateAPIKey inserts a key; a Conflict if the project has one of that name,
// NotFound if there is no such project.
func (tx *Tx) CreateAPIKey(k reeve.APIKey) {
	tx.write(statement{
		sql: "INSERT INTO api_keys (" + apiKeyColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		args: []any{
			k.ID, k.ProjectID, k.PartnerID, k.Name, k.Head, k.Secret, k.SealedBy, k.CreatedAt,
			k.ExpiresAt, k.Caveat, k.RotatedFrom, k.ReplacedBy,
		},
		check: onViolation(
			conflict("api-key with given name already exists"), missing("project"),
		),
	})
}

// DeleteAPIKey deletes a key, and with it all that derive from it.
func (tx *Tx) DeleteAPIKey(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM api_keys WHERE id = $1", args: []any{id}})
}

// RevokedTails lists the tails of a key's revoked descendants.
func (r Reader) RevokedTails(ctx context.Context, key reeve.ID) ([][32]byte, error) {
	return many(ctx, r, read{
		sql:  "SELECT tail FROM revoked_tails WHERE api_key_id = $1",
		args: []any{key},
	}, value[[32]byte])
}

// RevokeTail refuses a derived key, and all that derive from it, for good.
func (tx *Tx) RevokeTail(key reeve.ID, tail [32]byte) {
	tx.write(statement{
		sql:  "INSERT INTO revoked_tails (tail, api_key_id, created_at) VALUES ($1, $2, $3)",
		args: []any{tail, key, tx.Now()},
	})
}

// APIKeyOfEachSeal gives one key for each master key that sealed any. It costs
// a look into the index for each of them, however many API keys there are.
func (r Reader) APIKeyOfEachSeal(ctx context.Context) ([]reeve.APIKey, error) {
	out := []reeve.APIKey{}
	for after := []byte{}; ; {
		next, err := many(ctx, r, read{
			sql:  "SELECT " + apiKeyColumns + " FROM api_keys WHERE sealed_by > $1 ORDER BY sealed_by, id LIMIT 1",
			args: []any{after},
		}, scanAPIKey)
		if err != nil || len(next) == 0 {
			return out, err
		}
		out = append(out, next...)
		after = next[0].SealedBy[:]
	}
}

// LockAPIKeysSealedBy pages through the keys that one master key sealed, in the
// order of their ids, and guards them. A page leaves out what another
// transaction resealed or deleted while this one waited for it: a short page,
// even an empty one, need not be the last.
func (tx *Tx) LockAPIKeysSealedBy(ctx context.Context, by [8]byte, after reeve.ID, limit int) ([]reeve.APIKey, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + apiKeyColumns + " FROM api_keys WHERE sealed_by = $1 AND id > $2 ORDER BY id LIMIT $3" +
			tx.d.lock,
		args: []any{by, after, limit},
	}, scanAPIKey)
}

// ResealAPIKey replaces a key's sealed secret.
func (tx *Tx) ResealAPIKey(k reeve.APIKey) {
	tx.write(statement{
		sql:  "UPDATE api_keys SET secret = $2, sealed_by = $3 WHERE id = $1",
		args: []any{k.ID, k.Secret, k.SealedBy},
	})
}
