package control

import (
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// EffectsKind is a kind of thing whose end has effects that one should know of.
type EffectsKind string

// The kinds.
const (
	EffectsOfProject         EffectsKind = "project"
	EffectsOfOrganization    EffectsKind = "organization"
	EffectsOfUser            EffectsKind = "user" // for operators alone
	EffectsOfAPIKey          EffectsKind = "apikey"
	EffectsOfOrganizationKey EffectsKind = "organization_key"
	EffectsOfMember          EffectsKind = "member" // of an organisation, to be removed from it
)

// EffectsKinds lists them.
var EffectsKinds = []EffectsKind{
	EffectsOfProject, EffectsOfOrganization, EffectsOfUser, EffectsOfAPIKey, EffectsOfOrganizationKey, EffectsOfMember,
}

// EffectsOf names a thing.
type EffectsOf struct {
	Kind EffectsKind
	ID   reeve.ID // a member's is the user's

	// Within is the project of an API key, or the organisation of one of its keys
	// or members. Operators need not name it for keys.
	Within reeve.ID
}

// Effects are what goes with a thing that is deleted, or stops while it is
// frozen. What was derived from an API key goes with the key, too; how much that
// is nobody knows.
type Effects struct {
	Name      string        // of the thing; a user's and a member's full name
	Counts    []EffectCount // those of the kind, the gravest first
	LastUse   store.LastUse // of a key; zero: none is known
	Owner     bool          // a member who is the owner, and stays
	LastAdmin bool          // a member who is the last enabled admin, and stays
}

// EffectCount is how many things of a kind go, stop or lose something.
type EffectCount struct {
	What Affected
	Count
}

// Affected is a kind of thing that has something to do with another.
type Affected string

// What is counted.
const (
	AffectedAPIKeys          Affected = "apiKeys"          // alive: of a project, of all those of an organisation, or of those that a user owns
	AffectedMembers          Affected = "members"          // a project's own, or an organisation's; disabled ones included
	AffectedBuckets          Affected = "buckets"          // of a project
	AffectedLeases           Affected = "leases"           // of a project's limits that gateways hold
	AffectedProjects         Affected = "projects"         // of an organisation, or that a user owns, or that a member is in
	AffectedOrganizationKeys Affected = "organizationKeys" // alive
	AffectedInvitations      Affected = "invitations"      // open
	AffectedOrganizations    Affected = "organizations"    // that a user is in
	AffectedAlone            Affected = "ownOrganizations" // that nobody else is in
	AffectedSessions         Affected = "sessions"         // of a user
	AffectedDerived          Affected = "derivedKeys"      // of an organisation's key, alive
)

// Effects tells what it would mean to end a thing: for operators, and for who is
// in it and may manage it. All numbers are counted, up to store.MostCounted.
// NotFound if there is no such thing; to a tenant that is as all that is not the
// tenant's.
func (c *Control) Effects(ctx context.Context, of EffectsOf) (Effects, error) {
	if caller := callerOf(ctx); !caller.tenant() {
		if _, err := operator(ctx, reeve.Look); err != nil {
			return Effects{}, err
		}
		if !slices.Contains(EffectsKinds, of.Kind) {
			return Effects{}, reeve.Errorf(reeve.Invalid, "kind must be project, organization, user, apikey, organization_key or member")
		}
	}
	switch of.Kind {
	case EffectsOfProject:
		return c.projectEffects(ctx, of.ID)
	case EffectsOfOrganization:
		return c.organizationEffects(ctx, of.ID)
	case EffectsOfUser:
		return c.userEffects(ctx, of.ID)
	case EffectsOfAPIKey:
		return c.apiKeyEffects(ctx, of)
	case EffectsOfOrganizationKey:
		return c.organizationKeyEffects(ctx, of)
	case EffectsOfMember:
		return c.memberEffects(ctx, of)
	default:
		return Effects{}, reeve.ErrDenied
	}
}

// manages lets operators pass who may look, and tenants who may do something to a
// project or, if that is zero, to an organisation.
func (c *Control) manages(ctx context.Context, project, organization reeve.ID, action reeve.Action) (by Caller, err error) {
	switch {
	case !callerOf(ctx).tenant():
		return operator(ctx, reeve.Look)
	case project != reeve.Zero:
		by, _, err = c.authorize(ctx, c.store.Reader, project, action)
	default:
		by, _, err = c.authorizeOrganization(ctx, c.store.Reader, organization, action)
	}
	return by, err
}

func (c *Control) projectEffects(ctx context.Context, id reeve.ID) (Effects, error) {
	by, err := c.manages(ctx, id, reeve.Zero, reeve.DeleteProject)
	if err != nil {
		return Effects{}, err
	}
	project, err := c.store.Project(ctx, id)
	if err != nil {
		return Effects{}, by.veil(err)
	}
	parts, err := c.store.ProjectParts(ctx, id, c.store.Now())
	return Effects{Name: project.Name, Counts: []EffectCount{
		{AffectedAPIKeys, parts.APIKeys},
		{AffectedMembers, parts.Members},
		{AffectedBuckets, parts.Buckets},
		{AffectedLeases, parts.Leases},
	}}, err
}

func (c *Control) organizationEffects(ctx context.Context, id reeve.ID) (Effects, error) {
	by, err := c.manages(ctx, reeve.Zero, id, reeve.UpdateOrganization)
	if err != nil {
		return Effects{}, err
	}
	organization, err := c.store.Organization(ctx, id)
	if err != nil {
		return Effects{}, by.veil(err)
	}
	parts, err := c.store.OrganizationParts(ctx, id, c.store.Now())
	return Effects{Name: organization.Name, Counts: []EffectCount{
		{AffectedAPIKeys, parts.APIKeys},
		{AffectedMembers, parts.Members},
		{AffectedProjects, parts.Projects},
		{AffectedOrganizationKeys, parts.Keys},
		{AffectedInvitations, parts.Invitations},
	}}, err
}

func (c *Control) userEffects(ctx context.Context, id reeve.ID) (Effects, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return Effects{}, err
	}
	user, err := c.store.User(ctx, id)
	if err != nil {
		return Effects{}, err
	}
	parts, err := c.store.UserParts(ctx, id, c.store.Now())
	if err != nil {
		return Effects{}, err
	}
	live, err := c.liveSessions(ctx, id)
	return Effects{Name: user.FullName, Counts: []EffectCount{
		{AffectedAPIKeys, parts.APIKeys},
		{AffectedProjects, parts.Projects},
		{AffectedOrganizations, parts.Organizations},
		{AffectedAlone, parts.Alone},
		{AffectedSessions, live},
	}}, err
}

// liveSessions counts a user's sessions that have not ended.
func (c *Control) liveSessions(ctx context.Context, user reeve.ID) (live Count, err error) {
	now := c.store.Now()
	sessions, err := c.store.UserSessions(ctx, user)
	for _, session := range sessions {
		session.UsedAt = c.used.latest(session.ID, session.UsedAt)
		if session.Live(now, c.settings.SessionIdle, c.settings.SessionLifetime) {
			live.N++
		}
	}
	return live, err
}

// CountOfUser counts the projects that a user owns, and the user's sessions; none
// if there is no such user. It is for operators.
func (c *Control) CountOfUser(ctx context.Context, user reeve.ID) (projects, sessions Count, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return projects, sessions, err
	}
	if projects, err = c.store.CountOwned(ctx, user); err == nil {
		sessions, err = c.liveSessions(ctx, user)
	}
	return projects, sessions, err
}

func (c *Control) apiKeyEffects(ctx context.Context, of EffectsOf) (Effects, error) {
	by, err := c.manages(ctx, of.Within, reeve.Zero, reeve.ManageAPIKeys)
	if err != nil {
		return Effects{}, err
	}
	key, err := c.store.APIKey(ctx, of.ID)
	if err == nil && (key.Ended(c.store.Now()) || !of.has(by, key.ProjectID)) {
		err = errNoKey
	}
	if err != nil {
		return Effects{}, by.veil(err)
	}
	uses, err := c.usesOf(ctx, []reeve.ID{key.ID})
	return Effects{Name: key.Name, Counts: []EffectCount{}, LastUse: uses[key.ID]}, err
}

func (c *Control) organizationKeyEffects(ctx context.Context, of EffectsOf) (Effects, error) {
	by, err := c.manages(ctx, reeve.Zero, of.Within, reeve.ManageOrganizationKeys)
	if err != nil {
		return Effects{}, err
	}
	now := c.store.Now()
	key, err := c.store.OrganizationKeyByID(ctx, of.ID)
	if err == nil && (!key.Live(now) || !of.has(by, key.OrganizationID)) {
		err = errNoOrganizationKey
	}
	if err != nil {
		return Effects{}, by.veil(err)
	}
	derived, err := c.store.CountDerivedKeys(ctx, key.ID, now)
	if err != nil {
		return Effects{}, err
	}
	uses, err := c.usesOf(ctx, []reeve.ID{key.ID})
	return Effects{Name: key.Name, Counts: []EffectCount{{AffectedDerived, derived}}, LastUse: uses[key.ID]}, err
}

// has tells whether a thing is where it is said to be; an operator need not say.
func (of EffectsOf) has(by Caller, within reeve.ID) bool {
	return of.Within == within || of.Within == reeve.Zero && !by.Actor.IsTenant()
}

func (c *Control) memberEffects(ctx context.Context, of EffectsOf) (out Effects, err error) {
	by, err := c.manages(ctx, reeve.Zero, of.Within, reeve.ManageMembers)
	if err != nil {
		return out, err
	}
	organization, err := c.store.Organization(ctx, of.Within)
	if err != nil {
		return out, by.veil(err)
	}
	group := store.InOrganization(of.Within)
	member, err := c.store.Member(ctx, group, of.ID)
	if err != nil {
		return out, by.veil(err)
	}
	user, err := c.store.User(ctx, of.ID)
	if err != nil {
		return out, by.veil(err)
	}
	projects, err := c.store.CountProjectsOfMemberIn(ctx, of.Within, of.ID)
	if err != nil {
		return out, err
	}
	out = Effects{Name: user.FullName, Counts: []EffectCount{{AffectedProjects, projects}}, Owner: organization.OwnerID == of.ID}
	if member.Role == reeve.RoleAdmin && !member.Disabled {
		others, err := c.store.HasOtherAdmin(ctx, group, of.ID)
		out.LastAdmin = !others
		return out, err
	}
	return out, nil
}
