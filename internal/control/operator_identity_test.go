package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

const (
	issuer      = "https://id.test"
	noRole      = "none of your groups has a role here"
	makesNoneOf = "the operator signs in through an identity provider, and makes itself no token"
)

func (h house) vouch(subject, name string, role reeve.OperatorRole) (reeve.Token, error) {
	return h.c.SignInIdentity(from(h.t, "192.0.2.1"), control.Identity{Issuer: issuer, Subject: subject, Name: name, Role: role})
}

func (h house) vouched(subject, name string, role reeve.OperatorRole) reeve.Token {
	h.t.Helper()
	token, err := h.vouch(subject, name, role)
	h.check(err)
	return token
}

// TestSignInIdentity: the first sign-in makes an operator, the next finds it and
// gives it the role of now; without one nobody is let in, and who was is not any
// more.
func TestSignInIdentity(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		first := h.vouched("s-1", "ada", reeve.OperatorSupport)
		found, err := h.c.AuthenticateOperatorSession(t.Context(), string(first))
		id := found.Actor.ID
		acting := func(role reeve.OperatorRole) reeve.Actor {
			return reeve.Actor{Kind: reeve.Operator, ID: id, OperatorRole: role}
		}
		same(t, "session", control.OperatorSession{
			ID: found.ID, Actor: acting(reeve.OperatorSupport), Name: "ada", Provided: true, CreatedAt: epoch, Ends: epoch.Add(12 * time.Hour),
		}, found, err)
		details, err := h.c.GetOperator(h.ctx, id)
		same(t, "provided", true, details.Provided, err)
		second := h.vouched("s-1", "renamed", reeve.OperatorSupport)
		h.everywhere("the same operator", second, acting(reeve.OperatorSupport))
		third := h.vouched("s-1", "ada", reeve.OperatorAdmin)
		h.everywhere("promoted", third, acting(reeve.OperatorAdmin))
		h.everywhere("a session's role is what the groups said", first, acting(reeve.OperatorSupport))
		fourth := h.vouched("s-1", "ada", reeve.OperatorFinance)
		h.everywhere("moved", fourth, acting(reeve.OperatorFinance))
		h.everywhere("no more than the operator may now", third, acting(reeve.OperatorFinance))
		h.everywhere("what both may", first, acting(reeve.OperatorViewer))
		viewer := reeve.OperatorViewer
		h.check(h.c.UpdateOperator(h.ctx, id, reeve.OperatorPatch{Role: &viewer}))
		h.everywhere("lowered by an admin", fourth, acting(reeve.OperatorViewer))
		same(t, "log", []string{
			`operator.create  {"issuer":"https://id.test","name":"ada","role":"support"}`,
			`operator.update {"role":"support"} {"role":"admin"}`,
			`operator.update {"role":"admin"} {"role":"finance"}`,
			`operator.update {"role":"finance"} {"role":"viewer"}`,
		}, h.log(id), nil)
		same(t, "by", "system", h.all()[2].Actor, nil)

		for _, role := range []reeve.OperatorRole{"", "root", "Admin"} {
			fifth := h.vouched("s-1", "ada", reeve.OperatorViewer)
			_, err := h.vouch("s-1", "ada", role)
			refused(t, "without a role", err, reeve.Denied, noRole)
			for _, session := range []reeve.Token{first, second, third, fourth, fifth} {
				h.everywhere("turned away", session, reeve.Actor{})
			}
			_, err = h.vouch("s-unknown", "eve", role)
			refused(t, "a stranger without a role", err, reeve.Denied, noRole)
		}
		operators, err := h.c.ListOperators(h.ctx)
		same(t, "operators", 1, len(operators), err)
		for _, who := range []control.Identity{
			{Subject: "x", Role: reeve.OperatorAdmin},
			{Issuer: issuer, Role: reeve.OperatorAdmin},
			{Issuer: issuer, Subject: strings.Repeat("x", 501), Role: reeve.OperatorAdmin},
		} {
			_, err := h.c.SignInIdentity(t.Context(), who)
			unauthorized(t, "nobody in particular", err)
		}
	})
}

// TestIdentityOfDeletedOperator: deleting an operator ends its sessions; the
// provider may send the same person again, who is somebody new.
func TestIdentityOfDeletedOperator(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		session := h.vouched("s-1", "ada", reeve.OperatorSupport)
		id := inside(t, h.c, session).ID
		h.check(h.c.DeleteOperator(h.ctx, id))
		h.everywhere("deleted", session, reeve.Actor{})
		again := inside(t, h.c, h.vouched("s-1", "ada", reeve.OperatorSupport))
		if again.ID == id || again.ID == reeve.Zero {
			t.Errorf("%v", again)
		}
		h.everywhere("the deleted one's", session, reeve.Actor{})
	})
}

// TestProvidedSessionLife: what a provider said is good for twelve hours, used
// or not, and outlives no sign-out.
func TestProvidedSessionLife(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		session, other := h.vouched("s-1", "ada", reeve.OperatorSupport), h.vouched("s-1", "ada", reeve.OperatorSupport)
		h.clock.pass(12*time.Hour - time.Microsecond)
		same(t, "its last moment", reeve.OperatorSupport, inside(t, h.c, session).OperatorRole, nil)
		h.check(h.c.SignOutOperator(t.Context(), string(other)))
		h.everywhere("signed out", other, reeve.Actor{})
		h.clock.pass(time.Microsecond)
		h.everywhere("over", session, reeve.Actor{})
	})
}

// TestNamesOfIdentities: nobody takes another's name, in whatever case, nor the
// root's; several who come at once get names of their own.
func TestNamesOfIdentities(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.hire("Ada", reeve.OperatorAdmin)
		name := func(subject, wish string) string {
			t.Helper()
			found, err := h.c.AuthenticateOperatorSession(t.Context(), string(h.vouched(subject, wish, reeve.OperatorViewer)))
			h.check(err)
			return found.Name
		}
		same(t, "taken", "ADA 2", name("s-1", "ADA"), nil)
		same(t, "taken again", "ada 3", name("s-2", "ada"), nil)
		same(t, "the root's", "s-3", name("s-3", "Root"), nil)
		same(t, "the system's", "operator", name("system", "system"), nil)
		same(t, "none", "s-4", name("s-4", " "), nil)
		same(t, "long", strings.Repeat("é", 90), name("s-5", strings.Repeat("é", 300)), nil)
		errs := race(repeat(4, func() error {
			_, err := h.vouch(newID().String(), "Bob", reeve.OperatorViewer)
			return err
		})...)
		same(t, "at once", 4, tally(t, errs), nil)
		errs = race(repeat(4, func() error {
			_, err := h.vouch("twin", "Eve", reeve.OperatorViewer)
			return err
		})...)
		same(t, "one at once", 4, tally(t, errs), nil)
		count := 0
		operators, err := h.c.ListOperators(h.ctx)
		h.check(err)
		for _, o := range operators {
			if strings.HasPrefix(o.Name, "Eve") {
				count++
			}
		}
		same(t, "the twin", 1, count, nil)
	})
}

// TestIdentityMakesNoToken: who is what a provider says makes itself no token
// that would outlive that; an admin may give one.
func TestIdentityMakesNoToken(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		session := h.vouched("s-1", "ada", reeve.OperatorSupport)
		actor := inside(t, h.c, session)
		_, err := h.c.RotateOperatorToken(as(t, actor), actor.ID, 0)
		refused(t, "itself", err, reeve.Denied, makesNoneOf)
		_, rotatable, err := h.c.Myself(as(t, actor))
		same(t, "rotatable", false, rotatable, err)
		token, err := h.c.RotateOperatorToken(h.ctx, actor.ID, 0)
		h.check(err)
		same(t, "given by an admin", actor, h.accepts(token), nil)
		with := h.enter(token)
		_, err = h.vouch("s-1", "ada", "")
		refused(t, "without a role", err, reeve.Denied, noRole)
		h.everywhere("what the provider opened", session, reeve.Actor{})
		h.everywhere("what the token opened", with, actor)
	})
}
