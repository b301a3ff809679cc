package control

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// resetLife is how long a link to a new password is valid.
const resetLife = time.Hour

var (
	errNoMail = reeve.Errorf(reeve.Unavailable, "mail is not configured")
	errLink   = reeve.Errorf(reeve.NotFound, "the link is not valid")
)

// passwordState is what a link to a new password depends on: it dies with any
// change of the password or the address.
func passwordState(user reeve.User) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(reeve.EmailKey(user.Email)))
	h.Write([]byte{0})
	h.Write(user.PasswordHash)
	return [sha256.Size]byte(h.Sum(nil))
}

// PasswordReset is a link to a new password.
type PasswordReset struct {
	Token   reeve.Token
	Link    string
	Expires time.Time
}

func (c *Control) passwordReset(user reeve.User) PasswordReset {
	out := PasswordReset{Expires: c.store.Now().Add(resetLife).Truncate(time.Second)}
	out.Token = c.keys.Sign(reeve.TokenPasswordReset, Link{Subject: user.ID, Expires: out.Expires, State: passwordState(user)})
	out.Link = c.link("password", out.Token)
	return out
}

// link gives the address of a console's page that takes a token. The token is in
// the fragment, which no client sends: so it is in no server's log.
func (c *Control) link(page string, token reeve.Token) string {
	return c.settings.PublicURL + "/console/" + page + "#" + string(token)
}

// RequestPasswordReset has a link to a new password mailed to a user. It asks
// nobody, and answers and does the same for an address that is nobody's: who it
// belongs to is looked up when the mail is made. Unavailable, for any address,
// where no mail is sent; Exhausted after too many requests.
func (c *Control) RequestPasswordReset(ctx context.Context, email string) error {
	if c.settings.Mail == nil {
		return errNoMail
	}
	if err := reeve.CheckEmail(email); err != nil {
		return err
	}
	if _, err := c.signIns.take(email, callerOf(ctx).Address); err != nil {
		return err // it counts as a failure, for it is never settled
	}
	return c.queueMail(ctx, reeve.MailPasswordReset, reeve.EmailKey(email))
}

// ResetPassword gives a user another password for a link, which works once. It
// asks nobody. NotFound if the link is not valid, which it is not while the user is
// frozen; all sessions of the user end.
func (c *Control) ResetPassword(ctx context.Context, token, password string) error {
	link, ok := c.keys.Verify(reeve.TokenPasswordReset, token, c.store.Now())
	if !ok {
		return errLink
	}
	user, err := c.store.User(ctx, link.Subject)
	if reeve.IsKind(err, reeve.NotFound) || err == nil && passwordState(user) != link.State {
		return errLink
	}
	if err == nil {
		err = reeve.CheckOwnPassword("new_password", password)
	}
	if err != nil {
		return err
	}
	hash, err := c.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	by := personCaller(ctx, user.ID)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		err := unchanged(ctx, tx, &user, errLink)
		if err == nil && passwordState(user) != link.State {
			err = errLink
		}
		if err != nil {
			return err
		}
		user.PasswordHash = hash
		tx.UpdateUser(user)
		tx.DeleteUserSessions(user.ID, reeve.Zero)
		record(tx, by, change{action: "user.reset", target: user.ID, before: fields{}, after: fields{"passwordHash": reeve.Changed}})
		return nil
	})
	if err == nil { // whoever tried too often can sign in now
		c.signIns.know(user.Email, by.Address)
	}
	return err
}

// CreatePasswordReset gives an operator a link to a user's new password, for
// where no mail is sent.
func (c *Control) CreatePasswordReset(ctx context.Context, email string) (out PasswordReset, err error) {
	by, err := operator(ctx, reeve.ManageUsers)
	if err != nil {
		return out, err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByEmail(ctx, email)
		if err != nil {
			return err
		}
		out = c.passwordReset(user)
		record(tx, by, change{action: "user.reset_link", target: user.ID})
		return nil
	})
	return out, err
}
