package reeve

import (
	"slices"
	"time"
)

// FreezeType says why something is frozen.
type FreezeType string

// The types of freeze.
const (
	FreezeBilling   FreezeType = "billing"
	FreezeViolation FreezeType = "violation"
	FreezeLegal     FreezeType = "legal"
	FreezeSecurity  FreezeType = "security"
	FreezeOperator  FreezeType = "operator"
)

// FreezeTypes lists the types.
var FreezeTypes = []FreezeType{FreezeBilling, FreezeViolation, FreezeLegal, FreezeSecurity, FreezeOperator}

// ParseFreezeType reads a type; there are no other spellings.
func ParseFreezeType(text string) (FreezeType, error) {
	if kind := FreezeType(text); slices.Contains(FreezeTypes, kind) {
		return kind, nil
	}
	return "", Errorf(Invalid, "type must be billing, violation, legal, security or operator")
}

// Right is what an operator must be allowed who begins or ends such a freeze.
func (t FreezeType) Right() OperatorAction {
	if t == FreezeBilling {
		return FreezeForBilling
	}
	return Freeze
}

// Frozen is a freeze that is in force: what is frozen stays as it is, and lets
// nobody in. A project is also frozen with its organisation and with its owner.
type Frozen struct {
	Type  FreezeType
	Since time.Time
	Until *time.Time // it ends by itself within a second of then; nil: never
}
