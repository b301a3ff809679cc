package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// hire makes an operator and gives its token and the context of its holder.
func (h house) hire(name string, role reeve.OperatorRole) (reeve.NamedOperator, reeve.Token, context.Context) {
	h.t.Helper()
	o, token, err := h.c.CreateOperator(h.ctx, name, role)
	h.check(err)
	return o, token, as(h.t, o.Actor())
}

// accepts tells whose a token is; Nobody's is none.
func (h house) accepts(token reeve.Token) reeve.Actor {
	h.t.Helper()
	actor, err := h.c.AuthenticateOperator(h.t.Context(), string(token))
	if err != nil {
		refused(h.t, "token", err, reeve.Unauthenticated, "Unauthorized")
	}
	return actor
}

func TestNamedOperators(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, token, ctx := h.hire("  Grace ", reeve.OperatorSupport)
		same(t, "whose", reeve.Actor{Kind: reeve.Operator, ID: o.ID, OperatorRole: reeve.OperatorSupport}, h.accepts(token), nil)
		got, err := h.c.GetOperator(h.ctx, o.ID)
		same(t, "used", epoch, *got.LastUsedAt, err)
		same(t, "the token used", epoch, *got.Tokens[0].LastUsedAt, nil)
		same(t, "trimmed", "Grace", got.Name, nil)
		me, _, err := h.c.Myself(ctx)
		same(t, "myself", o, me, err)
		me, _, err = h.c.Myself(h.ctx)
		same(t, "the root", reeve.NamedOperator{Name: "root", Role: reeve.OperatorAdmin}, me, err)

		_, _, err = h.c.CreateOperator(h.ctx, "Grace", reeve.OperatorAdmin)
		refused(t, "taken", err, reeve.Conflict, "an operator with that name already exists")
		finance := reeve.OperatorFinance
		h.check(h.c.UpdateOperator(h.ctx, o.ID, reeve.OperatorPatch{Role: &finance}))
		h.check(h.c.UpdateOperator(h.ctx, o.ID, reeve.OperatorPatch{Role: &finance})) // again changes nothing
		same(t, "the role at once", reeve.OperatorFinance, h.accepts(token).OperatorRole, nil)
		_, _, err = h.c.CreateOperator(as(t, o.Actor()), "x", reeve.OperatorViewer)
		denied(t, "support creates", err)

		h.check(h.c.DeleteOperator(h.ctx, o.ID))
		same(t, "gone at once", reeve.Actor{}, h.accepts(token), nil)
		_, _, err = h.c.Myself(ctx)
		refused(t, "myself, deleted", err, reeve.Unauthenticated, "Unauthorized")
		refused(t, "again", h.c.DeleteOperator(h.ctx, o.ID), reeve.NotFound, "operator not found")
		same(t, "log", []string{
			`operator.create  {"name":"Grace","role":"support"}`,
			`operator.update {"role":"support"} {"role":"finance"}`,
			`operator.delete {"name":"Grace","role":"finance"}`,
		}, h.log(o.ID), nil)
	})
}

// TestRotateOperatorToken: the old tokens end with the overlap, and an operator
// rotates its own, no other.
func TestRotateOperatorToken(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		o, first, ctx := h.hire("a", reeve.OperatorViewer)
		other, _, _ := h.hire("b", reeve.OperatorViewer)
		_, err := h.c.RotateOperatorToken(ctx, other.ID, 0)
		denied(t, "another's", err)
		_, err = h.c.RotateOperatorToken(ctx, reeve.Zero, 0)
		denied(t, "the root's", err)
		for _, overlap := range []time.Duration{-time.Second, reeve.MaxTokenOverlap + 1} {
			_, err = h.c.RotateOperatorToken(ctx, o.ID, overlap)
			refused(t, "overlap", err, reeve.Invalid, "overlap must be 0 to 2592000 seconds")
		}
		second, err := h.c.RotateOperatorToken(ctx, o.ID, time.Hour)
		h.check(err)
		same(t, "both", o.Actor(), h.accepts(first), nil)
		same(t, "both", o.Actor(), h.accepts(second), nil)
		h.clock.pass(time.Hour)
		same(t, "the overlap is over", reeve.Actor{}, h.accepts(first), nil)
		same(t, "the new one", o.Actor(), h.accepts(second), nil)
		third, err := h.c.RotateOperatorToken(h.ctx, o.ID, 0)
		h.check(err)
		same(t, "at once", reeve.Actor{}, h.accepts(second), nil)
		same(t, "the third", o.Actor(), h.accepts(third), nil)
		_, err = h.c.RotateOperatorToken(h.ctx, newID(), 0)
		refused(t, "nobody's", err, reeve.NotFound, "operator not found")

		// However many rotate at once, there are at most so many.
		errs := race(repeat(15, func() error {
			_, err := h.c.RotateOperatorToken(h.ctx, o.ID, time.Hour)
			return err
		})...)
		same(t, "rotations", reeve.MaxOperatorTokens-1, tally(t, errs, reeve.Conflict), nil)

		root, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		next, err := h.c.RotateOperatorToken(h.ctx, reeve.Zero, 0)
		h.check(err)
		same(t, "the root's old one", reeve.Actor{}, h.accepts(root), nil)
		same(t, "the root's new one", reeve.Actor{Kind: reeve.Operator}, h.accepts(next), nil)
	})
}

// TestTokensOfTheVersionBefore: what stands where the version before looks for the
// root's tokens is the root's alone, and has no end. Beside it replicas of that
// version refuse named operators, and a token whose end is set.
func TestTokensOfTheVersionBefore(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		db := storetest.Raw(t, h.config)
		before := func(want ...reeve.Token) {
			t.Helper()
			rows, err := db.QueryContext(t.Context(), "SELECT hash FROM operator_tokens ORDER BY created_at")
			h.check(err)
			defer rows.Close()
			var got, hashes [][]byte
			for rows.Next() {
				var hash []byte
				h.check(rows.Scan(&hash))
				got = append(got, hash)
			}
			for _, token := range want {
				hash := token.Hash()
				hashes = append(hashes, hash[:])
			}
			same(t, "to the version before", hashes, got, rows.Err())
		}
		o, _, _ := h.hire("a", reeve.OperatorViewer)
		before()
		_, err := h.c.RotateOperatorToken(h.ctx, o.ID, time.Hour)
		h.check(err)
		before()
		first, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		before(first)
		second, err := h.c.RotateOperatorToken(h.ctx, reeve.Zero, time.Hour)
		h.check(err)
		before(second)
		for _, token := range []reeve.Token{first, second} {
			same(t, "the root's", reeve.Actor{Kind: reeve.Operator}, h.accepts(token), nil)
		}
		_, made, err := h.c.FirstOperatorToken(t.Context())
		same(t, "there is one", false, made, err)
		h.clock.pass(time.Hour)
		same(t, "the overlap is over", reeve.Actor{}, h.accepts(first), nil)
		before(second)
	})
}

// TestRotateConfiguredToken: a token that is only configured is replaced there.
func TestRotateConfiguredToken(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	ring, err := control.NewKeyring(masterKey)
	h.check(err)
	c := control.New(h.s, control.Settings{OperatorToken: "very secret", Keyring: ring})
	_, err = c.RotateOperatorToken(h.ctx, reeve.Zero, 0)
	refused(t, "configured", err, reeve.Conflict, "the root operator's token is configured, and has none in the database")
	_, err = c.ReplaceOperatorToken(t.Context())
	h.check(err)
	if _, err := c.RotateOperatorToken(h.ctx, reeve.Zero, 0); err != nil {
		t.Error(err)
	}
}
