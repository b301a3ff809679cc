// Package forward reads what a reverse proxy forwards of its client's request
// when it asks whether to let it pass: the client's key, what it wants to do,
// and where. It is pure: what it refuses, it refuses before any key is judged.
//
// Everything here may have been written by the client but for the auth URL's
// query and the headers that the proxy is known to set. So one family of
// headers is read and every other is as good as absent, and a path that two
// programs could read in two ways is refused.
package forward

import "github.com/reeve-cloud/reeve/macaroon"

// Header is a request's header with canonical keys, such as an http.Header.
type Header = map[string][]string

// Request is what a client wants of the service behind the proxy.
type Request struct {
	Key          string // as the client shows it; never empty
	Op           macaroon.Op
	Bucket, Path []byte // decoded
	Cost         int64  // units of the project's rate
}

// Refusal says why a request is refused, whatever its key: 400 is the fault of
// the proxy's configuration, 401 asks for one key, 403 is not to be repeated.
type Refusal struct {
	Status int
	Reason string
}

// Error gives the reason, a sentence for the caller.
func (r *Refusal) Error() string { return r.Reason }

// What is refused.
var (
	ErrNoKey     = &Refusal{401, "no API key"}
	errManyKeys  = &Refusal{401, "more than one API key"}
	errPath      = &Refusal{403, "the path is ambiguous"}
	errMethod    = &Refusal{403, "the method is no action"}
	errQuery     = &Refusal{400, "the auth URL's query is malformed"}
	errParameter = &Refusal{400, "the auth URL's query may only hold proxy, action, bucket and cost, each once"}
	errProxy     = &Refusal{400, "proxy must be nginx, caddy, traefik or envoy"}
	errSuffix    = &Refusal{400, "envoy asks below /gateway/auth/, by the path and method of the request itself"}
	errAction    = &Refusal{400, "action must be read, write, list or delete"}
	errCost      = &Refusal{400, "cost must be 0 to 1000000"}
	errFamilies  = &Refusal{400, "the headers of more than one kind of proxy are there; say which with ?proxy="}
	errNoRequest = &Refusal{400, "the proxy does not say what was requested: its method and URI headers are missing"}
	errRepeated  = &Refusal{400, "a header that the proxy must set is there more than once"}
)

// MaxCost bounds what one request may take of a rate.
const MaxCost = 1_000_000

// family names the headers in which a kind of proxy says what was requested.
type family struct{ method, uri string }

var (
	original  = family{"X-Original-Method", "X-Original-Uri"}   // nginx, as configured
	forwarded = family{"X-Forwarded-Method", "X-Forwarded-Uri"} // Caddy, Traefik
)

// FromHeader reads the request of a proxy that asks one URL, with that URL's
// query. The proxy parameter says whose headers count. Without it there must
// be those of one kind alone, unless action and bucket leave nothing to read.
func FromHeader(header Header, query string) (out Request, err error) {
	asked, err := parseQuery(query)
	if err != nil {
		return out, err
	}
	from, err := asked.family(header)
	if err != nil {
		return out, err
	}
	var method, uri string
	if from != (family{}) {
		if method, err = single(header, from.method, asked.given&givenAction == 0); err != nil {
			return out, err
		}
		if uri, err = single(header, from.uri, true); err != nil {
			return out, err
		}
	}
	if out.Key, err = key(header); err != nil {
		return out, err
	}
	out.Cost = asked.cost
	if out.Op = asked.op; asked.given&givenAction == 0 {
		if out.Op, err = operation(method); err != nil {
			return out, err
		}
	}
	if uri != "" {
		if err := out.locate(uri, asked.given&givenBucket != 0); err != nil {
			return out, err
		}
	}
	if asked.given&givenBucket != 0 {
		out.Bucket = []byte(asked.bucket)
	}
	if asked.given&givenAction == 0 {
		out.Op = listing(out.Op, out.Path)
	}
	return out, nil
}

// FromTarget reads the request of a proxy that asks with the method of its
// client's request below a path of ours; target is what comes after that, as
// it was sent. Its query is the client's own and is not read.
func FromTarget(header Header, method, target string) (out Request, err error) {
	if out.Key, err = key(header); err != nil {
		return out, err
	}
	if out.Op, err = operation(method); err != nil {
		return out, err
	}
	if err := out.locate(target, false); err != nil {
		return out, err
	}
	out.Op, out.Cost = listing(out.Op, out.Path), 1
	return out, nil
}

// operation gives what a method does. OPTIONS and what else there is does
// nothing that a key could allow.
func operation(method string) (macaroon.Op, error) {
	switch method {
	case "GET", "HEAD":
		return macaroon.OpRead, nil
	case "PUT", "POST", "PATCH":
		return macaroon.OpWrite, nil
	case "DELETE":
		return macaroon.OpDelete, nil
	}
	return 0, errMethod
}

// listing makes what a method means of a bucket, or of all of them, what it is.
func listing(op macaroon.Op, path []byte) macaroon.Op {
	if op == macaroon.OpRead && len(path) == 0 {
		return macaroon.OpList
	}
	return op
}

// single gives a header that may be there once.
func single(header Header, name string, required bool) (string, error) {
	switch values := header[name]; {
	case len(values) > 1:
		return "", errRepeated
	case len(values) == 1 && values[0] != "":
		return values[0], nil
	case required:
		return "", errNoRequest
	}
	return "", nil
}
