package macaroon

import "errors"

// The classes of error. Every error of this package is one of them under [errors.Is], and its text is the class, a
// colon and a detail, as storj.io/common prints it. No text holds any part of a key.
var (
	// ErrFormat: the text is no key, or a caveat in it is no caveat, or a key would outgrow its limits.
	ErrFormat = errors.New("api key format")
	// ErrUnauthorized: the key is well formed and its caveats forbid the action.
	ErrUnauthorized = errors.New("api key unauthorized")
	// ErrAction: the question was incomplete; the fault is the caller's, not the key's.
	ErrAction = errors.New("api key")
)

// failure is an error of a class. The common ones are made once, so that refusing costs no allocation.
type failure struct {
	class  error
	detail string
}

func (e *failure) Error() string { return e.class.Error() + ": " + e.detail }
func (e *failure) Unwrap() error { return e.class }

var (
	// What storj.io/common says, word for word.
	errKeyFormat    = &failure{ErrFormat, "invalid api key format"}
	errEmpty        = &failure{ErrFormat, "empty macaroon"}
	errVersion      = &failure{ErrFormat, "invalid macaroon version"}
	errHeader       = &failure{ErrFormat, "invalid macaroon header"}
	errSectionEnd   = &failure{ErrFormat, "section extends past end of buffer"}
	errOrder        = &failure{ErrFormat, "fields out of order"}
	errBounds       = &failure{ErrFormat, "out of bounds"}
	errVarint       = &failure{ErrFormat, "varint error"}
	errNoIdentifier = &failure{ErrFormat, "no Identifier in caveat"}
	errExtraFields  = &failure{ErrFormat, "extra fields found in caveat"}
	errBadField     = &failure{ErrFormat, "invalid field found in caveat"}
	errNoSignature  = &failure{ErrFormat, "unexpected field found instead of signature"}
	errSignatureLen = &failure{ErrFormat, "signature has unexpected length"}
	errCaveatFormat = &failure{ErrFormat, "invalid caveat format"}
	errDisallowed   = &failure{ErrUnauthorized, "action disallowed"}
	errNoTime       = &failure{ErrAction, "no timestamp provided"}

	// What only this package refuses; see Deviations in the package comment.
	errTooLong      = &failure{ErrFormat, "key is too long"}
	errTooMany      = &failure{ErrFormat, "key has too many caveats"}
	errHeadLen      = &failure{ErrFormat, "head has unexpected length"}
	errSpelling     = &failure{ErrFormat, "not in canonical form"}
	errUnknownField = &failure{ErrFormat, "unknown caveat field"}
	errBoolean      = &failure{ErrFormat, "caveat boolean is neither 0 nor 1"}
	errZeroTime     = &failure{ErrFormat, "caveat time is the first instant of year 1"}
	errNoField      = &failure{ErrFormat, "no caveat can disallow this operation"}
	errGrantFormat  = &failure{ErrFormat, "invalid access grant format"}
	errZeroKey      = &failure{ErrFormat, "the zero key cannot be narrowed"}
)
