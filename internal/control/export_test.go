package control

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

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

// AddUsage is the job that adds usage up.
func AddUsage(c *Control, ctx context.Context, report func(error)) { c.addUsage(ctx, report) }

// CheckAlerts looks at what was touched for alerts.
func CheckAlerts(c *Control, ctx context.Context) error { return c.checkTouched(ctx) }

// SweepAlerts looks at everything for alerts.
func SweepAlerts(c *Control, ctx context.Context) error { return c.sweepAlerts(ctx) }

// SetAlertTurn sets for how long months are priced at a time.
func SetAlertTurn(c *Control, turn time.Duration) { c.alerts.turn = turn }

// DeliverWebhooks delivers messages until the context ends.
func DeliverWebhooks(c *Control, ctx context.Context, report func(error)) {
	c.deliverWebhooks(ctx, report)
}

// DeliverDue tries all messages that are due once, and waits for that.
func DeliverDue(c *Control, ctx context.Context, report func(error)) error {
	var running sync.WaitGroup
	defer running.Wait()
	return c.startDeliveries(ctx, &running, report)
}

// SetCloseProjects sets how many projects one transaction of closing bills.
func SetCloseProjects(c *Control, n int) { c.closeProjects = n }

// CloseTimeout bounds a transaction of closing that bills so many projects.
func CloseTimeout(projects int) time.Duration { return closeTimeout(projects) }

// CountJudgements counts from now on how many passwords are judged.
func CountJudgements(c *Control) *atomic.Int64 {
	n, judge := &atomic.Int64{}, c.passwords.judge
	c.passwords.judge = func(hash []byte, password string) verdict {
		n.Add(1)
		return judge(hash, password)
	}
	return n
}

// SendDueMails tries the mails that are due once.
func SendDueMails(c *Control, ctx context.Context, report func(error)) error {
	return c.sendDueMails(ctx, report)
}

// EraseDeletions forgets what cannot be restored any more.
func EraseDeletions(c *Control, ctx context.Context) error { return c.eraseDeletions(ctx) }

// Forget removes the sessions and invitations that are over.
func Forget(c *Control, ctx context.Context) error {
	return errors.Join(c.forgetSessions(ctx), c.forgetInvitations(ctx))
}

// DeleteEnded deletes the keys and tokens whose end has come.
func DeleteEnded(c *Control, ctx context.Context) error { return c.deleteEndedNow(ctx) }

// RunBatch does a bulk action to things, whatever they are.
func RunBatch(ctx context.Context, c *Control, b Bulk, ids []reeve.ID) (out BulkResult, err error) {
	by := callerOf(ctx)
	err = c.runBatch(ctx, c.bulkActions(by, b)[0], newPlan(c.store.Now()), ids, &out)
	return out, err
}

// LateRead has somebody who read a gateway's token before a deletion put it into
// the memory after that was committed.
func LateRead(ctx context.Context, c *Control, hash reeve.TokenHash, deletion func()) error {
	token, err := c.store.GatewayToken(ctx, hash)
	if err != nil {
		return err
	}
	done, err := c.live.turn(ctx)
	if err != nil {
		return err
	}
	deleted := make(chan struct{})
	go func() {
		defer close(deleted)
		deletion()
	}()
	for err == nil {
		_, err = c.store.GatewayToken(ctx, hash)
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond) // it has gone on from its commit
	c.live.addGatewayToken(&token)
	done()
	<-deleted
	return nil
}
