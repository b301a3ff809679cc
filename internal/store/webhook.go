package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const webhookColumns = "organization_id, url, secret, sealed_by, created_at"

func scanWebhook(row scanner) (w reeve.Webhook, err error) {
	err = row.Scan(&w.OrganizationID, &w.URL, &w.Secret, &w.SealedBy, &w.CreatedAt)
	return w, err
}

// Webhook finds an organisation's webhook.
func (r Reader) Webhook(ctx context.Context, organization reeve.ID) (reeve.Webhook, error) {
	return one(ctx, r, webhookOf(organization, ""), scanWebhook)
}

// LockWebhook guards an organisation's webhook and the order of its messages:
// who holds it alone appends to them, so that their sequences are in the order
// of the commits.
func (tx *Tx) LockWebhook(ctx context.Context, organization reeve.ID) (reeve.Webhook, error) {
	return one(ctx, tx.Reader, webhookOf(organization, tx.d.lock), scanWebhook)
}

func webhookOf(organization reeve.ID, lock string) read {
	return read{
		"SELECT " + webhookColumns + " FROM webhooks WHERE organization_id = $1" + lock,
		[]any{organization},
		missing("webhook"),
	}
}

// PutWebhook sets the webhook of an organisation, whose row is locked.
func (tx *Tx) PutWebhook(w reeve.Webhook) {
	tx.write(statement{
		sql: `INSERT INTO webhooks (organization_id, url, secret, sealed_by, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization_id) DO UPDATE SET url = excluded.url, secret = excluded.secret,
				sealed_by = excluded.sealed_by, created_at = excluded.created_at`,
		args: []any{w.OrganizationID, w.URL, w.Secret, w.SealedBy, w.CreatedAt},
	})
}

// DeleteWebhook deletes an organisation's webhook.
func (tx *Tx) DeleteWebhook(organization reeve.ID) {
	tx.write(statement{sql: "DELETE FROM webhooks WHERE organization_id = $1", args: []any{organization}})
}

// WebhookOfEachSeal gives one webhook for each master key that sealed any.
func (r Reader) WebhookOfEachSeal(ctx context.Context) ([]reeve.Webhook, error) {
	out := []reeve.Webhook{}
	for after := []byte{}; ; {
		next, err := many(ctx, r, read{
			sql:  "SELECT " + webhookColumns + " FROM webhooks WHERE sealed_by > $1 ORDER BY sealed_by, organization_id LIMIT 1",
			args: []any{after},
		}, scanWebhook)
		if err != nil || len(next) == 0 {
			return out, err
		}
		out = append(out, next...)
		after = next[0].SealedBy[:]
	}
}

// LockWebhooksSealedBy pages through the webhooks that one master key sealed,
// as LockAPIKeysSealedBy does.
func (tx *Tx) LockWebhooksSealedBy(ctx context.Context, by [8]byte, after reeve.ID, limit int) ([]reeve.Webhook, error) {
	return many(ctx, tx.Reader, read{
		sql: "SELECT " + webhookColumns + ` FROM webhooks WHERE sealed_by = $1 AND organization_id > $2
			ORDER BY organization_id LIMIT $3` + tx.d.lock,
		args: []any{by, after, limit},
	}, scanWebhook)
}

const messageColumns = "m.sequence, m.id, m.organization_id, m.payload, m.attempts, m.next_at, m.created_at"

func scanMessage(row scanner) (m reeve.WebhookMessage, err error) {
	err = row.Scan(&m.Sequence, &m.ID, &m.OrganizationID, &m.Payload, &m.Attempts, &m.NextAt, &m.CreatedAt)
	return m, err
}

// AppendWebhookMessage puts a message behind the others of an organisation whose
// webhook is locked.
func (tx *Tx) AppendWebhookMessage(m reeve.WebhookMessage) {
	tx.write(statement{
		sql: `INSERT INTO webhook_messages (id, organization_id, payload, attempts, next_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`,
		args: []any{m.ID, m.OrganizationID, m.Payload, m.Attempts, m.NextAt, m.CreatedAt},
	})
}

// DueWebhookMessages lists up to limit messages that may be tried at a time,
// each the first of its organisation: those that were tried least come first,
// so that endpoints that are down hold up nobody.
func (r Reader) DueWebhookMessages(ctx context.Context, at time.Time, limit int) ([]reeve.WebhookMessage, error) {
	return many(ctx, r, read{
		sql: "SELECT " + messageColumns + ` FROM webhook_messages m WHERE m.next_at <= $1 AND m.sequence IN
			(SELECT MIN(sequence) FROM webhook_messages GROUP BY organization_id)
			ORDER BY m.attempts, m.next_at, m.sequence LIMIT $2`,
		args: []any{at, limit},
	}, scanMessage)
}

// NextWebhookMessage gives an organisation's first message; NotFound if it has
// none.
func (r Reader) NextWebhookMessage(ctx context.Context, organization reeve.ID) (reeve.WebhookMessage, error) {
	return one(ctx, r, read{
		"SELECT " + messageColumns + " FROM webhook_messages m WHERE m.organization_id = $1 ORDER BY m.sequence LIMIT 1",
		[]any{organization},
		missing("message"),
	}, scanMessage)
}

// CountWebhookMessages counts an organisation's messages.
func (r Reader) CountWebhookMessages(ctx context.Context, organization reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) FROM webhook_messages WHERE organization_id = $1", args: []any{organization},
	}, value[int])
}

// CountAllWebhookMessages counts the messages of all organisations.
func (r Reader) CountAllWebhookMessages(ctx context.Context) (int, error) {
	return one(ctx, r, read{sql: "SELECT COUNT(*) FROM webhook_messages"}, value[int])
}

// ClaimWebhookMessage counts an attempt at a message and keeps others from it
// until a time. NotFound if the message is gone or somebody else has it, or had
// it since it was read.
func (tx *Tx) ClaimWebhookMessage(ctx context.Context, m reeve.WebhookMessage, until time.Time) error {
	_, err := one(ctx, tx.Reader, read{
		`UPDATE webhook_messages SET attempts = attempts + 1, next_at = $4
			WHERE sequence = $1 AND attempts = $2 AND next_at = $3 RETURNING sequence`,
		[]any{m.Sequence, m.Attempts, m.NextAt, until},
		missing("message"),
	}, value[int64])
	return err
}

// PutWebhookMessage says when a message is tried again and how often it was,
// unless somebody else has had it since the attempt of that number.
func (tx *Tx) PutWebhookMessage(m reeve.WebhookMessage, attempt int) {
	tx.write(statement{
		sql:  "UPDATE webhook_messages SET attempts = $3, next_at = $4 WHERE sequence = $1 AND attempts = $2",
		args: []any{m.Sequence, attempt, m.Attempts, m.NextAt},
	})
}

// RestartWebhookMessages lets all of an organisation's messages be tried at a
// time as if they never were.
func (tx *Tx) RestartWebhookMessages(organization reeve.ID, at time.Time) {
	tx.write(statement{
		sql:  "UPDATE webhook_messages SET attempts = 0, next_at = $2 WHERE organization_id = $1",
		args: []any{organization, at},
	})
}

// DeleteWebhookMessage removes a message, which was delivered or given up.
func (tx *Tx) DeleteWebhookMessage(sequence int64) {
	tx.write(statement{sql: "DELETE FROM webhook_messages WHERE sequence = $1", args: []any{sequence}})
}

// DeleteWebhookMessages removes all of an organisation's messages.
func (tx *Tx) DeleteWebhookMessages(organization reeve.ID) {
	tx.write(statement{sql: "DELETE FROM webhook_messages WHERE organization_id = $1", args: []any{organization}})
}
