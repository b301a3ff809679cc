package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// mailbox takes mails.
type mailbox struct {
	mails []reeve.Mail
	err   error
}

func (m *mailbox) take(_ context.Context, mail reeve.Mail) error {
	if m.err == nil {
		m.mails = append(m.mails, mail)
	}
	return m.err
}

// mailed gives a house that sends mail to a box.
func mailed(t *testing.T, h house) (house, *mailbox) {
	t.Helper()
	box := &mailbox{}
	with := settings(t, masterKey)
	with.Mail, with.PublicURL = box.take, "https://cloud.test"
	h.c = control.New(h.s, with)
	return h, box
}

// linked gives the token of the link in a mail.
func linked(t *testing.T, mail reeve.Mail) string {
	t.Helper()
	_, rest, ok := strings.Cut(mail.Text, "#")
	if !ok {
		t.Fatal(mail.Text)
	}
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func (h house) deliver() {
	h.t.Helper()
	h.check(control.SendDueMails(h.c, h.t.Context(), func(err error) { h.t.Error(err) }))
}

// TestAccount: users see and rename themselves alone.
func TestAccount(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, bob := h.password(h.user("ada@mail.test"), secret), h.password(h.user("bob@mail.test"), secret)
		ctx, theirs := h.session(ada), h.session(bob)
		first, last := " Mary Ann ", ""
		got, err := h.c.UpdateAccount(ctx, ada.ID, control.AccountPatch{FirstName: &first})
		same(t, "renamed", "Mary Ann Lovelace", got.User.FullName, err)
		got, err = h.c.UpdateAccount(ctx, ada.ID, control.AccountPatch{LastName: &last})
		same(t, "one name", "Mary", got.User.FullName, err)
		got, err = h.c.UpdateAccount(ctx, ada.ID, control.AccountPatch{})
		same(t, "nothing", "Mary", got.User.FullName, err)
		_, err = h.c.UpdateAccount(ctx, ada.ID, control.AccountPatch{FirstName: &last})
		refused(t, "no name", err, reeve.Invalid, "name is not set")
		denied(t, "another's", errOf(h.c.UpdateAccount(theirs, ada.ID, control.AccountPatch{FirstName: &first})))
		denied(t, "seeing another", errOf(h.c.GetAccount(theirs, ada.ID)))
		denied(t, "seeing nobody", errOf(h.c.GetAccount(theirs, newID())))
		log := h.log(ada.ID)
		same(t, "changes", `user.update {} {"fullName":"changed"}`, log[len(log)-1], nil)
	})
}

// TestChangePassword: it needs the old one, and ends all other sessions.
func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		ctx, other := h.session(u), h.session(u)
		for next, message := range map[string]string{
			"": "new_password is not set", "1234567": "new_password is shorter than 8 bytes",
			strings.Repeat("x", 1025): "new_password is longer than 1024 bytes",
		} {
			refused(t, message, h.c.ChangePassword(ctx, u.ID, secret, next), reeve.Invalid, message)
		}
		refused(t, "wrong", h.c.ChangePassword(ctx, u.ID, "wrong", "12345678"), reeve.Denied, "the password is wrong")
		h.check(h.c.ChangePassword(ctx, u.ID, secret, strings.Repeat("x", 1024)))
		h.check(errOf(h.c.GetAccount(ctx, u.ID)))
		unauthorized(t, "the other", errOf(h.c.GetAccount(other, u.ID)))
		turnedAway(t, "the old one", errOf(h.signIn(u.Email, secret, "")))
		h.check(errOf(h.signIn(u.Email, strings.Repeat("x", 1024), "")))
		for range 8 {
			refused(t, "wrong", h.c.ChangePassword(ctx, u.ID, "wrong", "12345678"), reeve.Denied, "the password is wrong")
		}
		refused(t, "too often", h.c.ChangePassword(ctx, u.ID, secret, "12345678"), reeve.Exhausted, "too many failed attempts")
	})
}

// TestChangePasswordAtOnce: of two changes at once from one password, one wins.
func TestChangePasswordAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		ctx := h.session(u)
		next := []string{"password 1", "password 2"}
		errs := race(
			func() error { return h.c.ChangePassword(ctx, u.ID, secret, next[0]) },
			func() error { return h.c.ChangePassword(ctx, u.ID, secret, next[1]) },
		)
		if won := tally(t, errs, reeve.Denied); won != 1 {
			t.Errorf("%d won", won)
		}
	})
}

// TestPasswordReset: a link is mailed to users alone, works once, dies with any
// change of the password or the address, and after an hour; every session ends.
func TestPasswordReset(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		refused(t, "without mail", h.c.RequestPasswordReset(from(t, "192.0.2.1"), "ada@mail.test"), reeve.Unavailable, "mail is not configured")
		h, box := mailed(t, h)
		u := h.password(h.user("ada@mail.test"), secret)
		request := func(email string) {
			t.Helper()
			h.check(h.c.RequestPasswordReset(from(t, "192.0.2.1"), email))
			h.deliver()
		}
		request("nobody@mail.test")
		same(t, "mails to nobody", 0, len(box.mails), nil)
		request("ADA@mail.test")
		if len(box.mails) != 1 || box.mails[0].To != "ada@mail.test" || !strings.Contains(box.mails[0].Text, "https://cloud.test/console/password#reeve_rst_") {
			t.Fatalf("%+v", box.mails)
		}
		token := linked(t, box.mails[0])
		session := h.session(u) // replaces the hash
		reset := func(token, password string) error { return h.c.ResetPassword(from(t, "192.0.2.1"), token, password) }
		refused(t, "another hash", reset(token, "password 1"), reeve.NotFound, "the link is not valid")
		request("ada@mail.test")
		token = linked(t, box.mails[1])
		refused(t, "too short", reset(token, "1234567"), reeve.Invalid, "new_password is shorter than 8 bytes")
		refused(t, "forged", reset(token[:len(token)-2]+"AA", "password 1"), reeve.NotFound, "the link is not valid")
		other := newControl(t, h.s, [32]byte{2}, masterKey) // another replica, whose master key is newer
		h.check(other.ResetPassword(from(t, "192.0.2.1"), token, "password 1"))
		refused(t, "twice", reset(token, "password 2"), reeve.NotFound, "the link is not valid")
		unauthorized(t, "the session", errOf(h.c.GetAccount(session, u.ID)))
		h.check(errOf(h.signIn(u.Email, "password 1", "")))
		log := h.log(u.ID)
		same(t, "change", `user.reset {} {"passwordHash":"changed"}`, log[len(log)-1], nil)

		made, err := h.c.CreatePasswordReset(h.ctx, "Ada@mail.test")
		h.check(err)
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{Email: "ada@other.test"}))
		refused(t, "another address", reset(string(made.Token), "password 2"), reeve.NotFound, "the link is not valid")
		made, err = h.c.CreatePasswordReset(h.ctx, "ada@other.test")
		h.check(err)
		same(t, "link", "https://cloud.test/console/password#"+string(made.Token), made.Link, nil)
		h.clock.set(made.Expires)
		refused(t, "too late", reset(string(made.Token), "password 2"), reeve.NotFound, "the link is not valid")
		h.clock.set(made.Expires.Add(-time.Microsecond))
		errs := race(repeat(4, func() error { return reset(string(made.Token), "password 2") })...)
		if won := tally(t, errs, reeve.NotFound); won != 1 {
			t.Errorf("used %d times", won)
		}
	})
}

// TestResetRequestsAreBounded: they count as failures, whoever they are for.
func TestResetRequestsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h, box := mailed(t, h)
		u := h.password(h.user("ada@mail.test"), secret)
		for range 10 {
			h.check(h.c.RequestPasswordReset(from(t, "192.0.2.1"), u.Email))
			h.check(h.c.RequestPasswordReset(from(t, "192.0.2.2"), "nobody@mail.test"))
		}
		for _, email := range []string{u.Email, "nobody@mail.test"} {
			refused(t, email, h.c.RequestPasswordReset(from(t, "192.0.2.3"), email), reeve.Exhausted, "too many failed attempts")
		}
		h.deliver()
		same(t, "mails", 1, len(box.mails), nil)
		h.check(h.c.ResetPassword(from(t, "192.0.2.1"), linked(t, box.mails[0]), "password 1"))
		h.check(errOf(h.signIn(u.Email, "password 1", ""))) // the link shows whose address it is
	})
}

// TestMailIsTriedAgain: for a day, less and less often; a refusal is the end.
func TestMailIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h, box := mailed(t, h)
		h.user("ada@mail.test")
		box.err = reeve.Errorf(reeve.Unavailable, "down")
		var given []string
		report := func(err error) { given = append(given, err.Error()) }
		h.check(h.c.RequestPasswordReset(from(t, "192.0.2.1"), "ada@mail.test"))
		tries := 0
		for ; tries < 100 && len(given) == 0; tries++ {
			h.check(control.SendDueMails(h.c, t.Context(), report))
			h.check(control.SendDueMails(h.c, t.Context(), report)) // not due yet
			h.clock.pass(75 * time.Minute)
		}
		if len(given) != 1 || strings.Contains(given[0], "@") || tries < 15 {
			t.Errorf("%q after %d", given, tries)
		}
		n, err := h.s.CountMails(t.Context())
		same(t, "left", 0, n, err)

		h.check(h.c.RequestPasswordReset(from(t, "192.0.2.1"), "ada@mail.test"))
		h.check(control.SendDueMails(h.c, t.Context(), report))
		box.err = nil
		h.clock.pass(15 * time.Second)
		h.deliver()
		same(t, "sent then", 1, len(box.mails), nil)

		box.err = reeve.ErrRefusedMail
		h.check(h.c.RequestPasswordReset(from(t, "192.0.2.1"), "ada@mail.test"))
		h.check(control.SendDueMails(h.c, t.Context(), report))
		n, err = h.s.CountMails(t.Context())
		same(t, "left after a refusal", 0, n, err)
		same(t, "given up", 2, len(given), nil)
	})
}
