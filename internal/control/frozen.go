package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// ProjectIsFrozen tells whether a project is frozen, by itself or with what it
// belongs to: nothing of it can be changed by its tenants then, and none of its
// keys is valid. Why it is, is the operators' to tell.
func (c *Control) ProjectIsFrozen(ctx context.Context, project reeve.ID) (bool, error) {
	if _, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadProject); err != nil {
		return false, err
	}
	return c.store.IsProjectFrozen(ctx, project)
}

// FrozenProjects gives which of some projects are frozen, by themselves or with
// what they belong to. It is for operators.
func (c *Control) FrozenProjects(ctx context.Context, projects []reeve.ID) ([]reeve.ID, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	return c.store.FrozenProjects(ctx, projects)
}

// OrganizationIsFrozen is ProjectIsFrozen for an organisation with all its
// projects.
func (c *Control) OrganizationIsFrozen(ctx context.Context, organization reeve.ID) (bool, error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadOrganization); err != nil {
		return false, err
	}
	return c.store.IsOrganizationFrozen(ctx, organization)
}
