package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/reeve-cloud/reeve/client"
)

// The exit codes of the commands that work through the APIs.
const (
	ExitFailure     = 1
	ExitUsage       = 2
	ExitDenied      = 3
	ExitNotFound    = 4
	ExitConflict    = 5
	ExitUnavailable = 6
	ExitUnread      = 7
	ExitInterrupted = 130 // as of a shell's commands that SIGINT ends
)

// ExitHelp says what they mean.
const ExitHelp = `What the commands that work through the APIs exit with:

  0  it was done
  1  it failed; scan: something was found
  2  the command line or the configuration is wrong; nothing was asked
  3  not signed in, or not allowed (401, 403)
  4  there is no such thing (404)
  5  something stands in the way, or has changed meanwhile (409, 412, 422)
  6  asked too often, or nobody answers (429, 503, connection refused)
  7  scan: nothing was found, but something could not be read
  130  interrupted (Ctrl-C)

The server's own commands know 0, 1 and 2: see reeve help serve.
`

// Failure is an error that says what the program exits with.
type Failure struct {
	Code int
	Err  error // nil: what there was to say is said
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit code %d", f.Code)
	}
	return f.Err.Error()
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

var statusCodes = map[int]int{
	http.StatusUnauthorized: ExitDenied, http.StatusForbidden: ExitDenied, http.StatusNotFound: ExitNotFound,
	http.StatusConflict: ExitConflict, http.StatusPreconditionFailed: ExitConflict, http.StatusPreconditionRequired: ExitConflict,
	http.StatusUnprocessableEntity: ExitConflict,
	http.StatusTooManyRequests:     ExitUnavailable, http.StatusServiceUnavailable: ExitUnavailable,
	http.StatusBadGateway: ExitUnavailable, http.StatusGatewayTimeout: ExitUnavailable,
}

// failed gives a call's error the code that it means.
func failed(err error) error {
	if err == nil {
		return nil
	}
	if already, ok := errors.AsType[*Failure](err); ok {
		if already.Err == nil {
			return already
		}
		return &Failure{already.Code, err}
	}
	code, advice := ExitFailure, ""
	refusal := client.AsError(err)
	lost, unanswered := errors.AsType[*client.ConnectionError](err)
	_, untrusted := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case errors.Is(err, context.Canceled):
		code = ExitInterrupted
		err = errInterrupted.Err
		if unanswered && lost.Method != http.MethodGet {
			advice = ": whether it was done is not known"
		}
	case refusal != nil:
		if known, ok := statusCodes[refusal.Status]; ok {
			code = known
		}
	case errors.Is(err, context.DeadlineExceeded):
		code, advice = ExitUnavailable, ": --timeout waits longer"
	case unanswered:
		code = ExitUnavailable
	}
	if untrusted {
		advice = ": --ca-file names the certificates of a CA of your own"
	}
	if advice != "" {
		err = fmt.Errorf("%w%s", err, advice)
	}
	return &Failure{code, err}
}

// elsewhere is failed of what a profile's server answered: where it knows not
// even the path it may be another listener of the server's.
func elsewhere(err error, p Profile) error {
	if refusal := client.AsError(err); refusal != nil && refusal.Status == http.StatusNotFound && refusal.Detail == "" && strings.EqualFold(refusal.Message, "not found") {
		err = fmt.Errorf("%w: is %s the %ss' listener?", err, p.URL, p.Face)
	}
	return failed(err)
}

var errInterrupted = &Failure{ExitInterrupted, errors.New("interrupted")}

// Line makes an error one line that a terminal shows and does not obey: what
// servers say may hold what others have written.
func Line(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, visible(line))
		}
	}
	return strings.Join(lines, "; ")
}
