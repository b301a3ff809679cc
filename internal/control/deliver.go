package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// deliveries sends the messages of webhooks: one at a time for each
// organisation, in order, and organisations beside each other. A message is
// claimed before it is sent, so that of several replicas one sends it; it is
// sent again if that one dies, under the same id.
type deliveries struct {
	bell  chan struct{}
	slots chan struct{} // taken by organisations whose messages are being sent

	delivered, failed, givenUp atomic.Int64
}

const (
	deliverLook  = time.Second
	deliverSlots = 64
	deliverTurn  = 100 // messages of one organisation before others get the slot

	// deliverLease is how long a claim lasts: longer than any attempt.
	deliverLease = time.Minute

	// maxRetryAfter is how long an endpoint may put a message off beyond the
	// schedule.
	maxRetryAfter = time.Hour
)

func newDeliveries() *deliveries {
	return &deliveries{bell: make(chan struct{}, 1), slots: make(chan struct{}, deliverSlots)}
}

func (d *deliveries) wake() {
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// WebhookCounts are how many attempts at messages went well and did not since
// the start, and how many messages were given up.
type WebhookCounts struct{ Delivered, Failed, GivenUp int64 }

// WebhookCounts gives what this replica has done.
func (c *Control) WebhookCounts() WebhookCounts {
	d := c.deliveries
	return WebhookCounts{d.delivered.Load(), d.failed.Load(), d.givenUp.Load()}
}

// WebhookMessagesWaiting counts the messages of all organisations that are to be
// delivered, by whichever replica.
func (c *Control) WebhookMessagesWaiting(ctx context.Context) (int, error) {
	return c.store.CountAllWebhookMessages(ctx)
}

// deliverWebhooks delivers messages until the context ends, and returns when no
// attempt runs any more. Failures of its own and messages that are given up are
// handed to report.
func (c *Control) deliverWebhooks(ctx context.Context, report func(error)) {
	if c.settings.Deliver == nil {
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	look := time.NewTicker(deliverLook)
	defer look.Stop()
	for {
		c.runner(ctx, jobWebhooks, deliverLook, report)(func() error { return c.startDeliveries(ctx, &running, report) })
		select {
		case <-ctx.Done():
			return
		case <-c.deliveries.bell:
		case <-look.C:
		}
	}
}

// startDeliveries begins with the messages that are due, as many as there are
// slots.
func (c *Control) startDeliveries(ctx context.Context, running *sync.WaitGroup, report func(error)) error {
	pass, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	slots := c.deliveries.slots
	free := cap(slots) - len(slots)
	if free == 0 {
		return nil // one that ends rings
	}
	due, err := c.store.DueWebhookMessages(pass, c.store.Now(), free)
	if err != nil {
		return err
	}
	for _, m := range due {
		claimed, err := c.claim(pass, m)
		if err != nil {
			return err
		}
		if claimed == nil {
			continue
		}
		slots <- struct{}{}
		running.Go(func() {
			if err := c.deliverTo(ctx, *claimed, report); err != nil && ctx.Err() == nil {
				report(err)
			}
			<-slots
			c.deliveries.wake()
		})
	}
	return nil
}

// claimed is a message that nobody else sends until its NextAt.
type claimed struct {
	reeve.WebhookMessage
	before reeve.WebhookMessage // as it was
}

// claim takes a message that was read; nil if somebody else has it.
func (c *Control) claim(ctx context.Context, m reeve.WebhookMessage) (*claimed, error) {
	out := &claimed{before: m}
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		out.WebhookMessage = m
		out.Attempts++
		out.NextAt = tx.Now().Add(deliverLease)
		return tx.ClaimWebhookMessage(ctx, m, out.NextAt)
	})
	if reeve.IsKind(err, reeve.NotFound) {
		return nil, nil
	}
	return out, err
}

// deliverTo sends a claimed message and, as long as all goes well, those behind
// it.
func (c *Control) deliverTo(ctx context.Context, m claimed, report func(error)) error {
	for range deliverTurn {
		done, err := c.attempt(ctx, m, report)
		if err != nil || !done {
			return err
		}
		next, err := c.store.NextWebhookMessage(ctx, m.OrganizationID)
		if reeve.IsKind(err, reeve.NotFound) || err == nil && next.NextAt.After(c.store.Now()) {
			return nil
		}
		if err != nil {
			return err
		}
		claimed, err := c.claim(ctx, next)
		if err != nil || claimed == nil {
			return err
		}
		m = *claimed
	}
	return nil
}

// attempt sends a claimed message, and tells whether the next one's turn has
// come.
func (c *Control) attempt(ctx context.Context, m claimed, report func(error)) (done bool, err error) {
	webhook, err := c.store.Webhook(ctx, m.OrganizationID)
	if reeve.IsKind(err, reeve.NotFound) { // deleted: nobody wants the message
		return true, c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteWebhookMessage(m.Sequence) })
	}
	if err != nil {
		return false, errors.Join(err, c.giveBack(ctx, m))
	}
	err = c.send(ctx, webhook, m)
	switch {
	case err == nil:
		c.deliveries.delivered.Add(1)
		return true, c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteWebhookMessage(m.Sequence) })
	case ctx.Err() != nil: // broken off: it never was
		return false, c.giveBack(ctx, m)
	}
	c.deliveries.failed.Add(1)
	if errors.Is(err, reeve.ErrGone) {
		report(fmt.Errorf("the webhook of organization %s is gone, and was deleted", m.OrganizationID))
		return false, c.dropWebhook(ctx, webhook)
	}
	delay, again := reeve.WebhookDelay(m.Attempts, rand.Float64())
	if !again {
		c.deliveries.givenUp.Add(1)
		report(fmt.Errorf("webhook message %s of organization %s is given up after %d attempts: %w",
			m.ID.TypeID(reeve.PrefixMessage), m.OrganizationID, m.Attempts, err))
		return true, c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteWebhookMessage(m.Sequence) })
	}
	delay = max(delay, min(reeve.AsError(err).RetryAfter, maxRetryAfter))
	return false, c.settleMessage(ctx, func(tx *store.Tx) {
		later := m.WebhookMessage
		later.NextAt = tx.Now().Add(delay)
		tx.PutWebhookMessage(later, m.Attempts)
	})
}

// send makes one attempt.
func (c *Control) send(ctx context.Context, webhook reeve.Webhook, m claimed) error {
	secret, err := c.keys.openWebhook(webhook)
	if err != nil {
		return err
	}
	return c.settings.Deliver(ctx, reeve.Delivery{
		URL: webhook.URL, Secret: secret, ID: m.ID.TypeID(reeve.PrefixMessage), At: c.store.Now(), Payload: m.Payload,
	})
}

// giveBack lets a claimed message be as if it never was.
func (c *Control) giveBack(ctx context.Context, m claimed) error {
	return c.settleMessage(ctx, func(tx *store.Tx) { tx.PutWebhookMessage(m.before, m.Attempts) })
}

// settleMessage writes what has become of a message, also when the program is
// about to end.
func (c *Control) settleMessage(ctx context.Context, settle func(*store.Tx)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	return c.store.Write(ctx, func(tx *store.Tx) error {
		settle(tx)
		return nil
	})
}

// dropWebhook deletes a webhook whose endpoint wants no more, unless it was set
// anew meanwhile.
func (c *Control) dropWebhook(ctx context.Context, gone reeve.Webhook) error {
	by := system
	by.Reason = "the endpoint answered 410 Gone"
	return c.store.Write(ctx, func(tx *store.Tx) error {
		webhook, err := tx.LockWebhook(ctx, gone.OrganizationID)
		if reeve.IsKind(err, reeve.NotFound) {
			return nil
		}
		if err == nil && webhook.CreatedAt.Equal(gone.CreatedAt) && webhook.URL == gone.URL {
			deleteWebhook(tx, by, webhook)
		}
		return err
	})
}
