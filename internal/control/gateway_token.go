package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// checkOverlap checks for how long a key or token is to go on working beside the
// one that replaces it.
func checkOverlap(overlap time.Duration) error {
	if overlap < 0 || overlap > reeve.MaxTokenOverlap {
		return reeve.Errorf(reeve.Invalid, "overlap must be 0 to %d seconds", int64(reeve.MaxTokenOverlap/time.Second))
	}
	return nil
}

// maxGatewayTokens is how many tokens a gateway may have at once.
const maxGatewayTokens = 10

// RotateGatewayToken gives a gateway a new token. The one before it works until
// the overlap ends, and none of those before longer than that.
func (c *Control) RotateGatewayToken(ctx context.Context, id reeve.ID, overlap time.Duration) (reeve.Token, error) {
	by, err := operator(ctx, reeve.ManageGateways)
	if err != nil {
		return "", err
	}
	if err := checkOverlap(overlap); err != nil {
		return "", err
	}
	token, hash := newToken(reeve.TokenGateway)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockGatewayForDelete(ctx, id); err != nil {
			return err
		}
		var newest reeve.GatewayToken
		live := 0
		err := tx.EachGatewayToken(ctx, []reeve.ID{id}, func(t reeve.GatewayToken) {
			if t.ExpiresAt == nil {
				newest = t
			}
			if t.Live(tx.Now()) {
				live++
			}
		})
		if err != nil {
			return err
		}
		if overlap > 0 && live >= maxGatewayTokens {
			return reeve.Errorf(reeve.Conflict, "the gateway has %d tokens", live)
		}
		next := reeve.GatewayToken{ID: newID(), GatewayID: id, Hash: hash, CreatedAt: tx.Now()}
		end := tx.Now().Add(overlap)
		before := &newest
		if overlap == 0 {
			before = nil
		}
		tx.ReplaceGatewayToken(next, before, end)
		newest.ExpiresAt = &end
		record(tx, by, change{
			action: "gateway_token.create", target: id, before: gatewayTokenFields(newest), after: gatewayTokenFields(next),
		})
		return nil
	})
	if err != nil {
		return "", err
	}
	c.store.AfterCommit(ctx, func() { _ = c.refreshGateways(ctx, id) }) // else the change log tells
	return token, nil
}

func gatewayTokenFields(t reeve.GatewayToken) fields {
	return fields{"id": t.ID, "expiresAt": t.ExpiresAt}
}

// GatewayTokenUse is a gateway's token with its last use; the hash is left out.
type GatewayTokenUse struct {
	reeve.GatewayToken
	LastUse store.LastUse // zero: none is known
}

// ListGatewayTokens lists the tokens by which a gateway may come, newest first.
func (c *Control) ListGatewayTokens(ctx context.Context, id reeve.ID) (out []GatewayTokenUse, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	var ids []reeve.ID
	now := c.store.Now()
	err = c.store.EachGatewayToken(ctx, []reeve.ID{id}, func(t reeve.GatewayToken) {
		if t.Live(now) {
			t.Hash = reeve.TokenHash{}
			out, ids = append(out, GatewayTokenUse{GatewayToken: t}), append(ids, t.ID)
		}
	})
	if err == nil && len(out) == 0 {
		err = reeve.Errorf(reeve.NotFound, "gateway not found")
	}
	if err != nil {
		return nil, err
	}
	uses, err := c.usesOf(ctx, ids)
	for i := range out {
		out[i].LastUse = uses[out[i].ID]
	}
	slices.SortFunc(out, func(a, b GatewayTokenUse) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), slices.Compare(b.ID[:], a.ID[:]))
	})
	return out, err
}
