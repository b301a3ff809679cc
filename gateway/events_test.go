package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readEvents gives what a stream holds as lines of "number name data", and what ended it.
func readEvents(in io.Reader) (out []string, err error) {
	events := newEventReader(in)
	for {
		e, err := events.next()
		if err != nil {
			return out, err
		}
		out = append(out, fmt.Sprintf("%d %s %s", e.number, e.name, e.data))
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stream string
		want         []string
		err          error
	}{
		{"one", "id: 7\nevent: at\ndata: {}\n\n", []string{"7 at {}"}, io.EOF},
		{"line ends", "id:7\r\nevent:at\rdata:{}\n\r\ndata: 2\r\r", []string{"7 at {}", "7 message 2"}, io.EOF},
		{"data of several lines", "id: 1\ndata: a\ndata:\ndata:  b\n\n", []string{"1 message a\n\n b"}, io.EOF},
		{"comments and unknown fields", ": hello\nid: 1\nretry: 5\nfoo\ndata\n\n", []string{"1 message "}, io.EOF},
		{"no data is no event", "id: 3\nevent: revoked\n\nid: 4\ndata: {}\n\n", []string{"4 message {}"}, io.EOF},
		{"cut short", "id: 1\ndata: {}\n", nil, io.EOF},
		{"byte order mark", "\xef\xbb\xbfid: 1\ndata: x\n\n", []string{"1 message x"}, io.EOF},
		{"no number", "event: at\ndata: {}\n\n", nil, errEventID},
		{"not a number", "id: x\ndata: {}\n\n", nil, errEventID},
		{"nothing but lines", strings.Repeat("\n", 10*longestEvent) + "id: 1\ndata: x\n\n", []string{"1 message x"}, io.EOF},
		{"a line too long", "id: 1\ndata: " + strings.Repeat("x", longestEvent), nil, errEventTooLong},
		{"too many lines", "id: 1\n" + strings.Repeat("data: x\n", longestEvent/8), nil, errEventTooLong},
		{"comments too long", strings.Repeat(":\n", longestEvent), nil, errEventTooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := readEvents(iotest.OneByteReader(strings.NewReader(test.stream)))
			if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.err) {
				t.Errorf("events (-want +got):\n%s, error %v, want %v", diff, err, test.err)
			}
		})
	}
}

// FuzzEvents: whatever comes, and however it is cut, the reader ends, keeps its bounds and gives the same events.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("id: 7\nevent: revoked\ndata: {\"keyId\":null}\n\n: ping\n\nid: 8\ndata: a\r\ndata: b\r\r"))
	f.Add([]byte("\xef\xbb\xbfid:1\rdata\r\n\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, wholeErr := readEvents(bytes.NewReader(stream))
		pieces, piecesErr := readEvents(iotest.OneByteReader(bytes.NewReader(stream)))
		if diff := cmp.Diff(whole, pieces); diff != "" || !errors.Is(piecesErr, wholeErr) {
			t.Errorf("in pieces (-whole +pieces):\n%s, %v, %v", diff, wholeErr, piecesErr)
		}
		for _, line := range whole {
			if len(line) > longestEvent+32 {
				t.Errorf("an event of %d bytes", len(line))
			}
		}
	})
}
