// Package server is reeve the program: its configuration, and what its
// commands do.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/webhook"
)

// StartError is a failure before the first listener opens: the command exits
// with 2.
type StartError struct{ Err error }

// Error gives the cause's text on one line: some drivers use several.
func (e StartError) Error() string { return strings.Join(strings.Fields(e.Err.Error()), " ") }

// Unwrap gives the cause.
func (e StartError) Unwrap() error { return e.Err }

// openStore opens the configured database.
func openStore(ctx context.Context, cfg Config) (*store.Store, error) {
	config := store.Config{MaxConnections: cfg.DatabaseMaxConnections}
	if cfg.Database.Kind == Postgres {
		config.Postgres = cfg.Database.Source
	} else {
		config.SQLite = cfg.Database.Source
	}
	out, err := store.Open(ctx, config)
	if err != nil {
		return nil, StartError{err}
	}
	return out, nil
}

// openControl opens the database, brings its schema up to date and loads the
// master keys.
func openControl(ctx context.Context, cfg Config) (_ *control.Control, _ *store.Store, err error) {
	s, err := openStore(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := s.Migrate(ctx); err != nil {
		return nil, nil, StartError{err}
	}
	c, err := newControl(ctx, cfg, s)
	return c, s, err
}

// newControl loads the master keys and checks that they open what is stored.
func newControl(ctx context.Context, cfg Config, s *store.Store) (*control.Control, error) {
	ring, err := loadKeyring(ctx, cfg, s)
	if err != nil {
		return nil, StartError{err}
	}
	list, err := LoadPrices(cfg.Prices)
	if err != nil {
		return nil, StartError{fmt.Errorf("--prices: %w", err)}
	}
	c := control.New(s, control.Settings{
		OperatorToken:   string(cfg.OperatorToken),
		ProjectLimit:    cfg.ProjectLimit,
		DefaultLimits:   cfg.DefaultLimits,
		PasswordHashing: cfg.PasswordHashing,
		Keyring:         ring,
		Prices:          list,
		CloseAfter:      cfg.CloseAfter,
		SessionLease:    cfg.SessionLease,
		RequireReason:   cfg.RequireReason,
		RestoreWindow:   cfg.RestoreWindow,
		Deliver:         webhook.NewSender(CurrentVersion().Version).Send,
		SessionIdle:     cfg.SessionIdle,
		SessionLifetime: cfg.SessionLifetime,
		Mail:            sender(cfg),
		PublicURL:       publicURL(cfg),
		Version:         CurrentVersion().Version,
	})
	if err := c.CheckMasterKey(ctx); err != nil {
		return nil, StartError{err}
	}
	return c, nil
}

// Migrate brings the database to this build's schema; with check it changes
// nothing and fails if the schema is another.
func Migrate(ctx context.Context, cfg Config, check bool, out io.Writer) error {
	if check {
		if err := mustExist(cfg); err != nil {
			return err
		}
	}
	s, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if !check {
		if err := s.Migrate(ctx); err != nil {
			return StartError{err}
		}
	}
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		return StartError{err}
	case have != want:
		return fmt.Errorf("the schema is version %d, this program's is %d", have, want)
	}
	_, err = fmt.Fprintf(out, "the schema is up to date (version %d)\n", have)
	return err
}

// mustExist refuses a SQLite file that is not there, for the commands that have
// no use for a new one: its path is likely mistyped.
func mustExist(cfg Config) error {
	if cfg.Database.Kind != SQLite {
		return nil
	}
	if _, err := os.Stat(cfg.Database.Source); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s", cfg.Database.Source)
	}
	return nil
}

// openExisting opens the configured database, which is there already.
func openExisting(ctx context.Context, cfg Config) (*store.Store, error) {
	if err := mustExist(cfg); err != nil {
		return nil, StartError{err}
	}
	return openStore(ctx, cfg)
}

// asSystem says that nobody asks but the program itself.
func asSystem(ctx context.Context) context.Context {
	return control.WithCaller(ctx, control.Caller{Actor: reeve.Actor{Kind: reeve.System}})
}

// Token makes a new root operator token in place of the old one and prints it,
// once running replicas have let go of the old one.
func Token(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := openExisting(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return StartError{err}
	}
	token, err := control.New(s, control.Settings{}).ReplaceOperatorToken(ctx)
	if err != nil {
		return err
	}
	if cfg.Database.Kind == Postgres {
		time.Sleep(control.TokenLease)
	}
	_, err = fmt.Fprintln(out, string(token))
	return err
}

// Rekey seals all secrets of API keys and webhooks with the first master key. Where the key
// is reeve's own file, a new one is made first and the old one dropped after;
// the file is not touched before the database is held and its keys are known
// to open what is stored.
func Rekey(ctx context.Context, cfg Config, out io.Writer) error {
	if err := mustExist(cfg); err != nil {
		return StartError{err}
	}
	c, s, err := openControl(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	file := keyFile(cfg)
	if file != "" {
		if err := prependKey(file); err != nil {
			return err
		}
		if c, err = newControl(ctx, cfg, s); err != nil {
			return err
		}
	}
	changed, err := c.Rekey(asSystem(ctx))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%d secrets sealed with the first master key\n", changed); err != nil || file == "" {
		return err
	}
	if err := keepFirstKey(file); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s holds a new master key: back it up\n", file)
	return err
}
