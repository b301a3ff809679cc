package control_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

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
		asked := func() (bool, error) {
			found, err := h.c.GetUser(h.ctx, u.Email)
			return found.TOTP, err
		}
		on, err := asked()
		same(t, "asked", true, on, err)
		h.check(h.c.DeleteTOTP(h.ctx, u.Email))
		on, err = asked()
		same(t, "asked no more", false, on, err)
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

// TestRestoredUserNeedsCodes: deleting and restoring a user is no way around the
// codes, whatever master key they are sealed with by then; erasing forgets them.
func TestRestoredUserNeedsCodes(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.password(h.user("ada@mail.test"), secret)
		key, codes := h.enable(h.session(u), u)
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		next := [32]byte{2}
		n, err := newControl(t, h.s, next, masterKey).Rekey(h.ctx)
		same(t, "resealed", 1, n, err)
		h.c = newControl(t, h.s, next)
		h.check(h.c.RestoreUser(h.ctx, u.Email))
		refused(t, "the password alone", errOf(h.signIn(u.Email, secret, "")), reeve.Unauthenticated, "code required")
		refused(t, "a code of before", errOf(h.signIn(u.Email, secret, h.totp(key, 0))), reeve.Unauthenticated, "invalid code")
		h.clock.pass(time.Minute)
		h.check(errOf(h.signIn(u.Email, secret, h.totp(key, 0))))
		h.check(errOf(h.signIn(u.Email, secret, codes[0])))

		forgotten := func(what string, user reeve.ID) {
			t.Helper()
			_, err := h.s.TOTP(t.Context(), user)
			refused(t, what, err, reeve.NotFound, "totp not found")
			left, err := h.s.RecoveryCodes(t.Context(), user)
			same(t, what, 0, len(left), err)
		}
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		h.check(h.c.EraseUser(h.ctx, u.Email))
		forgotten("erased when deleted already", u.ID)
		for name, remove := range map[string]func(email string) error{
			"at the end of the window": func(email string) error {
				err := h.c.DeleteUser(h.ctx, email)
				h.clock.pass(restoreWindow)
				return errors.Join(err, control.EraseDeletions(h.c, t.Context()))
			},
			"at once": func(email string) error { return h.c.EraseUser(h.ctx, email) },
		} {
			other := h.password(h.user("bob@mail.test"), secret)
			h.enable(h.session(other), other)
			h.check(remove(other.Email))
			forgotten(name, other.ID)
		}
	})
}

func sealOf(t *testing.T, h house, u reeve.User) string {
	t.Helper()
	kept, err := h.s.TOTP(t.Context(), u.ID)
	h.check(err)
	return hex.EncodeToString(kept.SealedBy[:])
}
