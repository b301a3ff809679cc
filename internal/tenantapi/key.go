package tenantapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/macaroon"
)

func (a *api) keys(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project/{project}/key", ID: "createAPIKey", Tag: "keys", Exact: true,
		Summary: "Create an API key, which is shown only here",
		Description: "With restrictions or an expires_time the key that is handed out is narrowed: whoever holds it can narrow it " +
			"further and never widen it. At its end it is refused by every gateway to the instant, and then deleted.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.createKey, web.BeforeBody(func(ctx context.Context, in *createKeyIn) error {
		return a.may(ctx, in.Project, reeve.ManageAPIKeys)
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}/keys", ID: "listAPIKeys", Tag: "keys",
		Summary: "Retrieve a project's API keys by name, with their last use",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listKeys)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}/key/{key}", ID: "getAPIKey", Tag: "keys",
		Summary: "Retrieve an API key's restrictions and last use",
	}, a.getKey)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/project/{project}/key/{key}", ID: "deleteAPIKey", Tag: "keys",
		Summary: "Revoke an API key, with all that were narrowed from it", Status: http.StatusNoContent,
	}, a.deleteKey)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project/{project}/key/{key}/rotate", ID: "rotateAPIKey", Tag: "keys", Exact: true,
		Summary: "Replace an API key by a new one, which is shown only here",
		Description: "The new key has the name, the restrictions and the end of the old one. That is renamed and works until the " +
			"overlap ends, then it is revoked with all that were narrowed from it. A key is rotated once: 409 after that.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.rotateKey, web.BeforeBody(func(ctx context.Context, in *rotateKeyIn) error {
		return a.may(ctx, in.Project, reeve.ManageAPIKeys)
	}))
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project/{project}/key/narrow", ID: "narrowAPIKey", Tag: "keys", Exact: true,
		Summary: "Make a key that may less of a live key of the project",
		Description: "Nothing is stored: who holds a key could as well narrow it without asking. Each key so made can be " +
			"revoked alone, and goes with the one that it was made of.",
		Errors: []reeve.Kind{reeve.Invalid},
	}, a.narrowKey, web.BeforeBody(func(ctx context.Context, in *narrowKeyIn) error {
		return a.may(ctx, in.Project, reeve.ReadAPIKeys)
	}))
}

// keyID is an API key's id that comes in; a malformed one names nothing.
type keyID struct{ id reeve.ID }

// UnmarshalText never fails.
func (k *keyID) UnmarshalText(text []byte) error {
	k.id, _ = reeve.ParseID(reeve.PrefixAPIKey, string(text))
	return nil
}

func (keyID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixAPIKey) }

// The ids that go out.
type (
	keyTypeID     reeve.ID
	gatewayTypeID reeve.ID
)

func (id keyTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixAPIKey)), nil
}

func (keyTypeID) JSONSchema() *jsonschema.Schema { return web.TypeIDSchema(reeve.PrefixAPIKey) }

func (id gatewayTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixGateway)), nil
}

func (gatewayTypeID) JSONSchema() *jsonschema.Schema { return web.TypeIDSchema(reeve.PrefixGateway) }

// keyOut is an API key, without its secret.
type keyOut struct {
	ID           keyTypeID        `json:"id"`
	Name         string           `json:"name"`
	CreateTime   wireTime         `json:"create_time"`
	ExpiresTime  *wireTime        `json:"expires_time" doc:"When it is revoked: its own end, or that of an overlap; null: never."`
	Restrictions *restrictionsOut `json:"restrictions" doc:"null: none."`
	LastUsedTime *wireTime        `json:"last_used_time" doc:"Within a minute; null: no use is known."`
	LastUsedBy   *keyUserOut      `json:"last_used_by" doc:"The gateway."`
	RotatedFrom  *keyTypeID       `json:"rotated_from" doc:"The key that this one replaced."`
	ReplacedBy   *keyTypeID       `json:"replaced_by" doc:"The key that replaced this one, which works until expires_time."`
}

type keyUserOut struct {
	ID   gatewayTypeID `json:"id"`
	Name string        `json:"name" doc:"Empty if it was deleted."`
}

func newKeyOut(k control.APIKeyUse) keyOut {
	out := keyOut{
		ID: keyTypeID(k.ID), Name: k.Name, CreateTime: wireTime{k.CreatedAt}, ExpiresTime: timeOrNull(k.ExpiresAt),
		Restrictions: newRestrictionsOut(k.Restriction), LastUsedTime: timeOrNull(&k.LastUsedAt),
		RotatedFrom: (*keyTypeID)(k.RotatedFrom), ReplacedBy: (*keyTypeID)(k.ReplacedBy),
	}
	if out.LastUsedTime != nil {
		out.LastUsedBy = &keyUserOut{gatewayTypeID(k.LastUsedBy.ID), k.LastUsedBy.Name}
	}
	return out
}

type createKeyIn struct {
	projectPath
	Body struct {
		Name         string        `json:"name"`
		ExpiresTime  *givenTime    `json:"expires_time,omitempty" doc:"The same as restrictions.not_after; of both the earlier counts."`
		Restrictions *restrictions `json:"restrictions,omitempty"`
	} `body:""`
}

// createdKey is a key with its text.
type createdKey struct {
	ID  keyTypeID `json:"id"`
	Key string    `json:"key" doc:"The key itself, which is not kept."`
	keyParts
}

// keyParts are what is known of a new key beside its text.
type keyParts struct {
	Name         string           `json:"name"`
	CreateTime   wireTime         `json:"create_time"`
	ExpiresTime  *wireTime        `json:"expires_time"`
	Restrictions *restrictionsOut `json:"restrictions"`
}

func (a *api) createKey(ctx context.Context, in *createKeyIn) (out envelope[createdKey], err error) {
	restriction, err := a.restriction(ctx, in.Body.Restrictions, in.Project, reeve.ManageAPIKeys)
	if err != nil {
		return out, err
	}
	k, key, err := a.control.CreateRestrictedAPIKey(ctx, control.NewAPIKey{
		ProjectID: in.Project.id, Name: in.Body.Name, ExpiresAt: in.Body.ExpiresTime.pointer(), Restriction: restriction,
	})
	if err != nil {
		return out, err
	}
	return newCreatedKey(k, key.Serialize())
}

// restriction reads what a key is restricted to; who may not do what it is for
// learns only that.
func (a *api) restriction(ctx context.Context, r *restrictions, project projectID, action reeve.Action) (macaroon.Caveat, error) {
	out, err := r.caveat()
	if err != nil {
		if denied := a.may(ctx, project, action); denied != nil {
			err = denied
		}
	}
	return out, err
}

func newCreatedKey(k reeve.APIKey, text string) (envelope[createdKey], error) {
	use, err := control.NewAPIKeyUse(k)
	known := newKeyOut(use)
	return success(createdKey{
		ID: known.ID, Key: text, keyParts: keyParts{known.Name, known.CreateTime, known.ExpiresTime, known.Restrictions},
	}), err
}

type projectPageIn struct {
	projectPath
	pageQuery
}

type keysOut struct {
	TotalCount int      `json:"total_count"`
	Keys       []keyOut `json:"keys"`
}

func (a *api) listKeys(ctx context.Context, in *projectPageIn) (out envelope[keysOut], err error) {
	page, err := in.page()
	if err != nil {
		if denied := a.may(ctx, in.Project, reeve.ReadAPIKeys); denied != nil {
			err = denied
		}
		return out, err
	}
	keys, total, err := a.control.ListAPIKeyUses(ctx, in.Project.id, page)
	list := keysOut{TotalCount: total, Keys: make([]keyOut, len(keys))}
	for i, k := range keys {
		list.Keys[i] = newKeyOut(k)
	}
	return success(list), err
}

type keyPathIn struct {
	projectPath
	Key keyID `path:"key" doc:"The key's id."`
}

func (a *api) getKey(ctx context.Context, in *keyPathIn) (envelope[keyOut], error) {
	k, err := a.control.GetAPIKeyUse(ctx, in.Project.id, in.Key.id)
	return success(newKeyOut(k)), err
}

func (a *api) deleteKey(ctx context.Context, in *keyPathIn) (web.Empty, error) {
	_, err := a.control.DeleteProjectAPIKey(ctx, in.Project.id, in.Key.id)
	return web.Empty{}, err
}

// overlapBody is for how long a key works beside the one that replaces it.
type overlapBody struct {
	Overlap *int64 `json:"overlap,omitempty" doc:"Seconds for which the old key goes on, at most 2592000; 86400 when absent."`
}

const defaultOverlap = 24 * time.Hour

// duration gives the overlap; one that is out of bounds stays so.
func (b *overlapBody) duration() time.Duration {
	if b.Overlap == nil {
		return defaultOverlap
	}
	most := int64(reeve.MaxTokenOverlap/time.Second) + 1
	return time.Duration(max(-1, min(*b.Overlap, most))) * time.Second
}

type rotateKeyIn struct {
	keyPathIn
	Body overlapBody `body:"optional"`
}

func (a *api) rotateKey(ctx context.Context, in *rotateKeyIn) (out envelope[createdKey], err error) {
	k, key, err := a.control.RotateAPIKey(ctx, in.Project.id, in.Key.id, in.Body.duration())
	if err != nil {
		return out, err
	}
	return newCreatedKey(k, key.Serialize())
}

type narrowKeyIn struct {
	projectPath
	Body struct {
		Key          string        `json:"key" doc:"A whole key of the project."`
		Restrictions *restrictions `json:"restrictions,omitempty" doc:"Without any the key made may as much, and can be revoked alone."`
	} `body:""`
}

type narrowedKey struct {
	Key string `json:"key"`
}

func (a *api) narrowKey(ctx context.Context, in *narrowKeyIn) (out envelope[narrowedKey], err error) {
	restriction, err := a.restriction(ctx, in.Body.Restrictions, in.Project, reeve.ReadAPIKeys)
	if err != nil {
		return out, err
	}
	key, err := a.control.NarrowAPIKey(ctx, in.Project.id, in.Body.Key, restriction)
	return success(narrowedKey{key.Serialize()}), err
}
