package gatewayapi

import (
	"errors"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/forward"
)

// refusal is why a proxy's request may not pass, with what belongs into the
// reply's header.
type refusal struct {
	reason    *reeve.Error
	challenge []string // of a 401 (RFC 6750, 3)
	rate      rateOut  // of a 429
}

// What a client is asked for that showed no key, or not a valid one.
var (
	anyKey     = []string{`Bearer realm="reeve"`}
	anotherKey = []string{`Bearer realm="reeve", error="invalid_token"`}
)

// Error gives the reason.
func (r *refusal) Error() string { return r.reason.Error() }

// Unwrap gives the reason with its kind.
func (r *refusal) Unwrap() error { return r.reason }

// SetHeader writes what the status asks for.
func (r *refusal) SetHeader(h http.Header) {
	if r.challenge != nil {
		h["Www-Authenticate"] = r.challenge
	}
	r.rate.SetHeader(h)
}

// unjudged refuses what package forward has refused.
func unjudged(err error) error {
	var cause *forward.Refusal
	if !errors.As(err, &cause) {
		return err
	}
	switch cause.Status {
	case http.StatusUnauthorized:
		return &refusal{reason: reeve.Errorf(reeve.Unauthenticated, "%s", cause.Reason), challenge: anyKey}
	case http.StatusForbidden:
		return reeve.Errorf(reeve.Denied, "%s", cause.Reason)
	}
	return reeve.Errorf(reeve.Invalid, "%s", cause.Reason)
}

// judged refuses by a verdict: 401 where another key may help, 429 where time
// does, else 403. The detail is the code.
func judged(v *control.Verdict) error {
	code := string(v.Code)
	switch v.Code {
	case reeve.CodeMalformed, reeve.CodeNotFound, reeve.CodeRevoked, reeve.CodeExpired:
		return &refusal{reason: &reeve.Error{Kind: reeve.Unauthenticated, Message: code}, challenge: anotherKey}
	case reeve.CodeRateLimited:
		out := &refusal{reason: &reeve.Error{Kind: reeve.Exhausted, Message: code}, rate: newRateOut(v.Rate)}
		if v.Rate != nil {
			out.reason.RetryAfter = v.Rate.Reset
		}
		return out
	}
	return &reeve.Error{Kind: reeve.Denied, Message: code}
}
