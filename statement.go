package reeve

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"time"
)

// StatementStatus says how far a statement has come: a draft may still change,
// a final one never does; it is paid or void in the end.
type StatementStatus string

// The states of a statement.
const (
	StatementDraft StatementStatus = "draft"
	StatementFinal StatementStatus = "final"
	StatementPaid  StatementStatus = "paid"
	StatementVoid  StatementStatus = "void"
)

// Statement is what an organisation's month comes to. All amounts are US
// cents; Coupons + Credits + Due = Gross.
type Statement struct {
	ID               ID
	OrganizationID   ID
	OrganizationName string // as it was at the month's close
	OwnerID          ID     // of the organisation, as it was at the month's close
	Month            Month
	Status           StatementStatus
	Lines            []StatementLine
	Settlements      []Settlement
	Gross            int64
	Coupons          int64
	Credits          int64 // negative if more was given back than used: it became a credit
	Due              int64
	Noted            int64 // of Due, what credit notes have taken back since
}

// NewCredit gives the credit that the statement gives the organisation, if its
// lines came to less than nothing. It can be used from the next month on.
func (s Statement) NewCredit() (Credit, bool) {
	for _, part := range s.Settlements {
		if part.Kind == SettledByCredit && part.Cents < 0 {
			return Credit{
				ID: part.SourceID, OrganizationID: s.OrganizationID, Amount: -part.Cents, Description: part.Description,
				EffectiveAt: s.Month.End(), CreatedAt: s.Month.End(),
			}, true
		}
	}
	return Credit{}, false
}

// StatementLine is what a project used of a meter in a month. The month is the
// statement's, or one closed before for which usage came late: then the line is
// the difference to what was billed.
type StatementLine struct {
	ProjectID   ID
	ProjectName string // as it was at the month's close
	Meter       UsageMeter
	Month       Month
	Quantity    *big.Int // as Quantity counts; negative where less was used than billed
	Microcents  *big.Int // exact but for one rounding, half to even
	Cents       int64    // of all of the month, rounded half to even, less those billed before
}

// SettlementKind says what settles a part of a statement.
type SettlementKind string

// The kinds of settlement.
const (
	SettledByCoupon SettlementKind = "coupon"
	SettledByCredit SettlementKind = "credit"
)

// Settlement is what a coupon or a credit has taken off a statement.
type Settlement struct {
	Kind        SettlementKind
	SourceID    ID // the coupon or credit
	Description string
	Cents       int64 // negative of a credit that the statement gives
}

// Application is what a statement has used of a coupon or a credit.
type Application struct {
	StatementID ID
	Month       Month
	Cents       int64
}

// CreditNote corrects a final statement, which itself stays as it is.
type CreditNote struct {
	ID          ID
	StatementID ID
	Cents       int64
	Reason      string
	CreditID    ID // the credit it became, of a statement that was paid; else zero
	CreatedAt   time.Time
}

// StatementID gives the id of an organisation's statement of a month: always
// the same, so that whoever closes the month makes the same statement. It is a
// UUIDv7 of the month's end whose random part is SHA-256 of both.
func StatementID(organization ID, month Month) ID {
	return settledID(month, organization[:], []byte(month.String()))
}

// settledID gives a UUIDv7 of a month's end whose random part is SHA-256 of
// what it is of.
func settledID(month Month, of ...[]byte) ID {
	sum := sha256.Sum256(bytes.Join(of, nil))
	var out ID
	copy(out[:], sum[:16])
	at := uint64(month.End().UnixMilli())
	for i := range 6 {
		out[i] = byte(at >> (40 - 8*i))
	}
	out[6] = out[6]&0x0f | 0x70
	out[8] = out[8]&0x3f | 0x80
	return out
}
