package control_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

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

// totp gives the code of a secret at the house's time, or steps from it.
func (h house) totp(secret string, steps int) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.clock.now().Add(time.Duration(steps)*30*time.Second))
	h.check(err)
	return code
}

// enable has codes asked for of a user who is signed in.
func (h house) enable(ctx context.Context, u reeve.User) (key string, codes []string) {
	h.t.Helper()
	made, err := h.c.BeginTOTP(ctx, u.ID, secret)
	h.check(err)
	codes, err = h.c.ConfirmTOTP(ctx, u.ID, h.totp(made.Secret, 0))
	h.check(err)
	return made.Secret, codes
}

func TestTOTP(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		ctx, other := h.session(u), h.session(u)
		wrong := func(what string, err error) {
			t.Helper()
			refused(t, what, err, reeve.Denied, "invalid code")
		}
		refused(t, "before the begin", errOf(h.c.ConfirmTOTP(ctx, u.ID, "123456")), reeve.Conflict, "codes are not asked for")
		refused(t, "wrong password", errOf(h.c.BeginTOTP(ctx, u.ID, "x")), reeve.Denied, "the password is wrong")
		made, err := h.c.BeginTOTP(ctx, u.ID, secret)
		h.check(err)
		if !strings.HasPrefix(made.URI, "otpauth://totp/reeve:ada@mail.test?") || !strings.Contains(made.URI, "secret="+made.Secret) {
			t.Error(made.URI)
		}
		h.check(errOf(h.signIn(u.Email, secret, ""))) // it is pending
		again, err := h.c.BeginTOTP(ctx, u.ID, secret)
		h.check(err)
		wrong("of the secret before", errOf(h.c.ConfirmTOTP(ctx, u.ID, h.totp(made.Secret, 0))))
		wrong("two steps off", errOf(h.c.ConfirmTOTP(ctx, u.ID, h.totp(again.Secret, 2))))
		codes, err := h.c.ConfirmTOTP(ctx, u.ID, " "+h.totp(again.Secret, -1)[:3]+" "+h.totp(again.Secret, -1)[3:])
		h.check(err)
		same(t, "recovery codes", 10, len(codes), nil)
		unauthorized(t, "the other session", errOf(h.c.GetAccount(other, u.ID)))
		account, err := h.c.GetAccount(ctx, u.ID)
		same(t, "enabled", true, account.TOTPEnabled, err)
		refused(t, "begin again", errOf(h.c.BeginTOTP(ctx, u.ID, secret)), reeve.Conflict, "codes are asked for already")
		refused(t, "confirm again", errOf(h.c.ConfirmTOTP(ctx, u.ID, h.totp(again.Secret, 0))), reeve.Conflict, "codes are asked for already")

		in := func(code string) error { return errOf(h.signIn(u.Email, secret, code)) }
		for range 20 { // no failure
			refused(t, "no code", in(""), reeve.Unauthenticated, "code required")
		}
		turnedAway(t, "a wrong password and no code", errOf(h.signIn(u.Email, "x", "")))
		turnedAway(t, "a wrong password and a code", errOf(h.signIn(u.Email, "x", h.totp(again.Secret, 0))))
		refused(t, "the code of the confirmation", in(h.totp(again.Secret, -1)), reeve.Unauthenticated, "invalid code")
		h.check(in(h.totp(again.Secret, 1)))
		refused(t, "twice", in(h.totp(again.Secret, 1)), reeve.Unauthenticated, "invalid code")
		refused(t, "an earlier step", in(h.totp(again.Secret, 0)), reeve.Unauthenticated, "invalid code")
		h.clock.pass(16 * time.Minute)
		errs := race(repeat(4, func() error { return in(h.totp(again.Secret, 0)) })...)
		if won := tally(t, errs, reeve.Unauthenticated); won != 1 {
			t.Errorf("one code was taken %d times", won)
		}
		h.clock.pass(15 * time.Minute)
		h.check(in(strings.ToUpper(codes[3])))
		refused(t, "a recovery code twice", in(codes[3]), reeve.Unauthenticated, "invalid code")
		h.check(in(strings.ReplaceAll(codes[4], "-", "")))

		refused(t, "off without a code", h.c.DisableTOTP(ctx, u.ID, secret, ""), reeve.Invalid, "code is not set")
		wrong("off with a wrong one", h.c.DisableTOTP(ctx, u.ID, secret, "000000000000"))
		refused(t, "off with a wrong password", h.c.DisableTOTP(ctx, u.ID, "x", codes[0]), reeve.Denied, "the password is wrong")
		h.check(h.c.DisableTOTP(ctx, u.ID, secret, codes[0]))
		refused(t, "off twice", h.c.DisableTOTP(ctx, u.ID, secret, codes[1]), reeve.Conflict, "codes are not asked for")
		h.check(in(""))
		want := []string{"totp.create", "totp.create", "totp.enable", `totp.recover  {"codesLeft":9}`, `totp.recover  {"codesLeft":8}`, `totp.recover  {"codesLeft":7}`, "totp.disable"}
		if diff := cmp.Diff(want, h.log(u.ID)[3:]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestGuessingCodes: wrong codes count as failures.
func TestGuessingCodes(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		key, _ := h.enable(h.session(u), u)
		for range 10 {
			refused(t, "guessed", errOf(h.signIn(u.Email, secret, "1234567")), reeve.Unauthenticated, "invalid code")
		}
		h.clock.pass(time.Minute)
		refused(t, "right", errOf(h.signIn(u.Email, secret, h.totp(key, 0))), reeve.Exhausted, "too many failed attempts")
	})
}

// TestLostDevice: an operator has codes asked for no more.
func TestLostDevice(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		refused(t, "none", h.c.DeleteTOTP(h.ctx, u.Email), reeve.NotFound, "totp not found")
		h.enable(h.session(u), u)
		h.check(h.c.DeleteTOTP(h.ctx, u.Email))
		h.check(errOf(h.signIn(u.Email, secret, "")))
	})
}

// TestRekeyTOTP: the secrets of codes are sealed anew, and a start without their
// master key is refused.
func TestRekeyTOTP(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		key, _ := h.enable(h.session(u), u)
		next := [32]byte{2}
		refused(t, "without the key", newControl(t, h.s, next).CheckMasterKey(t.Context()), reeve.Invalid,
			"the master key does not open the stored secrets of users' codes, some of which were sealed with key "+sealOf(t, h, u))
		both := newControl(t, h.s, next, masterKey)
		h.check(both.CheckMasterKey(t.Context()))
		n, err := both.Rekey(h.ctx)
		same(t, "resealed", 1, n, err)
		h.c = newControl(t, h.s, next)
		h.check(h.c.CheckMasterKey(t.Context()))
		h.clock.pass(time.Minute)
		h.check(errOf(h.signIn(u.Email, secret, h.totp(key, 0))))
	})
}

func sealOf(t *testing.T, h house, u reeve.User) string {
	t.Helper()
	kept, err := h.s.TOTP(t.Context(), u.ID)
	h.check(err)
	return hex.EncodeToString(kept.SealedBy[:])
}
