package reeve

// ActorKind says what sort of caller an Actor is.
type ActorKind int

// The kinds of caller. The zero value may do nothing.
const (
	Nobody         ActorKind = iota
	System                   // reeve itself: jobs and commands
	Operator                 // the platform's staff
	KeyHolder                // a tenant, by an organisation key
	GatewayProgram           // a gateway, by its token
)

// Actor is who asks: resolved from a credential, named in the change log.
type Actor struct {
	Kind           ActorKind
	ID             ID   // the organisation key or gateway; zero for the root operator and the system
	OrganizationID ID   // of a KeyHolder
	Role           Role // of a KeyHolder
}

// String names the actor as the change log does: "system", "root" for the
// root operator, else the id of the credential.
func (a Actor) String() string {
	switch {
	case a.Kind == System:
		return "system"
	case a.Kind == Operator && a.ID == Zero:
		return "root"
	default:
		return a.ID.String()
	}
}

// ErrDenied is the one answer for everything that a valid credential may not
// see or do, whether it exists or not.
var ErrDenied = Errorf(Denied, "You are not allowed to perform this action")

// ErrUnauthenticated is the answer to a missing or invalid credential.
var ErrUnauthenticated = Errorf(Unauthenticated, "Unauthorized")
