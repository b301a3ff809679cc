package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// MembersOutside counts who loses access when a project moves to an organisation:
// its own members who are not in that one. It is for operators.
func (c *Control) MembersOutside(ctx context.Context, project, organization reeve.ID) (Count, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return Count{}, err
	}
	return c.store.CountMembersOutside(ctx, project, organization)
}

// KeysBefore counts the API keys of a project that were made before a time, nil
// is all there are, and those of them that were used within a time from now, as
// far as that is written down. It is for operators.
func (c *Control) KeysBefore(ctx context.Context, project reeve.ID, before *time.Time, within time.Duration) (store.KeysBefore, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return store.KeysBefore{}, err
	}
	now := c.store.Now()
	end := now.Add(time.Second) // what is made this instant is among all
	if before != nil {
		end = *before
	}
	return c.store.CountAPIKeysBefore(ctx, project, now, end, now.Add(-within))
}
