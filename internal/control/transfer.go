package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Transfer says who gets a project; what is zero stays as it is.
type Transfer struct{ OwnerID, OrganizationID reeve.ID }

// TransferProject gives a project to another owner, who becomes an admin, or
// organisation, or both. Its keys stay, members who are not in the organisation
// do not. A Conflict unless the owner is an enabled member there and has place
// for another project. A month that is not closed is billed to the organisation
// that has the project when it is closed.
func (c *Control) TransferProject(ctx context.Context, id reeve.ID, to Transfer) error {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return err
	}
	if to == (Transfer{}) {
		return reeve.Errorf(reeve.Invalid, "ownerId or organizationId must be set")
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error { return transferProject(ctx, tx, by, id, to) })
	if err == nil {
		c.store.AfterCommit(ctx, func() {
			c.refreshed(ctx, id)
			c.alerts.touch(id)
		})
	}
	return err
}

func transferProject(ctx context.Context, tx *store.Tx, by Caller, id reeve.ID, to Transfer) error {
	// No statement is made meanwhile: see billOnce.
	if err := tx.LockUsage(ctx); err != nil {
		return err
	}
	from, err := tx.LockProject(ctx, id)
	if err != nil {
		return err
	}
	p := from
	if to.OwnerID != reeve.Zero {
		p.OwnerID = to.OwnerID
	}
	if to.OrganizationID != reeve.Zero {
		p.OrganizationID = to.OrganizationID
	}
	if p.OwnerID == from.OwnerID && p.OrganizationID == from.OrganizationID {
		return nil
	}
	if err := mayOwn(ctx, tx, from, p); err != nil {
		return err
	}
	tx.TransferProject(p)
	if err := moveMembers(ctx, tx, by, from, p); err != nil {
		return err
	}
	if p.OrganizationID == from.OrganizationID {
		record(tx, by, change{
			action: "project.transfer", target: id, organization: p.OrganizationID,
			before: fields{"ownerId": from.OwnerID}, after: fields{"ownerId": p.OwnerID},
		})
		return nil
	}
	// Neither organisation is told of the other.
	record(tx, by, change{action: "project.transfer", target: id, organization: from.OrganizationID, before: projectFields(from)})
	record(tx, by, change{action: "project.transfer", target: id, organization: p.OrganizationID, after: projectFields(p)})
	return billOnce(ctx, tx, id)
}

// mayOwn answers a Conflict unless a project may become what it is to be.
func mayOwn(ctx context.Context, tx *store.Tx, from, p reeve.Project) error {
	if p.OwnerID == from.OwnerID {
		if _, err := tx.KeepUser(ctx, p.OwnerID); err != nil {
			return err
		}
	} else if err := placeForProject(ctx, tx, p.OwnerID); err != nil {
		return err
	}
	if _, err := tx.KeepOrganization(ctx, p.OrganizationID); err != nil {
		return err
	}
	return insider(ctx, tx, p, p.OwnerID, errOwnerIsOutside)
}

// moveMembers makes the owner of a project that moves an admin, and removes
// who is not in its organisation.
func moveMembers(ctx context.Context, tx *store.Tx, by Caller, from, p reeve.Project) error {
	if err := projectGroup(by, p).put(ctx, tx, p.OwnerID, reeve.RoleAdmin); err != nil {
		return err
	}
	if p.OrganizationID == from.OrganizationID {
		return nil
	}
	members, err := tx.Members(ctx, store.InProject(p.ID))
	if err != nil {
		return err
	}
	inside, err := tx.KeepMembers(ctx, store.InOrganization(p.OrganizationID), memberIDs(newMemberSnapshots(members)))
	if err != nil {
		return err
	}
	for _, m := range members {
		if !inside[m.UserID] {
			projectGroup(by, from).leave(tx, m)
		}
	}
	return nil
}

// billOnce sees to it that of a month that is being closed a project that moves
// is billed, though its organisation may have got its statement already: the next
// one has what no statement has billed.
func billOnce(ctx context.Context, tx *store.Tx, id reeve.ID) error {
	months, err := tx.BillingMonths(ctx)
	if err != nil {
		return err
	}
	var begun []reeve.Month
	for _, m := range months {
		if !m.Closed {
			begun = append(begun, m.Month)
		}
	}
	tx.PutUsageLate(map[reeve.ID][]reeve.Month{id: begun})
	return nil
}
