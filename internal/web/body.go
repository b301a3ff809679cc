package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
)

// maxBody is how much of a body is read.
const maxBody = 1 << 20

var (
	errNUL       = errors.New("JSON text holds a NUL")
	errSurrogate = errors.New("JSON text holds a lone surrogate")
	errUTF8      = errors.New("JSON text is not valid UTF-8")
)

// bodies holds read buffers. json.Unmarshal copies what it keeps, and so must
// every UnmarshalJSON.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// decodeBody reads the body: JSON into its field, or as In's own decoder says.
func (p *plan) decodeBody(x *exchange, r *http.Request, in reflect.Value) *reeve.Error {
	if p.custom {
		return x.decodeCustom(r, in.Addr().Interface().(RequestDecoder))
	}
	buffer := bodies.Get().(*[]byte)
	data, err := x.readBody(r, (*buffer)[:0])
	if cap(data) <= maxPooled {
		*buffer = data
		defer bodies.Put(buffer)
	}
	if err != nil {
		return asKind(err, x.api.face.BadBody)
	}
	if err := unmarshal(data, in.FieldByIndex(p.body.index).Addr().Interface()); err != nil {
		return asKind(err, x.api.face.BadBody)
	}
	return nil
}

// decodeCustom lets In read the body, as far and as long as web itself would,
// and looks through what net/http has parsed of it for text that is none.
func (x *exchange) decodeCustom(r *http.Request, in RequestDecoder) *reeve.Error {
	body := &timelyBody{ReadCloser: r.Body, left: maxBody}
	r.Body = body
	done := x.limitReading(r)
	err := in.DecodeRequest(r)
	if body.err != nil {
		return asKind(body.err, x.api.face.BadQuery)
	}
	done()
	if err == nil {
		err = checkForm(r)
	}
	if err != nil {
		return asKind(err, x.api.face.BadQuery)
	}
	return nil
}

func checkForm(r *http.Request) error {
	for key, values := range r.Form {
		for _, value := range values {
			if !isText(key) || !isText(value) {
				return errText
			}
		}
	}
	return nil
}

// timelyBody is a body of at most left bytes. It remembers why it failed,
// because a decoder may hide that.
type timelyBody struct {
	io.ReadCloser
	left int
	err  error
}

func (b *timelyBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	// One byte more than allowed tells too much from just enough.
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	b.left -= n
	switch {
	case b.left < 0:
		n, b.err = 0, errTooLarge
		return 0, b.err
	case err != nil && err != io.EOF:
		b.err = bodyError(err)
		return n, b.err
	}
	return n, err
}

// readBody appends the body to buffer. The buffer grows with what has come,
// not with what the header promises.
func (x *exchange) readBody(r *http.Request, buffer []byte) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return buffer, nil
	}
	done := x.limitReading(r)
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, make([]byte, 512)...)[:len(buffer)]
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > maxBody:
			return buffer, errTooLarge
		case err == io.EOF:
			done()
			return buffer, nil
		case err != nil:
			return buffer, bodyError(err)
		}
	}
}

// limitReading gives the body its time; done lifts the limit, so that waiting
// for the client to go is not taken for reading. After a failure the limit
// stays, and with it a bound on what net/http still reads.
func (x *exchange) limitReading(r *http.Request) (done func()) {
	if r.Body == nil || r.Body == http.NoBody {
		return func() {}
	}
	control := http.NewResponseController(x.ResponseWriter)
	// A writer without deadlines (a test's recorder) has its body at hand.
	_ = control.SetReadDeadline(x.start.Add(x.api.opts.BodyTimeout))
	return func() { _ = control.SetReadDeadline(time.Time{}) }
}

// bodyError tells a late body from a broken one. The text of a network error
// names addresses; nobody needs them.
func bodyError(err error) error {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return errSlowBody
	}
	return io.ErrUnexpectedEOF
}

// unmarshal reads exactly one JSON value by encoding/json's rules: names in
// any case, unknown ones ignored, the last of a repeated one wins, null
// changes nothing. On top of them the text must be valid UTF-8 and hold no
// NUL and no lone surrogate, even escaped: neither database could keep them.
func unmarshal(data []byte, into any) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	if err := checkEscapes(data); err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// checkEscapes looks at every \u escape. Outside strings a backslash is a
// syntax error, so the text need not be parsed.
func checkEscapes(data []byte) error {
	for {
		at := bytes.IndexByte(data, '\\')
		if at < 0 || at+1 == len(data) {
			return nil
		}
		data = data[at:]
		if data[1] != 'u' {
			data = data[2:]
			continue
		}
		unit, ok := escapedUnit(data)
		if !ok {
			return nil // a syntax error: json.Unmarshal words it
		}
		data = data[6:]
		switch {
		case unit == 0:
			return errNUL
		case unit >= 0xDC00 && unit < 0xE000:
			return errSurrogate
		case unit >= 0xD800 && unit < 0xDC00:
			low, ok := escapedUnit(data)
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return errSurrogate
			}
			data = data[6:]
		}
	}
}

// escapedUnit reads a \uXXXX at the front of data.
func escapedUnit(data []byte) (unit rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	for _, digit := range data[2:6] {
		switch {
		case digit >= '0' && digit <= '9':
			digit -= '0'
		case digit >= 'a' && digit <= 'f':
			digit -= 'a' - 10
		case digit >= 'A' && digit <= 'F':
			digit -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, true
}

// isText tells whether text can be stored: valid UTF-8 without NUL.
func isText(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}
