package reeve

import "time"

// Organization is a customer: it owns projects and holds members and keys.
type Organization struct {
	ID        ID
	Name      string
	OwnerID   ID
	CreatedAt time.Time
	Freeze    *Frozen // only where a read says so
}

// PersonalOrganization is the name of the organisation that is made for a
// user whose first project names none.
const PersonalOrganization = "Personal organization"

// OrganizationKey lets a tenant's program use the tenant API. Only the hash
// of its token is kept.
type OrganizationKey struct {
	ID             ID
	OrganizationID ID
	Name           string
	Role           Role
	CreatedAt      time.Time
	ExpiresAt      *time.Time // nil: never
	ParentID       *ID        // the key that this one was derived from, and goes with
	RotatedFrom    *ID        // the key that this one replaced; it may be gone
	ReplacedBy     *ID        // the key that replaced this one; it may be gone
}

// Live tells whether the key has not expired. A key is dead from the very
// instant it expires at.
func (k OrganizationKey) Live(now time.Time) bool {
	return k.ExpiresAt == nil || now.Before(*k.ExpiresAt)
}

// Actor is the caller that the key stands for.
func (k OrganizationKey) Actor() Actor {
	return Actor{Kind: KeyHolder, ID: k.ID, OrganizationID: k.OrganizationID, Role: k.Role}
}
