package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Error is a server's refusal.
type Error struct {
	Status     int        // of HTTP
	Kind       reeve.Kind // what sort of refusal that is
	Message    string     // the server's sentence
	Detail     string     // more for operators, or of a gateway's verdict; "" if there is none
	RequestID  string     // names the request in the server's log
	RetryAfter time.Duration
	Body       []byte // as it was sent, 64 KiB of it at most
}

// Error gives the sentence with what helps to find the cause.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = http.StatusText(e.Status)
	}
	if e.Detail != "" && e.Detail != text {
		text += ": " + e.Detail
	}
	if e.RequestID != "" {
		return fmt.Sprintf("%s (%d, request %s)", text, e.Status, e.RequestID)
	}
	return fmt.Sprintf("%s (%d)", text, e.Status)
}

// ConnectionError says that a call got no answer: whether it was done is not
// known.
type ConnectionError struct {
	Method string
	URL    string // with the {parameters} of its path, which may be secrets
	Err    error
}

func (e *ConnectionError) Error() string { return e.Method + " " + e.URL + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// AsError finds the refusal in a chain of errors; nil if the server never
// answered.
func AsError(err error) *Error {
	out, _ := errors.AsType[*Error](err)
	return out
}

func is(err error, statuses ...int) bool {
	refusal := AsError(err)
	if refusal == nil {
		return false
	}
	for _, status := range statuses {
		if refusal.Status == status {
			return true
		}
	}
	return false
}

// IsInvalid tells whether the server did not understand the request, or a
// value in it breaks a rule.
func IsInvalid(err error) bool {
	return is(err, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge)
}

// IsUnauthenticated tells whether there was no valid credential. Operators'
// APIs answer so with IsDenied.
func IsUnauthenticated(err error) bool { return is(err, http.StatusUnauthorized) }

// IsDenied tells whether the credential does not allow the call. To tenants,
// it may also mean that there is no such thing.
func IsDenied(err error) bool { return is(err, http.StatusForbidden) }

// IsNotFound tells whether the thing does not exist.
func IsNotFound(err error) bool { return is(err, http.StatusNotFound) }

// IsConflict tells whether something stands in the way.
func IsConflict(err error) bool { return is(err, http.StatusConflict) }

// IsPrecondition tells whether the thing has changed since it was read, or is
// not as WithIfMatch says.
func IsPrecondition(err error) bool {
	return is(err, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
}

// IsThrottled tells whether a limit is reached; RetryAfter may say for how
// long.
func IsThrottled(err error) bool { return is(err, http.StatusTooManyRequests) }

// IsUnavailable tells whether the server cannot answer now.
func IsUnavailable(err error) bool {
	return is(err, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout)
}

// kinds are what statuses mean, whatever the face.
var kinds = map[int]reeve.Kind{
	http.StatusBadRequest: reeve.Invalid, http.StatusUnprocessableEntity: reeve.Invalid,
	http.StatusUnauthorized: reeve.Unauthenticated, http.StatusForbidden: reeve.Denied, http.StatusNotFound: reeve.NotFound,
	http.StatusConflict: reeve.Conflict, http.StatusPreconditionFailed: reeve.Precondition, http.StatusPreconditionRequired: reeve.Precondition,
	http.StatusTooManyRequests: reeve.Exhausted, http.StatusRequestEntityTooLarge: reeve.TooLarge, http.StatusRequestTimeout: reeve.Timeout,
	http.StatusServiceUnavailable: reeve.Unavailable, http.StatusBadGateway: reeve.Unavailable, http.StatusGatewayTimeout: reeve.Unavailable,
}

// readError makes an Error of an answer. The three forms are those of the
// faces: {"status","message","code"}, {"error","detail"}, and RFC 9457.
func readError(status int, header http.Header, body []byte, now time.Time) *Error {
	out := &Error{
		Status: status, Kind: kinds[status], RequestID: header.Get("X-Request-Id"), RetryAfter: retryAfter(header, now), Body: body,
	}
	var said struct {
		Message, Error, Title, Detail string
	}
	if json.Unmarshal(body, &said) == nil {
		for _, text := range []string{said.Message, said.Error, said.Title} {
			if out.Message == "" {
				out.Message = text
			}
		}
		out.Detail = said.Detail
	}
	if out.Message == "" {
		out.Message = http.StatusText(status)
	}
	return out
}

// retryAfter reads both forms of the header: seconds and a date.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
