// Package server is reeve the program: its configuration, and what its
// commands do.
package server

import (
	"context"
	"errors"
	"io"
)

// StartError is a failure before the first listener opens: the command exits
// with 2.
type StartError struct{ Err error }

// Error gives the cause's text.
func (e StartError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e StartError) Unwrap() error { return e.Err }

var errUnbuilt = errors.New("this build cannot do that")

// Serve runs the server until ctx ends.
func Serve(ctx context.Context, cfg Config, out, errOut io.Writer) error { return errUnbuilt }

// Migrate brings the database to this build's schema; with check it only says
// whether it is.
func Migrate(ctx context.Context, cfg Config, check bool, out io.Writer) error { return errUnbuilt }

// Token makes an operator token and prints it.
func Token(ctx context.Context, cfg Config, out io.Writer) error { return errUnbuilt }

// Rekey encrypts the API-key secrets anew with the first master key.
func Rekey(ctx context.Context, cfg Config, out io.Writer) error { return errUnbuilt }
