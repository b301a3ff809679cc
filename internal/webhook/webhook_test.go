package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/reeve-cloud/reeve"
)

const payload = `{"type":"limit.threshold"}`

func delivery(url string) reeve.Delivery {
	return reeve.Delivery{URL: url, Secret: []byte("0123456789abcdef0123456789abcdef"), ID: "msg_1", At: time.Now(), Payload: payload}
}

// endpoint runs a handler for the length of a test.
func endpoint(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/secret-path?token=secret-token"
}

// TestSend: what arrives is as the specification says, and its own library
// verifies it.
func TestSend(t *testing.T) {
	var got *http.Request
	var body []byte
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	})
	d := delivery(url)
	if err := NewSender("1.2.3").Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.RequestURI() != "/secret-path?token=secret-token" || string(body) != payload {
		t.Errorf("%s %s %s", got.Method, got.URL, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Webhook-Id": "msg_1", "User-Agent": "reeve/1.2.3",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(string(reeve.WebhookSecret([32]byte(d.Secret))))
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(body, got.Header); err != nil {
		t.Error(err)
	}
	if err := verifier.Verify(append(body, ' '), got.Header); err == nil {
		t.Error("another body is verified")
	}
	got.Header.Set("Webhook-Id", "msg_2")
	if err := verifier.Verify(body, got.Header); err == nil {
		t.Error("another id is verified")
	}
}

// TestReplies: 2xx is taken, 410 is the end, everything else is a failure, and
// redirects are not followed. Nothing secret is in an error.
func TestReplies(t *testing.T) {
	at := time.Now().Truncate(time.Second)
	for _, row := range []struct {
		status int
		after  string
		want   string // "" is nil
		wait   time.Duration
	}{
		{200, "", "", 0},
		{204, "", "", 0},
		{299, "", "", 0},
		{301, "", "the endpoint answered 301", 0},
		{307, "", "the endpoint answered 307", 0},
		{400, "", "the endpoint answered 400", 0},
		{404, "-7", "the endpoint answered 404", 0},
		{410, "", "the endpoint is gone", 0},
		{429, "120", "the endpoint answered 429", 2 * time.Minute},
		{503, at.Add(time.Hour).UTC().Format(http.TimeFormat), "the endpoint answered 503", time.Hour},
		{503, at.Add(-time.Hour).UTC().Format(http.TimeFormat), "the endpoint answered 503", 0},
		{503, "soon", "the endpoint answered 503", 0},
	} {
		calls := 0
		url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			w.Header().Set("Location", "/elsewhere")
			if row.after != "" {
				w.Header().Set("Retry-After", row.after)
			}
			w.WriteHeader(row.status)
			if row.status != http.StatusNoContent {
				_, _ = io.WriteString(w, strings.Repeat("secret-answer", 100_000))
			}
		})
		d := delivery(url)
		d.At = at
		err := NewSender("").Send(t.Context(), d)
		got, wait := "", time.Duration(0)
		if err != nil {
			got, wait = reeve.AsError(err).Message, reeve.AsError(err).RetryAfter
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%d: %v", row.status, err)
			}
		}
		if got != row.want || wait != row.wait || calls != 1 || errors.Is(err, reeve.ErrGone) != (row.status == 410) {
			t.Errorf("%d %s: %v after %s, %d calls", row.status, row.after, err, wait, calls)
		}
	}
}

// raw runs a service that answers connections as it likes for the length of a
// test, and gives its address.
func raw(t *testing.T, answer string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// TestUnreachable: what cannot be reached, or answers nothing of use, is a
// failure that tells why in words of our own, and neither the URL nor the answer.
func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	stop := make(chan struct{})
	silent := endpoint(t, func(http.ResponseWriter, *http.Request) { <-stop })
	t.Cleanup(func() { close(stop) })
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	plain := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	head := "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
	const unreached = "the endpoint cannot be reached: "
	for name, row := range map[string]struct{ url, want string }{
		"closed":      {closed.URL + "/secret", unreached + "connection refused"},
		"silent":      {silent, unreached + "timed out"},
		"no URL":      {"http://%zz/secret", "the webhook's URL cannot be used"},
		"location":    {"http://" + raw(t, head+"Location: http://[bad?token=secret\r\n\r\n"), unreached + "broken reply"},
		"no HTTP":     {"http://" + raw(t, "greetings from secret\r\n"), unreached + "broken reply"},
		"header":      {"http://" + raw(t, head+"secret secret\r\n\r\n"), unreached + "broken reply"},
		"long header": {"http://" + raw(t, head+"X: "+strings.Repeat("secret", maxReply)+"\r\n\r\n"), unreached + "broken reply"},
		"nothing":     {"http://" + raw(t, "") + "/secret", unreached + "connection closed"},
		"certificate": {stranger.URL + "/secret", unreached + "TLS failed"},
		"no TLS":      {"https" + strings.TrimPrefix(plain, "http"), unreached + "TLS failed"},
		"no TLS, raw": {"https://" + raw(t, "secret"), unreached + "TLS failed"},
	} {
		sender := NewSender("")
		if name == "silent" {
			sender.client.Timeout = 100 * time.Millisecond
		}
		err := sender.Send(t.Context(), delivery(row.url))
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewSender("").Send(ctx, delivery(silent)); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "secret") {
		t.Errorf("cancelled: %v", err)
	}
}

// TestCause: what the network says is told without the host that it names.
func TestCause(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://secret.test/", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	for _, row := range []struct {
		err  error
		want string
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "secret.test", IsNotFound: true}), "no such host"},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "secret.test", IsTemporary: true}), "host lookup failed"},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "secret.test", IsTimeout: true}), "timed out"},
		{dial(context.DeadlineExceeded), "timed out"},
		{dial(syscall.ECONNREFUSED), "connection refused"},
		{dial(syscall.ECONNRESET), "connection closed"},
		{dial(syscall.EHOSTUNREACH), "connection failed"},
		{dial(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "secret.test"}), "TLS failed"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: secret")}, "TLS failed"},
		{errors.New("secret"), "broken reply"},
	} {
		if got := cause(row.err).Error(); got != row.want {
			t.Errorf("%v: %s, want %s", row.err, got, row.want)
		}
	}
}

// TestEndlessReply: a reply without end is cut off, and its status counts.
func TestEndlessReply(t *testing.T) {
	endless := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	if err := NewSender("").Send(t.Context(), delivery(endless)); err != nil {
		t.Errorf("a reply without end was not cut off: %v", err)
	}
}
