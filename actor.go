package reeve

// ActorKind says what sort of caller an Actor is.
type ActorKind int

// The kinds of caller. The zero value may do nothing.
const (
	Nobody         ActorKind = iota
	System                   // reeve itself: jobs and commands
	Operator                 // the platform's staff
	KeyHolder                // a tenant's program, by an organisation key
	Person                   // a tenant's user, signed in
	GatewayProgram           // a gateway, by its token
)

// Actor is who asks: resolved from a credential, named in the change log.
type Actor struct {
	Kind           ActorKind
	ID             ID           // the organisation key, user, gateway or operator; zero for the root operator and the system
	OrganizationID ID           // of a KeyHolder
	Role           Role         // of a KeyHolder; of a Person in what was asked for
	OperatorRole   OperatorRole // of an Operator who is not the root
}

// String names the actor as the change log does: "system", "root" for the
// root operator, else the id of the credential or the person.
func (a Actor) String() string {
	switch {
	case a.Kind == System:
		return "system"
	case a.IsRoot():
		return "root"
	default:
		return a.ID.String()
	}
}

// IsRoot tells whether the actor is the root operator.
func (a Actor) IsRoot() bool { return a.Kind == Operator && a.ID == Zero }

// IsTenant tells whether the actor belongs to a tenant: what such a one may not
// see is to it as if it were not there.
func (a Actor) IsTenant() bool { return a.Kind == KeyHolder || a.Kind == Person }

// May tells whether an operator, or reeve itself, may do something.
func (a Actor) May(action OperatorAction) bool {
	return a.Kind == System || a.IsRoot() || a.Kind == Operator && a.OperatorRole.Allows(action)
}

// ErrDenied is the one answer for everything that a valid credential may not
// see or do, whether it exists or not.
var ErrDenied = Errorf(Denied, "You are not allowed to perform this action")

// ErrUnauthenticated is the answer to a missing or invalid credential.
var ErrUnauthenticated = Errorf(Unauthenticated, "Unauthorized")
