package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// loadAll reads all that verifying needs.
func (f *follower) loadAll(ctx context.Context) error {
	l := f.live
	err := f.store.EachProject(ctx, nil, func(p reeve.Project) {
		if l.project(p.ID) == nil {
			l.put(&p)
		}
	})
	if err != nil {
		return err
	}
	frozen := map[reeve.ID]bool{}
	if err := f.store.EachFreeze(ctx, nil, func(one store.Freeze) { frozen[one.ID] = true }); err != nil {
		return err
	}
	l.putFrozen(frozen)
	err = f.store.EachGatewayToken(ctx, nil, func(t reeve.GatewayToken) { l.addGatewayToken(&t) })
	if err != nil {
		return err
	}
	err = f.store.EachRevokedHead(ctx, nil, func(h store.RevokedHead) { l.drop(h.Head, h.At) })
	if err != nil {
		return err
	}
	return f.takeKeys(ctx, nil, f.report)
}

// takeKeys reads keys, all if ids is nil, with their refused descendants.
func (c *Control) takeKeys(ctx context.Context, ids []reeve.ID, report func(error)) error {
	revoked := map[reeve.ID]map[[macaroon.Size]byte]struct{}{}
	err := c.store.EachRevokedTail(ctx, ids, func(t store.RevokedTail) {
		if revoked[t.APIKeyID] == nil {
			revoked[t.APIKeyID] = map[[macaroon.Size]byte]struct{}{}
		}
		revoked[t.APIKeyID][t.Tail] = struct{}{}
	})
	if err != nil {
		return err
	}
	var orphans []reeve.APIKey
	broken := 0
	take := func(k reeve.APIKey) (taken bool) {
		project := c.live.project(k.ProjectID)
		if project != nil && !c.takeKey(k, project, revoked[k.ID]) {
			broken++
		}
		return project != nil
	}
	err = c.store.EachAPIKey(ctx, ids, func(k reeve.APIKey) {
		if !take(k) {
			orphans = append(orphans, k)
		}
	})
	// Projects that were made after all were read.
	for _, k := range orphans {
		if err == nil {
			err = c.refreshProjects(ctx, k.ProjectID)
		}
		if err == nil {
			take(k) // or the project has gone, and the key with it
		}
	}
	if broken > 0 {
		report(fmt.Errorf("%d API keys are unknown to gateways: %w", broken, errUnknownMasterKey))
	}
	return err
}

// takeKey takes one key in. One whose secret cannot be opened stays out, and is
// unknown: it must not keep all others from working.
func (c *Control) takeKey(k reeve.APIKey, project *liveProject, revoked map[[macaroon.Size]byte]struct{}) bool {
	secret, err := c.keys.open(k)
	if err != nil {
		return false
	}
	key := liveKey{
		id: k.ID, secret: macaroon.Secret(secret), name: k.Name, issued: k.CreatedAt.UnixMicro(),
		project: project,
	}
	key.revoked = revoked
	c.live.add(k.Head, key)
	c.live.refuse(k.Head, slices.Collect(maps.Keys(revoked))...) // it may have been here already
	return true
}

// refreshProjects reads projects anew. It holds a lock over reading and
// putting, so that of two the later one has read last.
func (c *Control) refreshProjects(ctx context.Context, ids ...reeve.ID) error {
	if len(ids) == 0 {
		return nil
	}
	done, err := c.live.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	found := map[reeve.ID]bool{}
	err = c.store.EachProject(ctx, ids, func(p reeve.Project) {
		found[p.ID] = true
		c.live.put(&p)
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !found[id] {
			c.live.dropProject(id)
		}
		c.admissions.limited(id)
	}
	return nil
}

// refreshFreezes reads anew which of some things are frozen.
func (c *Control) refreshFreezes(ctx context.Context, ids ...reeve.ID) error {
	if len(ids) == 0 {
		return nil
	}
	done, err := c.live.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	states := map[reeve.ID]bool{}
	for _, id := range ids {
		states[id] = false
	}
	if err := c.store.EachFreeze(ctx, ids, func(one store.Freeze) { states[one.ID] = true }); err != nil {
		return err
	}
	c.live.putFrozen(states)
	return nil
}

// refreshed lets this replica know at once what it has just changed of a
// project. If that fails the change log will tell.
func (c *Control) refreshed(ctx context.Context, project reeve.ID) {
	_ = c.refreshProjects(ctx, project)
}

// refreshGateways reads gateways anew.
func (c *Control) refreshGateways(ctx context.Context, ids ...reeve.ID) error {
	if len(ids) == 0 {
		return nil
	}
	done, err := c.live.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	found := map[reeve.ID][]reeve.GatewayToken{}
	err = c.store.EachGatewayToken(ctx, ids, func(t reeve.GatewayToken) { found[t.GatewayID] = append(found[t.GatewayID], t) })
	if err != nil {
		return err
	}
	for _, id := range ids {
		c.live.putGateway(id, found[id]...) // none if it is gone
	}
	return nil
}
