package control

import (
	"context"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// ListOrganizationMembers lists an organisation's members, oldest first.
func (c *Control) ListOrganizationMembers(ctx context.Context, organization reeve.ID) ([]reeve.Member, error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return nil, err
	}
	return c.store.Members(ctx, store.InOrganization(organization))
}

// OrganizationMembers lists an organisation's members, oldest first, page by
// page, and gives how many there are. It is for operators and who is in it.
func (c *Control) OrganizationMembers(ctx context.Context, organization reeve.ID, page Page) ([]reeve.Member, Count, error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadMembers); err != nil {
		return nil, Count{}, err
	}
	return c.membersPage(ctx, store.InOrganization(organization), page)
}

// FindOrganizationMembers finds an organisation's members whose name or address
// begins with a text, in any case, at most limit; more tells that there are, or
// may be, others: a longer text finds them. It is for operators and who is in it.
func (c *Control) FindOrganizationMembers(ctx context.Context, organization reeve.ID, text string, limit int) (found []reeve.Member, more bool, err error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadMembers); err != nil {
		return nil, false, err
	}
	return c.findMembers(ctx, store.InOrganization(organization), text, limit)
}

// ListProjectMembers lists a project's own members, oldest first, disabled
// ones included.
func (c *Control) ListProjectMembers(ctx context.Context, project reeve.ID) ([]reeve.Member, error) {
	if _, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadMembers); err != nil {
		return nil, err
	}
	return c.store.Members(ctx, store.InProject(project))
}

// ProjectMembers is OrganizationMembers for a project's own members.
func (c *Control) ProjectMembers(ctx context.Context, project reeve.ID, page Page) ([]reeve.Member, Count, error) {
	if _, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadMembers); err != nil {
		return nil, Count{}, err
	}
	return c.membersPage(ctx, store.InProject(project), page)
}

// FindProjectMembers is FindOrganizationMembers for a project's own members.
func (c *Control) FindProjectMembers(ctx context.Context, project reeve.ID, text string, limit int) (found []reeve.Member, more bool, err error) {
	if _, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadMembers); err != nil {
		return nil, false, err
	}
	return c.findMembers(ctx, store.InProject(project), text, limit)
}

func (c *Control) membersPage(ctx context.Context, of store.MemberOf, page Page) ([]reeve.Member, Count, error) {
	total, err := page.counted(func(most int) (int, error) { return c.store.CountMembers(ctx, of, most) })
	if err != nil {
		return nil, Count{}, err
	}
	out, err := c.store.MembersPage(ctx, of, page.window())
	return out, total, err
}

// findMembers finds nobody by an empty text.
func (c *Control) findMembers(ctx context.Context, of store.MemberOf, text string, limit int) ([]reeve.Member, bool, error) {
	if len(text) > MaxQuery {
		return nil, false, errLongQuery
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, false, nil
	}
	if err := c.checkTexts(ctx); err != nil {
		return nil, false, err
	}
	return c.store.FindMembers(ctx, of, text, limit)
}
