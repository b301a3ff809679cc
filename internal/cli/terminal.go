package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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

// askSecret reads a secret: from a terminal without showing it, else the next
// line of in.
func askSecret(in io.Reader, errOut io.Writer, prompt string) (string, error) {
	file, ok := in.(*os.File)
	if !ok || !isTerminal(file) {
		return readLine(in)
	}
	fmt.Fprint(errOut, prompt+": ")
	text, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(errOut)
	return string(text), err
}

// confirm asks somebody at a terminal whether something is meant. Where there
// is none it is.
func confirm(in io.Reader, errOut io.Writer, question string) error {
	if !isTerminal(in) {
		return nil
	}
	fmt.Fprintf(errOut, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &Failure{ExitFailure, errors.New("nothing was done")}
}
