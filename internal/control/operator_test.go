package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func TestOperatorTokens(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		// Of several replicas one makes the first token.
		made := make(chan reeve.Token, 4)
		errs := race(repeat(4, func() error {
			token, ok, err := h.c.FirstOperatorToken(t.Context())
			if ok {
				made <- token
			}
			return err
		})...)
		same(t, "calls", 4, tally(t, errs), nil)
		same(t, "tokens", 1, len(made), nil)
		first := <-made
		accepts := func(c *control.Control, text string) bool {
			actor, err := c.AuthenticateOperator(t.Context(), text)
			if err != nil {
				refused(t, "token", err, reeve.Unauthenticated, "Unauthorized")
			}
			return err == nil && actor == reeve.Actor{Kind: reeve.Operator}
		}
		same(t, "first", true, accepts(h.c, string(first)), nil)
		for _, text := range []string{"", "x", string(first) + "0", string(first[1:]), "Bearer " + string(first), string(reeve.NewToken(reeve.TokenOperator, [32]byte{1}))} {
			same(t, text, false, accepts(h.c, text), nil)
		}
		second, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		replaced := time.Now()
		other := newControl(t, h.s, masterKey) // a replica that starts now
		same(t, "old, elsewhere", false, accepts(other, string(first)), nil)
		same(t, "new, elsewhere", true, accepts(other, string(second)), nil)
		for time.Since(replaced) < control.TokenLease { // the lease is of real time
			if !accepts(h.c, string(first)) {
				break
			}
		}
		same(t, "old, after the lease", false, accepts(h.c, string(first)), nil)
		same(t, "new, after the lease", true, accepts(h.c, string(second)), nil)
		log := h.all()
		same(t, "records", 2, len(log), nil)
		same(t, "actor", "system", log[0].Actor, nil)
		same(t, "action", "operator_token.create", log[0].Action, nil)
	})
}

// TestConfiguredOperatorToken is any text, works beside those in the database,
// and makes a first one needless.
func TestConfiguredOperatorToken(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	ring, err := control.NewKeyring(masterKey)
	h.check(err)
	c := control.New(h.s, control.Settings{OperatorToken: "very secret", Keyring: ring})
	if _, ok, err := c.FirstOperatorToken(t.Context()); ok || err != nil {
		t.Errorf("made one: %v, %v", ok, err)
	}
	stored, err := c.ReplaceOperatorToken(t.Context())
	h.check(err)
	for text, want := range map[string]bool{"very secret": true, string(stored): true, "very secret ": false, "": false} {
		_, err := c.AuthenticateOperator(t.Context(), text)
		same(t, text, want, err == nil, nil)
	}
	// No token at all accepts none, the empty one least of all.
	_, err = h.c.AuthenticateOperator(t.Context(), "")
	refused(t, "empty", err, reeve.Unauthenticated, "Unauthorized")
	refused(t, "before the keys are loaded", h.c.Ready(t.Context()), reeve.Unavailable, "the keys are not loaded yet")
}
