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
	CreatedAt   time.Time
	Applied     int64 // of the amount, what statements have used
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

// Remaining is how much of the coupon is left.
func (c Coupon) Remaining() int64 { return max(c.Amount-c.Applied, 0) }

// lastMonth is the last one that the coupon pays for: created in January for
// one month, it pays for January and February, on whatever day that was.
func (c Coupon) lastMonth() Month { return MonthOf(c.CreatedAt).Add(int(c.Duration)) }

// Until is the first instant after the last month that the coupon pays for.
func (c Coupon) Until() time.Time { return c.lastMonth().End() }

// UsableIn tells whether the coupon, if anything is left of it, pays for a
// month's statement that is made while it exists: of an earlier month too, for
// that is paid for now.
func (c Coupon) UsableIn(month Month) bool { return month <= c.lastMonth() }

// StatusAt gives the coupon's state at a time. One that is used up stays so.
func (c Coupon) StatusAt(now time.Time) CouponStatus {
	switch {
	case c.Remaining() == 0:
		return CouponUsed
	case !now.Before(c.Until()):
		return CouponExpired
	}
	return CouponActive
}

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
