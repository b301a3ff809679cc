package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Account is a user as the user sees it.
type Account struct {
	User        reeve.User
	TOTPEnabled bool
}

// GetAccount gives the user who asks.
func (c *Control) GetAccount(ctx context.Context, user reeve.ID) (out Account, err error) {
	caller, err := c.person(ctx, c.store.Reader, user)
	if err != nil {
		return out, err
	}
	if out.User, err = c.store.User(ctx, user); err != nil {
		return out, caller.veil(err)
	}
	t, err := c.store.TOTP(ctx, user)
	if reeve.IsKind(err, reeve.NotFound) {
		err = nil
	}
	out.TOTPEnabled = t.Enabled()
	return out, err
}

// AccountPatch is a change of the own account; nil changes nothing.
type AccountPatch struct{ FirstName, LastName *string }

// UpdateAccount changes the names of the user who asks.
func (c *Control) UpdateAccount(ctx context.Context, user reeve.ID, patch AccountPatch) (Account, error) {
	if _, err := c.person(ctx, c.store.Reader, user); err != nil {
		return Account{}, err
	}
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		by, known, err := c.lockPerson(ctx, tx, user)
		if err != nil {
			return err
		}
		first, last := reeve.SplitName(known.FullName)
		for _, part := range []struct{ to, from *string }{{&first, patch.FirstName}, {&last, patch.LastName}} {
			if part.from != nil {
				*part.to = *part.from
			}
		}
		full, err := reeve.CleanName("name", reeve.JoinName(first, last))
		if err != nil || full == known.FullName {
			return err
		}
		known.FullName = full
		tx.UpdateUser(known)
		record(tx, by, change{action: "user.update", target: user, before: fields{}, after: fields{"fullName": reeve.Changed}})
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	return c.GetAccount(ctx, user)
}

// personCaller is the caller as the person that it is known to be.
func personCaller(ctx context.Context, user reeve.ID) Caller {
	by := callerOf(ctx)
	by.Actor = reeve.Actor{Kind: reeve.Person, ID: user}
	return by
}

// errWrongPassword is errSignIn for who is signed in.
var errWrongPassword = reeve.Errorf(reeve.Denied, "the password is wrong")

// confirmPassword lets only the user pass who asks and gives the password. The
// attempt is to be settled or forgiven.
func (c *Control) confirmPassword(ctx context.Context, user reeve.ID, password string) (Caller, reeve.User, *attempt, error) {
	by := personCaller(ctx, user)
	if _, err := c.person(ctx, c.store.Reader, user); err != nil {
		return by, reeve.User{}, nil, err
	}
	known, err := c.store.User(ctx, user)
	if err != nil {
		return by, reeve.User{}, nil, by.veil(err)
	}
	try, found, err := c.tryPassword(ctx, known.Email, known.PasswordHash, password)
	if err == nil && !found.right {
		err = errWrongPassword
	}
	return by, known, try, err
}

// tryCode counts an attempt at a user's code.
func (c *Control) tryCode(ctx context.Context, user reeve.ID) (*attempt, error) {
	known, err := c.store.User(ctx, user)
	if err != nil {
		return nil, err
	}
	return c.signIns.take(known.Email, callerOf(ctx).Address)
}

// ChangePassword gives the user who asks, and knows the password, another one.
// All other sessions of the user end.
func (c *Control) ChangePassword(ctx context.Context, user reeve.ID, password, next string) error {
	session, err := c.personsSession(ctx, user)
	if err != nil {
		return err
	}
	if err := reeve.CheckOwnPassword("new_password", next); err != nil {
		return err
	}
	by, known, try, err := c.confirmPassword(ctx, user, password)
	if err != nil {
		return err
	}
	defer try.forgive()
	hash, err := c.passwords.hash(ctx, next)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if err := unchanged(ctx, tx, &known, errWrongPassword); err != nil {
			return err
		}
		known.PasswordHash = hash
		tx.UpdateUser(known)
		tx.DeleteUserSessions(user, session.ID)
		record(tx, by, change{action: "user.update", target: user, before: fields{}, after: fields{"passwordHash": reeve.Changed}})
		return nil
	})
}
