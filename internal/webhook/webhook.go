// Package webhook sends signed messages over HTTP, as the Standard Webhooks
// specification says (https://www.standardwebhooks.com).
package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/reeve-cloud/reeve"
)

// Timeout bounds one attempt, from the connection to the reply.
const Timeout = 15 * time.Second

// maxReply is how much of a reply is read, so that its connection can be used
// again; what it says does not matter.
const maxReply = 64 << 10

// Sender sends messages.
type Sender struct {
	client *http.Client
	agent  string
}

// NewSender makes a Sender that gives a version as its own. It goes through the
// proxy that the environment names, if any (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
func NewSender(version string) *Sender {
	return &Sender{agent: "reeve/" + version, client: &http.Client{
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: Timeout}).DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    Timeout,
			MaxResponseHeaderBytes: maxReply,
			DisableCompression:     true,
		},
	}}
}

// Send makes one attempt: nil if the endpoint answered 2xx, reeve.ErrGone if it
// answered 410. Any other error may say when it is worth another try. No error
// mentions the URL or what was answered: both may hold secrets.
func (s *Sender) Send(ctx context.Context, d reeve.Delivery) error {
	request, err := sign(ctx, d)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", s.agent)
	response, err := s.client.Do(request)
	if err != nil {
		return reeve.Errorf(reeve.Unavailable, "the endpoint cannot be reached").Wrap(cause(err))
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReply)) // the status has decided
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusGone:
		return reeve.ErrGone
	default:
		return reeve.Errorf(reeve.Unavailable, "the endpoint answered %d", status).WithRetryAfter(retryAfter(response.Header, d.At))
	}
}

// cause tells in words of our own why there was no reply: those of others name
// hosts and quote what was answered.
func cause(err error) error {
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	if ok && timeout.Timeout() || is(context.DeadlineExceeded) {
		return errors.New("timed out")
	}
	lookup, isLookup := errors.AsType[*net.DNSError](err)
	_, isNetwork := errors.AsType[*net.OpError](err)
	switch {
	case is(context.Canceled):
		return context.Canceled
	case isLookup && lookup.IsNotFound:
		return errors.New("no such host")
	case isLookup:
		return errors.New("host lookup failed")
	case is(syscall.ECONNREFUSED):
		return errors.New("connection refused")
	case isTLS(err):
		return errors.New("TLS failed")
	case is(io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE):
		return errors.New("connection closed")
	case isNetwork:
		return errors.New("connection failed")
	default:
		return errors.New("broken reply")
	}
}

// isTLS tells whether a connection came about, and TLS on it did not.
func isTLS(err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	alert, ok := errors.AsType[*net.OpError](err)
	return record || certificate || host || errors.Is(err, http.ErrSchemeMismatch) ||
		ok && (alert.Op == "remote error" || alert.Op == "local error")
}

// sign makes the request of an attempt.
func sign(ctx context.Context, d reeve.Delivery) (*http.Request, error) {
	signer, err := standardwebhooks.NewWebhookRaw(d.Secret)
	if err != nil {
		return nil, fmt.Errorf("sign a webhook's message: %w", err)
	}
	signature, err := signer.Sign(d.ID, d.At, []byte(d.Payload))
	if err != nil {
		return nil, fmt.Errorf("sign a webhook's message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, strings.NewReader(d.Payload))
	if err != nil {
		return nil, errors.New("the webhook's URL cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, d.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(d.At.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return request, nil
}

// retryAfter reads when another try is welcome, in seconds or as a date; 0 if
// that is not said.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
