package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Retention says how long rows that grow without end are kept; zero is for
// ever.
type Retention struct {
	Changes     time.Duration
	UsageMonths int
}

// How often retention is applied, and how many rows one transaction removes.
const (
	retentionEvery = time.Hour
	retentionBatch = 1000
)

// Run does the work behind the requests until the context ends: it numbers
// changes and applies the retention. Failures are handed to report.
func (c *Control) Run(ctx context.Context, keep Retention, report func(error)) {
	go c.store.Sequence(ctx, report)
	for {
		if err := c.ApplyRetention(ctx, keep); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retentionEvery):
		}
	}
}

// ApplyRetention removes the rows that are older than they are kept.
func (c *Control) ApplyRetention(ctx context.Context, keep Retention) error {
	if keep.UsageMonths > 0 {
		oldest := reeve.MonthOf(c.store.Now())
		for range max(keep.UsageMonths, 2) - 1 { // the guards read this month and the last
			oldest = oldest.Previous()
		}
		err := c.store.Write(ctx, func(tx *store.Tx) error {
			tx.DeleteUsageBefore(oldest)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for removed := retentionBatch; keep.Changes > 0 && removed == retentionBatch; {
		before := c.store.Now().Add(-keep.Changes)
		err := c.store.Write(ctx, func(tx *store.Tx) (err error) {
			removed, err = tx.DeleteChangesBefore(ctx, before, retentionBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
