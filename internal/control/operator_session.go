package control

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How many sessions an operator has at once, and how long one lasts at most,
// whatever opened it: a day's work. What a provider's groups said is no older.
const (
	maxOperatorSessions = 100
	maxOperatorLifetime = 12 * time.Hour
)

// operatorLifetime is how long an operator's session lasts at most.
func (c *Control) operatorLifetime() time.Duration {
	return min(c.settings.SessionLifetime, maxOperatorLifetime)
}

// OperatorSession is an operator who has signed in.
type OperatorSession struct {
	ID        reeve.ID
	Actor     reeve.Actor // what it may do, as of now
	Name      string      // root of the root operator
	Provided  bool        // by an identity provider, not opened with a token
	CreatedAt time.Time
	Ends      time.Time // unless it is used again before, or is ended
}

// SignInOperator opens a session for who has an operator's token. It asks
// nobody; Unauthenticated for anything that is no live token.
func (c *Control) SignInOperator(ctx context.Context, text string) (reeve.Token, error) {
	actor, err := c.AuthenticateOperator(ctx, text)
	if err != nil {
		return "", err
	}
	with := reeve.Token(text).Hash()
	token, hash := newToken(reeve.TokenConsole)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := c.stillLive(ctx, tx, actor.ID, with); err != nil {
			return err
		}
		openOperatorSession(tx, store.OperatorSession{OperatorID: actor.ID, TokenHash: with}, hash)
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// stillLive guards an operator's tokens and looks for one of them: what
// authenticated the caller may be as old as TokenLease.
func (c *Control) stillLive(ctx context.Context, tx *store.Tx, operator reeve.ID, hash reeve.TokenHash) error {
	err := lockTokensOf(ctx, tx, operator)
	if reeve.IsKind(err, reeve.NotFound) { // deleted
		return reeve.ErrUnauthenticated
	}
	if err != nil || c.operators.isConfigured(hash) {
		return err
	}
	tokens, err := tx.OperatorTokens(ctx)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		if subtle.ConstantTimeCompare(token.Hash[:], hash[:]) == 1 && token.OperatorID == operator && token.Live(tx.Now()) {
			return nil
		}
	}
	return reeve.ErrUnauthenticated
}

// isConfigured tells whether a hash is that of the configured token.
func (o *operatorTokens) isConfigured(hash reeve.TokenHash) bool {
	return o.configured != nil && subtle.ConstantTimeCompare(hash[:], o.configured[:]) == 1
}

// openOperatorSession opens a session of an operator whose tokens are guarded;
// those used longest ago end if there are too many.
func openOperatorSession(tx *store.Tx, s store.OperatorSession, hash reeve.TokenHash) {
	s.ID, s.CreatedAt = newID(), tx.Now()
	tx.KeepOperatorSessions(s.OperatorID, maxOperatorSessions-1)
	tx.CreateOperatorSession(s, hash)
}

// AuthenticateOperatorSession finds the operator whose session a token opens; one
// read. A session that was opened with an operator's token ends with that token,
// and has the operator's role of now; one that a provider opened has the role
// that was mapped then, and of that what the operator's role of now allows.
// Unauthenticated for anything else.
func (c *Control) AuthenticateOperatorSession(ctx context.Context, text string) (OperatorSession, error) {
	found, err := c.findOperatorSession(ctx, text)
	if err != nil {
		return OperatorSession{}, err
	}
	out, live := c.judgeOperatorSession(&found)
	if !live {
		return OperatorSession{}, reeve.ErrUnauthenticated
	}
	now := c.store.Now()
	c.used.mark(out.ID, now, callerOf(ctx).Address)
	if out.Actor.ID != reeve.Zero {
		c.used.mark(out.Actor.ID, now, "")
	}
	return out, nil
}

// findOperatorSession finds a session by its token, live or not. Text that is no
// token of ours does not reach the database.
func (c *Control) findOperatorSession(ctx context.Context, text string) (store.OperatorSession, error) {
	token, ok := reeve.ParseToken(reeve.TokenConsole, text)
	if !ok {
		return store.OperatorSession{}, reeve.ErrUnauthenticated
	}
	found, err := c.store.OperatorSession(ctx, token.Hash())
	found.UsedAt = c.used.latest(found.ID, found.UsedAt)
	return found, err
}

// judgeOperatorSession tells what a session lets its holder do, and whether it
// may be used.
func (c *Control) judgeOperatorSession(s *store.OperatorSession) (out OperatorSession, live bool) {
	out = OperatorSession{
		ID: s.ID, Actor: reeve.Actor{Kind: reeve.Operator, ID: s.OperatorID, OperatorRole: s.Role},
		Name: s.Name, Provided: s.Provided, CreatedAt: s.CreatedAt,
	}
	live = s.TokenKept || c.operators.isConfigured(s.TokenHash) && s.OperatorID == reeve.Zero
	if s.Provided {
		out.Actor.OperatorRole = s.Mapped.Both(s.Role)
		// A provider makes nobody the root, and no role is no session.
		live = s.OperatorID != reeve.Zero && out.Actor.OperatorRole != ""
	}
	if s.OperatorID == reeve.Zero {
		out.Name = out.Actor.String()
	}
	out.Ends = earlier(s.CreatedAt.Add(c.operatorLifetime()), s.UsedAt.Add(c.settings.SessionIdle))
	if s.TokenEnds != nil {
		out.Ends = earlier(out.Ends, *s.TokenEnds)
	}
	return out, live && c.store.Now().Before(out.Ends)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// SignOutOperator ends the session that a token opens. One that is over already
// is no error.
func (c *Control) SignOutOperator(ctx context.Context, text string) error {
	found, err := c.findOperatorSession(ctx, text)
	if reeve.IsKind(err, reeve.Unauthenticated) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.endSessions(ctx, found.ID, func(tx *store.Tx) { tx.DeleteOperatorSession(found.ID) })
}

// operatorSessionOf tells of the session that a token opens, or opened.
func (c *Control) operatorSessionOf(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	found, err := c.store.OperatorSession(ctx, hash)
	if reeve.IsKind(err, reeve.Unauthenticated) {
		return c.revokedOperatorSession(ctx, hash)
	}
	found.UsedAt = c.used.latest(found.ID, found.UsedAt)
	session, live := c.judgeOperatorSession(&found)
	out := Credential{
		Kind: CredentialOperatorSession, ID: session.ID, Name: session.Name, State: StateLive,
		Role: string(session.Actor.OperatorRole), CreatedAt: &session.CreatedAt, ExpiresAt: &session.Ends,
	}
	switch {
	case !c.store.Now().Before(session.Ends):
		out.State = StateExpired
	case !live:
		out.State = StateRevoked
	}
	return out, err
}

// revokedOperatorSession tells of a session what its end has left, and whose it
// was, if that one is still there.
func (c *Control) revokedOperatorSession(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	gone, err := c.store.RevokedToken(ctx, hash)
	if err != nil {
		return Credential{}, err
	}
	out := Credential{Kind: CredentialOperatorSession, ID: gone.ID, Name: "root", State: StateRevoked}
	if gone.OperatorID != nil {
		operator, err := c.store.Operator(ctx, *gone.OperatorID)
		if err != nil && !reeve.IsKind(err, reeve.NotFound) {
			return Credential{}, err
		}
		out.Name, out.Role = operator.Name, string(operator.Role)
	}
	return out, nil
}
