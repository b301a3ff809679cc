package reeve

import "time"

// Reply is an answer as it goes out, so that it can go out again.
type Reply struct {
	Status      int    `json:"status"`
	ContentType string `json:"type,omitempty"` // none of an empty body
	Body        []byte `json:"body,omitempty"`
}

// Repeatable is a request that its sender may send again without doing twice
// what it asks for.
type Repeatable struct {
	Face, Actor string   // who asks, and where
	Key         string   // of the sender's choice; "" where nothing is kept
	Digest      [32]byte // SHA-256 of all that the request says

	// Resumable is a request for work that many transactions do, which may be
	// begun again wherever it broke off.
	Resumable bool
}

// ErrMismatch answers a key that was used for another request.
var ErrMismatch = Errorf(Mismatch, "the Idempotency-Key was used for another request")

// ErrRunning answers a key whose request is not answered yet.
var ErrRunning = &Error{
	Kind: Conflict, Message: "a request with this Idempotency-Key is still running", RetryAfter: time.Second,
}

// ErrChanged answers a precondition that does not hold.
var ErrChanged = Errorf(Precondition, "the thing is not as it was: read it again")
