package client

import (
	"context"
	"net/http"
)

// settings are those of one call, in its context.
type settings struct {
	header   http.Header
	response *Response
}

type settingsKey struct{}

func settingsOf(ctx context.Context) settings {
	s, _ := ctx.Value(settingsKey{}).(settings)
	return s
}

// WithHeader adds a header to the calls made with the context. An empty value
// keeps the client's own from being sent.
func WithHeader(ctx context.Context, name, value string) context.Context {
	s := settingsOf(ctx)
	if s.header = s.header.Clone(); s.header == nil {
		s.header = http.Header{}
	}
	s.header.Set(name, value)
	return context.WithValue(ctx, settingsKey{}, s)
}

// WithReason says why something is changed. Operators' changes show it.
func WithReason(ctx context.Context, reason string) context.Context {
	return WithHeader(ctx, "X-Reason", reason)
}

// WithIdempotencyKey names a POST, so that the server does once what is asked
// several times under one name. Without it every call has a random one.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return WithHeader(ctx, idempotencyKey, key)
}

// WithIfMatch lets a change happen only if the thing is still as it was when
// its ETag was read; else the error is IsPrecondition.
func WithIfMatch(ctx context.Context, etag string) context.Context {
	return WithHeader(ctx, "If-Match", etag)
}

// Response is what an answer says beside its body.
type Response struct {
	Status    int
	Header    http.Header
	ETag      string // for WithIfMatch
	RequestID string // names the request in the server's log
}

// WithResponse has the answers to calls made with the context described in
// into, those that are errors too. Calls at the same time need each their own.
func WithResponse(ctx context.Context, into *Response) context.Context {
	s := settingsOf(ctx)
	s.response = into
	return context.WithValue(ctx, settingsKey{}, s)
}
