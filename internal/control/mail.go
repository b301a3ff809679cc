package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Mail waits in the database without its text and the secret in it: both are
// made when it is sent.
const (
	mailLook  = time.Second
	mailBatch = 20

	// mailLease is how long a claim lasts: longer than any attempt.
	mailLease = 2 * time.Minute

	// maxMails bounds the mails that wait: anybody may ask for a new password.
	maxMails = 10_000
)

// queueMail has a mail made and sent.
func (c *Control) queueMail(ctx context.Context, kind reeve.MailKind, subject string) error {
	waiting, err := c.store.CountMails(ctx)
	if err != nil {
		return err
	}
	if waiting >= maxMails {
		return reeve.Errorf(reeve.Unavailable, "too many mails are waiting")
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		tx.QueueMail(newMail(tx, kind, subject))
		return nil
	})
}

func newMail(tx *store.Tx, kind reeve.MailKind, subject string) reeve.QueuedMail {
	return reeve.QueuedMail{ID: newID(), Kind: kind, Subject: subject, NextAt: tx.Now(), CreatedAt: tx.Now()}
}

// sendMails sends what waits until the context ends. Failures of its own and
// mails that are given up are handed to report.
func (c *Control) sendMails(ctx context.Context, report func(error)) {
	if c.settings.Mail == nil {
		return
	}
	look := time.NewTicker(mailLook)
	defer look.Stop()
	for {
		c.runner(ctx, jobMails, mailLook, report)(func() error { return c.sendDueMails(ctx, report) })
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// sendDueMails tries the mails that are due once, one after the other.
func (c *Control) sendDueMails(ctx context.Context, report func(error)) error {
	due, err := c.store.DueMails(ctx, c.store.Now(), mailBatch)
	if err != nil {
		return err
	}
	for _, m := range due {
		err := c.store.Write(ctx, func(tx *store.Tx) error {
			return tx.ClaimMail(ctx, m, tx.Now().Add(mailLease))
		})
		if reeve.IsKind(err, reeve.NotFound) {
			continue // another replica has it
		}
		if err != nil {
			return err
		}
		m.Attempts++
		if err := c.tryMail(ctx, m, report); err != nil {
			return err
		}
	}
	return nil
}

// tryMail makes and sends a claimed mail, and writes what has become of it.
func (c *Control) tryMail(ctx context.Context, m reeve.QueuedMail, report func(error)) error {
	mail, err := c.makeMail(ctx, m)
	if reeve.IsKind(err, reeve.NotFound) { // what it is about is gone, or never was
		return c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteMail(m.ID) })
	}
	if err == nil {
		err = c.settings.Mail(ctx, mail)
	}
	now := c.store.Now()
	next := now.Add(reeve.MailDelay(m.Attempts, rand.Float64()))
	switch {
	case err == nil:
		return c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteMail(m.ID) })
	case ctx.Err() != nil: // broken off: another replica may have it at once
		next = now
	case errors.Is(err, reeve.ErrRefusedMail), next.After(m.CreatedAt.Add(reeve.MailLife)):
		report(fmt.Errorf("mail %s (%s) is given up after %d attempts: %w", m.ID, m.Kind, m.Attempts, err))
		return c.settleMessage(ctx, func(tx *store.Tx) { tx.DeleteMail(m.ID) })
	}
	return c.settleMessage(ctx, func(tx *store.Tx) { tx.PutOffMail(m.ID, m.Attempts, next) })
}

// makeMail writes a mail; NotFound if nobody wants it any more.
func (c *Control) makeMail(ctx context.Context, m reeve.QueuedMail) (reeve.Mail, error) {
	switch m.Kind {
	case reeve.MailPasswordReset:
		user, err := c.store.UserByEmail(ctx, m.Subject)
		if err != nil {
			return reeve.Mail{}, err
		}
		return resetMail(user, c.passwordReset(user)), nil
	case reeve.MailInvitation:
		id, err := reeve.ParseID(reeve.PrefixInvitation, m.Subject)
		if err != nil {
			return reeve.Mail{}, err
		}
		seen, err := c.invitationSeen(ctx, c.store.Reader, id)
		if err != nil {
			return reeve.Mail{}, err
		}
		return invitationMail(seen, c.invitationLink(seen.Invitation)), nil
	default:
		return reeve.Mail{}, reeve.Errorf(reeve.NotFound, "mail of an unknown kind")
	}
}

// mailTime is how mails show a time.
const mailTime = "2 January 2006, 15:04 MST"

func resetMail(user reeve.User, reset PasswordReset) reeve.Mail {
	return reeve.Mail{
		To: user.Email, Subject: "Choose a new password",
		Text: fmt.Sprintf(`Somebody, probably you, has asked for a new password for this address.

To choose one, open this link before %s:

%s

It works once. If it was not you, do nothing: the password stays as it is.
`, reset.Expires.UTC().Format(mailTime), reset.Link),
	}
}

func invitationMail(seen InvitationSeen, link string) reeve.Mail {
	what := seen.Organization.Name
	if seen.Project.ID != reeve.Zero {
		what = seen.Project.Name + " of " + what
	}
	return reeve.Mail{
		To: seen.Invitation.Email, Subject: "You are invited to " + what,
		Text: fmt.Sprintf(`You are invited to %s, as %s.

To accept, open this link before %s:

%s

It works once. If you do not want to, do nothing.
`, what, seen.Invitation.Role, seen.Invitation.ExpiresAt.UTC().Format(mailTime), link),
	}
}
