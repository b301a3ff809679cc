package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// document is what we read of an OpenAPI 3.1 document of ours.
type document struct {
	face  string // tenant, operator, gateway
	Paths ordered[ordered[json.RawMessage]]

	Components struct {
		Schemas ordered[*schema]
	}
}

// operation is one method of a path.
type operation struct {
	method, path string

	OperationID string
	Summary     string
	Description string
	Tags        []string
	Security    []map[string][]string
	Parameters  []parameter
	RequestBody *struct {
		Required    bool
		Description string
		Content     ordered[media]
	}
	Responses ordered[response]
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
	Slashes               bool `json:"x-slashes"`
}

type response struct {
	Content    ordered[media]
	MayBeEmpty bool `json:"x-may-be-empty"`
}

type media struct{ Schema *schema }

// schema is what we read of a JSON schema.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 types
	Format               string
	ContentEncoding      string
	Description          string
	Enum                 []any
	Properties           ordered[*schema]
	Required             []string
	Items                *schema
	AnyOf, OneOf         []*schema
	AdditionalProperties json.RawMessage
}

// types is one type or several.
type types []string

func (t *types) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]string)(t))
	}
	*t = make(types, 1)
	return json.Unmarshal(text, &(*t)[0])
}

// ordered is a JSON object whose keys are in the document's order.
type ordered[V any] []entry[V]

type entry[V any] struct {
	key   string
	value V
}

func (o *ordered[V]) UnmarshalJSON(text []byte) error {
	in := json.NewDecoder(bytes.NewReader(text))
	if _, err := in.Token(); err != nil { // the brace
		return err
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		var e entry[V]
		e.key = fmt.Sprint(key)
		if err := in.Decode(&e.value); err != nil {
			return fmt.Errorf("%s: %w", e.key, err)
		}
		*o = append(*o, e)
	}
	return nil
}

// get finds a key's value; the zero value if there is none.
func (o ordered[V]) get(key string) (value V, ok bool) {
	for _, e := range o {
		if e.key == key {
			return e.value, true
		}
	}
	return value, false
}

func load(face string, text []byte) (*document, error) {
	d := &document{face: face}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("document of %s: %w", face, err)
	}
	return d, nil
}

// operations gives the document's operations in its order.
func (d *document) operations() ([]*operation, error) {
	var out []*operation
	for _, path := range d.Paths {
		for _, method := range path.value {
			if !slices.Contains([]string{"get", "put", "post", "delete", "patch", "head"}, method.key) {
				continue
			}
			op := &operation{method: strings.ToUpper(method.key), path: path.key}
			if err := json.Unmarshal(method.value, op); err != nil {
				return nil, fmt.Errorf("%s %s: %w", op.method, op.path, err)
			}
			if op.OperationID == "" || len(op.Tags) == 0 {
				return nil, fmt.Errorf("%s %s has no operationId or no tag", op.method, op.path)
			}
			out = append(out, op)
		}
	}
	return out, nil
}

// resolve follows a reference to a component.
func (d *document) resolve(s *schema) *schema {
	if name, ok := strings.CutPrefix(s.Ref, schemaPath); ok {
		if found, ok := d.Components.Schemas.get(name); ok {
			return found
		}
	}
	return s
}

const schemaPath = "#/components/schemas/"

// nullable tells a schema apart from null, which it may be beside.
func (s *schema) nullable() (rest *schema, null bool) {
	if slices.Contains(s.Type, "null") {
		rest := *s
		rest.Type = slices.DeleteFunc(slices.Clone(s.Type), func(t string) bool { return t == "null" })
		return &rest, true
	}
	choices := slices.Concat(s.AnyOf, s.OneOf)
	for _, choice := range choices {
		if len(choice.Type) == 1 && choice.Type[0] == "null" {
			null = true
		}
	}
	// Of several the first one: it is what the operation is for.
	for _, choice := range choices {
		if len(choice.Type) != 1 || choice.Type[0] != "null" {
			return choice, null
		}
	}
	return s, null
}

// is tells whether a schema is of one type.
func (s *schema) is(name string) bool { return len(s.Type) == 1 && s.Type[0] == name }
