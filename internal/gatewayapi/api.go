// Package gatewayapi is the gateways' API: they verify keys, hold leases on
// limits, report usage, and follow the feed of what is revoked.
package gatewayapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// New makes the gateway listener's API.
func New(c *control.Control, opts web.Options) *web.API {
	out := web.New(web.Face{
		Name:         "gateway",
		Title:        "reeve gateway API",
		Description:  "For programs that admit or refuse requests: verify keys, enforce limits.",
		Prefixes:     []string{"/gateway/"},
		Authenticate: authenticate(c),
		Credential:   token,
		Body:         problemBody,
		ErrorType:    "application/problem+json",
		Security: []web.SecurityScheme{{
			Name: "gatewayToken", Type: "http", Scheme: "bearer", Description: "The gateway's token.",
		}, {
			Name: "proxyToken", Type: "apiKey", Header: tokenHeader, Named: true,
			Description: "The gateway's token, where Authorization is that of a proxy's client.",
		}},
		Common: []reeve.Kind{reeve.Unauthenticated, reeve.Exhausted, reeve.Unavailable, reeve.Internal},
	}, opts)
	a := &api{control: c, judgement: c.VerifyKey, ingestion: c.IngestUsage}
	a.verify(out)
	a.followed(out)
	a.auth(out)
	a.usage(out)
	a.leases(out)
	a.buckets(out)
	a.keyUses(out)
	return out
}

// api holds what the handlers need.
type api struct {
	control   *control.Control // nil in a sidecar
	judgement Judgement
	ingestion Ingestion
}

// Judgement judges a key for one request, as control.VerifyKey does.
type Judgement func(context.Context, control.KeyCheck) (control.Verdict, error)

// Ingestion takes in a batch of usage, as control.IngestUsage does.
type Ingestion func(context.Context, control.UsageBatch) (refusals []string, err error)

func authenticate(c *control.Control) func(*http.Request) (context.Context, error) {
	return func(r *http.Request) (context.Context, error) {
		ctx := r.Context()
		caller, err := c.AuthenticateGateway(ctx, token(r), func() string { return web.ClientAddress(ctx) })
		if err != nil {
			return ctx, err
		}
		caller.RequestID = web.RequestID(ctx)
		web.SetActor(ctx, caller.Actor.String())
		return control.WithCaller(ctx, caller), nil
	}
}

// tokenHeader has the gateway's token where Authorization is another's.
const tokenHeader = "Reeve-Gateway-Token"

// token finds the gateway's token in a request; "" if there is none.
func token(r *http.Request) string {
	if rest, ok := strings.CutPrefix(r.URL.Path, authPath); ok && (rest == "" || rest[0] == '/') {
		return r.Header.Get(tokenHeader)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// problem is RFC 9457's problem details.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	Sequence *int64 `json:"sequence,omitempty" doc:"Only of a 409 to a batch of usage: the newest sequence that its stream has delivered."`
}

func problemBody(status int, e *reeve.Error) any {
	out := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Message}
	if taken, ok := errors.AsType[*control.SequenceTaken](e); ok {
		out.Sequence = &taken.Newest
	}
	return out
}
