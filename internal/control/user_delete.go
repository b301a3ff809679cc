package control

import (
	"context"
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// DeleteUser erases a user who is a member of no project and has nothing left
// to pay for, with the organisations that only this user is in. All can be
// restored for some time.
func (c *Control) DeleteUser(ctx context.Context, email string) error {
	return c.removeUser(ctx, email, false)
}

// EraseUser is DeleteUser for good. One who is deleted already, and may be named
// by the id too, cannot be restored any more.
func (c *Control) EraseUser(ctx context.Context, email string) error {
	if err := eraser(ctx, reeve.ManageUsers); err != nil {
		return err
	}
	return c.removeUser(ctx, email, true)
}

func (c *Control) removeUser(ctx context.Context, email string, forGood bool) error {
	by, err := operator(ctx, reeve.ManageUsers)
	if err != nil {
		return err
	}
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserForDelete(ctx, email)
		if forGood && reeve.IsKind(err, reeve.NotFound) {
			return eraseKeptUser(ctx, tx, by, email, err)
		}
		if err != nil {
			return err
		}
		if err := checkUnused(ctx, tx, user); err != nil {
			return err
		}
		return c.dropUser(ctx, tx, c.deletingBy(by, forGood), user)
	})
}

// checkUnused answers a Conflict while a user is in a project or has something
// to pay for.
func checkUnused(ctx context.Context, tx *store.Tx, user reeve.User) error {
	projects, err := tx.ProjectsOfMember(ctx, user.ID)
	if err != nil {
		return err
	}
	if len(projects) > 0 {
		return reeve.Errorf(reeve.Conflict, "some projects still exist").WithDetail("%s", listProjects(projects))
	}
	owned, err := tx.OrganizationsOf(ctx, []reeve.ID{user.ID})
	if err != nil {
		return err
	}
	return checkBilled(ctx, tx, "user", store.StatementFilter{OwnerID: user.ID}, owned)
}

// dropUser deletes a locked user whom nothing keeps.
func (c *Control) dropUser(ctx context.Context, tx *store.Tx, how deleting, user reeve.User) error {
	snapshot := userSnapshot{
		FullName: user.FullName, ShortName: user.ShortName, PasswordHash: user.PasswordHash,
		ProjectLimit: user.ProjectLimit, CreatedAt: user.CreatedAt,
	}
	var err error
	if snapshot.Freeze, err = snapshotFreeze(ctx, tx, user.ID); err != nil {
		return err
	}
	if snapshot.Organizations, err = c.deleteOrganizationsOf(ctx, tx, how, user); err != nil {
		return err
	}
	if snapshot.Memberships, err = leaveOrganizations(ctx, tx, how.by, user); err != nil {
		return err
	}
	if how.keep {
		err := c.keepDeletion(tx, reeve.Deletion{ID: user.ID, Kind: reeve.DeletedUser, Name: user.Email}, snapshot)
		if err != nil {
			return err
		}
		tx.DeactivateUser(user.ID)
	} else {
		tx.DeleteMailAbout(reeve.MailPasswordReset, reeve.EmailKey(user.Email))
		if err := eraseAddress(ctx, tx, how.by, user.Email, tx.Now()); err != nil {
			return err
		}
		tx.EraseUser(user.ID)
	}
	record(tx, how.by, change{
		action: "user.delete", target: user.ID, before: userFields(user),
		after: fields{"email": reeve.DeactivatedEmail(user.ID)},
	})
	return nil
}

// deleteOrganizationsOf deletes the organisations that a user owns and is
// alone in, and gives their ids.
func (c *Control) deleteOrganizationsOf(ctx context.Context, tx *store.Tx, how deleting, user reeve.User) ([]keptID, error) {
	owned, err := tx.LockOrganizationsOwnedBy(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, organization := range owned {
		members, err := tx.CountMembers(ctx, store.InOrganization(organization.ID), 2)
		if err != nil {
			return nil, err
		}
		projects, err := tx.CountProjects(ctx, organization.ID, 1)
		if err != nil {
			return nil, err
		}
		if members > 1 || projects > 0 {
			return nil, reeve.Errorf(reeve.Conflict, "some organizations still exist").
				WithDetail("[%s]", organization.ID)
		}
		if err := c.deleteOrganization(ctx, tx, how, organization); err != nil {
			return nil, err
		}
	}
	out := make([]keptID, len(owned))
	for i, o := range owned {
		out[i] = keptID{o.ID}
	}
	return out, nil
}

// leaveOrganizations removes a user from the organisations of others, and gives
// the places. Their owners, who are admins for good, stay.
func leaveOrganizations(ctx context.Context, tx *store.Tx, by Caller, user reeve.User) ([]membershipSnapshot, error) {
	memberships, err := tx.LockMembershipsOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	out := make([]membershipSnapshot, len(memberships))
	for i, m := range memberships {
		organizationGroup(by, reeve.Organization{ID: m.OrganizationID}).leave(tx, m.Member)
		out[i] = membershipSnapshot{keptID{m.OrganizationID}, newMemberSnapshot(m.Member)}
	}
	return out, nil
}

// eraseKeptUser is eraseKept for a user, with the organisations that were
// deleted along.
func eraseKeptUser(ctx context.Context, tx *store.Tx, by Caller, who string, nothing error) error {
	kept, err := lockDeletedUser(ctx, tx, who)
	if err != nil {
		return becomes(err, nothing)
	}
	var snapshot userSnapshot
	if err := readSnapshot(kept, &snapshot); err != nil {
		return err
	}
	if err := eraseAddressNow(ctx, tx, by, kept); err != nil {
		return err
	}
	for _, id := range snapshot.Organizations {
		if err := eraseKept(ctx, tx, by, reeve.Deletion{Kind: reeve.DeletedOrganization, ID: id.ID}, nil); err != nil {
			return err
		}
	}
	return eraseKept(ctx, tx, by, kept, nothing)
}

// listProjects prints projects as the original's error detail does, but for
// its pointers.
func listProjects(projects []reeve.Project) string {
	parts := make([]string, len(projects))
	for i, p := range projects {
		parts[i] = fmt.Sprintf("{%s %s %s %s %s <nil> <nil> %s 0 <nil> <nil>}",
			p.ID, p.Name, p.Description, reeve.Zero, p.OwnerID, p.CreatedAt)
	}
	return "[" + strings.Join(parts, " ") + "]"
}
