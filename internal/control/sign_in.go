package control

import (
	"bytes"
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// SignIn is what a user signs in with.
type SignIn struct{ Email, Password, Code string }

// OrganizationAndRole is an organisation and what somebody is in it.
type OrganizationAndRole = store.OrganizationAndRole

// SignedIn is a user with what the user sees first.
type SignedIn struct {
	User          reeve.User
	Token         reeve.Token // of the session that was opened; "" if there was one
	Projects      []reeve.Project
	Organizations []OrganizationAndRole
}

// How many projects, organisations and sessions a user is shown or may have.
const (
	shownProjects      = 20
	shownOrganizations = 100
	maxUserSessions    = 100
)

// Why nobody is let in. The first is one for all causes.
var (
	errSignIn = reeve.Errorf(reeve.Unauthenticated, "invalid email or password")

	// ErrCodeRequired says that the password is right, and a code is asked for.
	ErrCodeRequired = reeve.Errorf(reeve.Unauthenticated, "code required")
	// ErrWrongCode says that the password is right, and the code is not.
	ErrWrongCode = reeve.Errorf(reeve.Unauthenticated, "invalid code")
)

// SignIn opens a session for who knows a user's password, and has a code where
// that is asked for. It asks nobody. Unauthenticated, after the same work,
// whatever is wrong with the address or the password; Exhausted after too many
// failures.
func (c *Control) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	user, err := c.userToLetIn(ctx, in.Email)
	if err != nil {
		return SignedIn{}, err
	}
	try, found, err := c.tryPassword(ctx, in.Email, user.PasswordHash, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !found.right {
		return SignedIn{}, errSignIn
	}
	by := callerOf(ctx)
	by.Actor = reeve.Actor{Kind: reeve.Person, ID: user.ID}
	token, hash := newToken(reeve.TokenSession)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := unchanged(ctx, tx, &user, errSignIn); err != nil {
			return err
		}
		if err := c.takeCode(ctx, tx, by, user.ID, in.Code); err != nil {
			return err
		}
		if found.better != nil {
			user.PasswordHash = found.better
			tx.UpdateUser(user)
			record(tx, by, change{action: "user.rehash", target: user.ID})
		}
		openSession(tx, by, user.ID, hash)
		return nil
	})
	try.settle(err)
	if errors.Is(err, errSignIn) { // a frozen user is refused as everybody is
		c.passwords.refuse(ctx, try.began)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return c.signedIn(ctx, user, token)
}

// userToLetIn finds who may sign in with an address: a user without an id or a
// hash, who has no password, if nobody may.
func (c *Control) userToLetIn(ctx context.Context, email string) (reeve.User, error) {
	if len(email) > reeve.MaxEmail {
		return reeve.User{}, nil
	}
	user, err := c.store.UserByEmail(ctx, email)
	if reeve.IsKind(err, reeve.NotFound) {
		return reeve.User{}, nil
	}
	return user, err
}

// tryPassword judges a password when its turn comes; who is refused waits as
// long whatever the hash was. The attempt counts as a failure on the address's
// account until it is settled. Exhausted, before
// anything is computed, if there were too many.
func (c *Control) tryPassword(ctx context.Context, email string, hash []byte, password string) (*attempt, verdict, error) {
	from := callerOf(ctx).Address
	if err := c.signIns.look(email, from); err != nil {
		return nil, verdict{}, err
	}
	done, err := c.passwords.turn(ctx)
	if err != nil {
		return nil, verdict{}, err
	}
	try, found, err := c.takeAndJudge(done, email, from, hash, password)
	if err == nil && !found.right {
		c.passwords.refuse(ctx, try.began)
	}
	return try, found, err
}

// takeAndJudge counts an attempt and judges the password, then ends the turn.
func (c *Control) takeAndJudge(done func(), email, from string, hash []byte, password string) (*attempt, verdict, error) {
	defer done()
	try, err := c.signIns.take(email, from)
	if err != nil {
		return nil, verdict{}, err
	}
	return try, c.passwords.judge(hash, password), nil
}

// settle tells an attempt whose password was right what became of it: a wrong
// code is a failure, and nothing else.
func (a *attempt) settle(err error) {
	switch {
	case err == nil:
		a.succeed()
	case !errors.Is(err, ErrWrongCode) && !errors.Is(err, errCodeDenied):
		a.forgive()
	}
}

// unchanged guards a user whose password was judged outside the transaction,
// and answers wrong if it is another one by now, or the user is frozen.
func unchanged(ctx context.Context, tx *store.Tx, user *reeve.User, wrong error) error {
	now, err := tx.LockUser(ctx, user.ID)
	if reeve.IsKind(err, reeve.NotFound) || err == nil && !bytes.Equal(now.PasswordHash, user.PasswordHash) {
		return wrong
	}
	if err != nil {
		return err
	}
	*user = now
	frozen, err := tx.IsFrozen(ctx, user.ID)
	if err == nil && frozen {
		err = wrong
	}
	return err
}

// openSession opens a session of a user whose row is locked; those used longest
// ago end if there are too many.
func openSession(tx *store.Tx, by Caller, user reeve.ID, hash reeve.TokenHash) {
	tx.KeepUserSessions(user, maxUserSessions-1)
	tx.CreateUserSession(reeve.UserSession{
		ID: newID(), UserID: user, Address: by.Address, Agent: shortened(by.Agent, reeve.MaxAgent), CreatedAt: tx.Now(),
	}, hash)
}

// shortened cuts a text to so many bytes, between characters.
func shortened(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}

// signedIn gathers what a user sees first.
func (c *Control) signedIn(ctx context.Context, user reeve.User, token reeve.Token) (out SignedIn, err error) {
	out.User, out.Token = user, token
	if out.Projects, err = c.store.ProjectsSeenBy(ctx, user.ID, shownProjects); err != nil {
		return SignedIn{}, err
	}
	out.Organizations, err = c.store.OrganizationsSeenBy(ctx, user.ID, shownOrganizations)
	if err != nil {
		return SignedIn{}, err
	}
	return out, nil
}

// idleSlack is how much later than it was a use of a session may be written
// down.
const idleSlack = time.Minute

// forgetSessions removes the sessions, of users and of operators, that have
// ended by themselves.
func (c *Control) forgetSessions(ctx context.Context) error {
	now := c.store.Now()
	used := now.Add(-c.settings.SessionIdle - idleSlack)
	return errors.Join(c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteDeadUserSessions(ctx, now.Add(-c.settings.SessionLifetime), used, retentionBatch)
	}), c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		return tx.DeleteDeadOperatorSessions(ctx, now.Add(-c.operatorLifetime()), used, retentionBatch)
	}))
}
