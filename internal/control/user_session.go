package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// SignOut ends the session that the caller has shown. An organisation key is
// none: Denied.
func (c *Control) SignOut(ctx context.Context) error {
	session, err := c.ownSession(ctx)
	if err != nil {
		return err
	}
	return c.endSessions(ctx, session.ID, func(tx *store.Tx) { tx.DeleteUserSession(session.ID) })
}

// ownSession finds the session that the caller has shown.
func (c *Control) ownSession(ctx context.Context) (reeve.UserSession, error) {
	caller := callerOf(ctx)
	switch {
	case !caller.tenant():
		return reeve.UserSession{}, reeve.ErrDenied
	case caller.Session == nil:
		if err := c.AuthenticateTenant(ctx); err != nil {
			return reeve.UserSession{}, err
		}
		return reeve.UserSession{}, reeve.ErrDenied
	}
	session, err := c.store.UserSession(ctx, *caller.Session)
	if err == nil {
		err = c.resolveSession(&caller, session, "")
	}
	return session, err
}

// endSessions writes what ends sessions; they are no part of the model. The use
// of the one that was just noted is forgotten.
func (c *Control) endSessions(ctx context.Context, noted reeve.ID, end func(*store.Tx)) error {
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		end(tx)
		return nil
	})
	if err == nil {
		c.store.AfterCommit(ctx, func() { c.used.drop(noted) })
	}
	return err
}

// OwnSession is one of the caller's sessions.
type OwnSession struct {
	reeve.UserSession
	Current bool // it is the one that asks
}

// ListOwnSessions lists the sessions of the user who asks that are not over,
// newest first.
func (c *Control) ListOwnSessions(ctx context.Context, user reeve.ID) ([]OwnSession, error) {
	current, err := c.personsSession(ctx, user)
	if err != nil {
		return nil, err
	}
	sessions, err := c.store.UserSessions(ctx, user)
	out, now := []OwnSession{}, c.store.Now()
	for _, session := range sessions {
		session.UsedAt = c.used.latest(session.ID, session.UsedAt)
		if session.Live(now, c.settings.SessionIdle, c.settings.SessionLifetime) {
			out = append(out, OwnSession{session, session.ID == current.ID})
		}
	}
	return out, err
}

// personsSession is person, with the session that was shown.
func (c *Control) personsSession(ctx context.Context, user reeve.ID) (reeve.UserSession, error) {
	session, err := c.ownSession(ctx)
	if err == nil && session.UserID != user {
		err = reeve.ErrDenied
	}
	return session, err
}

// EndOwnSession ends one of the sessions of the user who asks; another's and no
// session are both Denied.
func (c *Control) EndOwnSession(ctx context.Context, user, session reeve.ID) error {
	if _, err := c.person(ctx, c.store.Reader, user); err != nil {
		return err
	}
	sessions, err := c.store.UserSessions(ctx, user)
	if err != nil {
		return err
	}
	for _, own := range sessions {
		if own.ID == session {
			return c.endSessions(ctx, session, func(tx *store.Tx) { tx.DeleteUserSession(session) })
		}
	}
	return reeve.ErrDenied
}

// EndOwnSessions ends all sessions of the user who asks, this one too.
func (c *Control) EndOwnSessions(ctx context.Context, user reeve.ID) error {
	session, err := c.personsSession(ctx, user)
	if err != nil {
		return err
	}
	return c.endSessions(ctx, session.ID, func(tx *store.Tx) { tx.DeleteUserSessions(user, reeve.Zero) })
}
