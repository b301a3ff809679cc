package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
)

var (
	errNUL       = errors.New("JSON text holds a NUL")
	errSurrogate = errors.New("JSON text holds a lone surrogate")
	errUTF8      = errors.New("JSON text is not valid UTF-8")
)

// decodeBody reads the body: JSON into its field, or as In's own decoder says.
func (p *plan) decodeBody(x *exchange, r *http.Request, in reflect.Value) *reeve.Error {
	if p.custom {
		return x.decodeCustom(r, in.Addr().Interface().(RequestDecoder))
	}
	first := firstPieces.Get().(*[freeBody]byte)
	defer firstPieces.Put(first)
	data, err := x.body.readAll(first[:])
	if err != nil {
		return asKind(err, x.api.face.BadBody)
	}
	if p.body.maybe && len(data) == 0 {
		return nil
	}
	into := in.FieldByIndex(p.body.index).Addr().Interface()
	if forms, ok := into.(BodyForms); ok {
		if into, err = forms.Form(r.Header); err != nil {
			return asKind(err, x.api.face.BadBody)
		}
	}
	if plain, ok := into.(PlainDecoder); ok && plain.DecodePlain(data) {
		return nil
	}
	err = unmarshal(data, into)
	if err == nil {
		err = x.noteReason(p, data)
	}
	if err == nil && x.operation.Exact {
		err = x.checkMembers(data, p.body.typ)
	}
	if err != nil {
		return x.api.face.BadBody(err) // a type in a body has no say in it
	}
	return nil
}

// checkMembers refuses an object with a member that the type has no field for,
// at any depth.
func (x *exchange) checkMembers(data []byte, typ reflect.Type) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if x.api.explained(x.operation) {
		maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, reasonName) })
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(rest))
	decoder.DisallowUnknownFields()
	return decoder.Decode(reflect.New(typ).Interface())
}

// decodeCustom lets In read the query and the body, and looks through what
// net/http has parsed of them for text that is none.
func (x *exchange) decodeCustom(r *http.Request, in RequestDecoder) *reeve.Error {
	err := in.DecodeRequest(r)
	if x.body != nil && x.body.err != nil {
		err = x.body.err // which the decoder may have hidden
	}
	if err == nil {
		err = checkForm(r)
	}
	if err != nil {
		return asKind(err, x.api.face.BadQuery)
	}
	x.reason = r.Form.Get(reasonName)
	return nil
}

// checkForm covers the query too: ParseForm merges both into Form.
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
		// A backslash at the very end is a syntax error.
		if at < 0 || at+1 == len(data) {
			return nil
		}
		data = data[at:]
		if data[1] != 'u' {
			data = data[2:] // also past an escaped backslash
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
		case unit >= 0xDC00 && unit < 0xE000: // low, without a high before it
			return errSurrogate
		case unit >= 0xD800 && unit < 0xDC00: // high: the low must follow
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
