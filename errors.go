package reeve

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an Error is; each face maps kinds to its own
// statuses and bodies in one table.
type Kind int

// The kinds, from the caller's fault to ours.
const (
	Internal        Kind = iota // ours; the caller is told nothing
	Invalid                     // the input breaks a rule of form
	Unauthenticated             // no credential, or not a valid one
	Denied                      // a valid credential that may not do this
	NotFound                    // the thing does not exist
	Conflict                    // it exists already, or something stands in the way
	Exhausted                   // a limit is reached
	Precondition                // the thing is not as the caller said it was
	TooLarge                    // the input is longer than is read
	Timeout                     // the input did not arrive in time
	Unavailable                 // something we need is down; worth a retry
	Mismatch                    // a key that stands for one request came with another
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "denied", "not_found", "conflict",
	"exhausted", "precondition", "too_large", "timeout", "unavailable", "mismatch",
}

// String gives the kind's name as logs and metrics show it.
func (k Kind) String() string { return kindNames[k] }

// Error is a failure with a kind, a sentence for the caller, an optional
// detail for operators, and the cause, which callers never see.
type Error struct {
	Kind       Kind
	Message    string        // for the caller
	Detail     string        // for operators only; "" when there is none
	RetryAfter time.Duration // when it is worth another try; 0 when that is not said
	Quota      *Quota        // what of the caller's is used up; nil when that is not said
	Cause      error         // for the log
}

// Error gives the whole story, for the log.
func (e *Error) Error() string {
	text := e.Message
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of a kind with a formatted sentence for the caller.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// WithDetail gives a copy of the error with a detail for operators.
func (e *Error) WithDetail(format string, args ...any) *Error {
	out := *e
	out.Detail = fmt.Sprintf(format, args...)
	return &out
}

// WithRetryAfter gives a copy of the error that says when to try again.
func (e *Error) WithRetryAfter(wait time.Duration) *Error {
	out := *e
	out.RetryAfter = wait
	return &out
}

// WithQuota gives a copy of the error that says what is used up.
func (e *Error) WithQuota(quota Quota) *Error {
	out := *e
	out.Quota = &quota
	return &out
}

// Wrap gives a copy of the error with a cause for the log.
func (e *Error) Wrap(cause error) *Error {
	out := *e
	out.Cause = cause
	return &out
}

// AsError finds the Error in a chain. One without a kind is internal: its text
// becomes the cause and the caller's sentence says nothing.
func AsError(err error) *Error {
	var out *Error
	if errors.As(err, &out) {
		return out
	}
	return &Error{Kind: Internal, Message: "internal error", Cause: err}
}

// IsKind tells whether an error is of a kind.
func IsKind(err error, kind Kind) bool { return err != nil && AsError(err).Kind == kind }
