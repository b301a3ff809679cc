package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// InvitationSeen is an invitation with what it is to.
type InvitationSeen struct {
	Invitation   reeve.Invitation
	Organization reeve.Organization
	Project      reeve.Project // zero: to the organisation
}

// ShowInvitation gives what a token invites to. It asks nobody, and does not
// tell whether the address is a user's. NotFound if the invitation has expired,
// was used or taken back, or what it is to is gone.
func (c *Control) ShowInvitation(ctx context.Context, token string) (InvitationSeen, error) {
	link, ok := c.keys.Verify(reeve.TokenInvitation, token, c.store.Now())
	if !ok {
		return InvitationSeen{}, errInvitation
	}
	return c.invitationSeen(ctx, c.store.Reader, link.Subject)
}

// invitationSeen finds an invitation that is open, and what it is to.
func (c *Control) invitationSeen(ctx context.Context, r store.Reader, id reeve.ID) (out InvitationSeen, err error) {
	if out.Invitation, err = r.Invitation(ctx, id); err == nil {
		out.Organization, err = r.Organization(ctx, out.Invitation.OrganizationID)
	}
	if err == nil && out.Invitation.ProjectID != reeve.Zero {
		out.Project, err = r.Project(ctx, out.Invitation.ProjectID)
	}
	if err == nil && !c.open(out) || reeve.IsKind(err, reeve.NotFound) {
		err = errInvitation
	}
	if err != nil {
		return InvitationSeen{}, err
	}
	return out, nil
}

// open tells whether an invitation can be accepted: one to a project only while
// that is in the organisation that has invited.
func (c *Control) open(seen InvitationSeen) bool {
	return c.store.Now().Before(seen.Invitation.ExpiresAt) &&
		(seen.Project.ID == reeve.Zero || seen.Project.OrganizationID == seen.Organization.ID)
}

// Acceptance is what an invitation is accepted with. Who shows no session gives
// names and a password, for a new user.
type Acceptance struct {
	Token, Password, FirstName, LastName string
}

// AcceptInvitation makes a member of the user whose session the caller shows, or
// of a new user with the invited address, who is signed in. It works once.
// NotFound as ShowInvitation; Denied to a user with another address, and while
// what it is to is frozen; Unauthenticated if the address is a user's who shows
// no session: only who
// would have become that user learns it.
func (c *Control) AcceptInvitation(ctx context.Context, in Acceptance) (SignedIn, error) {
	seen, err := c.ShowInvitation(ctx, in.Token)
	if err != nil {
		return SignedIn{}, err
	}
	if callerOf(ctx).Session != nil {
		return c.acceptAsUser(ctx, seen)
	}
	return c.acceptAsNewUser(ctx, seen, in)
}

func (c *Control) acceptAsUser(ctx context.Context, seen InvitationSeen) (SignedIn, error) {
	session, err := c.ownSession(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	by := personCaller(ctx, session.UserID)
	var user reeve.User
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		held, err := c.lockInvitation(ctx, tx, seen, session.UserID)
		if err == nil {
			_, err = c.person(ctx, tx.Reader, session.UserID)
		}
		if err != nil {
			return err
		}
		if user, err = tx.KeepUser(ctx, session.UserID); err != nil {
			return by.veil(err)
		}
		if reeve.EmailKey(user.Email) != reeve.EmailKey(held.Invitation.Email) {
			return errOtherAddress
		}
		return accept(ctx, tx, by, held)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return c.signedIn(ctx, user, "")
}

func (c *Control) acceptAsNewUser(ctx context.Context, seen InvitationSeen, in Acceptance) (SignedIn, error) {
	user := reeve.User{ID: newID(), Email: seen.Invitation.Email, ProjectLimit: c.settings.ProjectLimit}
	var err error
	if user.FullName, err = reeve.CleanName("first_name", reeve.JoinName(in.FirstName, in.LastName)); err != nil {
		return SignedIn{}, err
	}
	if err := reeve.CheckOwnPassword("password", in.Password); err != nil {
		return SignedIn{}, err
	}
	if user.PasswordHash, err = c.passwords.hash(ctx, in.Password); err != nil {
		return SignedIn{}, err
	}
	by := personCaller(ctx, user.ID)
	token, hash := newToken(reeve.TokenSession)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		held, err := c.lockInvitation(ctx, tx, seen)
		if err != nil {
			return err
		}
		if _, err := tx.UserByEmail(ctx, user.Email); err == nil {
			return errSignInToAccept
		} else if !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		user.CreatedAt = tx.Now()
		tx.CreateUser(user)
		record(tx, by, change{action: "user.create", target: user.ID, after: userFields(user)})
		openSession(tx, by, user.ID, hash)
		return accept(ctx, tx, by, held)
	})
	if reeve.IsKind(err, reeve.Conflict) {
		err = errSignInToAccept // somebody else has just become that user
	}
	if err != nil {
		return SignedIn{}, err
	}
	return c.signedIn(ctx, user, token)
}

// lockInvitation guards what an invitation is to, and finds it anew: it is used
// once, and not while what it is to is frozen. Users who accept are kept, too.
func (c *Control) lockInvitation(ctx context.Context, tx *store.Tx, seen InvitationSeen, users ...reeve.ID) (InvitationSeen, error) {
	var err error
	if seen.Project.ID == reeve.Zero {
		_, err = holdOrganization(ctx, tx, seen.Organization.ID, store.HoldAlone, users...)
	} else {
		_, err = holdProject(ctx, tx, seen.Project.ID, guarded{store.HoldAlone, store.HoldAlone}, users...)
	}
	if reeve.IsKind(err, reeve.NotFound) {
		return InvitationSeen{}, errInvitation
	}
	if err != nil {
		return InvitationSeen{}, err
	}
	held, err := c.invitationSeen(ctx, tx.Reader, seen.Invitation.ID)
	if err != nil {
		return InvitationSeen{}, err
	}
	frozen, err := tx.IsOrganizationFrozen(ctx, held.Organization.ID)
	if err == nil && !frozen && held.Project.ID != reeve.Zero {
		frozen, err = tx.IsProjectFrozen(ctx, held.Project.ID)
	}
	if err == nil && frozen {
		err = reeve.ErrDenied
	}
	return held, err
}

// accept makes a user a member of what an invitation, whose guards are held, is
// to: of a project's organisation a viewer at least. A member keeps the stronger
// role; one who is disabled does not come back this way.
func accept(ctx context.Context, tx *store.Tx, by Caller, seen InvitationSeen) error {
	i, user := seen.Invitation, by.Actor.ID
	role := i.Role
	if i.ProjectID != reeve.Zero {
		role = reeve.RoleViewer
	}
	if err := organizationGroup(by, seen.Organization).invited(ctx, tx, user, role); err != nil {
		return err
	}
	if i.ProjectID != reeve.Zero {
		if err := projectGroup(by, seen.Project).invited(ctx, tx, user, i.Role); err != nil {
			return err
		}
	}
	tx.DeleteInvitation(i.ID)
	recordInvitation(tx, by, "accept", i)
	return nil
}

// invited makes a user a member with at least a role.
func (g group) invited(ctx context.Context, tx *store.Tx, user reeve.ID, role reeve.Role) error {
	old, err := tx.Member(ctx, g.of, user)
	switch {
	case reeve.IsKind(err, reeve.NotFound):
		g.create(tx, user, role)
		return nil
	case err != nil:
		return err
	case old.Disabled:
		return errInvitation
	}
	now := old
	now.Role = old.Role.Stronger(role)
	g.update(tx, "update", old, now)
	return nil
}
