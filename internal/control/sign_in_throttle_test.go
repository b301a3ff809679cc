package control_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestRefusalTime: whatever the hash costs, or if there is none, a wrong password
// is refused after the same time, and nobody waits for that but who is refused.
func TestRefusalTime(t *testing.T) {
	const least = 300 * time.Millisecond
	h := patient(t, least)
	h.password(h.user("cheap@mail.test"), secret)
	dear, err := bcrypt.GenerateFromPassword([]byte(secret), 10)
	h.check(err)
	h.user("dear@mail.test")
	h.check(h.c.UpdateUser(h.ctx, "dear@mail.test", reeve.UserPatch{PasswordHash: dear}))
	h.user("none@mail.test")
	h.password(h.user("frozen@mail.test"), secret)
	_, err = h.c.FreezeUser(h.ctx, "frozen@mail.test", control.NewFreeze{Type: "legal"})
	h.check(err)
	var tries []func() error
	for i, email := range []string{"cheap@mail.test", "dear@mail.test", "none@mail.test", "nobody@mail.test", "", "frozen@mail.test"} {
		tries = append(tries, func() error {
			password := "wrong"
			if email == "frozen@mail.test" {
				password = secret
			}
			began := time.Now()
			_, err := h.c.SignIn(from(t, fmt.Sprintf("192.0.2.%d", i)), control.SignIn{Email: email, Password: password})
			if took := time.Since(began); took < least {
				t.Errorf("%q is refused after %s", email, took)
			}
			return err
		})
	}
	for _, err := range race(tries...) {
		turnedAway(t, "wrong", err)
	}
}

// TestRefusalTakesNoTurn: who is refused keeps nobody waiting, and need not wait
// for it.
func TestRefusalTakesNoTurn(t *testing.T) {
	h := patient(t, time.Hour)
	h.password(h.user("ada@mail.test"), secret)
	ctx, stop := context.WithCancel(from(t, "192.0.2.9"))
	judged := control.CountJudgements(h.c)
	gone := make(chan error)
	go func() {
		_, err := h.c.SignIn(ctx, control.SignIn{Email: "nobody@mail.test", Password: "wrong"})
		gone <- err
	}()
	for judged.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	_, err := h.signIn("ada@mail.test", secret, "")
	h.check(err)
	stop()
	turnedAway(t, "who went away", <-gone)
}

// patient is a house that computes one hash at a time and refuses slowly.
func patient(t *testing.T, least time.Duration) house {
	t.Helper()
	clock := &clock{at: epoch}
	config := sqliteConfig(t)
	config.Now = clock.now
	with := settings(t, masterKey)
	with.RefusalTime, with.PasswordHashing = least, 1
	s := storetest.Open(t, config)
	return house{t, control.New(s, with), s, config, clock, as(t, reeve.Actor{Kind: reeve.Operator})}
}

// TestThrottle: one address on many accounts, and one account from many, are
// both stopped, before a password is judged; who signed in from an address
// before is not kept out by others.
func TestThrottle(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.password(h.user("ada@mail.test"), secret)
		home := from(t, "198.51.100.7")
		right := control.SignIn{Email: "ada@mail.test", Password: secret}
		wrong := control.SignIn{Email: "ADA@mail.test", Password: "wrong"}
		_, err := h.c.SignIn(home, right)
		h.check(err)
		n := control.CountJudgements(h.c)
		for i := range 10 {
			_, err := h.c.SignIn(from(t, fmt.Sprintf("203.0.113.%d", i)), wrong)
			turnedAway(t, "from many addresses", err)
		}
		limited := func(what string, ctx context.Context, in control.SignIn, wait time.Duration) {
			t.Helper()
			judged := n.Load()
			_, err := h.c.SignIn(ctx, in)
			refused(t, what, err, reeve.Exhausted, "too many failed attempts")
			said := reeve.AsError(err)
			if said.RetryAfter != wait || said.Quota == nil || said.Quota.Remaining != 0 || said.Quota.Reset != wait || n.Load() != judged {
				t.Errorf("%s: %v, %+v, %d judged", what, said.RetryAfter, said.Quota, n.Load()-judged)
			}
		}
		const account, address = 15 * time.Minute / 10, 15 * time.Minute / 30
		limited("an eleventh", from(t, "203.0.113.99"), right, account)
		_, err = h.c.SignIn(home, right)
		h.check(err)
		for range 10 {
			_, err := h.c.SignIn(home, wrong)
			turnedAway(t, "from home", err)
		}
		limited("from home", home, right, account)
		h.clock.pass(account - time.Microsecond)
		limited("a moment before", from(t, "203.0.113.99"), right, time.Microsecond)
		h.clock.pass(time.Microsecond)
		_, err = h.c.SignIn(from(t, "203.0.113.99"), right)
		h.check(err)

		// One address, of IPv6 a network, on many accounts, whether they exist.
		for i := range 30 {
			_, err := h.c.SignIn(from(t, fmt.Sprintf("2001:db8::%x", i)), control.SignIn{Email: fmt.Sprintf("%d@mail.test", i), Password: secret})
			turnedAway(t, "spraying", err)
		}
		limited("spraying", from(t, "2001:db8::ffff"), control.SignIn{Email: "x@mail.test", Password: secret}, address)
		for range 20 { // costs the account nothing
			limited("spraying, right", from(t, "2001:db8::ffff"), right, address)
		}
		_, err = h.c.SignIn(from(t, "2001:db8:0:1::1"), right)
		h.check(err)
		h.clock.pass(30 * 24 * time.Hour)
		for range 10 {
			_, err := h.c.SignIn(from(t, "192.0.2.200"), wrong)
			turnedAway(t, "later", err)
		}
		limited("from home, not known any more", home, right, account)
		h.clock.pass(account)
		_, err = h.c.SignIn(from(t, "192.0.2.201"), wrong) // takes what has come back
		turnedAway(t, "later still", err)
		limited("from another", from(t, "192.0.2.202"), right, account)
	})
}

// TestThrottleAtOnce: many attempts at once are no more than one after the other.
func TestThrottleAtOnce(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	n := control.CountJudgements(h.c)
	errs := race(repeat(40, func() error {
		_, err := h.signIn("ada@mail.test", "wrong", "")
		return err
	})...)
	tally(t, errs, reeve.Unauthenticated, reeve.Exhausted)
	same(t, "judged", 10, n.Load(), nil)
}
