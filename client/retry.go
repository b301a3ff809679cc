package client

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

const idempotencyKey = "Idempotency-Key"

// now is the clock that dates in Retry-After are read by.
var now = time.Now

// newKey makes a random name for a POST.
func newKey() string { return uuid.Must(uuid.NewRandomFromReader(rand.Reader)).String() } // which never fails

// keyed tells whether a POST is given an Idempotency-Key: gateways name their
// batches themselves, and signing in answers a new session each time.
func keyed(op *Operation) bool {
	return op.Face != FaceGateway && !op.Public && !strings.HasPrefix(op.Path, "/user/login")
}

// repeatable tells whether a request may be sent again.
func repeatable(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return request.Header.Get(idempotencyKey) != ""
}

// deliver sends one request until there is an answer that another attempt would
// not better.
func (c *Client) deliver(request *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := c.http.Do(request)
		last := attempt >= c.attempts || !repeatable(request)
		if last || err == nil && response.StatusCode != http.StatusServiceUnavailable && response.StatusCode != http.StatusTooManyRequests {
			return response, err
		}
		wait := c.backoff(attempt)
		if err == nil {
			asked := retryAfter(response.Header, now())
			if asked > c.patience {
				return response, nil
			}
			// Those who were told the same come back one after the other.
			wait = max(wait, asked+mathrand.N(asked/8+1))
			discard(response)
		} else if !broken(err) {
			return nil, err
		}
		if err := sleep(request.Context(), wait); err != nil {
			return nil, err
		}
		if request, err = again(request); err != nil {
			return nil, err
		}
	}
}

// broken tells whether a failure may be over soon. What a context ended, and
// a server of another sort, is not.
func broken(err error) bool {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return false
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, http.ErrSchemeMismatch)
}

// backoff is a random wait that grows with each attempt.
func (c *Client) backoff(attempt int) time.Duration {
	return mathrand.N(min(c.wait<<min(attempt-1, 16), c.patience)) + time.Millisecond
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// again gives the request with its body from the start.
func again(request *http.Request) (*http.Request, error) {
	if request.GetBody == nil {
		return request, nil
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	out := request.Clone(request.Context())
	out.Body = io.NopCloser(body)
	return out, nil
}
