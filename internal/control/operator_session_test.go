package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// enter signs an operator in.
func (h house) enter(token reeve.Token) reeve.Token {
	h.t.Helper()
	out, err := h.c.SignInOperator(from(h.t, "192.0.2.1"), string(token))
	h.check(err)
	return out
}

// inside tells whose a session is, to a replica; Nobody's is none.
func inside(t *testing.T, c *control.Control, session reeve.Token) reeve.Actor {
	t.Helper()
	found, err := c.AuthenticateOperatorSession(from(t, "192.0.2.1"), string(session))
	if err != nil {
		unauthorized(t, "session", err)
	}
	return found.Actor
}

// everywhere checks whose a session is to two replicas.
func (h house) everywhere(what string, session reeve.Token, want reeve.Actor) {
	h.t.Helper()
	same(h.t, what, want, inside(h.t, h.c, session), nil)
	same(h.t, what+", on another replica", want, inside(h.t, newControl(h.t, h.s, masterKey), session), nil)
}

// TestOperatorSessions: a token opens a session that tells who it is, has the
// role of now, and ends when its holder says so or the operator goes.
func TestOperatorSessions(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, token, _ := h.hire("Grace", reeve.OperatorSupport)
		before := len(h.all())
		session := h.enter(token)
		found, err := h.c.AuthenticateOperatorSession(from(t, "192.0.2.1"), string(session))
		same(t, "session", control.OperatorSession{
			ID: found.ID, Actor: o.Actor(), Name: "Grace", CreatedAt: epoch, Ends: epoch.Add(12 * time.Hour),
		}, found, err)
		same(t, "a sign-in is no change", before, len(h.all()), nil)
		for _, text := range []string{"", "x", string(token), string(session) + "0", string(reeve.NewToken(reeve.TokenConsole, [32]byte{1}))} {
			_, err := h.c.AuthenticateOperatorSession(t.Context(), text)
			unauthorized(t, text, err)
			if text != string(token) {
				_, err = h.c.SignInOperator(t.Context(), text)
				unauthorized(t, text, err)
			}
		}
		_, err = h.c.SignInOperator(t.Context(), string(session))
		unauthorized(t, "a session is no token", err)
		_, err = h.c.AuthenticateOperator(t.Context(), string(session))
		unauthorized(t, "a session is no token", err)

		finance := reeve.OperatorFinance
		h.check(h.c.UpdateOperator(h.ctx, o.ID, reeve.OperatorPatch{Role: &finance}))
		h.everywhere("another role", session, reeve.Actor{Kind: reeve.Operator, ID: o.ID, OperatorRole: reeve.OperatorFinance})

		second := h.enter(token)
		h.check(h.c.SignOutOperator(t.Context(), string(second)))
		h.check(h.c.SignOutOperator(t.Context(), string(second)))
		h.check(h.c.SignOutOperator(t.Context(), "x"))
		h.everywhere("signed out", second, reeve.Actor{})
		same(t, "the first goes on", o.ID, inside(t, h.c, session).ID, nil)

		h.check(h.c.DeleteOperator(h.ctx, o.ID))
		h.everywhere("of a deleted operator", session, reeve.Actor{})
		_, err = h.c.SignInOperator(t.Context(), string(token))
		unauthorized(t, "the deleted operator's token", err)
	})
}

// TestOperatorSessionsOfTokens: a session ends with the token that it was opened
// with, on all replicas, whatever ends that.
func TestOperatorSessionsOfTokens(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, first, _ := h.hire("a", reeve.OperatorViewer)
		old := h.enter(first)
		second, err := h.c.RotateOperatorToken(h.ctx, o.ID, time.Hour)
		h.check(err)
		overlap := h.enter(first)
		fresh := h.enter(second)
		found, err := h.c.AuthenticateOperatorSession(t.Context(), string(overlap))
		same(t, "ends with its token", epoch.Add(time.Hour), found.Ends, err)
		for _, session := range []reeve.Token{old, overlap, fresh} {
			h.everywhere("in the overlap", session, o.Actor())
		}
		h.clock.pass(time.Hour)
		h.everywhere("the overlap is over", old, reeve.Actor{})
		h.everywhere("the overlap is over", overlap, reeve.Actor{})
		h.everywhere("the new token's", fresh, o.Actor())
		_, err = h.c.RotateOperatorToken(h.ctx, o.ID, 0)
		h.check(err)
		h.everywhere("rotated at once", fresh, reeve.Actor{})

		root, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		mine := h.enter(root)
		h.everywhere("the root's", mine, reeve.Actor{Kind: reeve.Operator})
		found, err = h.c.AuthenticateOperatorSession(t.Context(), string(mine))
		same(t, "name", "root", found.Name, err)
		_, err = h.c.RotateOperatorToken(h.ctx, reeve.Zero, time.Hour)
		h.check(err)
		h.everywhere("in the overlap, the root's", mine, reeve.Actor{Kind: reeve.Operator})
		_, err = h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		h.everywhere("replaced", mine, reeve.Actor{})
	})
}

// TestSessionOfConfiguredToken: it lives where that token is configured.
func TestSessionOfConfiguredToken(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		configured := func(token string) *control.Control {
			s := settings(t, masterKey)
			s.OperatorToken = token
			return control.New(h.s, s)
		}
		c := configured("very secret")
		session, err := c.SignInOperator(t.Context(), "very secret")
		h.check(err)
		root := reeve.Actor{Kind: reeve.Operator}
		same(t, "here", root, inside(t, c, session), nil)
		same(t, "on a replica alike", root, inside(t, configured("very secret"), session), nil)
		same(t, "with another token", reeve.Actor{}, inside(t, configured("another secret"), session), nil)
		same(t, "without one", reeve.Actor{}, inside(t, h.c, session), nil)
	})
}

// TestStaleTokenOpensNothing: a replica that has not heard yet that a token is
// gone opens no session with it.
func TestStaleTokenOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, token, _ := h.hire("a", reeve.OperatorAdmin)
		other := newControl(t, h.s, masterKey)
		_, err := other.AuthenticateOperator(t.Context(), string(token)) // known there for a second
		h.check(err)
		_, err = h.c.RotateOperatorToken(h.ctx, o.ID, 0)
		h.check(err)
		_, err = other.SignInOperator(t.Context(), string(token))
		unauthorized(t, "rotated elsewhere", err)
	})
}

// TestOperatorSessionLife: a session ends when it was idle too long or is too
// old; what is over is cleared away, and an operator has only so many.
func TestOperatorSessionLife(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		short := settings(t, masterKey)
		short.SessionIdle = time.Hour
		h.c = control.New(h.s, short)
		o, token, _ := h.hire("a", reeve.OperatorViewer)
		idle, busy := h.enter(token), h.enter(token)
		for range 11 { // used every hour, a moment before it would end
			h.clock.pass(time.Hour - time.Microsecond)
			same(t, "busy", o.Actor(), inside(t, h.c, busy), nil)
			h.check(h.c.FlushLastUses(t.Context()))
		}
		same(t, "idle", reeve.Actor{}, inside(t, h.c, idle), nil)
		h.check(control.Forget(h.c, t.Context()))
		_, err := h.s.OperatorSession(t.Context(), idle.Hash())
		unauthorized(t, "forgotten", err)
		h.clock.pass(30 * time.Minute)
		h.everywhere("busy", busy, o.Actor())
		h.check(h.c.FlushLastUses(t.Context()))
		h.clock.set(epoch.Add(12*time.Hour - time.Microsecond))
		h.everywhere("its last moment", busy, o.Actor())
		h.clock.set(epoch.Add(12 * time.Hour))
		h.everywhere("too old", busy, reeve.Actor{})
		h.clock.pass(time.Microsecond)
		h.check(control.Forget(h.c, t.Context()))
		_, err = h.s.OperatorSession(t.Context(), busy.Hash())
		unauthorized(t, "forgotten", err)

		_, another, _ := h.hire("b", reeve.OperatorViewer)
		theirs, first := h.enter(another), h.enter(token)
		for range 100 {
			h.clock.pass(time.Millisecond)
			h.enter(token)
		}
		h.everywhere("one too many", first, reeve.Actor{})
		same(t, "another's", "b", func() string {
			found, err := h.c.AuthenticateOperatorSession(t.Context(), string(theirs))
			h.check(err)
			return found.Name
		}(), nil)
	})
}

// TestLeakedOperatorSession: what a session's token is can be told, and a scan
// ends it.
func TestLeakedOperatorSession(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, token, _ := h.hire("Grace", reeve.OperatorFinance)
		session, other := h.enter(token), h.enter(token)
		tell := func(what string, session reeve.Token, state control.CredentialState) control.Credential {
			t.Helper()
			k, err := h.c.Inspect(h.ctx, string(session))
			same(t, what+": kind", control.CredentialOperatorSession, k.Kind, err)
			same(t, what, state, k.State, nil)
			return k
		}
		k := tell("live", session, control.StateLive)
		same(t, "whose", "Grace finance", k.Name+" "+k.Role, nil)
		leaks, _, err := h.c.Scan(h.ctx, control.ToScan{Text: "cookie: " + string(session), Revoke: true})
		h.check(err)
		if len(leaks) != 1 || !leaks[0].Revoked {
			t.Errorf("%+v", leaks)
		}
		same(t, "log", []string{`operator_session.revoke  {"operator":"Grace"}`}, h.log(k.ID), nil)
		k = tell("revoked", session, control.StateRevoked)
		same(t, "whose it was", "Grace finance", k.Name+" "+k.Role, nil)
		h.everywhere("revoked", session, reeve.Actor{})
		_, err = h.c.RotateOperatorToken(h.ctx, o.ID, 0)
		h.check(err)
		tell("its token is gone", other, control.StateRevoked)
		h.check(h.c.DeleteOperator(h.ctx, o.ID))
		k = tell("its operator is gone", other, control.StateRevoked)
		same(t, "nobody's", "", k.Name, nil)
		root, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		mine := h.enter(root)
		h.check(h.c.SignOutOperator(t.Context(), string(mine)))
		k = tell("the root's", mine, control.StateRevoked)
		same(t, "the root's", "root", k.Name, nil)
		found, err := h.c.Find(h.ctx, string(session), 5)
		same(t, "found", 0, len(found.Results), err)
	})
}
