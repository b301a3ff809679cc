package reeve

import "time"

// APIKey is a project's key for gateways: a Storj-format macaroon whose root
// secret only the server holds.
type APIKey struct {
	ID        ID
	ProjectID ID
	PartnerID *ID // nil: none
	Name      string
	Head      [32]byte // public; finds the key
	Secret    []byte   // sealed; signs the macaroon
	SealedBy  [8]byte  // the id of the master key that sealed it
	CreatedAt time.Time

	ExpiresAt   *time.Time // when the server deletes it; nil: never
	Caveat      []byte     // how the key that was handed out is narrowed, as package macaroon writes it; nil: it is not
	RotatedFrom *ID        // the key that this one replaced; it may be gone
	ReplacedBy  *ID        // the key that replaced this one; it may be gone
}

// Ended tells whether the key's end has come; the instant itself is not past
// it, as in a caveat.
func (k APIKey) Ended(now time.Time) bool { return k.ExpiresAt != nil && now.After(*k.ExpiresAt) }
