package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Options are what a process gives every face. The zero value serves.
type Options struct {
	Logger  *slog.Logger // slog.Default if nil
	Metrics *Metrics     // its own if nil

	// TrustedProxies may name the client in X-Forwarded-For.
	TrustedProxies []netip.Prefix

	// Guard turns addresses away that unknown credentials come from; nobody if nil.
	Guard *Guard

	// Timeout bounds an operation's context, 15 s if zero; BodyTimeout how
	// long any request's body may take to arrive, 10 s if zero and never
	// longer than Timeout, so that time is left to refuse it properly.
	Timeout, BodyTimeout time.Duration

	Ready    func(context.Context) error // what /readyz asks; always ready if nil
	Version  any                         // what /version answers
	Draining func() bool                 // the process is about to end; never if nil
}

// prepare fills the defaults in, so that nothing need ask for nil later.
func (o *Options) prepare() {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.BodyTimeout == 0 {
		o.BodyTimeout = 10 * time.Second
	}
	o.BodyTimeout = min(o.BodyTimeout, o.Timeout)
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Version == nil {
		o.Version = struct {
			Version string `json:"version"`
		}{"devel"}
	}
	if o.Draining == nil {
		o.Draining = func() bool { return false }
	}
}

// API is one face with its operations: an http.Handler and its document.
type API struct {
	face     Face
	opts     Options
	statuses [kinds]int

	mux        *http.ServeMux    // one pattern per path: methods are ours, for 405 in the face's form
	routes     map[string]*route // by path
	subtrees   []*route          // those that the mux must not clean, outside of it
	operations []*operation      // in order of registration

	unmatched *operationMetrics // of requests that met no operation
	inFlight  gauge
	document  func() ([]byte, error) // as served; made at the first request for it
}

// New makes the API of a face with the operations that every listener has. It
// panics on a face that could not answer some kind.
func New(face Face, opts Options) *API {
	opts.prepare()
	api := &API{face: face, opts: opts, mux: http.NewServeMux(), routes: map[string]*route{}}
	api.statuses = api.face.prepare()
	api.unmatched = opts.Metrics.operation(face.Name, "unmatched")
	api.inFlight = opts.Metrics.inFlight.WithLabelValues(face.Name)
	api.document = sync.OnceValues(api.compactDocument)
	api.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.(*exchange).refuse(errNotFound)
	})
	registerHealth(api)
	return api
}

// Mount serves GET and HEAD of a pattern of net/http's mux with a plain
// handler: within the request's record, metrics, credentials and limits of the
// body, outside its timeout and the document. The pattern must not contain a
// method.
func (api *API) Mount(pattern string, h http.Handler) {
	metrics := api.opts.Metrics.operation(api.face.Name, pattern)
	mounted := &route{pattern: pattern}
	api.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		x := w.(*exchange)
		x.route, x.metrics = mounted, metrics
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header()["Allow"] = []string{"GET, HEAD"}
			x.refuse(errNoMethod)
			return
		}
		h.ServeHTTP(x, r.WithContext(untimed{x.client, x.ctx}))
	})
}

// Operations lists what Handle registered, in that order.
func (api *API) Operations() []Op {
	out := make([]Op, len(api.operations))
	for i, op := range api.operations {
		out[i] = op.Op
	}
	return out
}

// ServeHTTP answers one request: credentials, then the path, then the method,
// then the operation. It never panics but with http.ErrAbortHandler.
func (api *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, r := api.begin(w, r)
	defer x.end()
	subtree := api.subtree(r.URL.Path)
	x.route = subtree
	if api.face.guards(r.URL.Path) {
		if err := api.opts.Guard.admit(x); err != nil {
			x.fail(err)
			return
		}
		ctx, err := api.face.Authenticate(r)
		if err != nil {
			x.fail(err)
			return
		}
		x.ctx, x.guarded = ctx, true
	}
	if subtree != nil {
		subtree.ServeHTTP(x, r)
		return
	}
	// The mux would answer these with a redirect.
	if !isClean(r.URL) {
		x.refuse(errNotFound)
		return
	}
	api.mux.ServeHTTP(x, r)
}

// begin opens the exchange. The request it answers carries the exchange's
// context, so that Authenticate and the mux need no further copy.
func (api *API) begin(w http.ResponseWriter, r *http.Request) (*exchange, *http.Request) {
	api.inFlight.Inc()
	x := &exchange{ResponseWriter: w, api: api, start: time.Now(), client: r.Context(), metrics: api.unmatched}
	x.requestID = requestID(r.Header)
	x.timed = timedContext{client: x.client, deadline: x.start.Add(api.opts.Timeout), exchange: x}
	x.ctx = &x.timed
	header := w.Header()
	header["X-Request-Id"] = []string{x.requestID}
	if api.opts.Draining() {
		header["Connection"] = []string{"close"}
	}
	x.request = r.WithContext(x.ctx)
	x.body = limitBody(w, x.request, x.start.Add(api.opts.BodyTimeout))
	return x, x.request
}

// untimed ends with the client's connection only, and still has the values of
// the operation's context: a mounted handler may stream for hours.
type untimed struct {
	context.Context
	values context.Context
}

// Value looks in the operation's context, which holds the client's values too.
func (c untimed) Value(key any) any { return c.values.Value(key) }

// route is one path with its methods.
type route struct {
	pattern string
	root    string // of a subtree: its path with the last slash, else ""
	methods map[string]*operation
	allow   string // the methods, sorted; GET implies HEAD
	secret  []bool // by segment: hidden from the log
}

// ServeHTTP answers the request with its method's operation. A body that says
// it is too long is refused even where none is read, before it is sent.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange)
	x.route = rt
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op := rt.methods[method]
	if op == nil {
		w.Header()["Allow"] = []string{rt.allow}
		x.refuse(errNoMethod)
		return
	}
	x.operation, x.metrics = op, op.metrics
	// Cannot be, unless the mux and guards disagree about a path's spelling:
	// then no operation may run.
	if op.guarded && !x.guarded {
		panic("web: " + op.ID + " reached without credentials: " + strings.Join(x.api.face.Prefixes, " "))
	}
	if r.ContentLength > maxBody && !op.plan.head {
		x.refuse(errTooLarge)
		return
	}
	if op.Timeout > 0 {
		defer x.extend(op.Timeout)()
	}
	op.serve(x, r)
}
