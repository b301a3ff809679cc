package gatewayapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/forward"
	"github.com/reeve-cloud/reeve/internal/web"
)

// authPath is where proxies ask, and below it those that ask by path: there
// Authorization is their client's own.
const authPath = "/gateway/auth"

func (a *api) auth(out *web.API) {
	op := web.Op{
		Method: "GET", Path: authPath, ID: "authorize", Tag: "proxies",
		Summary: "Let a proxy's request pass or not",
		Description: "The request is read from X-Original-Method and X-Original-URI (nginx) or X-Forwarded-Method and X-Forwarded-Uri " +
			"(Caddy, Traefik): the path's first segment is the bucket, the rest the path; GET and HEAD read, or list if nothing " +
			"follows the bucket, PUT, POST and PATCH write, DELETE deletes, and nothing else passes. The client's key is the bearer " +
			"token or the password of its Authorization, or its X-Api-Key. " + refusals,
		Errors: []reeve.Kind{reeve.Invalid, reeve.Denied, reeve.Exhausted}, Security: []string{"proxyToken"}, Quiet: true,
	}
	web.Handle(out, op, func(ctx context.Context, in *authIn) (authOut, error) {
		return a.authorize(ctx, in.request, in.err)
	})
	op.Errors = []reeve.Kind{reeve.Denied, reeve.Exhausted}
	op.Path += "/{path...}"
	op.Summary = "Let Envoy's request pass or not"
	op.Description = "For proxies that ask with their client's method, path and query below /gateway/auth. " +
		"The query is the client's and is not read. " + refusals
	for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE"} {
		op.Method, op.ID = method, "authorize"+method[:1]+strings.ToLower(method[1:])
		web.Handle(out, op, func(ctx context.Context, in *authBelowIn) (authOut, error) {
			return a.authorize(ctx, in.request, in.err)
		})
	}
}

const refusals = "A refusal's detail is the verdict's code, or says what cannot be judged. 401 has WWW-Authenticate: " +
	"the client should show another key. 429 has Retry-After."

// authIn is what a proxy forwards of its client's request.
type authIn struct {
	Proxy  string  `query:"proxy" doc:"nginx, caddy or traefik: only the headers of its kind are read, for a client could send the others. Always set it."`
	Action *action `query:"action" doc:"Instead of what the method means."`
	Bucket string  `query:"bucket" doc:"Instead of the path's first segment; all of it is the object's path then."`
	Cost   int64   `query:"cost" doc:"Units of the project's rate that the request takes: 1 if absent."`

	request forward.Request
	err     error
}

// DecodeHead reads the query by package forward's rules.
func (in *authIn) DecodeHead(r *http.Request) {
	in.request, in.err = forward.FromHeader(r.Header, r.URL.RawQuery)
}

// authBelowIn is the same, of a proxy that asks by path.
type authBelowIn struct {
	Path string `path:"path" doc:"The client's, as it was sent."`

	request forward.Request
	err     error
}

// DecodeHead reads the target as it was sent: escapes matter. One whose
// beginning is spelt in another way than proxies do is refused as ambiguous.
func (in *authBelowIn) DecodeHead(r *http.Request) {
	target, ok := strings.CutPrefix(r.RequestURI, authPath)
	if !ok {
		target = ""
	}
	in.request, in.err = forward.FromTarget(r.Header, r.Method, target)
}

// action is one of the four.
type action struct{}

func (action) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"read", "write", "list", "delete"}}
}

// authOut is whose key it was; the proxy hands it to the service behind.
type authOut struct {
	Project      string `header:"Reeve-Project" doc:"The project's id."`
	Organization string `header:"Reeve-Organization" doc:"The id of the project's organisation."`
	Owner        string `header:"Reeve-Owner" doc:"The id of the project's owner."`
	KeyID        string `header:"Reeve-Key-Id" doc:"The id of the root key, however far the key is narrowed."`
	rateOut
}

// rateOut tells of a project's rate, as draft-ietf-httpapi-ratelimit-headers
// has it: q units in w seconds; r are left, and in t seconds there are q again.
type rateOut struct {
	Limit  string `header:"RateLimit,optional" doc:"What is left of the project's rate, if it has one."`
	Policy string `header:"RateLimit-Policy,optional" doc:"The project's rate, if it has one."`
}

func newRateOut(rate *control.RateState) (out rateOut) {
	if rate != nil {
		out.Limit = `"default";r=` + strconv.FormatInt(rate.Remaining, 10) + ";t=" + strconv.FormatInt(seconds(rate.Reset), 10)
		out.Policy = `"default";q=` + strconv.FormatInt(rate.Limit, 10) + ";w=1"
	}
	return out
}

// SetHeader writes what there is. The keys are as http.Header has them.
func (out *rateOut) SetHeader(h http.Header) {
	if out.Limit != "" {
		h["Ratelimit"] = []string{out.Limit}
		h["Ratelimit-Policy"] = []string{out.Policy}
	}
}

// SetHeader writes the reply.
func (out *authOut) SetHeader(h http.Header) {
	h["Reeve-Project"] = []string{out.Project}
	h["Reeve-Organization"] = []string{out.Organization}
	h["Reeve-Owner"] = []string{out.Owner}
	h["Reeve-Key-Id"] = []string{out.KeyID}
	out.rateOut.SetHeader(h)
}

// authorize answers without an error if the request may pass.
func (a *api) authorize(ctx context.Context, r forward.Request, err error) (authOut, error) {
	if err != nil {
		return authOut{}, unjudged(err)
	}
	v, err := a.judgement(ctx, control.KeyCheck{Key: r.Key, Op: r.Op, Bucket: r.Bucket, Path: r.Path, Cost: r.Cost})
	switch {
	case err != nil:
		return authOut{}, err
	case v.Code != reeve.CodeValid:
		return authOut{}, judged(&v)
	}
	return authOut{
		Project: v.ProjectID.String(), Organization: v.OrganizationID.String(), Owner: v.OwnerID.String(),
		KeyID: v.KeyID.String(), rateOut: newRateOut(v.Rate),
	}, nil
}
