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
}
