package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/macaroon"
)

func (a *api) apiKeys(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}/apikeys", ID: "listAPIKeys", Tag: "apikeys",
		Summary: "List a project's API keys by name",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listAPIKeys)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects/{project}/apikeys", ID: "createAPIKey", Tag: "apikeys",
		Summary: "Add an API key to a project; the key is shown only here",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.createAPIKey)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/projects/{project}/apikeys/{name}", ID: "deleteAPIKeyByName", Tag: "apikeys",
		Summary:     "Delete a project's API key by its name",
		Description: waitNote,
		Timeout:     waitTimeout,
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteAPIKeyByName)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/apikeys/{apikey}", ID: "deleteAPIKey", Tag: "apikeys",
		Summary:     "Delete an API key, or revoke a derived one with its descendants",
		Description: waitNote,
		Timeout:     waitTimeout,
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteAPIKey)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects/{project}/apikeys/{name}/rotate", ID: "rotateAPIKey", Tag: "apikeys",
		Summary: "Replace an API key by a new one of its name, which is shown only here",
		Description: "The new key has the restrictions and the end of the old one. That is renamed and works until the overlap " +
			"ends; with an overlap of 0 it is revoked at once.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.rotateAPIKey)
}

type apiKeyOut struct {
	ID        reeve.ID  `json:"id"`
	OwnerID   reeve.ID  `json:"ownerId" doc:"The project's owner."`
	Name      string    `json:"name"`
	PartnerID string    `json:"partnerID" doc:"Empty if there is none."`
	CreatedAt time.Time `json:"createdAt"`
	ProjectID reeve.ID  `json:"projectId"`
}

func (a *api) listAPIKeys(ctx context.Context, in *projectPath) ([]apiKeyOut, error) {
	project, keys, err := a.control.ListAPIKeys(ctx, in.Project.id)
	out := make([]apiKeyOut, len(keys))
	for i, k := range keys {
		out[i] = apiKeyOut{
			ID: k.ID, OwnerID: project.OwnerID, Name: k.Name, CreatedAt: k.CreatedAt, ProjectID: k.ProjectID,
		}
		if k.PartnerID != nil {
			out[i].PartnerID = k.PartnerID.String()
		}
	}
	return out, err
}

type createAPIKeyIn struct {
	projectPath
	Body struct {
		Name      string     `json:"name"`
		PartnerID *partnerID `json:"partnerId"`
	} `body:""`
}

type createdAPIKey struct {
	APIKey string `json:"apikey"`
}

func (a *api) createAPIKey(ctx context.Context, in *createAPIKeyIn) (createdAPIKey, error) {
	var partner *reeve.ID
	if in.Body.PartnerID != nil {
		partner = &in.Body.PartnerID.id
	}
	_, key, err := a.control.CreateAPIKey(ctx, in.Project.id, in.Body.Name, partner)
	return createdAPIKey{APIKey: key.Serialize()}, err
}

type apiKeyNameIn struct {
	projectPath
	waitIn
	Name string `path:"name" doc:"The key's name."`
}

func (a *api) deleteAPIKeyByName(ctx context.Context, in *apiKeyNameIn) (*receipt, error) {
	revoked, err := a.control.DeleteAPIKeyByName(ctx, in.Project.id, in.Name)
	return a.receiptIfAsked(ctx, in.waitIn, revoked, err)
}

// overlapBody is for how long a key or token works beside the one that replaces
// it.
type overlapBody struct {
	Overlap *int64 `json:"overlap,omitempty" doc:"Seconds for which the old one goes on, at most 2592000; 86400 when absent."`
}

func (b *overlapBody) duration() time.Duration {
	if b.Overlap == nil {
		return 24 * time.Hour
	}
	return overlapOf(*b.Overlap)
}

type rotateAPIKeyIn struct {
	projectPath
	Name string      `path:"name" doc:"The key's name."`
	Body overlapBody `body:"optional"`
}

type rotatedAPIKey struct {
	ID     reeve.ID `json:"id"`
	APIKey string   `json:"apikey"`
}

func (a *api) rotateAPIKey(ctx context.Context, in *rotateAPIKeyIn) (rotatedAPIKey, error) {
	k, key, err := a.control.RotateAPIKeyByName(ctx, in.Project.id, in.Name, in.Body.duration())
	return rotatedAPIKey{ID: k.ID, APIKey: key.Serialize()}, err
}

// apiKeyIn holds a whole key in its path, which no log shows.
type apiKeyIn struct {
	waitIn
	APIKey string `path:"apikey,secret" doc:"The serialised key."`
}

func (a *api) deleteAPIKey(ctx context.Context, in *apiKeyIn) (*receipt, error) {
	key, err := parseAPIKey(in.APIKey)
	if err != nil {
		return nil, err
	}
	revoked, err := a.control.RevokeAPIKey(ctx, key, control.WholeKey)
	return a.receiptIfAsked(ctx, in.waitIn, revoked, err)
}

func parseAPIKey(text string) (macaroon.Key, error) {
	key, err := macaroon.Parse(text)
	if err != nil {
		return key, reeve.Errorf(reeve.Invalid, "invalid apikey format").WithDetail("%s", err)
	}
	return key, nil
}
