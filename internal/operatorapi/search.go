package operatorapi

import (
	"context"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) searches(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/search", ID: "search", Tag: "search",
		Summary: "Find anything by an id, a key, an address, a name or a part of one",
		Description: "Exact hits come first, then parts of names, addresses and descriptions by kind, newest first unless those are far apart. " +
			"A whole key or token is recognized, and shown nowhere; but who passes this request on may log its query: " +
			"look for a key with POST.",
		Errors: []reeve.Kind{reeve.Invalid},
	}, a.search)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/search", ID: "searchPrivately", Tag: "search",
		Summary: "The same, with what is looked for in the body, where no proxy logs it",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.searchPrivately)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/inspect", ID: "inspect", Tag: "search",
		Summary: "Tell what a key, a token or an access grant is, whose, and whether it opens anything",
		Description: "It is shown nowhere. What has the form of none is of kind none, what nobody has is unknown; " +
			"both are answered with 200.",
		Errors: []reeve.Kind{reeve.Invalid},
	}, a.inspect)
}

// How many things of a kind a search gives.
const (
	defaultHits = 20
	maxHits     = 100
)

type searchIn struct {
	Q     string `query:"q" doc:"What is looked for: at most 1000 bytes, unless it is a key."`
	Limit string `query:"limit" doc:"How many of a kind: 1 to 100; 20 when absent."`
}

type searchPrivatelyIn struct {
	Body struct {
		Q     string `json:"q"`
		Limit *int   `json:"limit,omitempty" doc:"How many of a kind: 1 to 100; 20 when absent."`
	} `body:""`
}

var errHits = reeve.Errorf(reeve.Invalid, "limit must be 1 to %d", maxHits)

type searchOut struct {
	Results []foundOut          `json:"results"`
	More    []control.FoundKind `json:"more" doc:"The kinds of which there is more; the lists have all."`
}

type namedOut struct {
	Kind control.FoundKind `json:"kind"`
	ID   reeve.ID          `json:"id"`
	Name string            `json:"name" doc:"A user's full name, a coupon's description, a statement's month."`
}

type foundOut struct {
	namedOut
	Of *namedOut `json:"of" doc:"What it belongs to; null if to nothing."`
}

func newNamedOut(n *control.Named) *namedOut {
	if n == nil {
		return nil
	}
	return &namedOut{n.Kind, n.ID, n.Name}
}

func (a *api) search(ctx context.Context, in *searchIn) (searchOut, error) {
	limit := defaultHits
	if in.Limit != "" {
		var err error
		if limit, err = strconv.Atoi(in.Limit); err != nil {
			return searchOut{}, errHits
		}
	}
	return a.find(ctx, in.Q, limit)
}

func (a *api) searchPrivately(ctx context.Context, in *searchPrivatelyIn) (searchOut, error) {
	limit := defaultHits
	if in.Body.Limit != nil {
		limit = *in.Body.Limit
	}
	return a.find(ctx, in.Body.Q, limit)
}

func (a *api) find(ctx context.Context, query string, limit int) (searchOut, error) {
	if limit < 1 || limit > maxHits {
		return searchOut{}, errHits
	}
	found, err := a.control.Find(ctx, query, limit)
	out := searchOut{Results: make([]foundOut, len(found.Results)), More: found.More}
	for i, f := range found.Results {
		out.Results[i] = foundOut{*newNamedOut(&f.Named), newNamedOut(f.Of)}
	}
	return out, err
}

type inspectIn struct {
	Body struct {
		Key string `json:"key"`
	} `body:""`
}

type credentialOut struct {
	Kind         control.CredentialKind  `json:"kind" doc:"apikey, organization_key, gateway, operator, session, operator_session; unknown or none."`
	ID           *reeve.ID               `json:"id,omitempty"`
	Name         string                  `json:"name,omitempty"`
	State        control.CredentialState `json:"state,omitempty" doc:"live, revoked, expired, pending (not to be used yet), frozen, forged (its signature is wrong) or refused (a caveat is not understood)."`
	By           *int                    `json:"by,omitempty" doc:"How many caveats the ancestor has that the state comes from."`
	Signature    string                  `json:"signature,omitempty" doc:"Of an API key: valid, invalid, or unknown once the key is deleted."`
	Role         string                  `json:"role,omitempty"`
	Project      *namedOut               `json:"project,omitempty"`
	Organization *namedOut               `json:"organization,omitempty"`
	User         *namedOut               `json:"user,omitempty" doc:"A session's user, or the owner of a key's project."`
	Ancestors    []ancestorOut           `json:"ancestors,omitempty" doc:"Of an API key: the root first, itself last."`
	CreatedAt    *time.Time              `json:"createdAt,omitempty"`
	ExpiresAt    *time.Time              `json:"expiresAt,omitempty"`
	LastUsedAt   *time.Time              `json:"lastUsedAt,omitempty"`
	LastUsedBy   string                  `json:"lastUsedBy,omitempty"`
}

type ancestorOut struct {
	Caveats   int      `json:"caveats"`
	Lineage   string   `json:"lineage" doc:"Names the key, as in the changes: the first half of its tail's SHA-256."`
	Revoked   bool     `json:"revoked"`
	Restricts []string `json:"restricts" doc:"What its last caveat takes away, in words."`
}

func (a *api) inspect(ctx context.Context, in *inspectIn) (credentialOut, error) {
	k, err := a.control.Inspect(ctx, in.Body.Key)
	out := credentialOut{
		Kind: k.Kind, Name: k.Name, State: k.State, By: k.By, Role: k.Role,
		Project: newNamedOut(k.Project), Organization: newNamedOut(k.Organization), User: newNamedOut(k.User),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
	}
	if k.ID != reeve.Zero {
		out.ID = &k.ID
	}
	if k.LastUse != nil {
		out.LastUsedAt, out.LastUsedBy = &k.LastUse.At, k.LastUse.By
	}
	if k.Kind == control.CredentialAPIKey {
		out.Signature = "unknown"
		switch {
		case k.Ancestors != nil:
			out.Signature = "valid"
		case k.State == control.StateForged:
			out.Signature = "invalid"
		}
	}
	for _, ancestor := range k.Ancestors {
		out.Ancestors = append(out.Ancestors, ancestorOut(ancestor))
	}
	return out, err
}
