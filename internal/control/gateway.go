package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateGateway names a gateway and gives its token, which is not kept.
func (c *Control) CreateGateway(ctx context.Context, name string) (reeve.Gateway, reeve.Token, error) {
	by, err := operator(ctx, reeve.ManageGateways)
	if err != nil {
		return reeve.Gateway{}, "", err
	}
	if name, err = reeve.CleanName("Name", name); err != nil {
		return reeve.Gateway{}, "", err
	}
	token, hash := newToken(reeve.TokenGateway)
	g := reeve.Gateway{ID: newID(), Name: name}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		g.CreatedAt = tx.Now()
		tx.CreateGateway(g, hash)
		record(tx, by, change{action: "gateway.create", target: g.ID, after: fields{"name": name}})
		return nil
	})
	if err != nil {
		return reeve.Gateway{}, "", err
	}
	c.store.AfterCommit(ctx, func() { _ = c.refreshGateways(ctx, g.ID) }) // else the change log tells
	return g, token, nil
}

// ListGateways lists the gateways, oldest first.
func (c *Control) ListGateways(ctx context.Context) ([]reeve.Gateway, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	return c.store.Gateways(ctx)
}

// DeleteGateway revokes a gateway's token and forgets the gateway. What its
// leases hold of bandwidth and usage is charged whole.
func (c *Control) DeleteGateway(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageGateways)
	if err != nil {
		return err
	}
	var charged []reeve.ID
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		g, err := tx.LockGatewayForDelete(ctx, id)
		if err != nil {
			return err
		}
		if charged, err = chargeLeases(ctx, tx, id); err != nil {
			return err
		}
		tx.DeleteGateway(id)
		record(tx, by, change{action: "gateway.delete", target: id, before: fields{"name": g.Name}})
		return nil
	})
	if err == nil {
		c.store.AfterCommit(ctx, func() {
			c.live.putGateway(id)
			_ = c.refreshGateways(ctx, id) // behind whoever has read it before, and puts it back
		})
	}
	for _, project := range charged {
		c.admissions.changed(project)
	}
	return err
}
