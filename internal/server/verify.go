package server

import (
	"context"
	"fmt"
	"io"

	"github.com/reeve-cloud/reeve/internal/control"
)

// Verify walks the chain of the change log and prints where it ends, to be
// kept elsewhere; the error names the first change that is not as it was. It
// changes nothing and may run beside replicas.
func Verify(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := openExisting(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Ready(ctx); err != nil {
		return StartError{err}
	}
	chain, err := control.New(s, control.Settings{}).VerifyChanges(asSystem(ctx))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d changes, chain intact, newest number %d, hash %x\n", chain.Rows, chain.Number, chain.Hash[:])
	return err
}
