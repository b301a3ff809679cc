package control_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

const secret = "correct horse"

// password gives a user a password, as cheap as there is.
func (h house) password(u reeve.User, password string) reeve.User {
	h.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	h.check(err)
	h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{PasswordHash: hash}))
	u.PasswordHash = hash
	return u
}

// from is a stranger's context.
func from(t *testing.T, address string) context.Context {
	return control.WithCaller(t.Context(), control.Caller{Address: address, Agent: "test"})
}

func (h house) signIn(email, password, code string) (control.SignedIn, error) {
	return h.c.SignIn(from(h.t, "192.0.2.1"), control.SignIn{Email: email, Password: password, Code: code})
}

// session signs a user in who needs no code, and gives the context.
func (h house) session(u reeve.User) context.Context {
	h.t.Helper()
	in, err := h.signIn(u.Email, secret, "")
	h.check(err)
	return h.signedIn(in)
}

func (h house) signedIn(in control.SignedIn) context.Context {
	return person(h.t, in.User.ID, in.Token)
}

func person(t *testing.T, user reeve.ID, token reeve.Token) context.Context {
	hash := token.Hash()
	return control.WithCaller(t.Context(), control.Caller{Session: &hash, AuthID: user, Address: "192.0.2.1"})
}

func unauthorized(t *testing.T, what string, err error) {
	t.Helper()
	refused(t, what, err, reeve.Unauthenticated, "Unauthorized", "")
}

func turnedAway(t *testing.T, what string, err error) {
	t.Helper()
	refused(t, what, err, reeve.Unauthenticated, "invalid email or password", "")
}

// TestSignIn: who has the password gets a session, and sees what the user sees;
// a hash of bcrypt is replaced.
func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("Ada@mail.test")
		u = h.password(u, secret)
		in, err := h.signIn("aDA@mail.test", secret, "ignored")
		h.check(err)
		if in.User.Email != "Ada@mail.test" || len(in.Projects) != 1 || in.Projects[0].ID != p.ID ||
			len(in.Organizations) != 1 || in.Organizations[0].Organization.ID != o.ID || in.Organizations[0].Role != reeve.RoleAdmin {
			t.Errorf("%+v", in)
		}
		if _, ok := reeve.ParseToken(reeve.TokenSession, string(in.Token)); !ok {
			t.Error("no session's token")
		}
		_, err = h.c.GetProject(h.signedIn(in), p.ID)
		h.check(err)
		now, err := h.s.User(t.Context(), u.ID)
		h.check(err)
		if string(now.PasswordHash[:10]) != "$argon2id$" {
			t.Errorf("%s", now.PasswordHash)
		}
		same(t, "changes", []string{
			`user.create`, `user.update {} {"passwordHash":"changed"}`, "user.rehash",
		}, h.log(u.ID), nil)
		again, err := h.signIn("Ada@mail.test", secret, "")
		h.check(err)
		if again.Token == in.Token {
			t.Error("the same session")
		}
		same(t, "changes of another", 3, len(h.log(u.ID)), nil)
	})
}

// TestSignInRefusals: whatever is wrong, the answer and the work are the same.
func TestSignInRefusals(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.password(h.user("ada@mail.test"), secret)
		h.user("none@mail.test") // a hash of no known form
		gone := h.password(h.user("gone@mail.test"), secret)
		h.check(h.c.DeleteUser(h.ctx, gone.Email))
		n := control.CountJudgements(h.c)
		for i, test := range []control.SignIn{
			{Email: "ada@mail.test", Password: "wrong"},
			{Email: "ada@mail.test", Password: ""},
			{Email: "ada@mail.test", Password: secret + " "},
			{Email: "nobody@mail.test", Password: secret},
			{Email: "", Password: ""},
			{Email: "none@mail.test", Password: "$x$"},
			{Email: "gone@mail.test", Password: secret},
			{Email: reeve.DeactivatedEmail(gone.ID), Password: secret},
			{Email: fmt.Sprintf("%01000d@mail.test", 1), Password: secret},
		} {
			_, err := h.c.SignIn(from(t, fmt.Sprintf("192.0.2.%d", i)), test)
			turnedAway(t, test.Email, err)
			same(t, "judged "+test.Email, int64(i+1), n.Load(), nil)
		}
	})
}

// TestSessionLife: a session works until it was idle too long or is too old, for
// its own user only, and never after it was ended.
func TestSessionLife(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, _, p := h.tenant("ada@mail.test")
		u = h.password(u, secret)
		other := h.password(h.user("bob@mail.test"), secret)
		works := func(ctx context.Context) error {
			_, err := h.c.GetProject(ctx, p.ID)
			_, own := h.c.GetAccount(ctx, u.ID)
			if (err == nil) != (own == nil) {
				t.Errorf("%v, but %v", err, own)
			}
			return err
		}
		idle, busy := h.session(u), h.session(u)
		h.check(works(idle))
		for range 29 { // used every day, a moment before it would end
			h.clock.pass(24*time.Hour - time.Microsecond)
			h.check(works(busy))
			h.check(h.c.FlushLastUses(t.Context()))
		}
		unauthorized(t, "idle", works(idle))
		h.check(control.Forget(h.c, t.Context()))
		left, err := h.s.UserSessions(t.Context(), u.ID)
		same(t, "left", 1, len(left), err)
		h.clock.pass(time.Hour)
		h.check(works(busy))
		h.clock.set(epoch.Add(30*24*time.Hour - time.Microsecond))
		h.check(works(busy))
		h.clock.pass(time.Microsecond)
		unauthorized(t, "too old", works(busy))
		h.clock.pass(time.Microsecond)
		h.check(control.Forget(h.c, t.Context()))
		left, err = h.s.UserSessions(t.Context(), u.ID)
		same(t, "none left", 0, len(left), err)

		in, err := h.signIn(u.Email, secret, "")
		h.check(err)
		h.check(works(h.signedIn(in)))
		unauthorized(t, "stolen", works(person(t, other.ID, in.Token)))
		h.check(h.c.SignOut(h.signedIn(in)))
		unauthorized(t, "replayed", works(h.signedIn(in)))
		unauthorized(t, "signed out twice", h.c.SignOut(h.signedIn(in)))

		in, err = h.signIn(u.Email, secret, "")
		h.check(err)
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{PasswordHash: in.User.PasswordHash}))
		unauthorized(t, "another password, by an operator", works(h.signedIn(in)))
	})
}

// TestOwnSessions: users see and end their own sessions and nobody else's.
func TestOwnSessions(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, bob := h.password(h.user("ada@mail.test"), secret), h.password(h.user("bob@mail.test"), secret)
		first := h.session(ada)
		h.clock.pass(time.Minute)
		second, theirs := h.session(ada), h.session(bob)
		list, err := h.c.ListOwnSessions(second, ada.ID)
		if err != nil || len(list) != 2 || !list[0].Current || list[1].Current || list[0].Address != "192.0.2.1" || list[0].Agent != "test" {
			t.Fatalf("%+v, %v", list, err)
		}
		h.clock.pass(time.Minute)
		_, err = h.c.GetAccount(first, ada.ID)
		h.check(err)
		list, err = h.c.ListOwnSessions(second, ada.ID)
		h.check(err)
		same(t, "last used", h.clock.now(), list[1].UsedAt, nil)
		others, err := h.c.ListOwnSessions(theirs, bob.ID)
		h.check(err)
		denied(t, "another's list", errOf(h.c.ListOwnSessions(theirs, ada.ID)))
		denied(t, "another's session", h.c.EndOwnSession(second, ada.ID, others[0].ID))
		denied(t, "as another", h.c.EndOwnSession(second, bob.ID, others[0].ID))
		denied(t, "no session", h.c.EndOwnSession(second, ada.ID, newID()))
		h.check(h.c.EndOwnSession(second, ada.ID, list[1].ID))
		unauthorized(t, "ended", errOf(h.c.GetAccount(first, ada.ID)))
		third := h.session(ada)
		denied(t, "all of another", h.c.EndOwnSessions(theirs, ada.ID))
		h.check(h.c.EndOwnSessions(second, ada.ID))
		for _, ctx := range []context.Context{second, third} {
			unauthorized(t, "all ended", errOf(h.c.GetAccount(ctx, ada.ID)))
		}
		h.check(errOf(h.c.GetAccount(theirs, bob.ID)))
	})
}

func errOf[T any](_ T, err error) error { return err }

// TestManySessions: there are at most 100; those used last stay.
func TestManySessions(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	u := h.password(h.user("ada@mail.test"), secret)
	first := h.session(u)
	for i := range 100 {
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.CreateUserSession(reeve.UserSession{ID: newID(), UserID: u.ID, CreatedAt: h.clock.now()}, reeve.TokenHash{byte(i)})
			return nil
		}))
	}
	h.clock.pass(time.Minute)
	h.check(errOf(h.c.GetAccount(first, u.ID)))
	h.check(h.c.FlushLastUses(t.Context()))
	last := h.session(u)
	list, err := h.c.ListOwnSessions(last, u.ID)
	same(t, "sessions", 100, len(list), err)
	h.check(errOf(h.c.GetAccount(first, u.ID)))
}

// TestFrozenUserCannotSignIn: the right password opens nothing, and says no more
// than a wrong one, until the freeze is over.
func TestFrozenUserCannotSignIn(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		_, err := h.c.FreezeUser(h.ctx, u.Email, control.NewFreeze{Type: reeve.FreezeSecurity})
		h.check(err)
		_, err = h.signIn(u.Email, secret, "")
		turnedAway(t, "frozen", err)
		h.check(h.c.UnfreezeUser(h.ctx, u.Email))
		_, err = h.signIn(u.Email, secret, "")
		h.check(err)
	})
}
