package control

import (
	"context"
	"math"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateOrganization creates an organisation; its owner becomes an admin.
func (c *Control) CreateOrganization(ctx context.Context, name string, owner reeve.ID) (reeve.Organization, error) {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return reeve.Organization{}, err
	}
	if name, err = reeve.CleanName("Name", name); err != nil {
		return reeve.Organization{}, err
	}
	if owner == reeve.Zero {
		return reeve.Organization{}, reeve.Errorf(reeve.Invalid, "OwnerID is not set")
	}
	var out reeve.Organization
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.KeepUser(ctx, owner); err != nil {
			return err
		}
		out = createOrganization(tx, by, name, owner)
		return nil
	})
	return out, err
}

func createOrganization(tx *store.Tx, by Caller, name string, owner reeve.ID) reeve.Organization {
	o := reeve.Organization{ID: newID(), Name: name, OwnerID: owner, CreatedAt: tx.Now()}
	tx.CreateOrganization(o)
	tx.CreateMember(store.InOrganization(o.ID), reeve.Member{
		UserID: owner, Role: reeve.RoleAdmin, CreatedAt: tx.Now(),
	})
	record(tx, by, change{action: "organization.create", target: o.ID, organization: o.ID, after: organizationFields(o)})
	return o
}

func organizationFields(o reeve.Organization) fields {
	return fields{"name": o.Name, "ownerId": o.OwnerID}
}

// GetOrganization finds an organisation with its Freeze, for operators and for who
// is in it.
func (c *Control) GetOrganization(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	_, organization, err := c.authorizeOrganization(ctx, c.store.Reader, id, reeve.ReadOrganization)
	return organization, err
}

// organizationOf finds an organisation for what operators alone may see of it.
func (c *Control) organizationOf(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.Organization{}, err
	}
	return c.store.Organization(ctx, id)
}

// RenameOrganization changes an organisation's name, and gives the organisation
// as it is then.
func (c *Control) RenameOrganization(ctx context.Context, id reeve.ID, name string) (out reeve.Organization, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, o, err := c.lockOrganization(ctx, tx, id, reeve.UpdateOrganization)
		if err != nil {
			return err
		}
		name, err := reeve.CleanName("Name", name)
		if out = o; err != nil || name == o.Name {
			return err
		}
		out.Name = name
		tx.RenameOrganization(out)
		record(tx, by, change{
			action: "organization.update", target: id, organization: id,
			before: fields{"name": o.Name}, after: fields{"name": name},
		})
		return nil
	})
	return out, err
}

// OrganizationProjects lists an organisation's projects, oldest first, and
// gives how many there are.
func (c *Control) OrganizationProjects(ctx context.Context, id reeve.ID, page Page) (out []reeve.Project, total Count, err error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, id, reeve.ReadOrganization); err != nil {
		return nil, Count{}, err
	}
	total, err = page.counted(func(most int) (int, error) { return c.store.CountProjects(ctx, id, most) })
	if err != nil {
		return nil, Count{}, err
	}
	out, err = c.store.OrganizationProjects(ctx, id, page.window())
	return out, total, err
}

// Place is an organisation that a user is in.
type Place = store.Place

// ListOrganizationsOf lists the organisations that a user is an enabled member
// of, oldest membership first, and gives how many there are. It is for operators
// and the user.
func (c *Control) ListOrganizationsOf(ctx context.Context, user reeve.ID, page Page) (out []Place, total int, err error) {
	if callerOf(ctx).tenant() {
		_, err = c.person(ctx, c.store.Reader, user)
	} else {
		_, err = operator(ctx, reeve.Look)
	}
	if err != nil {
		return nil, 0, err
	}
	if total, err = c.store.CountPlaces(ctx, user); err != nil {
		return nil, 0, err
	}
	out, err = c.store.Places(ctx, user, page.window())
	return out, total, err
}

// DeleteOrganization deletes an organisation without projects that has nothing
// left to pay for, with its memberships and keys. It can be restored for some
// time.
func (c *Control) DeleteOrganization(ctx context.Context, id reeve.ID) error {
	return c.removeOrganization(ctx, id, false)
}

// EraseOrganization is DeleteOrganization for good. One that is deleted already
// cannot be restored any more.
func (c *Control) EraseOrganization(ctx context.Context, id reeve.ID) error {
	if err := eraser(ctx, reeve.ManageTenants); err != nil {
		return err
	}
	return c.removeOrganization(ctx, id, true)
}

func (c *Control) removeOrganization(ctx context.Context, id reeve.ID, forGood bool) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOrganizationForDelete(ctx, id)
		if forGood && reeve.IsKind(err, reeve.NotFound) {
			return eraseKept(ctx, tx, by, reeve.Deletion{Kind: reeve.DeletedOrganization, ID: id}, err)
		}
		if err != nil {
			return err
		}
		projects, err := tx.CountProjects(ctx, id, math.MaxInt)
		if err != nil {
			return err
		}
		if projects > 0 {
			return reeve.Errorf(reeve.Conflict, "projects still exist").WithDetail("count %d", projects)
		}
		err = checkBilled(ctx, tx, "organization", store.StatementFilter{OrganizationID: id}, []reeve.Organization{o})
		if err != nil {
			return err
		}
		return c.deleteOrganization(ctx, tx, c.deletingBy(by, forGood), o)
	})
}

// deleteOrganization deletes a locked organisation. Its keys are things of
// their own, so each gets its record; its memberships go without saying.
func (c *Control) deleteOrganization(ctx context.Context, tx *store.Tx, how deleting, o reeve.Organization) error {
	if how.keep {
		snapshot, err := snapshotOrganization(ctx, tx, o)
		if err == nil {
			err = c.keepDeletion(tx, reeve.Deletion{ID: o.ID, Kind: reeve.DeletedOrganization, Name: o.Name}, snapshot)
		}
		if err != nil {
			return err
		}
	}
	keys, err := tx.OrganizationKeys(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		deleteOrganizationKey(tx, how.by, key)
	}
	if err := forgetAlerts(ctx, tx, o.ID); err != nil {
		return err
	}
	tx.DeleteOrganization(o.ID)
	record(tx, how.by, change{action: "organization.delete", target: o.ID, organization: o.ID, before: organizationFields(o)})
	return nil
}
