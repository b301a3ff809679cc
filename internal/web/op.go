package web

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Op is one operation of a face. Handing it to Handle registers the route and
// yields the OpenAPI operation: there is no second list.
type Op struct {
	Method      string // "GET"
	Path        string // "/api/projects/{project}"; see HeadDecoder for "/gateway/auth/{path...}"
	ID          string // operationId, such as getProject; unique in the face
	Summary     string
	Description string
	Tag         string
	Status      int          // of success; 200 if zero
	Errors      []reeve.Kind // documented, beyond the face's Common
	Security    []string     // names of the face's schemes; nil means any that is not Named

	// Formats are those that a Formatted reply can have beside JSON.
	Formats []Format

	// Timeout bounds the operation's context, if the face's own does not suit.
	Timeout time.Duration

	// Form documents that the query's fields may also come as an urlencoded
	// body; In reads them itself, in DecodeRequest.
	Form bool

	// Exact refuses a member of the JSON body that In has no field for: where a
	// mistyped one would grant more than was meant.
	Exact bool

	// EndsSession is an operation after which its caller's credential opens
	// nothing: nobody could ask for it again.
	EndsSession bool

	// Resumable is an operation of many transactions, none of which does harm
	// when it is done again: it is not put into one where its reply is kept.
	Resumable bool

	// Before does what an operation needs that cannot be in one transaction with
	// it, when its request asks for one: ahead of that, for any caller who is
	// known. Otherwise the operation does so by itself.
	Before func(context.Context) error

	// Momentary is a GET whose reply is another each time, for it tells of a
	// moment: it has no entity tag.
	Momentary bool

	// Quiet records what the operation decides, be it a success or a refusal,
	// at debug level: probes come every second, and a gateway asks at every
	// request. What is malformed or breaks is recorded as everywhere.
	Quiet bool
}

// RequestDecoder is for an In that reads its query and body itself. It runs
// after the path's fields are set. An error that is no reeve.Error is worded
// by the face's BadQuery. The body it reads ends at 1 MiB with an error.
type RequestDecoder interface {
	DecodeRequest(*http.Request) error
}

// HeadDecoder is for an In that reads the query and the header itself, and
// keeps what is wrong with them for the operation. It runs instead of all
// decoding: tags of the path and the query only describe. The operation reads
// no body, however long, and its reply does not wait for one.
//
// Only such an operation may have a path that ends in {name...}: it answers
// everything below, in whatever spelling, where other paths with empty or dot
// segments are not found. The record shows the operation's path, not the
// request's.
type HeadDecoder interface {
	DecodeHead(*http.Request)
}

// PlainDecoder is for a body that reads its usual form by itself, quicker than
// encoding/json, which gets whatever it answers false to, and must find it as
// it was then. It must read only what encoding/json reads alike, and no NUL.
type PlainDecoder interface {
	DecodePlain(data []byte) bool
}

// Option changes how one operation is handled.
type Option[In any] func(*options[In])

type options[In any] struct {
	beforeBody func(context.Context, *In) error
}

// BeforeBody runs when the body turns out malformed, before that is reported:
// its error (404, 403) wins. The input's path and query fields are set; with a
// RequestDecoder only the path's.
func BeforeBody[In any](fn func(context.Context, *In) error) Option[In] {
	return func(o *options[In]) { o.beforeBody = fn }
}

// operation is an Op as it is served.
type operation struct {
	Op
	guarded bool         // under the face's prefixes
	tagged  bool         // its replies have entity tags
	careful bool         // it may be made conditional or, if it is a POST, repeatable
	in, out reflect.Type // for the document
	plan    *plan
	metrics *operationMetrics
	serve   func(*exchange, *http.Request) // the handler, its types forgotten

	// represent answers a GET whose request has no body, and sends nothing.
	represent func(*exchange, context.Context, *http.Request) (reeve.Reply, error)
}

// handler is the typed part of an operation.
type handler[In, Out any] struct {
	options[In]
	plan     *plan
	status   int
	optional bool // Out is a pointer
	fn       func(context.Context, *In) (Out, error)
}

// Handle registers an operation: In is decoded from the request, as its tags
// path:"name", query:"name", header:"Name" and body:"" (or body:"optional", which
// may be empty) say, and fn's Out is the
// reply; an Out that is a nil pointer is an empty one. An error of fn is answered by the face's table; one without a kind is internal.
// It panics on an In that could not be decoded and on a route that exists.
func Handle[In, Out any](api *API, op Op, fn func(context.Context, *In) (Out, error), opts ...Option[In]) {
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	in, out := reflect.TypeFor[In](), reflect.TypeFor[Out]()
	p, err := newPlan(in, op)
	if err != nil {
		panic(fmt.Sprintf("web: %s %s: %s", op.Method, op.Path, err))
	}
	h := &handler[In, Out]{plan: p, status: op.Status, optional: out.Kind() == reflect.Pointer, fn: fn}
	for _, opt := range opts {
		opt(&h.options)
	}
	api.register(&operation{Op: op, in: in, out: out, plan: p, serve: h.serve, represent: h.represent})
}

// serve is the hot path: decode, call, encode.
func (h *handler[In, Out]) serve(x *exchange, r *http.Request) {
	in := new(In)
	value := reflect.ValueOf(in).Elem()
	if err := h.plan.decodeHead(x, r, value); err != nil {
		x.refuse(err)
		return
	}
	careful, wrong := x.operation.readCare(r.Header)
	if wrong != nil {
		x.refuse(wrong)
		return
	}
	if careful != nil && !x.beginCare(careful) {
		return
	}
	if done, ok := h.readBody(x, r, in, value); ok {
		defer done()
	} else {
		return
	}
	if err := x.explain(r); err != nil {
		x.refuse(err)
		return
	}
	if careful != nil {
		x.carefully(careful, h.status, func(ctx context.Context) (any, error) { return h.call(ctx, in) })
		return
	}
	out, err := h.call(x.ctx, in)
	if err != nil {
		x.fail(err)
		return
	}
	x.succeed(h.status, out)
}

// readBody decodes the body and what else it says. It answers false if the
// request is answered; done is called when the request is done with.
func (h *handler[In, Out]) readBody(x *exchange, r *http.Request, in *In, value reflect.Value) (done func(), ok bool) {
	done = func() {}
	switch {
	case h.plan.head:
		if x.body != nil {
			x.Header()["Connection"] = closing // net/http would wait for the body
		}
		return done, true
	case !h.plan.readsBody() && !x.api.explained(x.operation):
		return done, true
	case !x.admitBody():
		return nil, false
	}
	if h.plan.readsBody() {
		if err := h.plan.decodeBody(x, r, value); err != nil {
			h.refuseBody(x, in, err)
			return nil, false
		}
	}
	if h.plan.body == nil {
		if err := x.noteAside(h.plan); err != nil {
			h.refuseBody(x, in, x.api.face.BadBody(err))
			return nil, false
		}
		done = x.outlive() // of a body that nobody needs
	}
	return done, true
}

// call gives a pointer to the output.
func (h *handler[In, Out]) call(ctx context.Context, in *In) (any, error) {
	out, err := h.fn(ctx, in)
	switch {
	case err != nil:
		return nil, err
	case h.optional && reflect.ValueOf(&out).Elem().IsNil():
		return &Empty{}, nil
	}
	return &out, nil
}

// represent is serve for a request that another stands for.
func (h *handler[In, Out]) represent(x *exchange, ctx context.Context, r *http.Request) (reeve.Reply, error) {
	in := new(In)
	if err := h.plan.decodeHead(x, r, reflect.ValueOf(in).Elem()); err != nil {
		return reeve.Reply{}, err
	}
	if h.plan.custom {
		if err := any(in).(RequestDecoder).DecodeRequest(r); err != nil {
			return reeve.Reply{}, asKind(err, x.api.face.BadQuery)
		}
	}
	out, err := h.call(ctx, in)
	if err != nil {
		return reeve.Reply{}, err
	}
	return capture(h.status, out)
}

// refuseBody reports a body that cannot be used, unless the caller may not
// know even that. A body that is too long, too late or too much is reported as
// such: looking further would only cost time.
func (h *handler[In, Out]) refuseBody(x *exchange, in *In, err *reeve.Error) {
	defer x.outlive()()
	if h.beforeBody == nil || err.Kind == reeve.TooLarge || err.Kind == reeve.Timeout || err == errManyBodies {
		x.refuse(err)
		return
	}
	if denied := x.confirm(); denied != nil {
		x.fail(denied)
		return
	}
	if first := h.beforeBody(x.ctx, in); first != nil {
		x.fail(first)
		return
	}
	x.fail(err)
}

// register adds the operation to its path's route. The mux panics on two paths
// that could match one request, such as /x/{a} and /x/{b}.
func (api *API) register(op *operation) {
	for _, other := range api.operations {
		if other.ID == op.ID {
			panic("web: operation " + op.ID + " is registered twice")
		}
	}
	op.guarded = api.face.guards(op.Path)
	if api.face.Once != nil && op.guarded && !op.EndsSession {
		ongoing := op.out == reflect.TypeFor[Stream]() || implements(op.out, setterType)
		op.tagged = op.Method == http.MethodGet && !ongoing && !op.Momentary
		op.careful = op.Method != http.MethodGet && !ongoing
	}
	op.metrics = api.opts.Metrics.operation(api.face.Name, op.ID)
	rt := api.routes[op.Path]
	if rt == nil {
		rt = &route{pattern: op.Path, methods: map[string]*operation{}}
		api.routes[op.Path] = rt
		if rt.root = root(op.Path); rt.root != "" {
			api.subtrees = append(api.subtrees, rt)
		} else {
			api.mux.Handle(op.Path, rt)
		}
	}
	if rt.methods[op.Method] != nil {
		panic("web: " + op.Method + " " + op.Path + " is registered twice")
	}
	rt.methods[op.Method] = op
	rt.allow = allow(rt.methods)
	rt.hide(op.plan)
	api.operations = append(api.operations, op)
}

// hide marks the segments that some operation of the path calls secret.
func (rt *route) hide(p *plan) {
	segments := strings.Split(rt.pattern, "/")
	for _, f := range p.path {
		if !f.secret {
			continue
		}
		if rt.secret == nil {
			rt.secret = make([]bool, len(segments))
		}
		rt.secret[slices.Index(segments, "{"+f.name+"}")] = true
	}
}

// allow gives the value of Allow (RFC 9110 10.2.1) for a path.
func allow[T any](methods map[string]T) string {
	var names []string
	for name := range methods {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
