// Package reevetest runs the three APIs on a real store, over real
// connections, for tests. Every request that succeeds and every reply is held
// against the API's OpenAPI document; Main fails a suite that leaves part of
// it untried.
package reevetest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
	"github.com/reeve-cloud/reeve/internal/operatorapi"
	"github.com/reeve-cloud/reeve/internal/server"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/internal/tenantapi"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/internal/webhook"
)

// OperatorToken is what every Server takes from operators.
const OperatorToken = "operator-token-of-the-tests"

// ProjectLimit is how many projects a new user may own.
const ProjectLimit = 10

// RestoreWindow is how long what is deleted can be restored.
const RestoreWindow = 720 * time.Hour

// Server is the three APIs on one store.
type Server struct {
	Store   *store.Store
	Control *control.Control
	Clock   *Clock
	Log     *Log            // the request log, as JSON
	Mail    chan reeve.Mail // what was sent
	Plain   bool            // Do sends what its step says and no more, where requests are counted

	urls   map[string]string // by face
	client *http.Client
	names  map[string]string // what templates may mention
	end    func()            // ends the work behind the requests; again, it does nothing
}

// Each runs a test on a fresh Server for every kind of database.
func Each(t *testing.T, run func(t *testing.T, s *Server)) {
	t.Helper()
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		clock := NewClock()
		config.Now = clock.Now
		run(t, start(t, storetest.Open(t, config), clock, options{}))
	})
}

// Open makes a Server on a fresh SQLite database, where the database does not
// matter.
func Open(t *testing.T) *Server {
	t.Helper()
	clock := NewClock()
	return start(t, storetest.OpenSQLite(t, clock.Now), clock, options{})
}

// OpenMailed is Open with mail, which goes to Mail.
func OpenMailed(t *testing.T) *Server {
	t.Helper()
	clock := NewClock()
	return start(t, storetest.OpenSQLite(t, clock.Now), clock, options{mail: true})
}

// OpenStore makes a Server on a store of the test's, with real time, and
// mail.
func OpenStore(t *testing.T, opened *store.Store) *Server {
	t.Helper()
	return start(t, opened, nil, options{mail: true})
}

// OpenImpatient is Open with bodies that must arrive within a moment.
func OpenImpatient(t *testing.T) *Server {
	t.Helper()
	clock := NewClock()
	return start(t, storetest.OpenSQLite(t, clock.Now), clock, options{bodyTimeout: 100 * time.Millisecond})
}

// OpenWith is Open with other settings.
func OpenWith(t *testing.T, change func(*control.Settings)) *Server {
	t.Helper()
	clock := NewClock()
	return start(t, storetest.OpenSQLite(t, clock.Now), clock, options{change: change})
}

// OpenGuarded is Open with a configuration of the listeners.
func OpenGuarded(t *testing.T, cfg server.Config) *Server {
	t.Helper()
	clock := NewClock()
	return start(t, storetest.OpenSQLite(t, clock.Now), clock, options{config: cfg})
}

// options are how a Server differs from most.
type options struct {
	bodyTimeout time.Duration // if not the default
	mail        bool
	config      server.Config // of the listeners
	change      func(*control.Settings)
}

func start(t *testing.T, opened *store.Store, clock *Clock, with options) *Server {
	t.Helper()
	ring := keyring(t)
	mails := make(chan reeve.Mail, 100)
	var mail func(context.Context, reeve.Mail) error
	if with.mail {
		mail = func(_ context.Context, m reeve.Mail) error {
			mails <- m
			return nil
		}
	}
	settings := control.Settings{
		OperatorToken: OperatorToken, ProjectLimit: ProjectLimit, PasswordHashing: 2, Keyring: ring, Prices: prices(t),
		Deliver: webhook.NewSender("test").Send, RestoreWindow: RestoreWindow,
		Mail: mail, PublicURL: "https://cloud.test", RefusalTime: 1,
	}
	if with.change != nil {
		with.change(&settings)
	}
	s := &Server{
		Store: opened, Clock: clock, Log: &Log{}, Mail: mails, urls: map[string]string{},
		Control: control.New(opened, settings),
		names:   map[string]string{"operator": OperatorToken},
	}
	s.run(t)
	logger := slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	faces := server.Faces(s.Control, with.config, logger, nil)
	if with.bodyTimeout > 0 {
		opts := web.Options{Logger: logger, BodyTimeout: with.bodyTimeout}
		faces[0].API = tenantapi.New(s.Control, opts)
		faces[1].API = operatorapi.New(s.Control, opts)
		faces[2].API = gatewayapi.New(s.Control, opts)
	}
	for _, face := range faces {
		listening := httptest.NewUnstartedServer(face.API)
		listening.Config.DisableGeneralOptionsHandler = true // as package server does
		listening.Config.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
		listening.Start()
		t.Cleanup(listening.Close)
		s.urls[face.Name] = listening.URL
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// run does the server's work behind the requests until the test ends, and waits
// until the keys are loaded.
func (s *Server) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Control.Run(ctx, control.Retention{}, func(error) {}) // a test may break the database
	}()
	s.end = func() {
		s.Control.Drain()
		stop()
		<-done
	}
	t.Cleanup(s.end)
}

// Ready waits until the server is ready.
func (s *Server) Ready(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		err := s.Control.Ready(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not ready: %v", err)
		}
	}
}

// URL is where a face ("tenant", "operator", "gateway") listens.
func (s *Server) URL(face string) string { return s.urls[face] }

// Request is one request to a face.
type Request struct {
	Face, Method, Target string
	Header               http.Header
	Body                 string
	Stream               io.Reader // instead of Body
	Loose                bool      // only the reply is checked
	Brief                bool      // a stream is not waited for
}

// Reply is the answer to a Request.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Send sends a request and checks it and its reply against the document.
func (s *Server) Send(t *testing.T, r Request) Reply {
	t.Helper()
	body := r.Stream
	if body == nil {
		body = strings.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(t.Context(), r.Method, s.urls[r.Face]+r.Target, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Header != nil {
		request.Header = r.Header
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if r.Brief && response.Header.Get("Content-Type") == "text/event-stream" {
		return Reply{Status: response.StatusCode, Header: response.Header}
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s %s: no X-Request-Id", r.Method, r.Target)
	}
	check(t, r, Reply{response.StatusCode, response.Header, string(text)})
	return Reply{response.StatusCode, response.Header, string(text)}
}

// Stream sends a request whose reply does not end, checks how that begins, and
// gives its body, which ends with the test.
func (s *Server) Stream(t *testing.T, r Request) io.Reader {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, r.Method, s.urls[r.Face]+r.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = r.Header
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = response.Body.Close()
	})
	check(t, r, Reply{response.StatusCode, response.Header, ""})
	return response.Body
}

// Clock stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a time with microseconds, in the middle of a month.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.November, 22, 15, 44, 53, 173_422_000, time.UTC)}
}

// Now gives the time; it suits store.Config.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Log collects what is logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes one record.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives all records so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Raw sends bytes to a face's listener as they are, and gives what comes back
// until the connection closes.
func (s *Server) Raw(t *testing.T, face, text string) string {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.urls[face], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	_ = connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	reply, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	return string(reply)
}
