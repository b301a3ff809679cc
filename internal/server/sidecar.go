package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/macaroon"
)

// Sidecar runs a gateway for the programs of its machine until ctx ends: it
// answers from memory what they would ask a server, which may be away when it
// starts. A token that the server refuses ends it.
func Sidecar(ctx context.Context, cfg SidecarConfig, out, errOut io.Writer) error {
	logger, flush := newLogger(Config{LogFormat: cfg.LogFormat, LogLevel: cfg.LogLevel}, errOut)
	defer flush()
	socket, err := listenLocally(cfg)
	if err != nil {
		return StartError{fmt.Errorf("--listen: %w", err)}
	}
	defer socket.Close()
	client, err := gateway.New(ctx, gateway.Config{
		URLs: cfg.Servers, Token: cfg.Token, Name: cfg.Name, Verify: cfg.Outage, Admit: cfg.LimitsOutage, Logger: logger,
		SpoolDir: cfg.Spool,
	})
	if err != nil {
		return StartError{err}
	}
	var draining atomic.Bool
	server := &http.Server{
		Handler: fromNoPage(gatewayapi.NewSidecar(judgement(client), ingestion(cfg, client), web.Options{
			Logger: logger, Version: CurrentVersion(), Draining: draining.Load,
			Ready: func(context.Context) error { return client.Ready() },
		})),
		ReadTimeout: sidecarTimeout, ReadHeaderTimeout: sidecarTimeout, WriteTimeout: sidecarTimeout,
		IdleTimeout: sidecarIdle, MaxHeaderBytes: sidecarHeader, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	_, _ = fmt.Fprintf(out, "%-9s %s\n", "sidecar", sidecarURL(cfg, socket))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(socket) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	draining.Store(true)
	logger.Info("draining")
	rest := context.WithoutCancel(ctx)
	within(rest, cfg.DrainTimeout, func(ctx context.Context) {
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // the time is up
		}
	})
	within(rest, goodbyeWait, func(ctx context.Context) {
		_ = client.Close(ctx) // what cannot be said ends by itself
	})
	logger.Info("stopped")
	return nil
}

// fromNoPage refuses what a web page that is open on this machine sends: no
// token is asked for. A proxy hands its client's headers on to /gateway/auth.
func fromNoPage(h http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("/gateway/auth/")
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"type":"about:blank","title":"Forbidden","status":403,"detail":"a web page may not ask"}`)
	}))
	return protection.Handler(h)
}

// goodbyeWait is how long an ending sidecar tries to tell the server.
const goodbyeWait = 2 * time.Second

func within(ctx context.Context, d time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	do(ctx)
}

// What is asked is small, and who asks is near.
const (
	sidecarTimeout = 30 * time.Second
	sidecarIdle    = 2 * time.Minute
	sidecarHeader  = 64 << 10
)

func sidecarURL(cfg SidecarConfig, socket net.Listener) string {
	if _, ok := cfg.socket(); ok {
		return cfg.Listen
	}
	return "http://" + socket.Addr().String()
}

// judgement lets a client of the server judge for it.
func judgement(client *gateway.Client) gatewayapi.Judgement {
	return func(ctx context.Context, in control.KeyCheck) (control.Verdict, error) {
		decision, err := client.Authorize(ctx, gateway.Request{
			Key: in.Key, Op: in.Op, Bucket: string(in.Bucket), Path: string(in.Path), Project: in.Project,
		}, in.Cost)
		if err != nil {
			return control.Verdict{}, err
		}
		key, _ := macaroon.Parse(in.Key) // the zero key has no caveats
		out := control.Verdict{
			Code: decision.Code, Epoch: decision.Epoch, Key: key,
			KeyID: decision.KeyID, KeyName: decision.KeyName, IssuedAt: decision.IssuedAt,
			ProjectID: decision.ProjectID, OrganizationID: decision.OrganizationID, OwnerID: decision.OwnerID,
			Limits: decision.Limits,
		}
		if decision.Rate != nil {
			out.Rate = &control.RateState{Limit: decision.Rate.Limit, Remaining: decision.Rate.Remaining, Reset: decision.Rate.Reset}
		}
		return out, nil
	}
}

// listenLocally opens the listener, which only this machine reaches.
func listenLocally(cfg SidecarConfig) (net.Listener, error) {
	path, ok := cfg.socket()
	if !ok {
		return net.Listen("tcp", cfg.Listen)
	}
	if other, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = other.Close()
		return nil, fmt.Errorf("%s is in use", path)
	}
	found, err := os.Lstat(path)
	switch {
	case err == nil && found.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is there and is no socket", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	// It gets its mode where nobody else can go, then its name, in place of one
	// that a process which was killed has left.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".reeve-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	hidden := filepath.Join(dir, "s")
	out, err := net.ListenUnix("unix", &net.UnixAddr{Name: hidden, Net: "unix"})
	if err != nil {
		return nil, err
	}
	out.SetUnlinkOnClose(false)
	err = errors.Join(os.Chmod(hidden, cfg.SocketMode), os.Rename(hidden, path))
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	return &localSocket{out, path}, nil
}

// localSocket is a Unix socket that goes with its listener.
type localSocket struct {
	*net.UnixListener
	path string
}

// Close ends the listener and removes the socket.
func (s *localSocket) Close() error {
	err := s.UnixListener.Close()
	if err == nil { // the first time
		err = os.Remove(s.path)
	}
	return err
}
