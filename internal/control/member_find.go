package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// FindOrganizationMember finds a member of an organisation, for operators and
// who is in it. Somebody who is not in it is, to a tenant, nobody.
func (c *Control) FindOrganizationMember(ctx context.Context, organization, user reeve.ID) (reeve.Member, error) {
	by, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadMembers)
	if err != nil {
		return reeve.Member{}, err
	}
	out, err := c.store.FindMember(ctx, store.InOrganization(organization), user)
	return out, by.veil(err)
}

// FindProjectMember is FindOrganizationMember for a project's own members.
func (c *Control) FindProjectMember(ctx context.Context, project, user reeve.ID) (reeve.Member, error) {
	by, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadMembers)
	if err != nil {
		return reeve.Member{}, err
	}
	out, err := c.store.FindMember(ctx, store.InProject(project), user)
	return out, by.veil(err)
}
