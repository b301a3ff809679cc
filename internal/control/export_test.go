package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// TakeRate is takeRate, without a key.
func TakeRate(ctx context.Context, c *Control, project reeve.ID, cost, limit int64) (ok bool, left int64, err error) {
	return c.takeRate(ctx, project, cost, limit)
}

// Admissions counts the projects that are held in memory.
func Admissions(c *Control) int { return c.admissions.size() }

// DrainUsage adds up all usage that was taken in.
func DrainUsage(c *Control, ctx context.Context) error { return c.drainUsage(ctx) }

// SetCloseProjects sets how many projects one transaction of closing bills.
func SetCloseProjects(c *Control, n int) { c.closeProjects = n }
