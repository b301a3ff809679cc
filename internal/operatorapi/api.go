// Package operatorapi is the operators' API: the Storj satellite admin API
// with its paths, fields, statuses and error strings, and reeve's additions in
// the same style. Each handler turns the wire into one call of control and
// back.
package operatorapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// api holds what the handlers call.
type api struct{ control *control.Control }

// New makes the operator listener's API.
func New(c *control.Control, opts web.Options) *web.API {
	a := &api{control: c}
	out := web.New(a.face(), opts)
	a.users(out)
	a.accounts(out)
	a.coupons(out)
	a.listings(out)
	a.searches(out)
	a.scans(out)
	a.bulk(out)
	a.credits(out)
	a.prices(out)
	a.projects(out)
	a.limits(out)
	a.apiKeys(out)
	a.revocations(out)
	a.organizations(out)
	a.organizationKeys(out)
	a.members(out)
	a.webhooks(out)
	a.budgets(out)
	a.alerts(out)
	a.gateways(out)
	a.operators(out)
	a.freezes(out)
	a.months(out)
	a.changes(out)
	a.usage(out)
	a.statements(out)
	a.creditNotes(out)
	a.deletions(out)
	a.transfers(out)
	a.system(out)
	a.effects(out)
	return out
}

func (a *api) face() web.Face {
	return web.Face{
		Name:  "operator",
		Title: "reeve operator API",
		Description: "The Storj satellite admin API, and what is needed to set a cloud's tenants up. " +
			"Beside it, GET /metrics answers Prometheus' text format without a credential.",
		Prefixes: []string{"/api/"},

		Authenticate: a.authenticate,
		Credential:   token,
		Explain:      a.explain,
		Once:         a.control.Once,
		Lock:         a.lock,
		// The original knows no 401.
		Status:   map[reeve.Kind]int{reeve.Unauthenticated: http.StatusForbidden},
		Body:     errorBody,
		BadBody:  badBody,
		BadQuery: badForm,
		Security: []web.SecurityScheme{{
			Name: "operatorToken", Type: "apiKey", Header: "Authorization",
			Description: "The operator token, as it is or after `Bearer `.",
		}},
		Common: []reeve.Kind{reeve.Unauthenticated, reeve.Exhausted, reeve.Unavailable, reeve.Internal},
	}
}

// token finds the operator's token in a request; "" if there is none.
func token(r *http.Request) string {
	text := strings.TrimSpace(r.Header.Get("Authorization"))
	if scheme, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return text
}

func (a *api) authenticate(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	actor, err := a.control.AuthenticateOperator(ctx, token(r))
	if err != nil {
		return ctx, err
	}
	web.SetActor(ctx, actor.String())
	return control.WithCaller(ctx, control.Caller{
		Actor: actor, Address: web.ClientAddress(ctx), RequestID: web.RequestID(ctx), ReasonNeeded: a.control.ReasonsRequired(),
	}), nil
}

// explain keeps the reason for the record of changes.
func (a *api) explain(ctx context.Context, text string) (context.Context, error) {
	caller := control.CallerOf(ctx)
	var err error
	caller.Reason, err = reeve.CleanReason(text)
	return control.WithCaller(ctx, caller), err
}

// failure is the original's error: both fields always, in this order.
type failure struct {
	Error  string `json:"error"`
	Detail string `json:"detail"`
}

func errorBody(_ int, e *reeve.Error) any {
	if e.Kind == reeve.Unauthenticated {
		return failure{Error: "Forbidden"}
	}
	return failure{Error: e.Message, Detail: e.Detail}
}
