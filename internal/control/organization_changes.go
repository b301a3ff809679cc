package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// ChangedBy is who made a change, as a tenant is told: the platform's operators
// have no names there.
type ChangedBy struct {
	Kind reeve.ActorKind // Person and KeyHolder have an ID
	ID   reeve.ID
}

// OrganizationChanges lists the changes of an organisation and of what belongs
// to it, newest first, and tells whether there are more. The filter's
// organisation is set here. Reasons are the operators' own and left out.
func (c *Control) OrganizationChanges(ctx context.Context, organization reeve.ID, f ChangeFilter) (page []reeve.Change, by []ChangedBy, more bool, err error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadChanges); err != nil {
		return nil, nil, false, err
	}
	if err := c.store.NumberChanges(ctx); err != nil {
		return nil, nil, false, err
	}
	limit := f.Limit
	f.Organization = &organization
	f.Limit++
	if page, err = c.store.Changes(ctx, f); err != nil {
		return nil, nil, false, err
	}
	if len(page) > limit {
		page, more = page[:limit], true
	}
	by, err = c.changedBy(ctx, organization, page)
	for i := range page {
		page[i].Reason = ""
	}
	return page, by, more, err
}

// changedBy tells who made changes. An id that is neither a user's nor that of a
// key of the organisation is an operator's or a gateway's.
func (c *Control) changedBy(ctx context.Context, organization reeve.ID, page []reeve.Change) ([]ChangedBy, error) {
	kinds := map[reeve.ID]reeve.ActorKind{}
	for _, change := range page {
		if id, err := reeve.ParseID("", change.Actor); err == nil {
			kinds[id] = reeve.Operator
		}
	}
	ids := make([]reeve.ID, 0, len(kinds))
	for id := range kinds {
		ids = append(ids, id)
	}
	err := c.store.EachActor(ctx, organization, ids, func(a store.Actor) { kinds[a.ID] = a.Kind })
	out := make([]ChangedBy, len(page))
	for i, change := range page {
		id, malformed := reeve.ParseID("", change.Actor)
		switch {
		case change.Actor == system.Actor.String():
			out[i].Kind = reeve.System
		case malformed != nil:
			out[i].Kind = reeve.Operator
		default:
			out[i].Kind = kinds[id]
			if (reeve.Actor{Kind: out[i].Kind}).IsTenant() {
				out[i].ID = id
			}
		}
	}
	return out, err
}
