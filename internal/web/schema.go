package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
)

const schemaPath = "#/components/schemas/"

// SchemaCustomizer is a type that describes its own JSON. The method is called
// on the zero value.
type SchemaCustomizer interface {
	JSONSchema() *jsonschema.Schema
}

// schemas derives JSON schemas from Go types. jsonschema-go does the plain
// ones; the rest is decided here, because it knows neither components nor what
// these APIs promise: a list is never null, a pointer in a reply may be null,
// in a request may be absent; replies have no other fields than described,
// requests may; a type that marshals itself as text is a string.
type schemas struct {
	components map[string]*jsonschema.Schema // by name
	names      map[schemaKey]string          // what has a name so far
}

// schemaKey tells a type's two descriptions apart.
type schemaKey struct {
	typ     reflect.Type
	request bool
}

var (
	customType        = reflect.TypeFor[SchemaCustomizer]()
	jsonMarshalType   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshalType = reflect.TypeFor[json.Unmarshaler]()
	textMarshalType   = reflect.TypeFor[encoding.TextMarshaler]()
)

// wellKnown are the types whose own methods do not tell what they look like.
func wellKnown(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[reeve.ID]():
		return &jsonschema.Schema{Type: "string", Format: "uuid"}
	case reflect.TypeFor[reeve.Role]():
		return &jsonschema.Schema{Type: "string", Enum: []any{reeve.RoleAdmin, reeve.RoleEditor, reeve.RoleViewer}}
	case reflect.TypeFor[json.RawMessage]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[Raw]():
		return &jsonschema.Schema{Type: "object"}
	case reflect.TypeFor[json.Number]():
		return &jsonschema.Schema{Type: "number"}
	}
	return nil
}

// IDSchema describes an id that comes in, in either spelling; without a prefix
// it is an id of any kind.
func IDSchema(prefix reeve.Prefix) *jsonschema.Schema {
	if prefix == "" {
		prefix = "[a-z]+"
	}
	return &jsonschema.Schema{
		Type: "string",
		Pattern: "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|" +
			typeID(prefix) + ")$",
	}
}

// TypeIDSchema describes an id as tenants read it.
func TypeIDSchema(prefix reeve.Prefix) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: "^" + typeID(prefix) + "$"}
}

func typeID(prefix reeve.Prefix) string {
	return string(prefix) + "_[0-7][0-9a-hjkmnp-tv-z]{25}"
}

func newSchemas() *schemas {
	return &schemas{components: map[string]*jsonschema.Schema{}, names: map[schemaKey]string{}}
}

// addNamed describes a reply type under a name of the caller's choice.
func (s *schemas) addNamed(name string, t reflect.Type) (err error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.names[schemaKey{t, false}] = name
	s.components[name], err = s.structure(t, false)
	return err
}

// of describes a type as it is sent (request false) or read.
func (s *schemas) of(t reflect.Type, request bool) (*jsonschema.Schema, error) {
	if t.Kind() == reflect.Pointer {
		inner, err := s.of(t.Elem(), request)
		if err != nil || request {
			return inner, err
		}
		return nullable(inner), nil
	}
	if implements(t, customType) {
		return reflect.New(t).Interface().(SchemaCustomizer).JSONSchema(), nil
	}
	if schema := wellKnown(t); schema != nil {
		return schema, nil
	}
	if implements(t, jsonMarshalType) || implements(t, jsonUnmarshalType) {
		return nil, fmt.Errorf("type %s writes its own JSON: give it a JSONSchema method", t)
	}
	if implements(t, textMarshalType) || implements(t, textType) {
		return &jsonschema.Schema{Type: "string"}, nil
	}
	switch t.Kind() {
	case reflect.Interface:
		return &jsonschema.Schema{}, nil
	case reflect.Slice, reflect.Array:
		return s.list(t, request)
	case reflect.Map:
		values, err := s.of(t.Elem(), request)
		return &jsonschema.Schema{Type: "object", AdditionalProperties: values}, err
	case reflect.Struct:
		return s.reference(t, request)
	}
	return jsonschema.ForType(t, nil)
}

// implements also finds methods with a pointer receiver: values are encoded
// and decoded through pointers.
func implements(t, method reflect.Type) bool { return reflect.PointerTo(t).Implements(method) }

// nullable adds null to what a schema allows.
func nullable(schema *jsonschema.Schema) *jsonschema.Schema {
	if schema.Type != "" && schema.Enum == nil && schema.Const == nil {
		out := *schema
		out.Types, out.Type = []string{schema.Type, "null"}, ""
		return &out
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{schema, {Type: "null"}}}
}

// list describes slices and arrays. Replies hold no nil slice: encoding/json
// would write null, and a check against the document would find it.
func (s *schemas) list(t reflect.Type, request bool) (*jsonschema.Schema, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return &jsonschema.Schema{Type: "string", ContentEncoding: "base64"}, nil
	}
	items, err := s.of(t.Elem(), request)
	out := &jsonschema.Schema{Type: "array", Items: items}
	if t.Kind() == reflect.Array {
		out.MinItems, out.MaxItems = jsonschema.Ptr(t.Len()), jsonschema.Ptr(t.Len())
	}
	return out, err
}

// reference makes a component of a struct that has a plain name. The name is
// taken before the fields are walked, so that a type may hold itself.
func (s *schemas) reference(t reflect.Type, request bool) (*jsonschema.Schema, error) {
	if t.Name() == "" || strings.Contains(t.Name(), "[") {
		return s.structure(t, request)
	}
	key := schemaKey{t, request}
	name, ok := s.names[key]
	if !ok {
		name = s.freeName(t, request)
		s.names[key] = name
		s.components[name] = &jsonschema.Schema{}
		schema, err := s.structure(t, request)
		if err != nil {
			return nil, err
		}
		s.components[name] = schema
	}
	return &jsonschema.Schema{Ref: schemaPath + name}, nil
}

// freeName spells a type's name as a component's. Replies are described first,
// so the suffix falls to the request's side of a type that serves as both.
func (s *schemas) freeName(t reflect.Type, request bool) string {
	first, size := utf8.DecodeRuneInString(t.Name())
	name := string(unicode.ToUpper(first)) + t.Name()[size:]
	if _, taken := s.components[name]; taken && request {
		name += "Input"
	}
	free := name
	for i := 2; s.components[free] != nil; i++ {
		free = name + strconv.Itoa(i)
	}
	return free
}

// structure describes a struct's fields as encoding/json sees them.
func (s *schemas) structure(t reflect.Type, request bool) (*jsonschema.Schema, error) {
	out := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	if !request {
		out.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}} // false
	}
	if err := s.fields(out, t, request); err != nil {
		return nil, fmt.Errorf("type %s: %w", t, err)
	}
	return out, nil
}

// fields adds a struct's fields, those of embedded structs in their place.
func (s *schemas) fields(out *jsonschema.Schema, t reflect.Type, request bool) error {
	for i := range t.NumField() {
		f := t.Field(i)
		name, flags, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			if err := s.fields(out, f.Type, request); err != nil {
				return err
			}
			continue
		}
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer {
			// All of its fields are there, or none.
			required := out.Required
			if err := s.fields(out, f.Type.Elem(), request); err != nil {
				return err
			}
			out.Required = required
			continue
		}
		if !f.IsExported() || name == "-" && flags == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		schema, err := s.property(f, flags, request)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if out.Properties[name] == nil {
			out.PropertyOrder = append(out.PropertyOrder, name)
		}
		out.Properties[name] = schema
		optional := strings.Contains(flags, "omit") || request && f.Type.Kind() == reflect.Pointer
		if !optional {
			out.Required = append(out.Required, name)
		}
	}
	return nil
}

// property describes one field, with its doc tag beside even a reference, as
// OpenAPI 3.1 allows.
func (s *schemas) property(f reflect.StructField, flags string, request bool) (*jsonschema.Schema, error) {
	if strings.Contains(flags, "string") {
		return nil, fmt.Errorf("option string of %s is not described", f.Name)
	}
	typ := f.Type
	// What is left out when nil is never sent as null.
	if strings.Contains(flags, "omit") && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	schema, err := s.of(typ, request)
	if err != nil {
		return nil, err
	}
	if doc := f.Tag.Get("doc"); doc != "" {
		described := *schema
		described.Description = doc
		schema = &described
	}
	return schema, nil
}
