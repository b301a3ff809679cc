package web

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
)

// exchange is one request with its reply. It is the ResponseWriter that the
// mux hands through, so that no context lookup is needed, and it is not
// pooled: a context that outlives the request still points here.
type exchange struct {
	http.ResponseWriter
	event
	api     *API
	request *http.Request
	body    *timelyBody // nil without one
	start   time.Time

	client context.Context // ends when the client goes
	timed  timedContext    // ends in time too
	ctx    context.Context // what Authenticate made of it

	route     *route
	operation *operation
	metrics   *operationMetrics
	reason    string // that the body gives
	guarded   bool   // Authenticate has accepted it
	confirmed bool   // and Confirm too

	credential string       // as it was shown; "" also where nobody counts
	quota      *reeve.Quota // for the reply, if it is a success

	settle func(out any) error                                         // what Settle does; nil where nothing waits
	show   func(http.ResponseWriter, *http.Request, int, *reeve.Error) // answers errors of pages; nil elsewhere

	status  int
	bytes   int64
	failure *reeve.Error // what the caller was told, with what he was not
	panicAt []byte       // the stack, after a panic
}

// Header values that every reply shares. net/http reads them only, and
// appending to one copies it.
var (
	typeJSON   = []string{"application/json"}
	lengthZero = []string{"0"}
	retrySoon  = []string{"1"}
	closing    = []string{"close"}
)

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader notes the status of the final reply.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts what is sent.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// reply sends a whole reply. HEAD has the header of GET and no body.
func (x *exchange) reply(status int, contentType []string, body []byte) {
	header := x.Header()
	if x.quota != nil && x.failure == nil {
		setQuota(header, x.quota)
	}
	if x.failure == nil && len(body) > 0 && x.operation != nil && x.operation.tagged && contentType[0] == jsonType && x.tag(body) {
		x.WriteHeader(http.StatusNotModified)
		return
	}
	// An answer to a change is of that moment, and may hold a secret.
	if method := x.request.Method; method != http.MethodGet && method != http.MethodHead && x.api.face.Once != nil {
		header["Cache-Control"] = noStore
	}
	switch {
	case len(body) > 0:
		header["Content-Type"] = contentType
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	case status != http.StatusNoContent: // RFC 9110 8.6: none on 204
		header["Content-Length"] = lengthZero
	}
	x.WriteHeader(status)
	if len(body) > 0 && x.request.Method != http.MethodHead {
		_, _ = x.Write(body) // the client has gone: nobody to tell
	}
}

// succeed encodes the reply before the status is written, so that a value
// that cannot be encoded is an error like any other.
func (x *exchange) succeed(status int, out any) {
	if either, ok := out.(formatted); ok {
		x.Header()["Vary"] = varyAccept
		value, document := either.choice()
		if document != nil {
			x.document(status, document)
			return
		}
		out = value
	}
	switch out := out.(type) {
	case *Empty:
		x.reply(status, nil, nil)
	case *Raw:
		x.reply(status, typeJSON, *out)
	case *Stream:
		x.stream(status, out)
	case HeaderSetter:
		out.SetHeader(x.Header())
		x.reply(status, nil, nil)
	default:
		buffer := newEncoder()
		defer buffer.free()
		body, err := buffer.any(out)
		if err != nil {
			x.fail(err)
			return
		}
		x.reply(status, typeJSON, body)
	}
}

// refuse reports what web itself found wrong, once the credential is known to
// be a valid one.
func (x *exchange) refuse(err *reeve.Error) {
	if denied := x.confirm(); denied != nil {
		x.Header().Del("Allow")
		x.fail(denied)
		return
	}
	x.fail(err)
}

// outlive gives the request back its time after a body that was late or broke
// off, which net/http takes for a client that has gone: who may know of it is
// yet to be looked up. What it answers is called when the request is done with.
func (x *exchange) outlive() (done func()) {
	if x.body == nil || x.body.err == nil {
		return func() {}
	}
	deadline, _ := x.timed.Deadline()
	x.ctx, done = context.WithDeadline(context.WithoutCancel(x.ctx), deadline)
	return done
}

// confirm completes the check of the credential, once in a request; it does
// nothing where no credential is asked for.
func (x *exchange) confirm() error {
	if !x.guarded || x.confirmed || x.api.face.Confirm == nil {
		return nil
	}
	err := x.api.face.Confirm(x.ctx)
	x.confirmed = err == nil
	return err
}

// admitBody confirms the credential before a body is read, and answers whether
// it may be. A refusal does not wait for the body either: net/http would, but
// for the end of the connection.
func (x *exchange) admitBody() bool {
	if x.body == nil {
		return true
	}
	err := x.confirm()
	if err != nil {
		x.Header()["Connection"] = closing
		x.fail(err)
	}
	return err == nil
}

// fail answers an error in the face's form, and keeps it for the record: that
// is the one place where its cause is told.
func (x *exchange) fail(err error) {
	var setter HeaderSetter
	if errors.As(err, &setter) {
		setter.SetHeader(x.Header())
	}
	e := x.classify(err)
	x.failure = e
	status, shown := x.told(e)
	x.headError(status, e)
	if x.show != nil {
		x.show(x, x.request, status, shown)
		return
	}
	buffer := newEncoder()
	defer buffer.free()
	body, encodeErr := buffer.encode(x.api.face.Body(status, shown))
	if encodeErr != nil {
		x.failure = e.Wrap(errors.Join(e.Cause, encodeErr))
		status, body = http.StatusInternalServerError, nil
	}
	x.reply(status, []string{x.api.face.ErrorType}, body)
}

// headError sets what an error says in the header.
func (x *exchange) headError(status int, e *reeve.Error) {
	header := x.Header()
	if e.Kind == reeve.TooLarge || e.Kind == reeve.Timeout || e == errManyBodies {
		header["Connection"] = closing // the rest of the body is not read
	}
	switch {
	case e.RetryAfter > 0:
		header["Retry-After"] = []string{seconds(e.RetryAfter)}
	case asksForPatience(status):
		header["Retry-After"] = retrySoon
	}
	if e.Quota != nil {
		setQuota(header, e.Quota)
	}
}

// told gives the status of an error, and what may be told of it: its message
// and detail, never its cause.
func (x *exchange) told(e *reeve.Error) (status int, shown *reeve.Error) {
	status = x.api.statuses[e.Kind]
	if x.show != nil {
		status = statusOf[e.Kind]
	}
	switch {
	case e == errNoMethod:
		status = http.StatusMethodNotAllowed
	case e.Kind == reeve.Internal:
		e = errInternal
	}
	return status, e
}

// asksForPatience tells whether every reply of a status says when to try again.
func asksForPatience(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

// classify gives an error its kind. One that only says that the request's time
// is over or its client gone is no fault of ours; it is answered all the same,
// because an unanswered request looks like a success to a proxy.
func (x *exchange) classify(err error) *reeve.Error {
	e := reeve.AsError(err)
	if e.Kind < 0 || int(e.Kind) >= kinds {
		e = &reeve.Error{Kind: reeve.Internal, Message: e.Message, Cause: err}
	}
	if e.Kind != reeve.Internal || x.ctx.Err() == nil {
		return e
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errTimedOut.Wrap(err)
	case errors.Is(err, context.Canceled):
		return errCancelled.Wrap(err)
	}
	return e
}

// end closes the exchange, whatever has happened: one record, one metric.
func (x *exchange) end() {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler {
		cause = x.survive(cause)
	}
	x.timed.stop()
	if x.body != nil {
		x.body.free()
	}
	x.api.inFlight.Dec()
	if x.status == 0 {
		x.status = http.StatusOK // as net/http will
	}
	x.api.opts.Guard.learn(x)
	took := time.Since(x.start)
	x.metrics.observe(x.status, took)
	x.record(took)
	if cause != nil {
		panic(http.ErrAbortHandler)
	}
}

// survive answers 500 after a panic. If a reply has begun it can only be cut
// off, so that the client does not take it for whole: it answers non-nil then.
func (x *exchange) survive(cause any) any {
	x.panicAt = debug.Stack()
	err := panicError(cause)
	if x.status != 0 {
		x.failure = errInternal.Wrap(err)
		return cause
	}
	// What a handler has set belongs to the reply that it did not give.
	for name := range x.Header() {
		if name != "X-Request-Id" && name != "Connection" {
			x.Header().Del(name)
		}
	}
	x.fail(err)
	return nil
}
