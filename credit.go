package reeve

import "time"

// Credit is an amount granted to an organisation, which its statements draw on
// after the coupons.
type Credit struct {
	ID             ID
	OrganizationID ID
	Amount         int64 // US cents, in all
	Applied        int64 // of it, what statements have used
	Priority       int64 // the lowest is used first
	Description    string
	EffectiveAt    time.Time
	ExpiresAt      *time.Time // nil: never
	VoidedAt       *time.Time
	CreatedAt      time.Time
}

// CreditStatus is a credit's state at a time.
type CreditStatus string

// The states of a credit.
const (
	CreditPending CreditStatus = "pending" // not in effect yet
	CreditActive  CreditStatus = "active"
	CreditUsed    CreditStatus = "used"
	CreditExpired CreditStatus = "expired"
	CreditVoid    CreditStatus = "void"
)

// Check applies the rules for a credit that is to be created.
func (c Credit) Check() error {
	switch {
	case c.OrganizationID == Zero:
		return Errorf(Invalid, "OrganizationID is not set")
	case c.Amount == 0:
		return Errorf(Invalid, "Amount is not set")
	case c.Amount < 0:
		return Errorf(Invalid, "negative amount")
	case c.Description == "":
		return Errorf(Invalid, "Description is not set")
	case c.ExpiresAt != nil && !c.ExpiresAt.After(c.EffectiveAt):
		return Errorf(Invalid, "expiresAt is not after effectiveAt")
	}
	return CheckDescription(c.Description)
}

// Remaining is how much of the credit is left.
func (c Credit) Remaining() int64 { return max(c.Amount-c.Applied, 0) }

// UsableIn tells whether the credit, if anything is left of it, pays for a
// month: it is in effect during some of it, and not void.
func (c Credit) UsableIn(month Month) bool {
	atOnce := !c.EffectiveAt.After(c.CreatedAt)
	return c.VoidedAt == nil && (atOnce || c.EffectiveAt.Before(month.End())) &&
		(c.ExpiresAt == nil || c.ExpiresAt.After(month.Start()))
}

// StatusAt gives the credit's state at a time. One that is void or used up
// stays so.
func (c Credit) StatusAt(now time.Time) CreditStatus {
	switch {
	case c.VoidedAt != nil:
		return CreditVoid
	case c.Remaining() == 0:
		return CreditUsed
	case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
		return CreditExpired
	case now.Before(c.EffectiveAt):
		return CreditPending
	}
	return CreditActive
}
