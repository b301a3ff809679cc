package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) gateways(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/gateways", ID: "createGateway", Tag: "gateways",
		Summary: "Add a gateway; its token is shown only here",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.createGateway)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/gateways", ID: "listGateways", Tag: "gateways",
		Summary: "List the gateways, oldest first",
	}, a.listGateways)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/gateways/{gateway}", ID: "deleteGateway", Tag: "gateways",
		Summary: "Revoke a gateway's token",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteGateway)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/gateways/{gateway}/token", ID: "rotateGatewayToken", Tag: "gateways",
		Summary:     "Make a gateway a new token, which is shown only here; the old ones end after the overlap",
		Description: "A gateway has at most 10 tokens at a time.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.rotateGatewayToken)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/gateways/{gateway}/tokens", ID: "listGatewayTokens", Tag: "gateways",
		Summary: "List the tokens by which a gateway may come, newest first, with their last use",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listGatewayTokens)
}

type createGatewayIn struct {
	Body nameBody `body:""`
}

type createdGateway struct {
	ID    reeve.ID `json:"id"`
	Token string   `json:"token"`
}

func (a *api) createGateway(ctx context.Context, in *createGatewayIn) (createdGateway, error) {
	g, token, err := a.control.CreateGateway(ctx, in.Body.Name)
	return createdGateway{ID: g.ID, Token: string(token)}, err
}

type gatewayOut struct {
	ID        reeve.ID  `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

func (a *api) listGateways(ctx context.Context, _ *web.Empty) ([]gatewayOut, error) {
	gateways, err := a.control.ListGateways(ctx)
	out := make([]gatewayOut, len(gateways))
	for i, g := range gateways {
		out[i] = gatewayOut{ID: g.ID, Name: g.Name, CreatedAt: g.CreatedAt}
	}
	return out, err
}

type gatewayIn struct {
	Gateway gatewayID `path:"gateway" doc:"The gateway's id."`
}

func (a *api) deleteGateway(ctx context.Context, in *gatewayIn) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteGateway(ctx, in.Gateway.id)
}

type rotateGatewayTokenIn struct {
	gatewayIn
	Body overlapBody `body:"optional"`
}

type gatewayTokenMade struct {
	Token string `json:"token"`
}

func (a *api) rotateGatewayToken(ctx context.Context, in *rotateGatewayTokenIn) (gatewayTokenMade, error) {
	token, err := a.control.RotateGatewayToken(ctx, in.Gateway.id, in.Body.duration())
	return gatewayTokenMade{string(token)}, err
}

type gatewayTokenOut struct {
	ID           reeve.ID   `json:"id"`
	CreatedAt    time.Time  `json:"createdAt"`
	ExpiresAt    *time.Time `json:"expiresAt" doc:"The end of an overlap; null: none."`
	LastUsedAt   *time.Time `json:"lastUsedAt" doc:"Within a minute; null: no use is known."`
	LastUsedFrom *string    `json:"lastUsedFrom" doc:"The gateway's address."`
}

func (a *api) listGatewayTokens(ctx context.Context, in *gatewayIn) ([]gatewayTokenOut, error) {
	tokens, err := a.control.ListGatewayTokens(ctx, in.Gateway.id)
	out := make([]gatewayTokenOut, len(tokens))
	for i, t := range tokens {
		out[i] = gatewayTokenOut{ID: t.ID, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt}
		if !t.LastUse.At.IsZero() {
			out[i].LastUsedAt, out[i].LastUsedFrom = &tokens[i].LastUse.At, &tokens[i].LastUse.By
		}
	}
	return out, err
}
