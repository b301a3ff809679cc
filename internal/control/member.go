package control

import (
	"context"
	"errors"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Why a member stays as it is.
var (
	errOwnerStays     = reeve.Errorf(reeve.Conflict, "the owner cannot be removed or demoted")
	errLastAdminStays = reeve.Errorf(reeve.Conflict, "the last enabled admin cannot be removed, demoted or disabled")
	errAlreadyMember  = reeve.Errorf(reeve.Conflict, "user is already a member of the project")
	errOutsider       = reeve.Errorf(reeve.Conflict, "user is not a member of the organization")
)

// group is an organisation or a project with the guard of its members held.
type group struct {
	of      store.MemberOf
	id      reeve.ID
	owner   reeve.ID
	by      Caller
	project bool
	within  reeve.ID // the organisation
}

func organizationGroup(by Caller, o reeve.Organization) group {
	return group{of: store.InOrganization(o.ID), id: o.ID, owner: o.OwnerID, by: by, within: o.ID}
}

func projectGroup(by Caller, p reeve.Project) group {
	return group{of: store.InProject(p.ID), id: p.ID, owner: p.OwnerID, by: by, project: true, within: p.OrganizationID}
}

// record tells of a membership that was (nil: none) and is (nil: none).
func (g group) record(tx *store.Tx, action string, before, after *reeve.Member) {
	record(tx, g.by, change{
		action: "member." + action, target: g.id, organization: g.within, before: memberFields(before), after: memberFields(after),
	})
}

func memberFields(m *reeve.Member) fields {
	if m == nil {
		return nil
	}
	return fields{"userId": m.UserID, "role": m.Role, "disabled": m.Disabled}
}

// mayWeaken tells whether a member may stop being an enabled admin.
func (g group) mayWeaken(ctx context.Context, tx *store.Tx, m reeve.Member) error {
	if m.Role != reeve.RoleAdmin || m.Disabled {
		return nil
	}
	others, err := tx.HasOtherAdmin(ctx, g.of, m.UserID)
	if err == nil && !others {
		err = errLastAdminStays
	}
	return err
}

// put makes a user an enabled member with a role.
func (g group) put(ctx context.Context, tx *store.Tx, user reeve.ID, role reeve.Role) error {
	old, err := tx.Member(ctx, g.of, user)
	if reeve.IsKind(err, reeve.NotFound) {
		g.create(tx, user, role)
		return nil
	}
	if err != nil {
		return err
	}
	if role != reeve.RoleAdmin {
		if user == g.owner {
			return errOwnerStays
		}
		if err := g.mayWeaken(ctx, tx, old); err != nil {
			return err
		}
	}
	g.update(tx, "update", old, reeve.Member{UserID: user, Role: role, CreatedAt: old.CreatedAt})
	return nil
}

// change gives a member another role.
func (g group) change(ctx context.Context, tx *store.Tx, user reeve.ID, role reeve.Role) (reeve.Member, error) {
	if _, err := tx.Member(ctx, g.of, user); err != nil {
		return reeve.Member{}, g.by.veil(err)
	}
	if err := g.put(ctx, tx, user, role); err != nil {
		return reeve.Member{}, err
	}
	return tx.Member(ctx, g.of, user)
}

func (g group) create(tx *store.Tx, user reeve.ID, role reeve.Role) reeve.Member {
	m := reeve.Member{UserID: user, Role: role, CreatedAt: tx.Now()}
	tx.CreateMember(g.of, m)
	g.record(tx, "create", nil, &m)
	return m
}

// update changes a membership unless it is so already.
func (g group) update(tx *store.Tx, action string, old, m reeve.Member) {
	if old.Role == m.Role && old.Disabled == m.Disabled {
		return
	}
	tx.UpdateMember(g.of, m)
	g.record(tx, action, &old, &m)
}

// remove takes a membership away.
func (g group) remove(ctx context.Context, tx *store.Tx, user reeve.ID) error {
	old, err := tx.Member(ctx, g.of, user)
	if err != nil {
		return g.by.veil(err)
	}
	if user == g.owner {
		return errOwnerStays
	}
	if err := g.mayWeaken(ctx, tx, old); err != nil {
		return err
	}
	g.leave(tx, old)
	return nil
}

// leave takes a membership away that nothing speaks against.
func (g group) leave(tx *store.Tx, m reeve.Member) {
	tx.DeleteMember(g.of, m.UserID)
	g.record(tx, "delete", &m, nil)
}

// ChangeOrganizationMember gives a member of an organisation another role, and
// enables the member. Somebody who is not in it is, to a tenant, nobody.
func (c *Control) ChangeOrganizationMember(ctx context.Context, organization, user reeve.ID, role reeve.Role) (out reeve.Member, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, o, err := c.lockOrganization(ctx, tx, organization, reeve.ManageMembers)
		if err != nil {
			return err
		}
		out, err = organizationGroup(by, o).change(ctx, tx, user, role)
		return err
	})
	return out, err
}

// ChangeProjectMember is ChangeOrganizationMember for a project's own members.
func (c *Control) ChangeProjectMember(ctx context.Context, project, user reeve.ID, role reeve.Role) (out reeve.Member, err error) {
	err = c.withProject(ctx, project, func(tx *store.Tx, p reeve.Project, g group) (err error) {
		if err := insider(ctx, tx, p, user, reeve.ErrDenied); err != nil {
			return err
		}
		out, err = g.change(ctx, tx, user, role)
		return err
	})
	return out, err
}

// PutOrganizationMember makes a user an enabled member of an organisation, or
// changes the role of one.
func (c *Control) PutOrganizationMember(ctx context.Context, organization, user reeve.ID, role reeve.Role) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOrganization(ctx, organization)
		if err != nil {
			return err
		}
		if _, err := tx.KeepUser(ctx, user); err != nil {
			return err
		}
		return organizationGroup(by, o).put(ctx, tx, user, role)
	})
}

// DeleteOrganizationMember removes a user from an organisation and from all
// its projects, for only members may be in those.
func (c *Control) DeleteOrganizationMember(ctx context.Context, organization, user reeve.ID) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		by, o, err := c.lockOrganization(ctx, tx, organization, reeve.ManageMembers)
		if err != nil {
			return err
		}
		// First the membership: its row is what a project's new member is
		// checked by, so none can be added behind the list that follows.
		if err := organizationGroup(by, o).remove(ctx, tx, user); err != nil {
			return err
		}
		projects, err := tx.LockProjectsOfMemberIn(ctx, organization, user)
		if err != nil {
			return err
		}
		for _, project := range projects {
			err := projectGroup(by, project).remove(ctx, tx, user)
			if reeve.IsKind(err, reeve.NotFound) || errors.Is(err, reeve.ErrDenied) {
				continue // removed while the list waited for the project's lock
			}
			if err != nil {
				return reeve.AsError(err).WithDetail("project %s", project.ID)
			}
		}
		return nil
	})
}

// PutProjectMember makes a member of the organisation an enabled member of a
// project, or changes the role of one. It is the operators' call.
func (c *Control) PutProjectMember(ctx context.Context, project, user reeve.ID, role reeve.Role) error {
	if _, err := operator(ctx, reeve.ManageTenants); err != nil {
		return err
	}
	return c.withProject(ctx, project, func(tx *store.Tx, p reeve.Project, g group) error {
		if _, err := tx.KeepUser(ctx, user); err != nil {
			return err
		}
		if err := insider(ctx, tx, p, user, errOutsider); err != nil {
			return err
		}
		return g.put(ctx, tx, user, role)
	})
}

// DeleteProjectMember removes a user from a project.
func (c *Control) DeleteProjectMember(ctx context.Context, project, user reeve.ID) error {
	return c.withProject(ctx, project, func(tx *store.Tx, _ reeve.Project, g group) error {
		return g.remove(ctx, tx, user)
	})
}

// AddProjectMember adds a member of the organisation to a project; a disabled
// member is enabled with the new role. Someone outside the organisation and
// nobody at all are the same to the caller.
func (c *Control) AddProjectMember(ctx context.Context, project, user reeve.ID, role reeve.Role) (out reeve.Member, err error) {
	err = c.withProject(ctx, project, func(tx *store.Tx, p reeve.Project, g group) error {
		if err := insider(ctx, tx, p, user, reeve.ErrDenied); err != nil {
			return err
		}
		old, err := tx.Member(ctx, g.of, user)
		switch {
		case reeve.IsKind(err, reeve.NotFound):
			out = g.create(tx, user, role)
			return nil
		case err != nil:
			return err
		case !old.Disabled:
			return errAlreadyMember
		}
		out = reeve.Member{UserID: user, Role: role, CreatedAt: old.CreatedAt}
		g.update(tx, "enable", old, out)
		return nil
	})
	return out, err
}

// DisableProjectMember takes a member's rights but not the place; again
// changes nothing.
func (c *Control) DisableProjectMember(ctx context.Context, project, user reeve.ID) error {
	_, err := c.switchMember(ctx, project, user, true)
	return err
}

// EnableProjectMember gives a disabled member the rights back; again changes
// nothing.
func (c *Control) EnableProjectMember(ctx context.Context, project, user reeve.ID) (reeve.Member, error) {
	return c.switchMember(ctx, project, user, false)
}

func (c *Control) switchMember(ctx context.Context, project, user reeve.ID, disabled bool) (out reeve.Member, err error) {
	err = c.withProject(ctx, project, func(tx *store.Tx, _ reeve.Project, g group) error {
		old, err := tx.Member(ctx, g.of, user)
		if reeve.IsKind(err, reeve.NotFound) {
			return reeve.ErrDenied
		}
		if err != nil {
			return err
		}
		out = old
		out.Disabled = disabled
		action := "enable"
		if disabled {
			action = "disable"
			if err := g.mayWeaken(ctx, tx, old); err != nil {
				return err
			}
		}
		g.update(tx, action, old, out)
		return nil
	})
	return out, err
}

// withProject runs a change of a project's members with their guard held.
func (c *Control) withProject(ctx context.Context, id reeve.ID, fn func(*store.Tx, reeve.Project, group) error) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		by, project, err := c.lockProject(ctx, tx, id, reeve.ManageMembers)
		if err != nil {
			return err
		}
		return fn(tx, project, projectGroup(by, project))
	})
}

// insider answers outside unless a user is an enabled member of a project's
// organisation, and keeps that so until the transaction ends.
func insider(ctx context.Context, tx *store.Tx, p reeve.Project, user reeve.ID, outside error) error {
	m, err := tx.KeepMember(ctx, store.InOrganization(p.OrganizationID), user)
	if reeve.IsKind(err, reeve.NotFound) || err == nil && m.Disabled {
		return outside
	}
	return err
}
