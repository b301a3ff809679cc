package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// guarded says how a write holds a project and its organisation.
type guarded struct{ project, organization store.Hold }

// guardProject is the one way to a write of a project that tenants may do. Who
// may not see or do it is turned away before anything is held; a tenant is asked
// again when everything is, for it may have waited there for a transfer, a
// freeze, another role or the end of its credential. A project that went away in
// between is, to a tenant, one it may not see.
func (c *Control) guardProject(ctx context.Context, tx *store.Tx, id reeve.ID, action reeve.Action, how guarded) (Caller, reeve.Project, error) {
	caller, _, err := c.allow(ctx, tx.Reader, id, action)
	if err != nil {
		return caller, reeve.Project{}, err
	}
	var project reeve.Project
	if caller.Actor.IsTenant() || how.organization > store.HoldStill {
		project, err = holdProject(ctx, tx, id, how, caller.person()...)
	} else {
		project, err = tx.HoldProject(ctx, id, how.project)
	}
	if err == nil && caller.Actor.IsTenant() {
		caller, _, err = c.authorize(ctx, tx.Reader, id, action)
	}
	return caller, project, caller.veil(err)
}

// guardOrganization is guardProject for an organisation.
func (c *Control) guardOrganization(ctx context.Context, tx *store.Tx, id reeve.ID, action reeve.Action, how store.Hold) (Caller, reeve.Organization, error) {
	caller, _, err := c.allowOrganization(ctx, tx.Reader, id, action)
	if err != nil {
		return caller, reeve.Organization{}, err
	}
	var organization reeve.Organization
	if caller.Actor.IsTenant() {
		organization, err = holdOrganization(ctx, tx, id, how, caller.person()...)
	} else {
		organization, err = tx.HoldOrganization(ctx, id, how)
	}
	if err == nil && caller.Actor.IsTenant() {
		caller, _, err = c.authorizeOrganization(ctx, tx.Reader, id, action)
	}
	return caller, organization, caller.veil(err)
}

// lockProject is guardProject for what one does at a time.
func (c *Control) lockProject(ctx context.Context, tx *store.Tx, id reeve.ID, action reeve.Action) (Caller, reeve.Project, error) {
	return c.guardProject(ctx, tx, id, action, guarded{project: store.HoldAlone})
}

// lockOrganization is guardOrganization for what one does at a time.
func (c *Control) lockOrganization(ctx context.Context, tx *store.Tx, id reeve.ID, action reeve.Action) (Caller, reeve.Organization, error) {
	return c.guardOrganization(ctx, tx, id, action, store.HoldAlone)
}

// lockPerson guards the user who asks, as person has found, and asks again.
func (c *Control) lockPerson(ctx context.Context, tx *store.Tx, user reeve.ID) (Caller, reeve.User, error) {
	known, err := tx.LockUser(ctx, user)
	by := personCaller(ctx, user)
	if err == nil {
		_, err = c.person(ctx, tx.Reader, user)
	}
	return by, known, by.veil(err)
}

// person is the user who asks, for who holds what.
func (caller Caller) person() []reeve.ID {
	if caller.Actor.Kind != reeve.Person {
		return nil
	}
	return []reeve.ID{caller.Actor.ID}
}

// holdProject keeps some users, a project's owner, its organisation and the
// project itself from being frozen, deleted or transferred until the transaction
// ends: users first, then organisation and project, in this order everywhere.
func holdProject(ctx context.Context, tx *store.Tx, id reeve.ID, how guarded, users ...reeve.ID) (reeve.Project, error) {
	seen, err := tx.Project(ctx, id)
	if err != nil {
		return seen, err
	}
	if _, err := holdOrganization(ctx, tx, seen.OrganizationID, how.organization, append(users, seen.OwnerID)...); err != nil {
		return seen, err
	}
	project, err := tx.HoldProject(ctx, id, how.project)
	if err == nil && (project.OwnerID != seen.OwnerID || project.OrganizationID != seen.OrganizationID) {
		err = tx.Again() // it was transferred meanwhile, and others are held than those that it belongs to
	}
	return project, err
}

// holdOrganization keeps some users, an organisation's owner and the
// organisation itself from being frozen or deleted until the transaction ends. An
// organisation's owner is the same for good.
func holdOrganization(ctx context.Context, tx *store.Tx, id reeve.ID, how store.Hold, users ...reeve.ID) (reeve.Organization, error) {
	seen, err := tx.Organization(ctx, id)
	if err != nil {
		return seen, err
	}
	if _, err := tx.KeepUsers(ctx, append(users, seen.OwnerID)); err != nil {
		return seen, err
	}
	return tx.HoldOrganization(ctx, id, how)
}
