package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// How long an answer of the provider is waited for, and how much of it is read.
const (
	providerTimeout = 10 * time.Second
	providerReply   = 1 << 20
)

// errDown is at the root of what failed because the provider does not answer.
var errDown = errors.New("the provider does not answer")

// newProviderClient makes the client that asks a provider. It follows no
// redirects: with them would go the client's secret.
func newProviderClient() *http.Client {
	return &http.Client{
		Timeout:       providerTimeout,
		Transport:     careful{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// careful tells nothing to a host that others could pass for, reads a bounded
// part of each answer, and makes errDown of what is the provider's fault.
type careful struct{ http.RoundTripper }

func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	if !SafeURL(r.URL.String()) {
		return nil, errors.New("not an https URL")
	}
	response, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDown, err)
	}
	if response.StatusCode >= http.StatusInternalServerError {
		_ = response.Body.Close() // it is not read
		return nil, fmt.Errorf("%w: %s", errDown, response.Status)
	}
	response.Body = limitedBody{io.LimitReader(response.Body, providerReply), response.Body}
	return response, nil
}

type limitedBody struct {
	io.Reader
	io.Closer
}

// watchedKeys are the provider's keys, and remember why none could be had: who
// verifies with them makes a text of it.
type watchedKeys struct {
	oidc.KeySet
	failed error
}

func (k *watchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	k.failed = err
	return payload, err
}

// longestCause is how much of a provider's words gets into the log, in bytes.
const longestCause = 300

// bounded gives an error's text, cut where it is long: a part of it may be
// anybody's.
func bounded(err error) error {
	text := err.Error()
	if len(text) > longestCause {
		text = text[:longestCause] + "…"
	}
	return fmt.Errorf("%q", text)
}
