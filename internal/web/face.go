package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// Face says how one audience is spoken to.
type Face struct {
	Name        string // the listener's name in logs and metrics, such as tenant
	Title       string // the document's title
	Description string // the document's description
	Version     string // the document's version; "1" if empty

	// Prefixes are the paths under which a credential comes before anything
	// else. One that ends in a slash covers what is below it; one that does
	// not also covers itself.
	Prefixes []string

	// Public are paths under Prefixes that need no credential: signing in cannot
	// ask for one.
	Public []string

	// Authenticate runs first for every request under Prefixes and answers
	// the context of the operation. It should be cheap: it also meets the
	// requests that no operation answers.
	Authenticate func(*http.Request) (context.Context, error)

	// Confirm completes Authenticate where that checks only the form of a
	// credential: it runs under Prefixes, once, before web reads a body, which
	// costs memory, and before it refuses a request itself (404, 405, 413, a
	// malformed query), so that 401 comes first. Optional.
	Confirm func(context.Context) error

	// Explain is told why a request that may change something is made, "" if it
	// does not say, and gives the operation its context. Its error refuses the
	// request. Optional: without it nobody is asked for reasons.
	Explain func(ctx context.Context, reason string) (context.Context, error)

	// Credential gives the credential that a request shows, "" if none: what
	// is counted against its client's address when it turns out to be unknown.
	// It must be the very one that Authenticate looks at, or a known one beside it
	// would be a way around the count.
	Credential func(*http.Request) string

	// Once does what a request asks for in one transaction and, if it has a key,
	// keeps the reply for who sends it again (replayed). Work calls settle as
	// Settle says. Without it a face knows no Idempotency-Key, no entity tags
	// and no preconditions.
	Once func(ctx context.Context, request reeve.Repeatable, work func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error)) (reply reeve.Reply, replayed bool, err error)

	// Lock keeps what a path names as it is until the transaction of the context
	// ends. It runs for paths that have a GET, whose caller may see the thing.
	Lock func(ctx context.Context, pattern string, value func(name string) string) error

	Status    map[reeve.Kind]int                   // kind → status, where it is not statusOf's
	Body      func(status int, e *reeve.Error) any // an error's JSON body
	ErrorType string                               // Content-Type of errors; application/json if empty

	// BadBody and BadQuery word what encoding/json, net/url and strconv say.
	// Without them the error's own text is the sentence, of kind Invalid.
	BadBody, BadQuery func(error) *reeve.Error

	// Security lists the credentials of the document; an operation under
	// Prefixes needs any one of them unless its Op names some.
	Security []SecurityScheme

	// Common are the kinds that every operation under Prefixes can answer.
	Common []reeve.Kind
}

// SecurityScheme is one way to show a credential, as OpenAPI describes it.
type SecurityScheme struct {
	Name        string // the key in the document
	Type        string // apiKey (in a header) or http
	Header      string // of an apiKey
	Scheme      string // of http, such as bearer
	Description string
	Named       bool // only for operations whose Security names it
}

// What web itself answers, in each face's form.
var (
	errNotFound   = &reeve.Error{Kind: reeve.NotFound, Message: "not found"}
	errNoMethod   = &reeve.Error{Kind: reeve.Invalid, Message: "method not allowed"}
	errTooLarge   = &reeve.Error{Kind: reeve.TooLarge, Message: "request body too large"}
	errSlowBody   = &reeve.Error{Kind: reeve.Timeout, Message: "request body did not arrive in time"}
	errManyBodies = &reeve.Error{Kind: reeve.Unavailable, Message: "too many large request bodies at once"}
	errInternal   = &reeve.Error{Kind: reeve.Internal, Message: "internal error"}
	errTimedOut   = &reeve.Error{Kind: reeve.Unavailable, Message: "the request took too long"}
	errCancelled  = &reeve.Error{Kind: reeve.Unavailable, Message: "the request was cancelled"}
)

// statusOf is the one table kind → status; a face may say otherwise.
var statusOf = map[reeve.Kind]int{
	reeve.Internal:        http.StatusInternalServerError,
	reeve.Invalid:         http.StatusBadRequest,
	reeve.Unauthenticated: http.StatusUnauthorized,
	reeve.Denied:          http.StatusForbidden,
	reeve.NotFound:        http.StatusNotFound,
	reeve.Conflict:        http.StatusConflict,
	reeve.Exhausted:       http.StatusTooManyRequests,
	reeve.Precondition:    http.StatusPreconditionFailed,
	reeve.TooLarge:        http.StatusRequestEntityTooLarge,
	reeve.Timeout:         http.StatusRequestTimeout,
	reeve.Unavailable:     http.StatusServiceUnavailable,
	reeve.Mismatch:        http.StatusUnprocessableEntity,
}

// kinds is how many kinds there are; a kind outside is treated as Internal.
const kinds = int(reeve.Mismatch) + 1

// prepare fills the defaults and panics on a face that could not answer.
func (f *Face) prepare() (statuses [kinds]int) {
	if f.ErrorType == "" {
		f.ErrorType = "application/json"
	}
	if f.Version == "" {
		f.Version = "1"
	}
	if f.BadBody == nil {
		f.BadBody = asInvalid
	}
	if f.BadQuery == nil {
		f.BadQuery = asInvalid
	}
	if (f.Once == nil) != (f.Lock == nil) {
		panic(fmt.Sprintf("web: face %s needs both Once and Lock, or neither", f.Name))
	}
	if f.Body == nil || len(f.Prefixes) > 0 && (f.Authenticate == nil || f.Credential == nil) {
		panic(fmt.Sprintf("web: face %s lacks Body, Authenticate or Credential", f.Name))
	}
	for kind := range statuses {
		statuses[kind] = statusOf[reeve.Kind(kind)]
		if status, ok := f.Status[reeve.Kind(kind)]; ok {
			statuses[kind] = status
		}
	}
	return statuses
}

// asInvalid shows an error's own text to the caller.
func asInvalid(err error) *reeve.Error { return reeve.Errorf(reeve.Invalid, "%s", err) }

// guards tells whether a decoded path needs a credential. The mux matches
// decoded segments too, so no spelling of a path escapes this.
func (f *Face) guards(path string) bool {
	if slices.Contains(f.Public, path) {
		return false
	}
	for _, prefix := range f.Prefixes {
		rest, ok := strings.CutPrefix(path, prefix)
		if ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/")) {
			return true
		}
	}
	return false
}
