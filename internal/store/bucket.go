package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// FirstBucket names a project's first bucket by name; NotFound when it has none.
func (r Reader) FirstBucket(ctx context.Context, project reeve.ID) (string, error) {
	return one(ctx, r, read{
		"SELECT name FROM buckets WHERE project_id = $1 ORDER BY name LIMIT 1",
		[]any{project},
		missing("bucket"),
	}, value[string])
}

// CreateBucket inserts a bucket; a Conflict if the project has one of that
// name, NotFound if there is no such project.
func (tx *Tx) CreateBucket(b reeve.Bucket) {
	tx.write(statement{
		sql:   "INSERT INTO buckets (project_id, name, created_at) VALUES ($1, $2, $3)",
		args:  []any{b.ProjectID, b.Name, b.CreatedAt},
		check: onViolation(conflict("bucket already exists"), missing("project")),
	})
}
