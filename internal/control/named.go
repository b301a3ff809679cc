package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// NameThings fills in what users, organisations and projects are called, for
// operators; what is gone has no name.
func (c *Control) NameThings(ctx context.Context, things []*Named) error {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return err
	}
	return c.nameAll(ctx, things)
}

// nameAll fills in what users, organisations and projects are called.
func (c *Control) nameAll(ctx context.Context, things []*Named) error {
	ids := map[FoundKind][]reeve.ID{}
	for _, thing := range things {
		ids[thing.Kind] = append(ids[thing.Kind], thing.ID)
	}
	users, err := c.store.UsersByID(ctx, ids[FoundUser])
	if err != nil {
		return err
	}
	organizations, err := c.store.OrganizationsByID(ctx, ids[FoundOrganization])
	if err != nil {
		return err
	}
	projects, err := c.store.ProjectsByID(ctx, ids[FoundProject])
	if err != nil {
		return err
	}
	for _, thing := range things {
		switch thing.Kind {
		case FoundUser:
			thing.Name = users[thing.ID].FullName
		case FoundOrganization:
			thing.Name = organizations[thing.ID].Name
		case FoundProject:
			thing.Name = projects[thing.ID].Name
		}
	}
	return nil
}
