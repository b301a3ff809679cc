package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// event is one server-sent event of the feed.
type event struct {
	number int64  // its id
	name   string // "message" if it has none
	data   []byte // valid until the next event is read
}

// longestEvent bounds the bytes of one event, its names and all.
const longestEvent = 64 << 10

var (
	errEventTooLong = errors.New("an event of the feed is too long")
	errEventID      = errors.New("an event of the feed has no number")
)

// eventReader reads a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)
// in bounded memory. As there, the last id counts for events without one, an event without data is none, and one that
// the end of the stream cuts short is dropped. Unlike there, an id must be a number.
type eventReader struct {
	in     *bufio.Reader
	line   []byte
	data   []byte
	number int64
	size   int  // bytes of the event so far
	skip   bool // a line ended in CR: a LF that follows belongs to it
	begun  bool
}

func newEventReader(in io.Reader) *eventReader { return &eventReader{in: bufio.NewReader(in)} }

// next reads up to the end of the next event.
func (r *eventReader) next() (event, error) {
	out := event{name: "message"}
	r.data, r.size = r.data[:0], 0
	some := false
	for {
		line, err := r.readLine()
		if err != nil {
			return event{}, err
		}
		if len(line) == 0 {
			if !some {
				out.name, r.size = "message", 0
				continue
			}
			if r.number <= 0 {
				return event{}, errEventID
			}
			out.number, out.data = r.number, bytes.TrimSuffix(r.data, []byte{'\n'})
			return out, nil
		}
		field, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(field) {
		case "event":
			out.name = string(value)
		case "data":
			r.data = append(append(r.data, value...), '\n')
			some = true
		case "id":
			if r.number, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return event{}, errEventID
			}
		}
	}
}

// readLine reads a line without its end, which is LF, CR or both.
func (r *eventReader) readLine() ([]byte, error) {
	r.line = r.line[:0]
	for {
		char, err := r.in.ReadByte()
		if err != nil {
			return nil, err
		}
		if r.size++; r.size > longestEvent {
			return nil, errEventTooLong
		}
		skip := r.skip && char == '\n'
		r.skip = false
		switch {
		case skip:
		case char == '\n' || char == '\r':
			r.skip = char == '\r'
			if !r.begun {
				r.begun = true
				return bytes.TrimPrefix(r.line, []byte("\xef\xbb\xbf")), nil
			}
			return r.line, nil
		default:
			r.line = append(r.line, char)
		}
	}
}
