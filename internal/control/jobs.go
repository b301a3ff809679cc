package control

import (
	"context"
	"errors"
	"sync"
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

// keepUsageMarks is how long a stream of usage is remembered after its last
// batch. It is more than reeve.UsageLateness: by then a batch that is sent again
// has only records that come too late, so that none is counted twice although
// nobody knows the batch any more.
const keepUsageMarks = 420 * 24 * time.Hour

// keepLastUses is how long it is known when a thing was used last: longer than
// anything asks for.
const keepLastUses = 400 * 24 * time.Hour

// jobTimeout bounds one transaction of a job.
const jobTimeout = 30 * time.Second

// Run does the work behind the requests until the context ends, and returns
// when it has stopped: it numbers changes, keeps the memory of keys up to date,
// watches the sessions, adds usage up, raises and delivers alerts, closes
// months, ends freezes, deletes keys whose end has come, applies the retention,
// and clears away what leases have left and what cannot be restored any more.
// Failures are handed to report.
func (c *Control) Run(ctx context.Context, keep Retention, report func(error)) {
	var others sync.WaitGroup
	others.Go(func() { c.store.Sequence(ctx, c.runner(ctx, jobNumbering, store.SequencerSweep, report)) })
	others.Go(func() { c.store.Listen(ctx, c.runner(ctx, jobListening, store.ListenPause, report)) })
	others.Go(func() { c.Follow(ctx, report) })
	others.Go(func() { c.WatchSessions(ctx, report) })
	others.Go(func() { c.addUsage(ctx, report) })
	others.Go(func() { c.watchAlerts(ctx, report) })
	others.Go(func() { c.deliverWebhooks(ctx, report) })
	others.Go(func() { c.sendMails(ctx, report) })
	others.Go(func() { c.closeMonths(ctx, report) })
	others.Go(func() { c.writeLastUses(ctx, report) })
	others.Go(func() { c.endFreezes(ctx, report) })
	others.Go(func() { c.deleteEnded(ctx, report) })
	others.Go(func() { c.fillTexts(ctx, report) })
	defer others.Wait()
	for {
		for _, job := range []struct {
			name string
			work func(context.Context) error
		}{
			{jobRetention, func(ctx context.Context) error { return c.ApplyRetention(ctx, keep) }},
			{jobLeases, c.lapseLeases},
			{jobUserSessions, c.forgetSessions},
			{jobInvitations, c.forgetInvitations},
			{jobDeletions, c.eraseDeletions},
		} {
			c.runner(ctx, job.name, retentionEvery, report)(func() error { return job.work(ctx) })
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retentionEvery):
		}
	}
}

// runner does a job each time it is called, notes how it went, and hands
// failures to report, unless it was the end of the context that made them.
func (c *Control) runner(ctx context.Context, name string, pause time.Duration, report func(error)) func(func() error) {
	return func(work func() error) {
		if err := c.jobs.run(name, pause, work); err != nil && ctx.Err() == nil {
			report(err)
		}
	}
}

// ApplyRetention removes the rows that are older than they are kept.
func (c *Control) ApplyRetention(ctx context.Context, keep Retention) (err error) {
	marks := c.store.Now().Add(-keepUsageMarks)
	err = c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteUsageMarksBefore(ctx, marks, retentionBatch)
	})
	unused := c.store.Now().Add(-keepLastUses)
	err = errors.Join(err, c.forgetEvents(ctx), c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteLastUsesBefore(ctx, unused, retentionBatch)
	}))
	if keep.UsageMonths > 0 {
		oldest, unbilled := c.oldestUsage(ctx, keep.UsageMonths)
		err = errors.Join(err, unbilled, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
			return tx.DeleteUsageBefore(ctx, oldest, retentionBatch)
		}))
	}
	if keep.Changes > 0 {
		before := c.store.Now().Add(-keep.Changes)
		err = errors.Join(err, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
			return tx.DeleteChangesBefore(ctx, before, retentionBatch)
		}))
	}
	stale := c.store.Now().Add(-keepReplies)
	err = errors.Join(err, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteRepliesBefore(ctx, stale, retentionBatch)
	}))
	planned := c.store.Now().Add(-2 * planLife)
	err = errors.Join(err, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteBulkDoneBefore(ctx, planned, retentionBatch)
	}))
	before := c.store.Now().Add(-revokedFor)
	c.live.forgetGone(before)
	return errors.Join(err, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteRevokedHeadsBefore(ctx, before, retentionBatch)
	}), c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteRevokedTokensBefore(ctx, before, retentionBatch)
	}))
}

// leastUsageMonths is how many months' usage is kept at least: what comes late
// is billed as the difference to all that was used in its month, which takes
// until the month in which it came is closed.
const leastUsageMonths = reeve.UsageLateness + 4

// oldestUsage gives the first month whose usage is kept: none goes that is not
// billed.
func (c *Control) oldestUsage(ctx context.Context, months int) (reeve.Month, error) {
	oldest := reeve.MonthOf(c.store.Now()).Add(1 - max(months, leastUsageMonths))
	known, err := readMonths(ctx, c.store.Reader)
	if err != nil {
		return 0, err // nothing is older
	}
	if open := known.unclosed(oldest); len(open) > 0 && known.start != 0 {
		oldest = open[0].Previous() // it starts from the one before
	}
	late, err := c.store.OldestUsageLate(ctx)
	if err != nil {
		return 0, err
	} else if late != 0 {
		oldest = min(oldest, late.Previous())
	}
	return oldest, nil
}

// revokedFor is how long a deleted key and a session that was ended are called
// revoked; then they are unknown.
const revokedFor = 90 * 24 * time.Hour

// removeAll removes rows, some in each transaction, until none is left to go.
func (c *Control) removeAll(ctx context.Context, remove func(context.Context, *store.Tx) (int, error)) error {
	for removed := retentionBatch; removed >= retentionBatch; {
		pass, cancel := context.WithTimeout(ctx, jobTimeout)
		err := c.store.Write(pass, func(tx *store.Tx) (err error) {
			removed, err = remove(pass, tx)
			return err
		})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
