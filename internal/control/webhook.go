package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// SetWebhook says where an organisation is told of its alerts, in place of what
// was said before, and gives the secret of the signatures, which is shown only
// here. Messages that wait go to the new place, at once and signed anew.
func (c *Control) SetWebhook(ctx context.Context, organization reeve.ID, url string) (reeve.Token, error) {
	by, err := operator(ctx, reeve.ManageWebhooks)
	if err != nil {
		return "", err
	}
	if err := reeve.CheckWebhookURL(url); err != nil {
		return "", err
	}
	secret := randomBytes()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockOrganization(ctx, organization); err != nil {
			return err
		}
		before, err := tx.LockWebhook(ctx, organization)
		if err != nil && !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		webhook := reeve.Webhook{OrganizationID: organization, URL: url, CreatedAt: tx.Now()}
		c.keys.sealWebhook(&webhook, secret[:])
		tx.PutWebhook(webhook)
		tx.RestartWebhookMessages(organization, tx.Now())
		record(tx, by, change{
			action: "webhook.set", target: organization, organization: organization, before: webhookFields(before), after: webhookFields(webhook),
		})
		return nil
	})
	if err != nil {
		return "", err
	}
	c.store.AfterCommit(ctx, c.deliveries.wake)
	return reeve.WebhookSecret(secret), nil
}

// webhookFields tell of a webhook without what its URL may hold of secrets.
func webhookFields(w reeve.Webhook) fields {
	if w.URL == "" {
		return nil
	}
	return fields{"origin": reeve.WebhookOrigin(w.URL)}
}

// WebhookState is a webhook as operators see it.
type WebhookState struct {
	URL       string
	CreatedAt time.Time
	Pending   int // messages that are to be delivered
}

// GetWebhook finds an organisation's webhook, without its secret.
func (c *Control) GetWebhook(ctx context.Context, organization reeve.ID) (out WebhookState, err error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return out, err
	}
	webhook, err := c.store.Webhook(ctx, organization)
	if err != nil {
		return out, err
	}
	out.URL, out.CreatedAt = webhook.URL, webhook.CreatedAt
	out.Pending, err = c.store.CountWebhookMessages(ctx, organization)
	return out, err
}

// DeleteWebhook deletes an organisation's webhook with the messages that wait
// for it.
func (c *Control) DeleteWebhook(ctx context.Context, organization reeve.ID) error {
	by, err := operator(ctx, reeve.ManageWebhooks)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockOrganization(ctx, organization); err != nil {
			return err
		}
		webhook, err := tx.LockWebhook(ctx, organization)
		if err != nil {
			return err
		}
		deleteWebhook(tx, by, webhook)
		return nil
	})
}

// deleteWebhook deletes a locked webhook.
func deleteWebhook(tx *store.Tx, by Caller, webhook reeve.Webhook) {
	tx.DeleteWebhookMessages(webhook.OrganizationID)
	tx.DeleteWebhook(webhook.OrganizationID)
	record(tx, by, change{action: "webhook.delete", target: webhook.OrganizationID, organization: webhook.OrganizationID, before: webhookFields(webhook)})
}

// forgetAlerts removes what a locked organisation that is deleted leaves of
// alerts. Its webhook goes with it.
func forgetAlerts(ctx context.Context, tx *store.Tx, organization reeve.ID) error {
	if _, err := tx.LockWebhook(ctx, organization); err != nil && !reeve.IsKind(err, reeve.NotFound) {
		return err
	}
	tx.DeleteWebhookMessages(organization)
	tx.DeleteAlerts(organization)
	return nil
}
