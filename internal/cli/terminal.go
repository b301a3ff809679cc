package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// isTerminal tells whether somebody sits behind a stream.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colours tells whether what is written may be coloured.
func colours(out io.Writer, forbidden bool) bool {
	return !forbidden && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(out)
}

// bold sets text apart, on a terminal.
func bold(text string, coloured bool) string {
	if !coloured {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// harmless gives a stream that shows what a terminal would obey, if one is
// behind it; files and pipes get what is written.
func harmless(out io.Writer) io.Writer {
	if !isTerminal(out) {
		return out
	}
	return &tamed{out: out}
}

// tamed shows hidden characters but for line ends and tabs.
type tamed struct {
	out  io.Writer
	rest []byte // of a character that is not whole yet
}

func (t *tamed) Write(text []byte) (int, error) {
	all := append(t.rest, text...)
	var out []byte
	for len(all) > 0 && utf8.FullRune(all) && string(all) != "\r" {
		r, size := utf8.DecodeRune(all)
		switch {
		case r == '\n' || r == '\t' || r == '\r' && all[1] == '\n':
			out = append(out, all[:size]...)
		default:
			out = append(out, visible(string(r))...)
		}
		all = all[size:]
	}
	t.rest = append([]byte(nil), all...)
	if _, err := t.out.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// maxLine bounds what is read of a secret or an answer.
const maxLine = 64 << 10

// readLine reads the first line of in, byte by byte, so that the next one is
// still there.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) < maxLine {
		n, err := in.Read(b[:])
		if n == 1 {
			if b[0] == '\n' {
				return strings.TrimSuffix(string(line), "\r"), nil
			}
			line = append(line, b[0])
			continue
		}
		if errors.Is(err, io.EOF) {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}

// await reads what somebody may take long to write, until the context ends:
// the reading goes on then, but nobody waits for it.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

// askSecret reads a secret: from a terminal without showing it, else the next
// line of standard input. A terminal is left as it was.
func askSecret(cmd *cobra.Command, prompt string) (string, error) {
	in, errOut := cmd.InOrStdin(), cmd.ErrOrStderr()
	file, ok := in.(*os.File)
	if !ok || !isTerminal(file) {
		return await(cmd.Context(), func() (string, error) { return readLine(in) })
	}
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(errOut, visible(prompt)+": ")
	text, err := await(cmd.Context(), func() ([]byte, error) { return term.ReadPassword(int(file.Fd())) })
	if err != nil {
		err = errors.Join(err, term.Restore(int(file.Fd()), before))
	}
	fmt.Fprintln(errOut)
	return string(text), err
}

// confirm asks somebody at a terminal whether something is meant. Where there
// is none it is.
func confirm(cmd *cobra.Command, question string) error {
	in := cmd.InOrStdin()
	if !isTerminal(in) {
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s [y/N] ", visible(question))
	answer, err := await(cmd.Context(), func() (string, error) { return bufio.NewReader(in).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &Failure{ExitFailure, errors.New("nothing was done")}
}
