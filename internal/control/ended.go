package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How often keys and tokens are looked for whose end has come, and how many are
// deleted in one transaction.
const (
	endedEvery = time.Second
	endedBatch = 100
)

// deleteEnded deletes what has ended, until the context ends; failures are
// handed to report.
func (c *Control) deleteEnded(ctx context.Context, report func(error)) {
	for {
		c.runner(ctx, jobEnded, endedEvery, report)(func() error { return c.deleteEndedNow(ctx) })
		select {
		case <-ctx.Done():
			return
		case <-time.After(endedEvery):
		}
	}
}

// deleteEndedNow deletes all API keys and gateways' tokens whose end has come,
// as reeve itself: their deletions are changes like any others, and reach
// gateways as such. Replicas that do so at once do no harm.
func (c *Control) deleteEndedNow(ctx context.Context) error {
	for _, some := range []func(context.Context) (int, error){c.deleteEndedKeys, c.deleteEndedTokens} {
		for n := endedBatch; n == endedBatch; {
			pass, cancel := context.WithTimeout(ctx, jobTimeout)
			var err error
			n, err = some(pass)
			cancel()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteEndedKeys deletes some of the keys that have ended, and gives how many
// there were. Nothing is written while there are none.
func (c *Control) deleteEndedKeys(ctx context.Context) (int, error) {
	ids, err := c.store.EndedAPIKeys(ctx, c.store.Now(), endedBatch)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var gone []reeve.APIKey
	var at time.Time
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		gone, at = gone[:0], tx.Now()
		for _, id := range ids {
			key, err := tx.LockAPIKey(ctx, id)
			if reeve.IsKind(err, reeve.NotFound) || err == nil && !key.Ended(at) {
				continue
			} else if err != nil {
				return err
			}
			deleteAPIKey(tx, system, key)
			gone = append(gone, key)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i := range gone {
		c.live.drop(gone[i].Head, at)
	}
	return len(ids), nil
}

// deleteEndedTokens deletes some of the gateways' tokens that have ended, which
// work nowhere any more.
func (c *Control) deleteEndedTokens(ctx context.Context) (int, error) {
	tokens, err := c.store.EndedGatewayTokens(ctx, c.store.Now(), endedBatch)
	if err != nil || len(tokens) == 0 {
		return 0, err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		for i := range tokens {
			there, err := tx.DeleteGatewayToken(ctx, tokens[i].ID)
			if err != nil {
				return err
			}
			if there {
				record(tx, system, change{
					action: "gateway_token.delete", target: tokens[i].GatewayID, before: gatewayTokenFields(tokens[i]),
				})
			}
		}
		return nil
	})
	return len(tokens), err
}
