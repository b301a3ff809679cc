package gateway

import (
	"time"

	"github.com/reeve-cloud/reeve"
)

// The errors that callers tell apart with errors.Is. They are *reeve.Error of kind Unavailable: nothing was decided.
var (
	// ErrUnavailable: the control plane cannot be asked, and what is known locally may not be used any more.
	ErrUnavailable error = reeve.Errorf(reeve.Unavailable, "the control plane is not available")
	// ErrToken: the control plane does not take the gateway's token. It was revoked, or never was one.
	ErrToken error = reeve.Errorf(reeve.Unavailable, "the control plane does not take the gateway's token")
	// ErrClosed: the client was closed.
	ErrClosed error = reeve.Errorf(reeve.Unavailable, "the client is closed")
)

// LimitError says that a limit of a project is reached.
type LimitError struct {
	Meter      reeve.Meter
	RetryAfter time.Duration // when asking again may succeed; a lower bound
}

func (e *LimitError) Error() string { return "the project's " + string(e.Meter) + " limit is reached" }

// Unwrap gives the error its kind, Exhausted.
func (e *LimitError) Unwrap() error { return reeve.Errorf(reeve.Exhausted, "%s", e.Error()) }
