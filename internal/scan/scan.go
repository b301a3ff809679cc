// Package scan finds credentials of reeve in text: tokens, API keys and
// access grants. It knows them by their form and checksum alone, so that what
// it finds need not exist, and asks nobody.
package scan

import (
	"bytes"
	"errors"
	"io"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// Kind says what was found.
type Kind string

// The kinds.
const (
	APIKey          Kind = "apikey"
	Grant           Kind = "grant" // an access grant of Storj's, which holds an API key
	OrganizationKey Kind = "organization_key"
	Gateway         Kind = "gateway"
	Operator        Kind = "operator"
	Session         Kind = "session"
	OperatorSession Kind = "operator_session"
)

// Found is a credential in a text. It holds secrets: neither Text nor Key
// belongs into a log.
type Found struct {
	Line   int   // from 1 on
	Column int   // of its first byte in the line, in bytes, from 1 on
	Offset int64 // of its first byte in the text, from 0 on
	Kind   Kind
	Text   string // as it stands there
	Key    string // what opens something: the API key inside a grant, else Text
}

// tokens are the kinds that begin with a prefix.
var tokens = []struct {
	prefix reeve.TokenPrefix
	kind   Kind
}{
	{reeve.TokenOrganization, OrganizationKey},
	{reeve.TokenGateway, Gateway},
	{reeve.TokenOperator, Operator},
	{reeve.TokenSession, Session},
	{reeve.TokenConsole, OperatorSession},
}

const (
	// tokenDigits follow a token's prefix: those of the secret and those of
	// its checksum.
	tokenDigits = 43 + 6
	// glued is how many characters that could be an access grant's may stand
	// before it, such as the n of \n and the 3D of %3D.
	glued = 8
	// lookahead is how much of the text the judgement of one byte needs.
	lookahead = macaroon.MaxGrantLength + glued + 1
	chunk     = 64 << 10
)

// Find calls report with each credential in a text, in their order. It stops
// with the first error of the reader or of report. What it finds may touch
// other text on both sides, but for an access grant: that must end where its
// alphabet does. It keeps about 70 KiB of the text, however long its lines,
// and does a bounded amount of work for each byte.
func Find(r io.Reader, report func(Found) error) error {
	s := &scanner{report: report, line: 1}
	buffer := make([]byte, 0, chunk+lookahead)
	for {
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		if n < 0 || n > cap(buffer)-len(buffer) {
			return errors.New("scan: the reader counts wrong")
		}
		buffer = buffer[:len(buffer)+n]
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if !end && len(buffer) < cap(buffer) {
			continue
		}
		done, err := s.scan(buffer, end)
		if err != nil || end {
			return err
		}
		buffer = append(buffer[:0], buffer[done:]...)
	}
}

// scanner is where a search stands.
type scanner struct {
	report    func(Found) error
	line      int
	lineStart int64
	offset    int64 // of the buffer's first byte
	inRun     bool  // the byte before the buffer is one of base58
	notBefore int64 // no key is tried that begins before it
}

// scan judges the bytes of text, but for the last ones unless it ends with
// them, and tells how many it is done with.
func (s *scanner) scan(text []byte, end bool) (done int, err error) {
	limit := len(text)
	if !end {
		limit -= lookahead
	}
	at := 0
	for at < limit {
		var found Found
		switch c := text[at]; {
		case c == '\n':
			s.line++
			s.lineStart = s.offset + int64(at) + 1
		case c == tokens[0].prefix[0]:
			found = token(text[at:])
		}
		if run := digitOf[text[at]] != noDigit; !run {
			s.inRun = false
		} else {
			if found.Text == "" && !s.inRun {
				found = s.grant(text, at)
			}
			s.inRun = true
		}
		if found.Text == "" && text[at] == zeroDigit {
			found = s.key(text, at)
		}
		if found.Text == "" {
			at++
			continue
		}
		begin := at + int(found.Offset)
		found.Offset = s.offset + int64(begin)
		found.Line, found.Column = s.line, int(found.Offset-s.lineStart)+1
		if err := s.report(found); err != nil {
			return 0, err
		}
		at = begin + len(found.Text)
	}
	s.offset += int64(at)
	return at, nil
}

// token gives the token that text begins with.
func token(text []byte) Found {
	for _, t := range tokens {
		size := len(t.prefix) + tokenDigits
		if len(text) < size || !bytes.HasPrefix(text, []byte(t.prefix)) {
			continue
		}
		if word := string(text[:size]); valid(t.prefix, word) {
			return Found{Kind: t.kind, Text: word, Key: word}
		}
	}
	return Found{}
}

func valid(prefix reeve.TokenPrefix, word string) bool {
	_, ok := reeve.ParseToken(prefix, word)
	return ok
}
