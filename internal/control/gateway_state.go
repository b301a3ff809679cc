package control

import (
	"cmp"
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
)

// GetGateway finds a gateway with its sessions, as this replica sees them, and
// what its leases hold.
func (c *Control) GetGateway(ctx context.Context, id reeve.ID) (out GatewayState, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return out, err
	}
	if out.Gateway, err = c.store.Gateway(ctx, id); err != nil {
		return out, err
	}
	sessions, err := c.store.Sessions(ctx)
	if err != nil {
		return out, err
	}
	s := SystemState{At: c.store.Now()}
	if s.Newest, _, err = c.store.ChangeEnd(ctx, "head"); err != nil {
		return out, err
	}
	over := map[reeve.ID]bool{}
	for _, session := range c.sessions.note(sessions) {
		over[session.ID] = true
	}
	var own []SessionState
	for _, session := range sessions {
		if session.GatewayID != nil && *session.GatewayID == id {
			own = append(own, c.sessionState(&s, session, over[session.ID]))
		}
	}
	slices.SortStableFunc(own, func(a, b SessionState) int { return cmp.Compare(a.Applied, b.Applied) })
	if err := c.behindSince(ctx, own); err != nil {
		return out, err
	}
	out.Sessions = listSessions(own, mostGatewaySessions)
	leases, err := c.store.LeasesOf(ctx, []reeve.ID{id}, s.At)
	out.Leases = leases[id]
	return out, err
}
