package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) organizations(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/organizations", ID: "createOrganization", Tag: "organizations",
		Summary: "Add an organisation; its owner becomes an admin",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.createOrganization)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}", ID: "getOrganization", Tag: "organizations",
		Summary: "Get an organisation",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getOrganization)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/organizations/{organization}", ID: "updateOrganization", Tag: "organizations",
		Summary: "Rename an organisation",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.updateOrganization, web.BeforeBody(func(ctx context.Context, in *updateOrganizationIn) error {
		_, err := a.control.GetOrganization(ctx, in.Organization.id)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/organizations/{organization}", ID: "deleteOrganization", Tag: "organizations", Before: a.control.AddUpUsage,
		Summary:     "Delete an organisation without projects",
		Description: "It can be restored for as long as --restore-window says, unless erase is now.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.deleteOrganization)
}

type createOrganizationIn struct {
	Body struct {
		Name    string `json:"name"`
		OwnerID userID `json:"ownerId"`
	} `body:""`
}

type createdOrganization struct {
	OrganizationID reeve.ID `json:"organizationId"`
}

func (a *api) createOrganization(ctx context.Context, in *createOrganizationIn) (createdOrganization, error) {
	o, err := a.control.CreateOrganization(ctx, in.Body.Name, in.Body.OwnerID.id)
	return createdOrganization{OrganizationID: o.ID}, err
}

type organizationOut struct {
	ID        reeve.ID  `json:"id"`
	Name      string    `json:"name"`
	OwnerID   reeve.ID  `json:"ownerId"`
	CreatedAt time.Time `json:"createdAt"`

	Freeze *frozenOut `json:"freeze,omitempty" doc:"Only of a frozen one."`
}

func newOrganizationOut(o reeve.Organization) organizationOut {
	return organizationOut{ID: o.ID, Name: o.Name, OwnerID: o.OwnerID, CreatedAt: o.CreatedAt, Freeze: newFrozenOut(o.Freeze)}
}

func (a *api) getOrganization(ctx context.Context, in *organizationPath) (organizationOut, error) {
	o, err := a.control.GetOrganization(ctx, in.Organization.id)
	return newOrganizationOut(o), err
}

type updateOrganizationIn struct {
	organizationPath
	Body nameBody `body:""`
}

func (a *api) updateOrganization(ctx context.Context, in *updateOrganizationIn) (web.Empty, error) {
	_, err := a.control.RenameOrganization(ctx, in.Organization.id, in.Body.Name)
	return web.Empty{}, err
}

type deleteOrganizationIn struct {
	organizationPath
	eraseQuery
}

func (a *api) deleteOrganization(ctx context.Context, in *deleteOrganizationIn) (web.Empty, error) {
	forGood, err := in.forGood()
	switch {
	case err != nil:
		return web.Empty{}, err
	case forGood:
		return web.Empty{}, a.control.EraseOrganization(ctx, in.Organization.id)
	}
	return web.Empty{}, a.control.DeleteOrganization(ctx, in.Organization.id)
}

func (a *api) organizationKeys(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/organizations/{organization}/apikeys", ID: "createOrganizationKey",
		Tag: "organizations", Summary: "Add an organisation key; it is shown only here",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.createOrganizationKey)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}/apikeys", ID: "listOrganizationKeys",
		Tag: "organizations", Summary: "List an organisation's live keys by name",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listOrganizationKeys)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/organizations/{organization}/apikeys/{name}", ID: "deleteOrganizationKey",
		Tag: "organizations", Summary: "Revoke an organisation key by its name",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteOrganizationKey)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/organizations/{organization}/apikeys/{name}/rotate", ID: "rotateOrganizationKey",
		Tag: "organizations", Summary: "Replace an organisation key by a new one of its name, which is shown only here",
		Description: "The new key has the role and the end of the old one. That is renamed and works until the overlap ends.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.rotateOrganizationKey)
}

type createOrganizationKeyIn struct {
	organizationPath
	Body struct {
		Name      string     `json:"name"`
		Role      string     `json:"role" doc:"admin, editor or viewer."`
		ExpiresAt *time.Time `json:"expiresAt"`
	} `body:""`
}

type createdOrganizationKey struct {
	ID     reeve.ID `json:"id"`
	APIKey string   `json:"apikey"`
}

func (a *api) createOrganizationKey(ctx context.Context, in *createOrganizationKeyIn) (createdOrganizationKey, error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err != nil {
		return createdOrganizationKey{}, err
	}
	key, token, err := a.control.CreateOrganizationKey(ctx, control.NewOrganizationKey{
		OrganizationID: in.Organization.id, Name: in.Body.Name, Role: role, ExpiresAt: in.Body.ExpiresAt,
	})
	return createdOrganizationKey{ID: key.ID, APIKey: string(token)}, err
}

type organizationKeyOut struct {
	ID        reeve.ID   `json:"id"`
	Name      string     `json:"name"`
	Role      reeve.Role `json:"role"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
}

func (a *api) listOrganizationKeys(ctx context.Context, in *organizationPath) ([]organizationKeyOut, error) {
	keys, err := a.control.ListOrganizationKeys(ctx, in.Organization.id)
	out := make([]organizationKeyOut, len(keys))
	for i, k := range keys {
		out[i] = organizationKeyOut{ID: k.ID, Name: k.Name, Role: k.Role, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt}
	}
	return out, err
}

type organizationKeyNameIn struct {
	organizationPath
	Name string `path:"name" doc:"The key's name."`
}

func (a *api) deleteOrganizationKey(ctx context.Context, in *organizationKeyNameIn) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteOrganizationKey(ctx, in.Organization.id, in.Name)
}

type rotateOrganizationKeyIn struct {
	organizationPath
	Name string      `path:"name" doc:"The key's name."`
	Body overlapBody `body:"optional"`
}

func (a *api) rotateOrganizationKey(ctx context.Context, in *rotateOrganizationKeyIn) (createdOrganizationKey, error) {
	key, token, err := a.control.RotateOrganizationKeyByName(ctx, in.Organization.id, in.Name, in.Body.duration())
	return createdOrganizationKey{ID: key.ID, APIKey: string(token)}, err
}
