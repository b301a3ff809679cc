package reeve

import "time"

// Gateway is a program that admits or refuses requests on reeve's word. Only
// the hash of its token is kept.
type Gateway struct {
	ID        ID
	Name      string
	CreatedAt time.Time
}
