package control

import (
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewInvitation is what an invitation is made from: one of Organization and
// Project is set.
type NewInvitation struct {
	Organization, Project reeve.ID
	Email                 string
	Role                  reeve.Role
	Seconds               *int64 // how long it is valid; nil: InvitationLife
}

// CreatedInvitation is an invitation, with its link where that is not mailed.
type CreatedInvitation struct {
	reeve.Invitation
	Token reeve.Token
	Link  string
}

var (
	errInvitation          = reeve.Errorf(reeve.NotFound, "invitation is not valid")
	errInvited             = reeve.Errorf(reeve.Conflict, "email is already invited")
	errMemberAlready       = reeve.Errorf(reeve.Conflict, "email is already a member's")
	errManyInvitations     = reeve.Errorf(reeve.Conflict, "too many invitations are open")
	errManyInvitationMails = reeve.Errorf(reeve.Exhausted, "too many invitations were sent today")
	errOtherAddress        = reeve.Errorf(reeve.Denied, "the invitation is for another address")
	errSignInToAccept      = reeve.Errorf(reeve.Unauthenticated, "sign in with the invited address to accept")
)

// CreateInvitation invites an address to an organisation or a project, for those
// who may manage its members. Conflict if the address is invited there already,
// or a member's. With mail the link goes to the address and is not told, and
// Exhausted is the answer when there were too many on this day; otherwise who
// invites hands it on.
func (c *Control) CreateInvitation(ctx context.Context, in NewInvitation) (out CreatedInvitation, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, organization, project, err := c.lockForInvitation(ctx, tx, in)
		if err != nil {
			return err
		}
		life, err := reeve.CheckInvitationLife(in.Seconds)
		if err == nil {
			err = reeve.CheckNewEmail(in.Email)
		}
		if err == nil {
			_, err = reeve.ParseRole(string(in.Role))
		}
		if err != nil {
			return err
		}
		if err := mayInvite(ctx, tx, organization, project, in.Email); err != nil {
			return err
		}
		out.Invitation = reeve.Invitation{
			ID: newID(), OrganizationID: organization, ProjectID: project, Email: in.Email, Role: in.Role,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(life),
		}
		tx.CreateInvitation(out.Invitation)
		if c.settings.Mail != nil {
			if err := meterMail(ctx, tx, by, organization); err != nil {
				return err
			}
			tx.QueueMail(newMail(tx, reeve.MailInvitation, out.ID.String()))
		}
		recordInvitation(tx, by, "create", out.Invitation)
		return nil
	})
	if err == nil && c.settings.Mail == nil {
		out.Token = c.invitationToken(out.Invitation)
		out.Link = c.invitationLink(out.Invitation)
	}
	return out, err
}

// lockForInvitation authorises, and guards the organisation and the project.
func (c *Control) lockForInvitation(ctx context.Context, tx *store.Tx, in NewInvitation) (by Caller, organization, project reeve.ID, err error) {
	if in.Project == reeve.Zero {
		by, o, err := c.lockOrganization(ctx, tx, in.Organization, reeve.ManageMembers)
		return by, o.ID, reeve.Zero, err
	}
	by, p, err := c.guardProject(ctx, tx, in.Project, reeve.ManageMembers, guarded{store.HoldAlone, store.HoldAlone})
	if err == nil { // who comes to the project comes to the organisation, too
		err = unfrozen(ctx, tx.Reader, by, reeve.ManageMembers, reeve.Zero, p.OrganizationID)
	}
	return by, p.OrganizationID, p.ID, err
}

// mayInvite tells whether an address may be invited; the organisation is locked.
func mayInvite(ctx context.Context, tx *store.Tx, organization, project reeve.ID, email string) error {
	invited, err := tx.InvitationsOf(ctx, organization, email)
	if err != nil {
		return err
	}
	for _, other := range invited {
		if other.ProjectID == project && tx.Now().Before(other.ExpiresAt) {
			return errInvited
		}
	}
	open, err := tx.CountInvitations(ctx, organization, tx.Now())
	switch {
	case err != nil:
		return err
	case open >= reeve.MaxInvitations:
		return errManyInvitations
	}
	user, err := tx.UserByEmail(ctx, email)
	if reeve.IsKind(err, reeve.NotFound) {
		return nil
	}
	of := store.InOrganization(organization)
	if project != reeve.Zero {
		of = store.InProject(project)
	}
	if err == nil {
		_, err = tx.Member(ctx, of, user.ID)
	}
	if reeve.IsKind(err, reeve.NotFound) {
		return nil
	}
	if err == nil {
		err = errMemberAlready
	}
	return err
}

// meterMail counts a mail for an organisation and for who has it sent; Exhausted
// until the day ends if either has had too many.
func meterMail(ctx context.Context, tx *store.Tx, by Caller, organization reeve.ID) error {
	day := mailDay(tx.Now())
	for _, of := range []reeve.ID{organization, by.Actor.ID} {
		sent, err := tx.CountMail(ctx, of, day)
		if err != nil {
			return err
		}
		if sent > reeve.MaxInvitationMails {
			return errManyInvitationMails.WithRetryAfter(time.Unix((day+1)*secondsADay, 0).Sub(tx.Now()))
		}
	}
	return nil
}

const secondsADay = 24 * 60 * 60

// mailDay is the day of UTC that a mail is counted on.
func mailDay(at time.Time) int64 { return at.Unix() / secondsADay }

// recordInvitation tells of an invitation, without its address.
func recordInvitation(tx *store.Tx, by Caller, verb string, i reeve.Invitation) {
	told := fields{"role": i.Role, "expiresAt": i.ExpiresAt}
	if i.ProjectID != reeve.Zero {
		told["projectId"] = i.ProjectID
	}
	c := change{action: "invitation." + verb, target: i.ID, organization: i.OrganizationID, before: told}
	if verb == "create" {
		c.before, c.after = nil, told
	}
	record(tx, by, c)
}

// invitationToken signs an invitation.
func (c *Control) invitationToken(i reeve.Invitation) reeve.Token {
	return c.keys.Sign(reeve.TokenInvitation, Link{Subject: i.ID, Expires: i.ExpiresAt})
}

func (c *Control) invitationLink(i reeve.Invitation) string {
	return c.link("invitation", c.invitationToken(i))
}

// ListInvitations lists a page of the invitations of an organisation and its
// projects that are open, oldest first, and how many there are, for those who
// may manage its members.
func (c *Control) ListInvitations(ctx context.Context, organization reeve.ID, page Page) ([]reeve.Invitation, int, error) {
	_, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ManageMembers)
	if err != nil {
		return nil, 0, err
	}
	now := c.store.Now()
	total, err := c.store.CountInvitations(ctx, organization, now)
	if err != nil {
		return nil, 0, err
	}
	list, err := c.store.Invitations(ctx, organization, now, page.Size, page.Number*page.Size)
	return list, total, err
}

// GetInvitation reads an open invitation of an organisation.
func (c *Control) GetInvitation(ctx context.Context, organization, invitation reeve.ID) (reeve.Invitation, error) {
	by, o, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ManageMembers)
	if err != nil {
		return reeve.Invitation{}, err
	}
	i, err := invitationOf(ctx, c.store.Reader, o.ID, invitation)
	if err == nil && !i.ExpiresAt.After(c.store.Now()) {
		i, err = reeve.Invitation{}, errNoInvitation
	}
	return i, by.veil(err)
}

func invitationOf(ctx context.Context, r store.Reader, organization, invitation reeve.ID) (reeve.Invitation, error) {
	i, err := r.Invitation(ctx, invitation)
	if err == nil && i.OrganizationID != organization {
		return reeve.Invitation{}, errNoInvitation
	}
	return i, err
}

var errNoInvitation = reeve.Errorf(reeve.NotFound, "invitation not found")

// DeleteInvitation takes an invitation back: its link is not valid any more.
func (c *Control) DeleteInvitation(ctx context.Context, organization, invitation reeve.ID) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		by, o, err := c.lockOrganization(ctx, tx, organization, reeve.ManageMembers)
		if err != nil {
			return err
		}
		i, err := invitationOf(ctx, tx.Reader, o.ID, invitation)
		if err != nil {
			return by.veil(err)
		}
		tx.DeleteInvitation(i.ID)
		recordInvitation(tx, by, "delete", i)
		return nil
	})
}

// forgetInvitations removes the invitations that have expired, with the
// addresses in them, and the counts of earlier days.
func (c *Control) forgetInvitations(ctx context.Context) error {
	err := c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		expired, err := tx.LockExpiredInvitations(ctx, tx.Now(), retentionBatch)
		for _, i := range expired {
			tx.DeleteInvitation(i.ID)
			recordInvitation(tx, system, "expire", i)
		}
		return len(expired), err
	})
	today := mailDay(c.store.Now())
	return errors.Join(err, c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteMailCountsBefore(ctx, today, retentionBatch)
	}))
}
