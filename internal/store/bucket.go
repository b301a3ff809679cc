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

// HasBucket tells whether a project has a bucket of that name.
func (r Reader) HasBucket(ctx context.Context, project reeve.ID, name string) (bool, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) > 0 FROM buckets WHERE project_id = $1 AND name = $2",
		args: []any{project, name},
	}, value[bool])
}

// CountBuckets counts a project's buckets.
func (r Reader) CountBuckets(ctx context.Context, project reeve.ID) (int64, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(*) FROM buckets WHERE project_id = $1",
		args: []any{project},
	}, value[int64])
}

// DeleteBucket removes a bucket.
func (tx *Tx) DeleteBucket(project reeve.ID, name string) {
	tx.write(statement{sql: "DELETE FROM buckets WHERE project_id = $1 AND name = $2", args: []any{project, name}})
}
