package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// APIKeysPage lists a part of a project's keys that have not ended, by name, and
// counts all of them.
func (r Reader) APIKeysPage(ctx context.Context, project reeve.ID, now time.Time, limit, offset int) ([]reeve.APIKey, int, error) {
	const live = " FROM api_keys WHERE project_id = $1 AND (expires_at IS NULL OR expires_at >= $2)"
	total, err := one(ctx, r, read{sql: "SELECT COUNT(*)" + live, args: []any{project, now}}, value[int])
	if err != nil {
		return nil, 0, err
	}
	keys, err := many(ctx, r, read{
		sql:  "SELECT " + apiKeyColumns + live + " ORDER BY name LIMIT $3 OFFSET $4",
		args: []any{project, now, limit, offset},
	}, scanAPIKey)
	return keys, total, err
}

// APIKey finds a key by its id.
func (r Reader) APIKey(ctx context.Context, id reeve.ID) (reeve.APIKey, error) {
	return one(ctx, r, read{
		"SELECT " + apiKeyColumns + " FROM api_keys WHERE id = $1",
		[]any{id},
		missing("api key"),
	}, scanAPIKey)
}

// KnownAPIKeys picks those of some ids that are API keys'.
func (r Reader) KnownAPIKeys(ctx context.Context, ids []reeve.ID) (map[reeve.ID]bool, error) {
	out := map[reeve.ID]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	err := eachOf(ctx, r, selection{"SELECT id FROM api_keys", "id", ids}, value[reeve.ID], func(id reeve.ID) { out[id] = true })
	return out, err
}

// ReplaceAPIKey marks a key as replaced by another, under a name that makes way
// for that one's, until the end of their overlap.
func (tx *Tx) ReplaceAPIKey(k reeve.APIKey) {
	tx.write(statement{
		sql:   "UPDATE api_keys SET name = $2, expires_at = $3, replaced_by = $4 WHERE id = $1",
		args:  []any{k.ID, k.Name, k.ExpiresAt, k.ReplacedBy},
		check: onViolation(conflict("api-key with given name already exists"), nil),
	})
}

// EndedAPIKeys lists up to limit of the keys whose end has come.
func (r Reader) EndedAPIKeys(ctx context.Context, now time.Time, limit int) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql:  "SELECT id FROM api_keys WHERE expires_at IS NOT NULL AND expires_at < $1 ORDER BY expires_at, id LIMIT $2",
		args: []any{now, limit},
	}, value[reeve.ID])
}
