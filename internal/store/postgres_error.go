package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/reeve-cloud/reeve"
)

// classes of SQLSTATE (PostgreSQL documentation, appendix A).
var sqlStates = map[string]error{
	"23505": errUnique, "23503": errForeign,
	"40001": errRetry, "40P01": errRetry, "55P03": errRetry,
	"22003": errOverflow,
}

// unavailable are the classes that say that the server cannot work now:
// connection, resources, operator intervention, system error; and 25006, a
// server that only reads.
var unavailable = []string{"08", "53", "57", "58", "25006"}

// unstorable is a text's byte that the server's encoding has no character for.
const unstorable = "22021"

func classifyPostgres(err error) error {
	var known *reeve.Error
	var failure *pgconn.PgError
	var network net.Error
	var connect *pgconn.ConnectError
	switch {
	case err == nil || errors.As(err, &known), errors.Is(err, errUnique),
		errors.Is(err, errForeign), errors.Is(err, errRetry), errors.Is(err, errOverflow):
		return err
	case errors.As(err, &failure):
		if meaning, ok := sqlStates[failure.Code]; ok {
			return errors.Join(meaning, err)
		}
		if failure.Code == unstorable {
			return reeve.Errorf(reeve.Invalid, "text must be UTF-8 without NUL").Wrap(err)
		}
		for _, class := range unavailable {
			if strings.HasPrefix(failure.Code, class) {
				return errUnavailable.Wrap(err)
			}
		}
		return fmt.Errorf("SQLSTATE %s: %w", failure.Code, err)
	case errors.As(err, &network), errors.As(err, &connect), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed),
		strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "closed pool"):
		return errUnavailable.Wrap(err)
	}
	return err
}
