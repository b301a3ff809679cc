package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/reeve-cloud/reeve"
)

// statusReply is what the probes answer.
type statusReply struct {
	Status string `json:"status" doc:"ok: anything else is answered as an error."`
}

// healthReply names the checks behind the verdict.
type healthReply struct {
	Status string       `json:"status" doc:"ok: anything else is answered as an error."`
	Checks healthChecks `json:"checks"`
}

type healthChecks struct {
	Ready   string `json:"ready" doc:"What this process needs is reachable."`
	Serving string `json:"serving" doc:"This process is not about to end."`
}

var errDraining = &reeve.Error{Kind: reeve.Unavailable, Message: "draining"}

// registerHealth adds what every listener answers without credentials. A
// failing probe is answered as an error, in the face's own form.
func registerHealth(api *API) {
	probe := func(path, id, summary string, kinds ...reeve.Kind) Op {
		return Op{
			Method: http.MethodGet, Path: path, ID: id, Summary: summary, Tag: "health",
			Errors: kinds, Quiet: true,
		}
	}
	Handle(api, probe("/livez", "livez", "Tell that the process runs"),
		func(context.Context, *Empty) (statusReply, error) { return statusReply{"ok"}, nil })
	Handle(api, probe("/readyz", "readyz", "Tell whether requests can be answered", reeve.Unavailable),
		func(ctx context.Context, _ *Empty) (statusReply, error) {
			if _, err := api.verdict(ctx); err != nil {
				return statusReply{}, unready("not ready", err)
			}
			return statusReply{"ok"}, nil
		})
	Handle(api, probe("/healthz", "healthz", "Tell readiness with the checks behind it", reeve.Unavailable),
		func(ctx context.Context, _ *Empty) (healthReply, error) {
			if check, err := api.verdict(ctx); err != nil {
				return healthReply{}, unready("not ready: "+check, err)
			}
			return healthReply{"ok", healthChecks{"ok", "ok"}}, nil
		})
	Handle(api, probe("/version", "version", "Tell what runs"),
		func(context.Context, *Empty) (any, error) { return api.opts.Version, nil })
	// The static type says nothing; the document shall.
	api.operations[len(api.operations)-1].out = reflect.TypeOf(api.opts.Version)
	Handle(api, probe("/openapi.json", "openapi", "Describe this API"),
		func(context.Context, *Empty) (Raw, error) { return api.document() })
}

// compactDocument is the document as it is served.
func (api *API) compactDocument() ([]byte, error) {
	text, err := api.Document()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, text)
	return out.Bytes(), err
}

// verdict names the first check that fails. Draining is asked first: it is
// why a load balancer should look elsewhere even while all is well.
func (api *API) verdict(ctx context.Context) (check string, err error) {
	if api.opts.Draining() {
		return "serving", errDraining
	}
	return "ready", api.opts.Ready(ctx)
}

// unready hides why: the probes need no credential.
func unready(message string, cause error) error {
	return reeve.Errorf(reeve.Unavailable, "%s", message).Wrap(cause)
}
