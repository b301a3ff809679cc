package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TakeBucket gives a bucket its place under the project's limit; one that has
// it keeps it, whatever the limit is now. Exhausted where no place is left.
func (c *Control) TakeBucket(ctx context.Context, project reeve.ID, name string) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	if err := reeve.CheckBucketName(name); err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		// The project's row guards the count.
		p, err := tx.LockProject(ctx, project)
		if err != nil {
			return err
		}
		there, err := tx.HasBucket(ctx, project, name)
		if err != nil || there {
			return err
		}
		if err := c.checkPlace(ctx, tx, p); err != nil {
			return err
		}
		tx.CreateBucket(reeve.Bucket{ProjectID: project, Name: name, CreatedAt: tx.Now()})
		record(tx, by, change{action: "bucket.create", target: project, project: project, after: fields{"name": name}})
		return nil
	})
}

func (c *Control) checkPlace(ctx context.Context, tx *store.Tx, p reeve.Project) error {
	limit, limited := p.Limits.Or(c.settings.DefaultLimits).Buckets.Number()
	if !limited {
		return nil
	}
	n, err := tx.CountBuckets(ctx, p.ID)
	if err != nil {
		return err
	}
	if n >= limit {
		return reeve.Errorf(reeve.Exhausted, "buckets limit reached: %d of %d", n, limit).WithRetryAfter(otherWait)
	}
	return nil
}

// GiveBackBucket frees a bucket's place; NotFound if the project has none of
// that name.
func (c *Control) GiveBackBucket(ctx context.Context, project reeve.ID, name string) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockProject(ctx, project); err != nil {
			return err
		}
		there, err := tx.HasBucket(ctx, project, name)
		if err != nil {
			return err
		}
		if !there {
			return reeve.Errorf(reeve.NotFound, "bucket not found")
		}
		tx.DeleteBucket(project, name)
		record(tx, by, change{action: "bucket.delete", target: project, project: project, before: fields{"name": name}})
		return nil
	})
}
