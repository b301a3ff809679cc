package reeve

import "time"

// TOTP is what a user's codes are made of (RFC 6238).
type TOTP struct {
	UserID      ID
	Secret      []byte  // sealed by the master key of the id SealedBy
	SealedBy    [8]byte // see control.Keyring
	CreatedAt   time.Time
	ConfirmedAt *time.Time // nil: the user has not shown a code yet, and needs none
	LastStep    int64      // the newest step whose code was taken
}

// Enabled tells whether the user needs a code to sign in.
func (t TOTP) Enabled() bool { return t.ConfirmedAt != nil }

// How codes are made: HMAC-SHA-1, so many digits, a new one in each step.
const (
	TOTPDigits = 6
	TOTPPeriod = 30 * time.Second
	TOTPSkew   = 1 // steps that a clock may be off, either way
)

// TOTPStep gives the step that a time is in.
func TOTPStep(at time.Time) int64 { return at.Unix() / int64(TOTPPeriod/time.Second) }

// RecoveryCodes is how many codes a user gets for when the device is lost.
const RecoveryCodes = 10
