package reeve

import "time"

// Gateway is a program that admits or refuses requests on reeve's word. Only
// the hash of its token is kept.
type Gateway struct {
	ID        ID
	Name      string
	CreatedAt time.Time
}

// GatewayToken is one of a gateway's tokens: the newest, or one before it whose
// overlap has not ended.
type GatewayToken struct {
	ID        ID
	GatewayID ID
	Hash      TokenHash
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: the newest
}

// Live tells whether the token has not ended; it is dead from the very instant
// that it ends at.
func (t GatewayToken) Live(now time.Time) bool { return t.ExpiresAt == nil || now.Before(*t.ExpiresAt) }
