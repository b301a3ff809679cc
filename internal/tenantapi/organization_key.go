package tenantapi

import (
	"context"
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) organizationKeys(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/organization/{organization}/key", ID: "createOrganizationKey", Tag: "keys", Exact: true,
		Summary: "Create an organisation key, which is shown only here and may do no more than who makes it",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.createOrganizationKey, web.BeforeBody(func(ctx context.Context, in *createOrganizationKeyIn) error {
		return a.mayIn(ctx, in.Organization, reeve.ManageOrganizationKeys)
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/keys", ID: "listOrganizationKeys", Tag: "keys",
		Summary: "Retrieve an organisation's live keys by name, with their last use",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listOrganizationKeys)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/organization/{organization}/key/{key}", ID: "deleteOrganizationKey", Tag: "keys",
		Summary: "Revoke an organisation key, with all that were derived from it", Status: http.StatusNoContent,
	}, a.deleteOrganizationKey)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/organization/{organization}/key/{key}/rotate", ID: "rotateOrganizationKey", Tag: "keys", Exact: true,
		Summary: "Replace an organisation key by a new one, which is shown only here",
		Description: "The new key has the name, the role and the end of the old one. That is renamed and works until the overlap " +
			"ends, as do those that were derived from it. A key is rotated once: 409 after that.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.rotateOrganizationKey, web.BeforeBody(func(ctx context.Context, in *rotateOrganizationKeyIn) error {
		return a.mayIn(ctx, in.Organization, reeve.ManageOrganizationKeys)
	}))
	web.Handle(out, web.Op{
		Method: "POST", Path: "/organization/{organization}/key/{key}/narrow", ID: "narrowOrganizationKey", Tag: "keys", Exact: true,
		Summary:     "Derive an organisation key that is not stronger, which is shown only here",
		Description: "The new key ends when the one that it was derived from ends, and is deleted with it.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.narrowOrganizationKey, web.BeforeBody(func(ctx context.Context, in *narrowOrganizationKeyIn) error {
		return a.mayIn(ctx, in.Organization, reeve.ManageOrganizationKeys)
	}))
}

// organizationKeyID is an organisation key's id that comes in; a malformed one
// names nothing.
type organizationKeyID struct{ id reeve.ID }

// UnmarshalText never fails.
func (k *organizationKeyID) UnmarshalText(text []byte) error {
	k.id, _ = reeve.ParseID(reeve.PrefixOrganizationKey, string(text))
	return nil
}

func (organizationKeyID) JSONSchema() *jsonschema.Schema {
	return web.IDSchema(reeve.PrefixOrganizationKey)
}

// organizationKeyTypeID is an id that goes out.
type organizationKeyTypeID reeve.ID

func (id organizationKeyTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixOrganizationKey)), nil
}

func (organizationKeyTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixOrganizationKey)
}

// organizationKeyOut is an organisation key, without its token.
type organizationKeyOut struct {
	ID           organizationKeyTypeID  `json:"id"`
	Name         string                 `json:"name"`
	Role         reeve.Role             `json:"role"`
	CreateTime   wireTime               `json:"create_time"`
	ExpiresTime  *wireTime              `json:"expires_time" doc:"null: never."`
	LastUsedTime *wireTime              `json:"last_used_time" doc:"Within a minute; null: no use is known."`
	LastUsedFrom *string                `json:"last_used_from" doc:"The client's address."`
	DerivedFrom  *organizationKeyTypeID `json:"derived_from" doc:"The key that this one goes with."`
	RotatedFrom  *organizationKeyTypeID `json:"rotated_from" doc:"The key that this one replaced."`
	ReplacedBy   *organizationKeyTypeID `json:"replaced_by" doc:"The key that replaced this one, which works until expires_time."`
}

func newOrganizationKeyOut(k control.OrganizationKeyUse) organizationKeyOut {
	out := organizationKeyOut{
		ID: organizationKeyTypeID(k.ID), Name: k.Name, Role: k.Role, CreateTime: wireTime{k.CreatedAt},
		ExpiresTime: timeOrNull(k.ExpiresAt), LastUsedTime: timeOrNull(&k.LastUse.At),
		DerivedFrom: (*organizationKeyTypeID)(k.ParentID), RotatedFrom: (*organizationKeyTypeID)(k.RotatedFrom),
		ReplacedBy: (*organizationKeyTypeID)(k.ReplacedBy),
	}
	if out.LastUsedTime != nil {
		out.LastUsedFrom = &k.LastUse.By
	}
	return out
}

// newOrganizationKeyBody is what a key is made from.
type newOrganizationKeyBody struct {
	Name        string     `json:"name"`
	Role        string     `json:"role" doc:"admin, editor or viewer."`
	ExpiresTime *givenTime `json:"expires_time,omitempty"`
}

// read gives the body, and reports what is malformed to those only who may see
// the answer.
func (b *newOrganizationKeyBody) read(ctx context.Context, a *api, organization organizationID) (control.NewOrganizationKey, error) {
	role, err := reeve.ParseRole(b.Role)
	if err != nil {
		if denied := a.mayIn(ctx, organization, reeve.ManageOrganizationKeys); denied != nil {
			err = denied
		}
	}
	return control.NewOrganizationKey{
		OrganizationID: organization.id, Name: b.Name, Role: role, ExpiresAt: b.ExpiresTime.pointer(),
	}, err
}

// createdOrganizationKey is a key with its text.
type createdOrganizationKey struct {
	ID          organizationKeyTypeID `json:"id"`
	Key         string                `json:"key" doc:"The key itself, which is not kept."`
	Name        string                `json:"name"`
	Role        reeve.Role            `json:"role"`
	CreateTime  wireTime              `json:"create_time"`
	ExpiresTime *wireTime             `json:"expires_time"`
}

func newCreatedOrganizationKey(k reeve.OrganizationKey, token reeve.Token) envelope[createdOrganizationKey] {
	return success(createdOrganizationKey{
		ID: organizationKeyTypeID(k.ID), Key: string(token), Name: k.Name, Role: k.Role,
		CreateTime: wireTime{k.CreatedAt}, ExpiresTime: timeOrNull(k.ExpiresAt),
	})
}

type createOrganizationKeyIn struct {
	organizationPath
	Body newOrganizationKeyBody `body:""`
}

func (a *api) createOrganizationKey(ctx context.Context, in *createOrganizationKeyIn) (out envelope[createdOrganizationKey], err error) {
	from, err := in.Body.read(ctx, a, in.Organization)
	if err != nil {
		return out, err
	}
	k, token, err := a.control.CreateOrganizationKey(ctx, from)
	return newCreatedOrganizationKey(k, token), err
}

type organizationKeysOut struct {
	TotalCount int                  `json:"total_count"`
	Keys       []organizationKeyOut `json:"keys"`
}

func (a *api) listOrganizationKeys(ctx context.Context, in *organizationPageIn) (out envelope[organizationKeysOut], err error) {
	page, err := in.read(ctx, a, reeve.ReadOrganizationKeys)
	if err != nil {
		return out, err
	}
	keys, total, err := a.control.ListOrganizationKeyUses(ctx, in.Organization.id, page)
	list := organizationKeysOut{TotalCount: total, Keys: make([]organizationKeyOut, len(keys))}
	for i, k := range keys {
		list.Keys[i] = newOrganizationKeyOut(k)
	}
	return success(list), err
}

type organizationKeyPath struct {
	organizationPath
	Key organizationKeyID `path:"key" doc:"The key's id."`
}

func (a *api) deleteOrganizationKey(ctx context.Context, in *organizationKeyPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteOrganizationKeyByID(ctx, in.Organization.id, in.Key.id)
}

type rotateOrganizationKeyIn struct {
	organizationKeyPath
	Body overlapBody `body:"optional"`
}

func (a *api) rotateOrganizationKey(ctx context.Context, in *rotateOrganizationKeyIn) (envelope[createdOrganizationKey], error) {
	k, token, err := a.control.RotateOrganizationKey(ctx, in.Organization.id, in.Key.id, in.Body.duration())
	return newCreatedOrganizationKey(k, token), err
}

type narrowOrganizationKeyIn struct {
	organizationKeyPath
	Body newOrganizationKeyBody `body:""`
}

func (a *api) narrowOrganizationKey(ctx context.Context, in *narrowOrganizationKeyIn) (out envelope[createdOrganizationKey], err error) {
	from, err := in.Body.read(ctx, a, in.Organization)
	if err != nil {
		return out, err
	}
	k, token, err := a.control.DeriveOrganizationKey(ctx, from, in.Key.id)
	return newCreatedOrganizationKey(k, token), err
}
