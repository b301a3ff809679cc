package control

import (
	"context"

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

// GetOrganization finds an organisation.
func (c *Control) GetOrganization(ctx context.Context, id reeve.ID) (reeve.Organization, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.Organization{}, err
	}
	return c.store.Organization(ctx, id)
}

// RenameOrganization changes an organisation's name.
func (c *Control) RenameOrganization(ctx context.Context, id reeve.ID, name string) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return err
		}
		name, err := reeve.CleanName("Name", name)
		if err != nil || name == o.Name {
			return err
		}
		before := o.Name
		o.Name = name
		tx.RenameOrganization(o)
		record(tx, by, change{
			action: "organization.update", target: id, organization: id,
			before: fields{"name": before}, after: fields{"name": name},
		})
		return nil
	})
}

// DeleteOrganization deletes an organisation without projects that has nothing
// left to pay for, with its memberships and keys.
func (c *Control) DeleteOrganization(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOrganizationForDelete(ctx, id)
		if err != nil {
			return err
		}
		projects, err := tx.CountProjects(ctx, id)
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
		return deleteOrganization(ctx, tx, by, o)
	})
}

// deleteOrganization deletes a locked organisation. Its keys are things of
// their own, so each gets its record; its memberships go without saying.
func deleteOrganization(ctx context.Context, tx *store.Tx, by Caller, o reeve.Organization) error {
	keys, err := tx.OrganizationKeys(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		deleteOrganizationKey(tx, by, key)
	}
	if err := forgetAlerts(ctx, tx, o.ID); err != nil {
		return err
	}
	tx.DeleteOrganization(o.ID)
	record(tx, by, change{action: "organization.delete", target: o.ID, organization: o.ID, before: organizationFields(o)})
	return nil
}
