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
	Reason    string
	RequestID string

	// Resolved is told who the holder of Key is, as soon as the key is known to
	// be valid. It may be called more than once. Optional.
	Resolved func(reeve.Actor)
}

type callerKey struct{}

// WithCaller gives a context that says who asks.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// callerOf finds out who asks; the zero Caller may do nothing.
func callerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// resolve notes whose key a caller has shown, if it is valid.
func (c *Control) resolve(caller *Caller, key reeve.OrganizationKey) error {
	if !key.Live(c.store.Now()) {
		return reeve.ErrUnauthenticated
	}
	caller.Actor = key.Actor()
	if caller.Resolved != nil {
		caller.Resolved(caller.Actor)
	}
	return nil
}

// operator lets only operators pass.
func operator(ctx context.Context) (Caller, error) {
	caller := callerOf(ctx)
	switch caller.Actor.Kind {
	case reeve.Operator, reeve.System:
		return caller, nil
	default:
		return Caller{}, reeve.ErrDenied
	}
}

// gatewayProgram lets only gateways pass.
func gatewayProgram(ctx context.Context) (Caller, error) {
	caller := callerOf(ctx)
	if caller.Actor.Kind != reeve.GatewayProgram {
		return Caller{}, reeve.ErrDenied
	}
	return caller, nil
}

// authorize lets operators pass for any project and tenants for those of
// their key's organisation as the key's role allows; it gives the project, to
// tenants without what they do not see. The key and the project are looked up
// in one statement, so that a tenant cannot tell, by the answer or the time it
// takes, another's project from none.
func (c *Control) authorize(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Project, error) {
	caller := callerOf(ctx)
	if caller.Key == nil {
		if _, err := operator(ctx); err != nil {
			return Caller{}, reeve.Project{}, err
		}
		project, err := r.ProjectAndMemberCount(ctx, id)
		return caller, project, err
	}
	found, err := r.OrganizationKeyAndProject(ctx, *caller.Key, id)
	if err != nil {
		return Caller{}, reeve.Project{}, err
	}
	if err := c.resolve(&caller, found.Key); err != nil {
		return Caller{}, reeve.Project{}, err
	}
	if found.Project == nil || !caller.Actor.Role.Allows(action) {
		return caller, reeve.Project{}, reeve.ErrDenied
	}
	return caller, *found.Project, nil
}

// authorizeOrganization is authorize for an organisation: operators pass for
// any, tenants for their key's as the key's role allows.
func (c *Control) authorizeOrganization(ctx context.Context, r store.Reader, id reeve.ID, action reeve.Action) (Caller, reeve.Organization, error) {
	caller := callerOf(ctx)
	if caller.Key == nil {
		if _, err := operator(ctx); err != nil {
			return Caller{}, reeve.Organization{}, err
		}
		organization, err := r.Organization(ctx, id)
		return caller, organization, err
	}
	found, err := r.OrganizationKeyAndOrganization(ctx, *caller.Key, id)
	if err != nil {
		return Caller{}, reeve.Organization{}, err
	}
	if err := c.resolve(&caller, found.Key); err != nil {
		return Caller{}, reeve.Organization{}, err
	}
	if found.Organization == nil || !caller.Actor.Role.Allows(action) {
		return caller, reeve.Organization{}, reeve.ErrDenied
	}
	return caller, *found.Organization, nil
}

// AuthorizeOrganization is Authorize for an organisation.
func (c *Control) AuthorizeOrganization(ctx context.Context, organization reeve.ID, action reeve.Action) error {
	_, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, action)
	return err
}

// lockProject authorises and guards a project inside a transaction. A project
// that went away in between is, to a tenant, one it may not see.
func (c *Control) lockProject(ctx context.Context, tx *store.Tx, id reeve.ID, action reeve.Action) (Caller, reeve.Project, error) {
	caller, _, err := c.authorize(ctx, tx.Reader, id, action)
	if err != nil {
		return caller, reeve.Project{}, err
	}
	project, err := tx.LockProject(ctx, id)
	if caller.Actor.Kind == reeve.KeyHolder && reeve.IsKind(err, reeve.NotFound) {
		err = reeve.ErrDenied
	}
	return caller, project, err
}

// Authorize tells whether the caller may do something to a project, for a
// face that must answer that before it looks at a request's body.
func (c *Control) Authorize(ctx context.Context, project reeve.ID, action reeve.Action) error {
	_, _, err := c.authorize(ctx, c.store.Reader, project, action)
	return err
}

// AuthenticateOrganizationKey tells whether the caller's key is valid, for
// requests that name no project.
func (c *Control) AuthenticateOrganizationKey(ctx context.Context) error {
	caller := callerOf(ctx)
	if caller.Key == nil {
		return reeve.ErrUnauthenticated
	}
	key, err := c.store.OrganizationKey(ctx, *caller.Key)
	if err != nil {
		return err
	}
	return c.resolve(&caller, key)
}

// AuthenticateGateway finds the gateway that a token belongs to. Text that is
// no token of ours does not reach the database, nor does a token that is known;
// one that is not may be too new to be known here.
func (c *Control) AuthenticateGateway(ctx context.Context, text string) (reeve.Actor, error) {
	if len(text) > maxToken {
		return reeve.Actor{}, reeve.ErrUnauthenticated
	}
	hash := reeve.Token(text).Hash()
	if id, ok := c.live.gateway(hash); ok && c.live.trusted() {
		return reeve.Actor{Kind: reeve.GatewayProgram, ID: id}, nil
	}
	if _, ok := reeve.ParseToken(reeve.TokenGateway, text); !ok {
		return reeve.Actor{}, reeve.ErrUnauthenticated
	}
	gateway, err := c.store.GatewayByToken(ctx, hash)
	return reeve.Actor{Kind: reeve.GatewayProgram, ID: gateway.ID}, err
}

// maxToken is longer than any token.
const maxToken = 100
