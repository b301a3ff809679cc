package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/console"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
	"github.com/reeve-cloud/reeve/internal/operatorapi"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/tenantapi"
	"github.com/reeve-cloud/reeve/internal/web"
)

// Serve runs the server until ctx ends, then finishes what runs and refuses
// what is new. It says on out where it listens and, on a new database, the
// operator token. The token is made before the first listener opens, and shown
// even if none does: the database keeps only its hash.
func Serve(ctx context.Context, cfg Config, out, errOut io.Writer) error {
	logger, flush := newLogger(cfg, errOut)
	defer flush()
	c, s, err := openControl(ctx, cfg)
	if err != nil {
		return err
	}
	defer giveBack(s)
	var draining atomic.Bool
	faces := Faces(c, cfg, logger, draining.Load)
	// The addresses are taken first, and nobody is let in before the token is
	// told: a start that fails on one makes no token that would be lost.
	open, err := listen(cfg, faces, logger)
	if err != nil {
		return StartError{err}
	}
	defer open.close()
	token, _, err := c.FirstOperatorToken(ctx)
	if err != nil {
		return StartError{err}
	}
	open.announce(out)
	if err := announceToken(out, token, open.url("operator")); err != nil {
		return StartError{err}
	}
	endWork := startWork(context.WithoutCancel(ctx), c, cfg, logger)
	defer endWork()
	awaitKeys(c)
	failed := open.serve()
	select {
	case err := <-failed:
		open.close()
		return err
	case <-ctx.Done():
	}
	draining.Store(true)
	c.Drain()
	logger.Info("draining")
	open.drain(cfg.DrainTimeout)
	endWork()
	logger.Info("stopped")
	return nil
}

// startWork starts the work behind the requests. The function that ends it
// waits for its end, workWait at most, so that no receipt waits for this replica's
// session and nothing works with the database while it is closed.
func startWork(ctx context.Context, c *control.Control, cfg Config, logger *slog.Logger) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		c.Run(ctx, control.Retention{Changes: cfg.ChangesRetention, UsageMonths: cfg.UsageRetention}, func(err error) {
			logger.Error("background work", "error", err)
		})
	}()
	return sync.OnceFunc(func() {
		stop()
		select {
		case <-worked:
		case <-time.After(workWait):
		}
	})
}

// workWait is how long the end waits for the work behind the requests.
const workWait = 500 * time.Millisecond

// loadWait is how long a start waits for the keys. With few of them it is ready
// at its first answer; with many it answers before it is ready.
const loadWait = 100 * time.Millisecond

func awaitKeys(c *control.Control) {
	for end := time.Now().Add(loadWait); !c.Loaded() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// closeWait is how long the end waits for the database.
const closeWait = time.Second

// giveBack closes the database, or leaves that to the end of the process where
// the database hangs.
func giveBack(s *store.Store) {
	done := make(chan struct{})
	go func() {
		s.Close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeWait):
	}
}

// readyWait is how long /readyz waits for a database that hangs: who asks does
// so every few seconds.
const readyWait = 3 * time.Second

// Listener is one of the three APIs by the name that logs give it.
type Listener struct {
	Name    string
	Address string
	API     *web.API
}

// longestBody is how long a body may take to arrive, however long the whole
// request may: time must be left to refuse it.
const longestBody = 10 * time.Second

// Faces makes the APIs of the three listeners on one control.
func Faces(c *control.Control, cfg Config, logger *slog.Logger, draining func() bool) []Listener {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	opts := web.Options{
		Logger: logger, Metrics: web.NewMetrics(registry), TrustedProxies: cfg.TrustedProxies,
		Guard:   web.NewGuard(cfg.AuthFailures, time.Now),
		Version: CurrentVersion(), Draining: draining,
		BodyTimeout: min(cfg.ReadTimeout, longestBody),
		Ready: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, readyWait)
			defer cancel()
			return c.Ready(ctx)
		},
	}
	registerWebhookMetrics(registry, c)
	operators := operatorapi.New(c, opts)
	console.Operator(operators, c, console.Settings{URL: cfg.OperatorURL, OIDC: cfg.OIDC})
	operators.Mount("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	tenants := tenantapi.New(c, opts)
	console.Tenant(tenants, c, console.Settings{URL: cfg.PublicURL})
	return []Listener{
		{"tenant", cfg.TenantListen, tenants},
		{"operator", cfg.OperatorListen, operators},
		{"gateway", cfg.GatewayListen, gatewayapi.New(c, opts)},
	}
}

// listening is the open listeners with their servers.
type listening struct {
	scheme  string
	servers []*http.Server
	sockets []net.Listener
	names   []string
}

// listen opens all listeners or none.
func listen(cfg Config, faces []Listener, logger *slog.Logger) (*listening, error) {
	out := &listening{scheme: "http"}
	var tlsConfig *tls.Config
	if cfg.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
		tlsConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		out.scheme = "https"
	}
	for _, face := range faces {
		socket, err := net.Listen("tcp", face.Address)
		if err != nil {
			out.close()
			return nil, fmt.Errorf("--%s-listen: %w", face.Name, err)
		}
		if tlsConfig == nil && !loopback(socket.Addr()) {
			logger.Warn("plain HTTP on an address that is not loopback", "listener", face.Name, "address", socket.Addr().String())
		}
		out.sockets = append(out.sockets, socket)
		out.names = append(out.names, face.Name)
		out.servers = append(out.servers, &http.Server{
			Handler: face.API, TLSConfig: tlsConfig.Clone(), // net/http writes to it
			ReadTimeout: cfg.ReadTimeout, ReadHeaderTimeout: cfg.ReadHeaderTimeout,
			WriteTimeout: cfg.WriteTimeout, IdleTimeout: cfg.IdleTimeout,
			MaxHeaderBytes:               cfg.MaxHeaderBytes,
			DisableGeneralOptionsHandler: true, // OPTIONS * is answered like any path
			ErrorLog:                     slog.NewLogLogger(logger.With("listener", face.Name).Handler(), slog.LevelDebug),
		})
	}
	return out, nil
}

func loopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// announce says where the listeners are.
func (l *listening) announce(out io.Writer) {
	for _, name := range l.names {
		_, _ = fmt.Fprintf(out, "%-9s %s\n", name, l.url(name))
	}
	_, _ = fmt.Fprintf(out, "%-9s %s/console/ of operators, %s/console/ of tenants\n", "console", l.url("operator"), l.url("tenant"))
}

// url is where the listener of a name is.
func (l *listening) url(name string) string {
	return fmt.Sprintf("%s://%s", l.scheme, l.sockets[slices.Index(l.names, name)].Addr())
}

// announceToken shows the operator token if one was made ("" if not), and how
// to use it. It is shown only here, so a failure says how to get another.
func announceToken(out io.Writer, token reeve.Token, url string) error {
	if token == "" {
		return nil
	}
	_, err := fmt.Fprintf(out, "\noperator token, shown only this once:\n  %s\n\ntry:\n  curl -H 'Authorization: %s' %s/api/changes\n",
		string(token), string(token), url)
	if err != nil {
		return fmt.Errorf("the operator token that was made could not be shown, run `reeve token` for another: %w", err)
	}
	return nil
}

// serve starts all servers; the channel gets the first failure.
func (l *listening) serve() <-chan error {
	failed := make(chan error, len(l.servers))
	for i, server := range l.servers {
		go func() {
			serve := server.Serve
			if server.TLSConfig != nil {
				serve = func(socket net.Listener) error { return server.ServeTLS(socket, "", "") }
			}
			if err := serve(l.sockets[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s listener: %w", l.names[i], err)
			}
		}()
	}
	return failed
}

// drain refuses new connections and waits for what runs, so long at most.
func (l *listening) drain(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	done := make(chan struct{})
	for _, server := range l.servers {
		go func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close() // the time is up
			}
			done <- struct{}{}
		}()
	}
	for range l.servers {
		<-done
	}
}

func (l *listening) close() {
	for _, server := range l.servers {
		_ = server.Close()
	}
	for _, socket := range l.sockets {
		_ = socket.Close()
	}
}
