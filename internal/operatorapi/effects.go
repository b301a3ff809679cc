package operatorapi

import (
	"context"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) effects(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/effects", ID: "getEffects", Tag: "effects",
		Summary: "What it would mean to end a thing: what goes with it, stops, or loses something",
		Description: "It changes nothing, and does not tell whether the thing can be ended now. " +
			"What was derived from an API key goes with the key, too; how much that is nobody knows.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getEffects)
}

type effectsIn struct {
	Kind   string `query:"kind" doc:"project, organization, user, apikey, organization_key, or member: of an organization, to be removed from it."`
	ID     string `query:"id" doc:"The thing's id; of a member, the user's."`
	Within string `query:"within" doc:"Of a member, the organization's id; of a key, if given, that of its project or organization."`
}

type effectsOut struct {
	Name       string        `json:"name" doc:"What the thing is called: of users their full name."`
	Counts     []affectedOut `json:"counts"`
	LastUsedAt *time.Time    `json:"lastUsedAt" doc:"Of a key; null: no use is known."`
	Owner      bool          `json:"owner" doc:"The member is the owner, who cannot be removed."`
	LastAdmin  bool          `json:"lastAdmin" doc:"The member is the last enabled admin, who cannot be removed."`
}

type affectedOut struct {
	What affected `json:"what" doc:"ownOrganizations: in which nobody else is; leases: of limits, that gateways hold."`
	countOut
}

type affected control.Affected

func (affected) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{
		control.AffectedAPIKeys, control.AffectedMembers, control.AffectedBuckets, control.AffectedLeases, control.AffectedProjects,
		control.AffectedOrganizationKeys, control.AffectedInvitations, control.AffectedOrganizations, control.AffectedAlone,
		control.AffectedSessions, control.AffectedDerived,
	}}
}

// effectsPrefixes are those of the ids that things are named by, and those that
// they are within.
var effectsPrefixes = map[control.EffectsKind][2]reeve.Prefix{
	control.EffectsOfProject:         {reeve.PrefixProject},
	control.EffectsOfOrganization:    {reeve.PrefixOrganization},
	control.EffectsOfUser:            {reeve.PrefixUser},
	control.EffectsOfAPIKey:          {reeve.PrefixAPIKey, reeve.PrefixProject},
	control.EffectsOfOrganizationKey: {reeve.PrefixOrganizationKey, reeve.PrefixOrganization},
	control.EffectsOfMember:          {reeve.PrefixUser, reeve.PrefixOrganization},
}

func (a *api) getEffects(ctx context.Context, in *effectsIn) (out effectsOut, err error) {
	of := control.EffectsOf{Kind: control.EffectsKind(in.Kind)}
	if prefixes, known := effectsPrefixes[of.Kind]; known { // else control says so
		if err := parseID(&of.ID, prefixes[0], []byte(in.ID), "invalid id"); err != nil {
			return out, err
		}
		if in.Within != "" {
			if err := parseID(&of.Within, prefixes[1], []byte(in.Within), "invalid within"); err != nil {
				return out, err
			}
		}
	}
	e, err := a.control.Effects(ctx, of)
	out = effectsOut{Name: e.Name, Counts: make([]affectedOut, len(e.Counts)), Owner: e.Owner, LastAdmin: e.LastAdmin}
	for i, count := range e.Counts {
		out.Counts[i] = affectedOut{affected(count.What), newCountOut(count.Count)}
	}
	if !e.LastUse.At.IsZero() {
		out.LastUsedAt = &e.LastUse.At
	}
	return out, err
}
