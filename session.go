package reeve

import "time"

// Session is a program that answers from its own memory: a gateway, or a
// replica of the server. While its lease runs it may not have heard of the
// newest changes; a revocation's receipt waits for it.
type Session struct {
	ID        ID
	GatewayID *ID // nil: a replica
	Name      string
	Applied   int64 // the number of the newest change it has taken in
	Renewals  int64 // how often its lease was renewed
	Lease     time.Duration
	CreatedAt time.Time
}

// SessionState says what a receipt knows of a session.
type SessionState string

// The states. A receipt is complete when no session is pending.
const (
	SessionPending      SessionState = "pending"
	SessionAcknowledged SessionState = "acknowledged" // it has taken the revocation in
	SessionExpired      SessionState = "expired"      // its lease has run out: it answers no more
	SessionEnded        SessionState = "ended"        // in good order, by itself
)
