package reeve

import "time"

// NamedOperator is one of the platform's staff, or a program of theirs, with a
// role. The root operator has neither a name nor a row.
type NamedOperator struct {
	ID        ID
	Name      string // unique
	Role      OperatorRole
	CreatedAt time.Time
}

// Actor is the caller that the operator's tokens stand for.
func (o NamedOperator) Actor() Actor {
	return Actor{Kind: Operator, ID: o.ID, OperatorRole: o.Role}
}

// OperatorPatch is a change to a named operator; a nil field stays as it is.
type OperatorPatch struct {
	Name *string
	Role *OperatorRole
}

// MaxTokenOverlap is how long an operator's old tokens may go on beside a new
// one, and MaxOperatorTokens how many one operator has at once.
const (
	MaxTokenOverlap   = 30 * 24 * time.Hour
	MaxOperatorTokens = 10
)
