package control

import (
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Why something stays deleted.
var (
	errOwnerIsGone        = reeve.Errorf(reeve.Conflict, "the owner is deleted")
	errOrganizationIsGone = reeve.Errorf(reeve.Conflict, "the organization is deleted")
	errOwnerIsOutside     = reeve.Errorf(reeve.Conflict, "owner is not a member of the organization")
)

// becomes gives an error for a NotFound, and leaves others as they are.
func becomes(err, conflict error) error {
	if reeve.IsKind(err, reeve.NotFound) {
		return conflict
	}
	return err
}

// RestoreProject brings a deleted project back with its limits, what it used of
// the month's bandwidth, and those of its members who are in the organisation;
// not its keys. NotFound if there is nothing to restore; a Conflict while the
// organisation or the owner is missing or the owner has projects enough.
func (c *Control) RestoreProject(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error { return restoreProject(ctx, tx, by, id) })
	if err == nil {
		c.freezesChanged(ctx, id)
		c.store.AfterCommit(ctx, func() {
			c.refreshed(ctx, id)
			c.alerts.touch(id)
		})
	}
	return err
}

func restoreProject(ctx context.Context, tx *store.Tx, by Caller, id reeve.ID) error {
	kept, err := tx.LockDeletion(ctx, reeve.DeletedProject, id)
	if err != nil {
		return err
	}
	var snapshot projectSnapshot
	if err := readSnapshot(kept, &snapshot); err != nil {
		return err
	}
	p := snapshot.project(id, kept.Name)
	if err := placeForProject(ctx, tx, p.OwnerID); err != nil {
		return becomes(err, errOwnerIsGone)
	}
	if _, err := tx.KeepOrganization(ctx, p.OrganizationID); err != nil {
		return becomes(err, errOrganizationIsGone)
	}
	if err := insider(ctx, tx, p, p.OwnerID, errOwnerIsOutside); err != nil {
		return err
	}
	inside, err := tx.KeepMembers(ctx, store.InOrganization(p.OrganizationID), memberIDs(snapshot.Members))
	if err != nil {
		return err
	}
	tx.CreateProject(p)
	tx.UpdateProject(p) // what no new project has
	for _, m := range snapshot.Members {
		if inside[m.UserID.ID] {
			tx.CreateMember(store.InProject(id), m.member())
		}
	}
	if used := snapshot.Bandwidth; used.Committed > 0 {
		tx.PutMeter(id, reeve.MeterBandwidth, reeve.MeterState{Period: used.Period, Committed: used.Committed})
	}
	tx.ReturnProject(id)
	tx.DeleteDeletion(id)
	record(tx, by, change{action: "project.restore", target: id, organization: p.OrganizationID, after: projectFields(p)})
	snapshot.Freeze.restore(tx, by, frozenThing{id, store.FrozenProject, p.OrganizationID})
	return nil
}

// restore freezes again what was frozen when it was deleted, unless the end of
// that has come.
func (f *freezeSnapshot) restore(tx *store.Tx, by Caller, thing frozenThing) {
	if f != nil && (f.Until == nil || f.Until.After(tx.Now())) {
		putFreeze(tx, by, thing, nil, reeve.Frozen(*f))
	}
}

// placeForProject locks a user and answers a Conflict if the user owns projects
// enough; NotFound if the user is gone.
func placeForProject(ctx context.Context, tx *store.Tx, owner reeve.ID) error {
	user, err := tx.LockUser(ctx, owner)
	if err != nil {
		return err
	}
	owned, err := tx.CountProjectsOwnedBy(ctx, owner)
	if err == nil && owned >= user.ProjectLimit {
		err = reeve.Errorf(reeve.Conflict, "project limit reached").WithDetail("limit %d", user.ProjectLimit)
	}
	return err
}

// RestoreOrganization brings a deleted organisation back with its budget and
// those of its members who are not deleted; not its keys and webhook. NotFound if
// there is nothing to restore; a Conflict while the owner is deleted.
func (c *Control) RestoreOrganization(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error { return restoreOrganization(ctx, tx, by, id) })
	if err == nil {
		c.freezesChanged(ctx, id)
	}
	return err
}

func restoreOrganization(ctx context.Context, tx *store.Tx, by Caller, id reeve.ID) error {
	kept, err := tx.LockDeletion(ctx, reeve.DeletedOrganization, id)
	if err != nil {
		return err
	}
	var snapshot organizationSnapshot
	if err := readSnapshot(kept, &snapshot); err != nil {
		return err
	}
	users, err := tx.KeepUsers(ctx, append(memberIDs(snapshot.Members), snapshot.OwnerID.ID))
	if err != nil {
		return err
	}
	if !users[snapshot.OwnerID.ID] {
		return errOwnerIsGone
	}
	o := reeve.Organization{ID: id, Name: kept.Name, OwnerID: snapshot.OwnerID.ID, CreatedAt: snapshot.CreatedAt}
	tx.CreateOrganization(o)
	tx.PutBudget(id, snapshot.Budget)
	for _, m := range snapshot.Members {
		if users[m.UserID.ID] {
			tx.CreateMember(store.InOrganization(id), m.member())
		}
	}
	tx.DeleteDeletion(id)
	record(tx, by, change{action: "organization.restore", target: id, organization: id, after: organizationFields(o)})
	snapshot.Freeze.restore(tx, by, frozenThing{id, store.FrozenOrganization, id})
	return nil
}

// RestoreUser brings a deleted user back, who is named by the id or the address
// of before, with the password, the organisations that were deleted along and the
// place in all others that are there; not the sessions. Codes are asked for as
// before. NotFound if there is nothing to restore; a Conflict if the address is
// taken meanwhile.
func (c *Control) RestoreUser(ctx context.Context, who string) error {
	by, err := operator(ctx, reeve.ManageUsers)
	if err != nil {
		return err
	}
	var restored []reeve.ID
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		kept, err := lockDeletedUser(ctx, tx, who)
		if err != nil {
			return err
		}
		restored, err = restoreUser(ctx, tx, by, kept)
		return err
	})
	if err == nil {
		c.freezesChanged(ctx, restored...)
	}
	return err
}

// lockDeletedUser finds a deleted user by the id, in either spelling, or by the
// address.
func lockDeletedUser(ctx context.Context, tx *store.Tx, who string) (reeve.Deletion, error) {
	if id, err := reeve.ParseID(reeve.PrefixUser, who); err == nil {
		kept, err := tx.LockDeletion(ctx, reeve.DeletedUser, id)
		if !reeve.IsKind(err, reeve.NotFound) {
			return kept, err
		}
	}
	return tx.LockDeletedUser(ctx, who)
}

// restoreUser gives the ids of all that it brought back.
func restoreUser(ctx context.Context, tx *store.Tx, by Caller, kept reeve.Deletion) ([]reeve.ID, error) {
	var snapshot userSnapshot
	if err := readSnapshot(kept, &snapshot); err != nil {
		return nil, err
	}
	user := reeve.User{
		ID: kept.ID, Email: kept.Name, FullName: snapshot.FullName, ShortName: snapshot.ShortName,
		PasswordHash: snapshot.PasswordHash, ProjectLimit: snapshot.ProjectLimit,
	}
	if _, err := tx.UserByEmail(ctx, user.Email); err == nil {
		return nil, store.EmailTaken(user.Email)
	} else if !reeve.IsKind(err, reeve.NotFound) {
		return nil, err
	}
	tx.RestoreUser(user)
	restored := []reeve.ID{user.ID}
	for _, id := range snapshot.Organizations {
		if err := restoreOrganization(ctx, tx, by, id.ID); err != nil && !reeve.IsKind(err, reeve.NotFound) {
			return nil, err
		}
		restored = append(restored, id.ID)
	}
	if err := rejoin(ctx, tx, by, snapshot.Memberships); err != nil {
		return nil, err
	}
	tx.DeleteDeletion(user.ID)
	record(tx, by, change{
		action: "user.restore", target: user.ID,
		before: fields{"email": reeve.DeactivatedEmail(user.ID)}, after: userFields(user),
	})
	snapshot.Freeze.restore(tx, by, frozenThing{user.ID, store.FrozenUser, reeve.Zero})
	return restored, nil
}

// rejoin makes a restored user a member again of the organisations that are
// there.
func rejoin(ctx context.Context, tx *store.Tx, by Caller, places []membershipSnapshot) error {
	places = slices.Clone(places)
	slices.SortFunc(places, func(a, b membershipSnapshot) int {
		return slices.Compare(a.OrganizationID.ID[:], b.OrganizationID.ID[:])
	})
	for _, place := range places {
		o, err := tx.LockOrganization(ctx, place.OrganizationID.ID)
		if reeve.IsKind(err, reeve.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		m := place.member()
		g := organizationGroup(by, o)
		tx.CreateMember(g.of, m)
		g.record(tx, "create", nil, &m)
	}
	return nil
}
