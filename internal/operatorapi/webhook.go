package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) webhooks(out *web.API) {
	path := "/api/organizations/{organization}/webhook"
	web.Handle(out, web.Op{
		Method: "PUT", Path: path, ID: "setWebhook", Tag: "alerts",
		Summary: "Say where an organisation's alerts are posted; the signatures' secret is shown only here",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.setWebhook, web.BeforeBody(func(ctx context.Context, in *setWebhookIn) error {
		_, err := a.control.GetOrganization(ctx, in.Organization.id)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: path, ID: "getWebhook", Tag: "alerts",
		Summary: "Get an organisation's webhook",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getWebhook)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: path, ID: "deleteWebhook", Tag: "alerts",
		Summary: "Delete an organisation's webhook with the messages that wait for it",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteWebhook)
}

type setWebhookIn struct {
	organizationPath
	Body struct {
		URL string `json:"url" doc:"Absolute, https or http, without credentials, at most 2048 characters."`
	} `body:""`
}

type webhookSecret struct {
	Secret string `json:"secret" doc:"As Standard Webhooks writes it: whsec_ and 32 bytes in base64."`
}

func (a *api) setWebhook(ctx context.Context, in *setWebhookIn) (webhookSecret, error) {
	secret, err := a.control.SetWebhook(ctx, in.Organization.id, in.Body.URL)
	return webhookSecret{Secret: string(secret)}, err
}

type webhookOut struct {
	URL       string    `json:"url"`
	CreatedAt time.Time `json:"createdAt"`
	Pending   int       `json:"pending" doc:"Messages that are to be delivered."`
}

func (a *api) getWebhook(ctx context.Context, in *organizationPath) (webhookOut, error) {
	w, err := a.control.GetWebhook(ctx, in.Organization.id)
	return webhookOut{URL: w.URL, CreatedAt: w.CreatedAt, Pending: w.Pending}, err
}

func (a *api) deleteWebhook(ctx context.Context, in *organizationPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteWebhook(ctx, in.Organization.id)
}
