package control

import (
	"context"
	"encoding/hex"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CheckMasterKey answers Invalid when stored secrets were sealed with a master
// key that is not configured. It opens one secret of each master key and kind.
func (c *Control) CheckMasterKey(ctx context.Context) error {
	samples, err := c.sealed(ctx)
	if err != nil {
		return err
	}
	for _, sample := range samples.keys {
		if _, err := c.keys.open(sample); err != nil {
			return sealedElsewhere("API keys", sample.SealedBy).Wrap(err)
		}
	}
	for _, sample := range samples.webhooks {
		if _, err := c.keys.openWebhook(sample); err != nil {
			return sealedElsewhere("webhooks' secrets", sample.SealedBy).Wrap(err)
		}
	}
	for _, sample := range samples.totps {
		if _, err := c.keys.openTOTP(sample); err != nil {
			return sealedElsewhere("secrets of users' codes", sample.SealedBy).Wrap(err)
		}
	}
	return nil
}

func sealedElsewhere(what string, by [keyIDSize]byte) *reeve.Error {
	return reeve.Errorf(reeve.Invalid, "the master key does not open the stored %s, some of which were sealed with key %s",
		what, hex.EncodeToString(by[:]))
}

// samples are one secret of each kind and master key that sealed any.
type samples struct {
	keys     []reeve.APIKey
	webhooks []reeve.Webhook
	totps    []reeve.TOTP
}

func (c *Control) sealed(ctx context.Context) (out samples, err error) {
	if out.keys, err = c.store.APIKeyOfEachSeal(ctx); err != nil {
		return out, err
	}
	if out.webhooks, err = c.store.WebhookOfEachSeal(ctx); err != nil {
		return out, err
	}
	out.totps, err = c.store.TOTPOfEachSeal(ctx)
	return out, err
}

// seals gives the ids of the master keys that sealed any.
func (s samples) seals() map[[keyIDSize]byte]bool {
	out := map[[keyIDSize]byte]bool{}
	for _, sample := range s.keys {
		out[sample.SealedBy] = true
	}
	for _, sample := range s.webhooks {
		out[sample.SealedBy] = true
	}
	for _, sample := range s.totps {
		out[sample.SealedBy] = true
	}
	return out
}

// rekeyBatch is how many secrets one transaction reseals.
const rekeyBatch = 500

// Rekey seals every secret of API keys, webhooks and users' codes, and every kept reply, with
// the first master key, and gives how many it changed; when it succeeds, none is left that another
// sealed. It may run beside serving replicas that hold both keys, be stopped,
// and run again.
func (c *Control) Rekey(ctx context.Context) (changed int, err error) {
	by, err := operator(ctx, reeve.ManageMaintenance)
	if err != nil {
		return 0, err
	}
	for {
		samples, err := c.sealed(ctx)
		if err != nil {
			return changed, err
		}
		seals := samples.seals()
		replies, err := c.store.ReplyOfEachSeal(ctx)
		if err != nil {
			return changed, err
		}
		for i := range replies {
			if c.keys.holds(replies[i].SealedBy) { // what nobody can open goes within a day
				seals[replies[i].SealedBy] = true
			}
		}
		delete(seals, c.keys.keys[0].id)
		if len(seals) == 0 {
			return changed, nil
		}
		for seal := range seals {
			for _, reseal := range []resealer{c.resealAPIKeys, c.resealWebhooks, c.resealTOTPs, c.resealReplies} {
				resealed, err := c.resealAll(ctx, by, seal, reseal)
				changed += resealed
				if err != nil {
					return changed, err
				}
			}
		}
	}
}

// sealPage is a page of what one master key sealed.
type sealPage struct {
	seal  [keyIDSize]byte
	after reeve.ID
}

// resealer reseals a page, and gives how many it was and the last id.
type resealer func(ctx context.Context, tx *store.Tx, by Caller, page sealPage) (n int, last reeve.ID, err error)

// resealAll reseals what one master key sealed, up to a page that is empty.
func (c *Control) resealAll(ctx context.Context, by Caller, seal [keyIDSize]byte, reseal resealer) (changed int, err error) {
	page := sealPage{seal: seal}
	for {
		n, last := 0, reeve.Zero
		err := c.store.Write(ctx, func(tx *store.Tx) (err error) {
			n, last, err = reseal(ctx, tx, by, page)
			return err
		})
		if err != nil || n == 0 {
			return changed, err
		}
		changed, page.after = changed+n, last
	}
}

func (c *Control) resealAPIKeys(ctx context.Context, tx *store.Tx, by Caller, page sealPage) (int, reeve.ID, error) {
	keys, err := tx.LockAPIKeysSealedBy(ctx, page.seal, page.after, rekeyBatch)
	for _, key := range keys {
		secret, err := c.keys.open(key)
		if err != nil {
			return 0, reeve.Zero, err
		}
		c.keys.seal(&key, secret)
		tx.ResealAPIKey(key)
		record(tx, by, change{action: "apikey.rekey", target: key.ID, project: key.ProjectID})
		page.after = key.ID
	}
	return len(keys), page.after, err
}

func (c *Control) resealWebhooks(ctx context.Context, tx *store.Tx, by Caller, page sealPage) (int, reeve.ID, error) {
	webhooks, err := tx.LockWebhooksSealedBy(ctx, page.seal, page.after, rekeyBatch)
	for _, webhook := range webhooks {
		secret, err := c.keys.openWebhook(webhook)
		if err != nil {
			return 0, reeve.Zero, err
		}
		c.keys.sealWebhook(&webhook, secret)
		tx.PutWebhook(webhook)
		record(tx, by, change{action: "webhook.rekey", target: webhook.OrganizationID, organization: webhook.OrganizationID})
		page.after = webhook.OrganizationID
	}
	return len(webhooks), page.after, err
}

func (c *Control) resealReplies(ctx context.Context, tx *store.Tx, _ Caller, page sealPage) (int, reeve.ID, error) {
	replies, err := tx.LockRepliesSealedBy(ctx, page.seal, page.after, rekeyBatch)
	for _, kept := range replies {
		text, err := c.keys.openReply(kept)
		if err != nil {
			return 0, reeve.Zero, err
		}
		c.keys.sealReply(&kept, text)
		tx.ReplaceReply(kept)
		page.after = kept.ID
	}
	return len(replies), page.after, err
}

func (c *Control) resealTOTPs(ctx context.Context, tx *store.Tx, by Caller, page sealPage) (int, reeve.ID, error) {
	totps, err := tx.LockTOTPsSealedBy(ctx, page.seal, page.after, rekeyBatch)
	for _, totp := range totps {
		secret, err := c.keys.openTOTP(totp)
		if err != nil {
			return 0, reeve.Zero, err
		}
		c.keys.sealTOTP(&totp, secret)
		tx.PutTOTP(totp)
		record(tx, by, change{action: "totp.rekey", target: totp.UserID})
		page.after = totp.UserID
	}
	return len(totps), page.after, err
}
