package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// totpIssuer is what authenticator programs show beside the address.
const totpIssuer = "reeve"

var (
	errTOTPEnabled = reeve.Errorf(reeve.Conflict, "codes are asked for already")
	errNoTOTP      = reeve.Errorf(reeve.Conflict, "codes are not asked for")
)

// NewTOTP is what an authenticator program is told, once.
type NewTOTP struct{ Secret, URI string }

// BeginTOTP makes the secret of the codes that are asked for once the user, who
// asks and gives the password, has shown one of them to ConfirmTOTP. Called
// again it makes another. Conflict if codes are asked for already.
func (c *Control) BeginTOTP(ctx context.Context, user reeve.ID, password string) (NewTOTP, error) {
	by, known, try, err := c.confirmPassword(ctx, user, password)
	if err != nil {
		return NewTOTP{}, err
	}
	try.forgive()
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: totpIssuer, AccountName: known.Email, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		Period: uint(reeve.TOTPPeriod / time.Second),
	})
	if err != nil {
		return NewTOTP{}, err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := unchanged(ctx, tx, &known, errWrongPassword); err != nil {
			return err
		}
		old, err := tx.TOTP(ctx, user)
		switch {
		case err == nil && old.Enabled():
			return errTOTPEnabled
		case err != nil && !reeve.IsKind(err, reeve.NotFound):
			return err
		}
		t := reeve.TOTP{UserID: user, CreatedAt: tx.Now()}
		c.keys.sealTOTP(&t, []byte(key.Secret()))
		tx.PutTOTP(t)
		record(tx, by, change{action: "totp.create", target: user})
		return nil
	})
	return NewTOTP{Secret: key.Secret(), URI: key.URL()}, err
}

// ConfirmTOTP has codes asked for from now on, if the user, who asks, shows one
// that BeginTOTP's secret makes, and gives the recovery codes, which are not
// told again. All other sessions of the user end.
func (c *Control) ConfirmTOTP(ctx context.Context, user reeve.ID, code string) ([]string, error) {
	session, err := c.personsSession(ctx, user)
	if err != nil {
		return nil, err
	}
	try, err := c.tryCode(ctx, user)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, _, err := c.lockPerson(ctx, tx, user)
		if err != nil {
			return err
		}
		t, err := tx.TOTP(ctx, user)
		switch {
		case reeve.IsKind(err, reeve.NotFound):
			return errNoTOTP
		case err != nil:
			return err
		case t.Enabled():
			return errTOTPEnabled
		}
		if err := c.takeStep(tx, t, strip(code)); err != nil {
			return denyCode(err)
		}
		now := tx.Now()
		t.ConfirmedAt = &now
		tx.PutTOTP(t)
		tx.ReplaceRecoveryCodes(user, hashes)
		tx.DeleteUserSessions(user, session.ID)
		record(tx, by, change{action: "totp.enable", target: user})
		return nil
	})
	try.settle(err)
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// DisableTOTP has no codes asked for any more, if the user, who asks, gives the
// password and a code. One that is not confirmed yet needs no code.
func (c *Control) DisableTOTP(ctx context.Context, user reeve.ID, password, code string) error {
	by, known, try, err := c.confirmPassword(ctx, user, password)
	if err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := unchanged(ctx, tx, &known, errWrongPassword); err != nil {
			return err
		}
		if _, err := tx.TOTP(ctx, user); reeve.IsKind(err, reeve.NotFound) {
			return errNoTOTP
		} else if err != nil {
			return err
		}
		if err := c.takeCode(ctx, tx, by, user, code); err != nil {
			return denyCode(err)
		}
		tx.DeleteTOTP(user)
		record(tx, by, change{action: "totp.disable", target: user})
		return nil
	})
	try.settle(err)
	return err
}

// DeleteTOTP has no codes asked for of a user any more, who has lost the device
// and the recovery codes. It is the operators' call.
func (c *Control) DeleteTOTP(ctx context.Context, email string) error {
	by, err := operator(ctx, reeve.ManageUsers)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByEmail(ctx, email)
		if err != nil {
			return err
		}
		if _, err := tx.TOTP(ctx, user.ID); err != nil {
			return err
		}
		tx.DeleteTOTP(user.ID)
		record(tx, by, change{action: "totp.delete", target: user.ID})
		return nil
	})
}

// errCodeDenied is ErrWrongCode for who is signed in.
var errCodeDenied = reeve.Errorf(reeve.Denied, "invalid code")

func denyCode(err error) error {
	switch {
	case errors.Is(err, ErrWrongCode):
		return errCodeDenied
	case errors.Is(err, ErrCodeRequired):
		return reeve.Errorf(reeve.Invalid, "code is not set")
	default:
		return err
	}
}

// takeCode uses up the code of a user whose row is locked: one of the device,
// or a recovery code. It does nothing where no code is asked for.
func (c *Control) takeCode(ctx context.Context, tx *store.Tx, by Caller, user reeve.ID, code string) error {
	t, err := tx.TOTP(ctx, user)
	switch {
	case reeve.IsKind(err, reeve.NotFound), err == nil && !t.Enabled():
		return nil
	case err != nil:
		return err
	}
	code = strip(code)
	switch len(code) {
	case 0:
		return ErrCodeRequired
	case reeve.TOTPDigits:
		return c.takeStep(tx, t, code)
	case recoveryLength:
		return takeRecoveryCode(ctx, tx, by, user, code)
	default:
		return ErrWrongCode
	}
}

// takeStep uses up the step of a code: it, and those before it, are not taken
// again.
func (c *Control) takeStep(tx *store.Tx, t reeve.TOTP, code string) error {
	secret, err := c.keys.openTOTP(t)
	if err != nil {
		return err
	}
	options := hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	now, found := reeve.TOTPStep(tx.Now()), int64(-1)
	for step := now - reeve.TOTPSkew; step <= now+reeve.TOTPSkew; step++ {
		made, err := hotp.GenerateCodeCustom(string(secret), uint64(step), options)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(made), []byte(code)) == 1 && step > t.LastStep {
			found = step
		}
	}
	if found < 0 {
		return ErrWrongCode
	}
	tx.PutTOTPStep(t.UserID, found)
	return nil
}

// A recovery code is 80 random bits in base32, shown in groups.
const (
	recoveryLength = 16
	recoveryGroup  = 4
)

var recoveryText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newRecoveryCodes makes codes as they are shown, and as they are kept.
func newRecoveryCodes() (codes []string, hashes []reeve.TokenHash) {
	for range reeve.RecoveryCodes {
		random := make([]byte, 10)
		_, _ = rand.Read(random)
		code := recoveryText.EncodeToString(random)
		hashes = append(hashes, recoveryHash(code))
		codes = append(codes, strings.Join(slices.Collect(groups(code)), "-"))
	}
	return codes, hashes
}

func groups(code string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for at := 0; at < len(code) && yield(code[at:at+recoveryGroup]); at += recoveryGroup {
		}
	}
}

// recoveryHash is what is kept of a recovery code: 80 random bits need no slow
// hash.
func recoveryHash(code string) reeve.TokenHash {
	return sha256.Sum256([]byte("recovery code\x00" + code))
}

// takeRecoveryCode uses up a recovery code of a user whose row is locked.
func takeRecoveryCode(ctx context.Context, tx *store.Tx, by Caller, user reeve.ID, code string) error {
	hashes, err := tx.RecoveryCodes(ctx, user)
	if err != nil {
		return err
	}
	hash, found := recoveryHash(code), false
	for _, kept := range hashes {
		found = subtle.ConstantTimeCompare(kept[:], hash[:]) == 1 || found
	}
	if !found {
		return ErrWrongCode
	}
	tx.DeleteRecoveryCode(user, hash)
	record(tx, by, change{action: "totp.recover", target: user, after: fields{"codesLeft": len(hashes) - 1}})
	return nil
}

// strip takes out of a code what people put in.
func strip(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(shortened(code, 64)))
}
