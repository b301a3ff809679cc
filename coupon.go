package reeve

import "time"

// Coupon is an amount that a user's statements draw on for some months.
type Coupon struct {
	ID          ID
	UserID      ID
	Amount      int64 // US cents, in all
	Duration    int64 // billing periods, which are calendar months
	Description string
	Type        CouponType
	Status      CouponStatus
	CreatedAt   time.Time
}

// CouponType is the original's number for a coupon's type.
type CouponType int

// CouponPromotional is the only type there is.
const CouponPromotional CouponType = 0

// CouponStatus is the original's number for a coupon's state.
type CouponStatus int

// The states of a coupon.
const (
	CouponActive  CouponStatus = 0
	CouponUsed    CouponStatus = 1
	CouponExpired CouponStatus = 2
)

// MaxCouponDuration is the longest duration, in months: a thousand years.
const MaxCouponDuration = 12_000

// Check applies the rules for a coupon that is to be created, in the
// original's order and words.
func (c Coupon) Check() error {
	switch {
	case c.Duration == 0:
		return Errorf(Invalid, "Duration is not set")
	case c.Amount == 0:
		return Errorf(Invalid, "Amount is not set")
	case c.Description == "":
		return Errorf(Invalid, "Description is not set")
	case c.UserID == Zero:
		return Errorf(Invalid, "UserID is not set")
	case c.Amount < 0:
		return Errorf(Invalid, "negative amount")
	case c.Duration < 0:
		return Errorf(Invalid, "negative duration")
	case c.Duration > MaxCouponDuration:
		return Errorf(Invalid, "duration is longer than %d months", MaxCouponDuration)
	}
	return CheckDescription(c.Description)
}
