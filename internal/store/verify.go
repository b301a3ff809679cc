package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// APIKeyByHead finds a live key by its macaroon's head, with its project.
func (r Reader) APIKeyByHead(ctx context.Context, head [32]byte) (key reeve.APIKey, project reeve.Project, err error) {
	_, err = one(ctx, r, read{
		`SELECT k.id, k.name, k.secret, k.sealed_by, k.created_at, ` + projectColumns + `
			FROM api_keys k JOIN projects p ON p.id = k.project_id WHERE k.head = $1`,
		[]any{head},
		missing("api key"),
	}, func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan(append([]any{
			&key.ID, &key.Name, &key.Secret, &key.SealedBy, &key.CreatedAt,
		}, projectFields(&project)...)...)
	})
	key.Head, key.ProjectID = head, project.ID
	return key, project, err
}

// HeadRevoked tells whether a head is that of a key that was deleted.
func (r Reader) HeadRevoked(ctx context.Context, head [32]byte) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM revoked_heads WHERE head = $1", args: []any{head},
	}, value[bool])
}

// RevokeHead remembers the head of a key that is deleted.
func (tx *Tx) RevokeHead(head [32]byte) {
	tx.write(statement{
		sql:  "INSERT INTO revoked_heads (head, revoked_at) VALUES ($1, $2)",
		args: []any{head, tx.Now()},
	})
}
