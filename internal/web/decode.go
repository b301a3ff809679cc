package web

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// plan says how an In is decoded. It is made once, at registration.
type plan struct {
	path, query []field
	header      []field
	body        *field // nil: no JSON body
	custom      bool   // In is a RequestDecoder
	head        bool   // In is a HeadDecoder
}

// field is one tagged field of an In.
type field struct {
	name   string // of the parameter, as the tag says
	index  []int  // of the field, through embedded structs
	typ    reflect.Type
	doc    string // its description in the document
	secret bool   // hidden from the log
	rest   bool   // of the path: the rest of it, slashes and all
	maybe  bool   // of a body: it may be empty, and changes nothing then
	set    setter // nil for a body and what a decoder reads itself
}

// setter parses text into a field.
type setter func(dst reflect.Value, text string) error

var (
	errText      = errors.New("text is not valid UTF-8 or holds a NUL")
	errSemicolon = errors.New("invalid semicolon separator in query")

	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	setterType  = reflect.TypeFor[HeaderSetter]()
	decoderType = reflect.TypeFor[RequestDecoder]()
	headType    = reflect.TypeFor[HeadDecoder]()
)

// newPlan checks that every wildcard of the path has a field, and every field
// a tag and a type that can be read.
func newPlan(in reflect.Type, op Op) (*plan, error) {
	if in.Kind() != reflect.Struct {
		return nil, fmt.Errorf("input %s is no struct", in)
	}
	p := &plan{custom: implements(in, decoderType), head: implements(in, headType)}
	if root(op.Path) != "" && !p.head {
		return nil, errors.New("a path of any depth is for a HeadDecoder")
	}
	for _, f := range reflect.VisibleFields(in) {
		if f.Anonymous {
			if f.Type.Kind() == reflect.Pointer {
				return nil, fmt.Errorf("embedded field %s is a pointer", f.Name)
			}
			continue
		}
		if err := p.add(f); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	if p.body != nil && (p.custom || p.head || op.Method == http.MethodGet) {
		return nil, errors.New("body has no place in a GET or beside a decoder")
	}
	return p, p.checkWildcards(op.Path)
}

// add takes one field up by its tag. A decoder may have fields without any,
// and what it reads itself has tags that only describe.
func (p *plan) add(f reflect.StructField) (err error) {
	out := field{index: f.Index, typ: f.Type, doc: f.Tag.Get("doc")}
	if tag, ok := f.Tag.Lookup("path"); ok {
		name, option, _ := strings.Cut(tag, ",")
		out.name, out.secret = name, option == "secret"
		if !p.head {
			out.set, err = newSetter(f.Type)
		}
		p.path = append(p.path, out)
	} else if tag, ok := f.Tag.Lookup("query"); ok {
		out.name = tag
		if !p.custom && !p.head {
			out.set, err = newSetter(f.Type)
		}
		p.query = append(p.query, out)
	} else if tag, ok := f.Tag.Lookup("header"); ok {
		out.name = http.CanonicalHeaderKey(tag)
		out.set, err = newSetter(f.Type)
		p.header = append(p.header, out)
	} else if tag, ok := f.Tag.Lookup("body"); ok {
		if p.body != nil {
			return errors.New("second body")
		}
		out.maybe = tag == "optional"
		p.body = &out
	} else if p.custom || p.head {
		return nil // its own affair
	} else {
		return errors.New("no path, query, header or body tag")
	}
	if !f.IsExported() {
		return errors.New("tagged, but not exported")
	}
	return err
}

// checkWildcards matches the path's wildcards with the fields, one to one.
func (p *plan) checkWildcards(path string) error {
	fields := map[string]bool{}
	for i, f := range p.path {
		fields[f.name] = true
		p.path[i].rest = strings.HasSuffix(path, "{"+f.name+"...}")
	}
	for segment := range strings.SplitSeq(path, "/") {
		name, ok := strings.CutPrefix(segment, "{")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
		if !fields[name] {
			return fmt.Errorf("wildcard %q has no field", name)
		}
		delete(fields, name)
	}
	for name := range fields {
		return fmt.Errorf("path field %q has no wildcard", name)
	}
	return nil
}

// newSetter knows strings, bools, integers, text-unmarshalling types, and
// pointers to these, which stay nil when the parameter is absent.
func newSetter(t reflect.Type) (setter, error) {
	if t.Kind() == reflect.Pointer {
		inner, err := newSetter(t.Elem())
		return func(dst reflect.Value, text string) error {
			dst.Set(reflect.New(t.Elem()))
			return inner(dst.Elem(), text)
		}, err
	}
	if reflect.PointerTo(t).Implements(textType) {
		return func(dst reflect.Value, text string) error {
			return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(dst reflect.Value, text string) error { dst.SetString(text); return nil }, nil
	case reflect.Bool:
		return func(dst reflect.Value, text string) error {
			value, err := strconv.ParseBool(text)
			dst.SetBool(value)
			return err
		}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(dst reflect.Value, text string) error {
			value, err := strconv.ParseInt(text, 10, t.Bits())
			dst.SetInt(value)
			return err
		}, nil
	}
	return nil, fmt.Errorf("type %s cannot be read from text", t)
}

func (p *plan) readsBody() bool { return p.custom || p.body != nil }

// decodeHead sets the fields of the path, the header and the query. A path value that cannot
// be read names nothing: it is not found, unless its type says otherwise.
func (p *plan) decodeHead(x *exchange, r *http.Request, in reflect.Value) *reeve.Error {
	if p.head {
		in.Addr().Interface().(HeadDecoder).DecodeHead(r)
		return nil
	}
	for i := range p.path {
		f := &p.path[i]
		text := r.PathValue(f.name)
		// A type with a decoder of its own judges that itself.
		if !isText(text) && !implements(f.typ, textType) {
			return errNotFound
		}
		if err := f.set(in.FieldByIndex(f.index), text); err != nil {
			return asKind(err, func(error) *reeve.Error { return errNotFound })
		}
	}
	if err := p.decodeHeader(r.Header, in); err != nil {
		return asKind(err, x.api.face.BadQuery)
	}
	if p.custom || r.URL.RawQuery == "" {
		return nil
	}
	if err := p.decodeQuery(r.URL.RawQuery, in); err != nil {
		return asKind(err, x.api.face.BadQuery)
	}
	return nil
}

// decodeHeader sets the header's fields; of one that is repeated the first
// counts.
func (p *plan) decodeHeader(header http.Header, in reflect.Value) error {
	for i := range p.header {
		f := &p.header[i]
		values := header[f.name]
		if len(values) == 0 {
			continue
		}
		if !isText(values[0]) {
			return inField(f.name, errText)
		}
		if err := f.set(in.FieldByIndex(f.index), values[0]); err != nil {
			return inField(f.name, err)
		}
	}
	return nil
}

// asKind passes a reeve.Error on and words any other.
func asKind(err error, word func(error) *reeve.Error) *reeve.Error {
	var e *reeve.Error
	if errors.As(err, &e) {
		return e
	}
	return word(err)
}

// decodeQuery reads the query by net/url's rules without its map: of a name
// that is repeated the first value counts, unknown names are ignored, and any
// part that is malformed spoils the whole.
func (p *plan) decodeQuery(query string, in reflect.Value) error {
	seen := make([]bool, len(p.query))
	for part := range strings.SplitSeq(query, "&") {
		if strings.Contains(part, ";") {
			return errSemicolon
		}
		key, value, _ := strings.Cut(part, "=")
		key, err := unescape(key)
		if err != nil {
			return err
		}
		if value, err = unescape(value); err != nil {
			return err
		}
		for i := range p.query {
			f := &p.query[i]
			if f.name != key || seen[i] {
				continue
			}
			seen[i] = true
			if err := f.set(in.FieldByIndex(f.index), value); err != nil {
				return inField(f.name, err)
			}
		}
	}
	return nil
}

// inField says which parameter could not be read, unless the type has said it.
func inField(name string, err error) error {
	var e *reeve.Error
	var number *strconv.NumError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &number):
		err = number.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// unescape decodes one key or value of a query.
func unescape(text string) (string, error) {
	out, err := url.QueryUnescape(text)
	if err == nil && !isText(out) {
		err = errText
	}
	return out, err
}
