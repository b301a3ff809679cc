package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Pages are what a listener shows to browsers, beside its operations: within
// the request's record, metrics, time and limits of the body, outside of the
// face's credentials and document.
type Pages struct {
	api  *API
	root string
	show func(w http.ResponseWriter, r *http.Request, status int, e *reeve.Error)
}

// Pages makes room for pages below a path, which ends in a slash and lies
// outside the face's Prefixes. show answers an error, with the status that every
// face has by default, and what may be told of it.
func (api *API) Pages(root string, show func(w http.ResponseWriter, r *http.Request, status int, e *reeve.Error)) *Pages {
	if api.face.guards(root) || !strings.HasSuffix(root, "/") {
		panic("web: pages below " + root)
	}
	p := &Pages{api: api, root: root, show: show}
	p.Handle(root+"{rest...}", nil)
	return p
}

// Page answers a request of one method; an error is shown.
type Page func(w http.ResponseWriter, r *http.Request) error

// Handle serves a path of net/http's mux, without a method, with a page for
// each method; GET stands for HEAD too. A path without any is not found.
func (p *Pages) Handle(path string, methods map[string]Page) {
	if !strings.HasPrefix(path, p.root) {
		panic("web: " + path + " is not below " + p.root)
	}
	metrics := p.api.opts.Metrics.operation(p.api.face.Name, path)
	rt := &route{pattern: path}
	allow := allow(methods)
	p.api.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		x := w.(*exchange)
		x.route, x.metrics, x.show = rt, metrics, p.show
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		page, ok := methods[method]
		switch {
		case len(methods) == 0:
			x.fail(errNotFound)
		case !ok:
			w.Header()["Allow"] = []string{allow}
			x.fail(errNoMethod)
		case r.ContentLength > maxBody:
			x.fail(errTooLarge)
		default:
			if err := page(x, r); err != nil {
				x.fail(err)
			}
		}
	})
}

// Admit says that the request shows a credential, which counts against its
// client's address if it turns out to be unknown; its error turns the request
// away. It must be called from the request's own goroutine.
func Admit(ctx context.Context, credential string) error {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil
	}
	return x.api.opts.Guard.admitOne(x, credential)
}

// Failed notes an error that a page tells in its own way, sets what it says in
// the header, and gives its status and what may be told of it.
func Failed(ctx context.Context, err error) (status int, shown *reeve.Error) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		e := reeve.AsError(err)
		return statusOf[e.Kind], e
	}
	x.failure = x.classify(err)
	status, shown = x.told(x.failure)
	x.headError(status, x.failure)
	return status, shown
}

// Extend gives a context that is one of the request's so long from its beginning
// on, and the connection enough to tell the answer.
func Extend(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return context.WithTimeout(ctx, d)
	}
	cancel := x.extend(d)
	return untimed{x.ctx, ctx}, cancel
}
