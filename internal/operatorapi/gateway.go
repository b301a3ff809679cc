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
