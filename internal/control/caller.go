package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Caller is who asks for something, and on what occasion.
type Caller struct {
	Actor     reeve.Actor
	Key       *reeve.TokenHash // of a tenant whose organisation key is not looked up yet
	Session   *reeve.TokenHash // of a tenant's user whose session is not looked up yet
	AuthID    reeve.ID         // whose session it is said to be; zero if that is not said
	Address   string           // of the client, for throttling and the list of sessions
	Agent     string           // of the client, as it says itself, for the list of sessions
	Reason    string           // why, as the caller says
	RequestID string

	// ReasonNeeded refuses what changes something as long as no reason is given.
	ReasonNeeded bool

	// Resolved is told who the holder of Key or Session is, as soon as that is
	// known to be valid. It may be called more than once. Optional.
	Resolved func(reeve.Actor)

	token reeve.TokenHash // that a gateway came with; zero if that is not known
}

// system is reeve itself, who does what nobody asked for.
var system = Caller{Actor: reeve.Actor{Kind: reeve.System}}

// tenant tells whether a tenant asks, with a credential to be looked up.
func (caller Caller) tenant() bool { return caller.Key != nil || caller.Session != nil }

type callerKey struct{}

// WithCaller gives a context that says who asks.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf tells who asks, for a face that adds to it.
func CallerOf(ctx context.Context) Caller { return callerOf(ctx) }

// callerOf finds out who asks; the zero Caller may do nothing.
func callerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// resolve notes whose key a caller has shown, if it is valid.
func (c *Control) resolve(caller *Caller, key reeve.OrganizationKey) error {
	now := c.store.Now()
	if !key.Live(now) {
		return reeve.ErrUnauthenticated
	}
	caller.take(key.Actor())
	c.used.mark(key.ID, now, caller.Address)
	return nil
}

// resolveSession notes whose session a caller has shown, if it is valid; role is
// the user's in what is asked for.
func (c *Control) resolveSession(caller *Caller, session reeve.UserSession, role reeve.Role) error {
	now := c.store.Now()
	session.UsedAt = c.used.latest(session.ID, session.UsedAt)
	if !session.Live(now, c.settings.SessionIdle, c.settings.SessionLifetime) ||
		caller.AuthID != reeve.Zero && caller.AuthID != session.UserID {
		return reeve.ErrUnauthenticated
	}
	caller.take(reeve.Actor{Kind: reeve.Person, ID: session.UserID, Role: role})
	c.used.mark(session.ID, now, caller.Address)
	return nil
}

func (caller *Caller) take(actor reeve.Actor) {
	caller.Actor = actor
	if caller.Resolved != nil {
		caller.Resolved(actor)
	}
}

// operator lets only operators pass whose role allows an action, and reeve
// itself.
func operator(ctx context.Context, action reeve.OperatorAction) (Caller, error) {
	caller := callerOf(ctx)
	if !caller.Actor.May(action) {
		return Caller{}, reeve.ErrDenied
	}
	return caller, caller.explained(action)
}

// explained refuses a change for which no reason is given where one is needed.
func (caller Caller) explained(action reeve.OperatorAction) error {
	if caller.ReasonNeeded && caller.Reason == "" && action != reeve.Look {
		return errNoReason
	}
	return nil
}

var errNoReason = reeve.Errorf(reeve.Invalid, "reason is not set")

// gatewayProgram lets only gateways pass.
func gatewayProgram(ctx context.Context) (Caller, error) {
	caller := callerOf(ctx)
	if caller.Actor.Kind != reeve.GatewayProgram {
		return Caller{}, reeve.ErrDenied
	}
	return caller, nil
}

// authorize lets operators pass for any project as their role allows, and
// tenants for those of their key's organisation, or those that they are in, as
// the key's or their role there allows, and who change nothing that is frozen; it
// gives the project, to tenants without what they do not see. The credential and
// the project are looked up in one statement, so that a tenant cannot tell, by
// the answer or the time it takes, another's project from none. A write asks
// guardProject instead.
func (c *Control) authorize(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Project, error) {
	caller, project, err := c.allow(ctx, r, id, action)
	if err == nil {
		err = unfrozen(ctx, r, caller, action, id, reeve.Zero)
	}
	return caller, project, err
}

// allow is authorize for what may be frozen.
func (c *Control) allow(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Project, error) {
	caller := callerOf(ctx)
	if !caller.tenant() {
		if _, err := operator(ctx, action.ForOperators()); err != nil {
			return Caller{}, reeve.Project{}, err
		}
		project, err := r.ProjectAndMemberCount(ctx, id)
		return caller, project, err
	}
	project, err := c.seen(ctx, &caller, r, id)
	if err != nil {
		return Caller{}, reeve.Project{}, err
	}
	if project == nil || !caller.Actor.Role.Allows(action) {
		return caller, reeve.Project{}, reeve.ErrDenied
	}
	return caller, *project, nil
}

// seen resolves a tenant's credential and finds a project, nil unless it is
// one of the tenant's.
func (c *Control) seen(ctx context.Context, caller *Caller, r store.Reader, id reeve.ID) (*reeve.Project, error) {
	if caller.Session != nil {
		found, err := r.SessionAndProject(ctx, *caller.Session, id)
		if err != nil {
			return nil, err
		}
		return found.Project, c.resolveSession(caller, found.Session, found.Role)
	}
	found, err := r.OrganizationKeyAndProject(ctx, *caller.Key, id)
	if err != nil {
		return nil, err
	}
	return found.Project, c.resolve(caller, found.Key)
}

// authorizeOrganization is authorize for an organisation: operators pass for
// any, tenants for their key's or those that they are in, as the role allows.
func (c *Control) authorizeOrganization(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Organization, error) {
	caller, organization, err := c.allowOrganization(ctx, r, id, action)
	if err == nil {
		err = unfrozen(ctx, r, caller, action, reeve.Zero, id)
	}
	return caller, organization, err
}

// allowOrganization is allow for an organisation.
func (c *Control) allowOrganization(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Organization, error) {
	caller := callerOf(ctx)
	if !caller.tenant() {
		if _, err := operator(ctx, action.ForOperators()); err != nil {
			return Caller{}, reeve.Organization{}, err
		}
		organization, err := r.OrganizationAndFreeze(ctx, id)
		return caller, organization, err
	}
	organization, err := c.seenOrganization(ctx, &caller, r, id)
	if err != nil {
		return Caller{}, reeve.Organization{}, err
	}
	if organization == nil || !caller.Actor.Role.Allows(action) {
		return caller, reeve.Organization{}, reeve.ErrDenied
	}
	return caller, *organization, nil
}

// seenOrganization is seen for an organisation.
func (c *Control) seenOrganization(ctx context.Context, caller *Caller, r store.Reader, id reeve.ID) (*reeve.Organization, error) {
	if caller.Session != nil {
		found, err := r.SessionAndOrganization(ctx, *caller.Session, id)
		if err != nil {
			return nil, err
		}
		return found.Organization, c.resolveSession(caller, found.Session, found.Role)
	}
	found, err := r.OrganizationKeyAndOrganization(ctx, *caller.Key, id)
	if err != nil {
		return nil, err
	}
	return found.Organization, c.resolve(caller, found.Key)
}

// AuthorizeOrganization is Authorize for an organisation.
func (c *Control) AuthorizeOrganization(ctx context.Context, organization reeve.ID, action reeve.Action) error {
	_, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, action)
	return err
}

// person lets only the user pass whose id is given, signed in; another's id and
// nobody's are the same. An organisation key is no person.
func (c *Control) person(ctx context.Context, r store.Reader, user reeve.ID) (Caller, error) {
	caller := callerOf(ctx)
	switch {
	case !caller.tenant():
		return Caller{}, reeve.ErrDenied
	case caller.Session == nil:
		if err := c.AuthenticateTenant(ctx); err != nil {
			return Caller{}, err
		}
		return Caller{}, reeve.ErrDenied
	}
	session, err := r.UserSession(ctx, *caller.Session)
	if err == nil {
		err = c.resolveSession(&caller, session, "")
	}
	if err == nil && session.UserID != user {
		err = reeve.ErrDenied
	}
	return caller, err
}

// AuthorizePerson tells whether the caller is a user, signed in.
func (c *Control) AuthorizePerson(ctx context.Context, user reeve.ID) error {
	_, err := c.person(ctx, c.store.Reader, user)
	return err
}

// veil makes a thing that is missing, to a tenant, one that it may not see.
func (caller Caller) veil(err error) error {
	if caller.Actor.IsTenant() && reeve.IsKind(err, reeve.NotFound) {
		return reeve.ErrDenied
	}
	return err
}

// Authorize tells whether the caller may do something to a project, for a
// face that must answer that before it looks at a request's body.
func (c *Control) Authorize(ctx context.Context, project reeve.ID, action reeve.Action) error {
	_, _, err := c.authorize(ctx, c.store.Reader, project, action)
	return err
}

// AuthenticateTenant tells whether the caller's key or session is valid, for
// requests that name no project.
func (c *Control) AuthenticateTenant(ctx context.Context) error {
	caller := callerOf(ctx)
	switch {
	case caller.Session != nil:
		session, err := c.store.UserSession(ctx, *caller.Session)
		if err != nil {
			return err
		}
		return c.resolveSession(&caller, session, "")
	case caller.Key != nil:
		key, err := c.store.OrganizationKey(ctx, *caller.Key)
		if err != nil {
			return err
		}
		return c.resolve(&caller, key)
	default:
		return reeve.ErrUnauthenticated
	}
}

// AuthenticateGateway finds the gateway that a token belongs to; address tells
// where it is used from. Text that is no token of ours does not reach the
// database, nor does a token that is known; one that is not may be too new to
// be known here.
func (c *Control) AuthenticateGateway(ctx context.Context, text string, address func() string) (Caller, error) {
	if len(text) > maxToken {
		return Caller{}, reeve.ErrUnauthenticated
	}
	hash, now := reeve.Token(text).Hash(), c.store.Now()
	token, ok := c.live.gateway(hash)
	if !ok || !c.live.trusted() {
		if _, ok := reeve.ParseToken(reeve.TokenGateway, text); !ok {
			return Caller{}, reeve.ErrUnauthenticated
		}
		found, err := c.store.GatewayToken(ctx, hash)
		if err != nil {
			return Caller{}, err
		}
		token = newLiveToken(&found)
	}
	if !token.live(now) {
		return Caller{}, reeve.ErrUnauthenticated
	}
	if !c.used.recent(token.id, now) {
		c.used.mark(token.id, now, address())
	}
	return Caller{Actor: reeve.Actor{Kind: reeve.GatewayProgram, ID: token.gateway}, token: hash}, nil
}

// maxToken is longer than any token.
const maxToken = 100
