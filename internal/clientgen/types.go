package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// faceTypes makes the Go types of one document.
type faceTypes struct {
	doc    *document
	prefix string            // of all names: Tenant, Operator, Gateway
	names  map[string]string // Go names by component
	taken  map[string]bool
	made   []*goType
}

// goType is a declared struct.
type goType struct {
	name   string
	origin string // where in the document it stands
	doc    string
	fields []goField
	tags   []string // of the operations that use it
}

type goField struct {
	name, typ, tag, doc string
	uses                *goType // declared by us, if it is or holds one
}

func newTypes(doc *document) *faceTypes {
	t := &faceTypes{doc: doc, prefix: goName(doc.face), names: map[string]string{}, taken: map[string]bool{}}
	for _, component := range doc.Components.Schemas {
		name := component.key
		if short, ok := strings.CutSuffix(name, "Out"); ok {
			if _, exists := doc.Components.Schemas.get(short); !exists {
				name = short
			}
		}
		t.names[component.key] = t.free(t.prefix + goName(name))
	}
	return t
}

// free gives a name that no other type has.
func (t *faceTypes) free(name string) string {
	out := name
	for i := 2; t.taken[out]; i++ {
		out = fmt.Sprintf("%s%d", name, i)
	}
	t.taken[out] = true
	return out
}

// of gives the Go type of a schema; what it declares on the way is called
// name. tag is that of the operation that asks.
func (t *faceTypes) of(s *schema, name, tag string) (typ string, uses *goType) {
	if component, ok := strings.CutPrefix(s.Ref, schemaPath); ok {
		target, _ := t.doc.Components.Schemas.get(component)
		return t.named(target, t.names[component], "the schema "+component+" of the "+t.doc.face+" API", tag)
	}
	rest, null := s.nullable()
	if null || rest != s {
		typ, uses = t.of(rest, name, tag)
		if null {
			typ = pointer(typ)
		}
		return typ, uses
	}
	switch {
	case s.is("string") && s.Format == "date-time":
		return "time.Time", nil
	case s.is("string") && s.ContentEncoding == "base64":
		return "[]byte", nil
	case s.is("string"):
		return "string", nil
	case s.is("integer"):
		return "int64", nil
	case s.is("number"):
		return "json.Number", nil
	case s.is("boolean"):
		return "bool", nil
	case s.is("array") && s.Items != nil:
		typ, uses = t.of(s.Items, name, tag)
		return "[]" + typ, uses
	case len(s.Properties) > 0:
		return t.named(s, name, "an object within a body of the "+t.doc.face+" API", tag)
	}
	var values schema
	if json.Unmarshal(s.AdditionalProperties, &values) == nil && len(s.AdditionalProperties) > 0 {
		typ, uses = t.of(&values, name+"Value", tag)
		return "map[string]" + typ, uses
	}
	return "json.RawMessage", nil
}

// named declares a struct once, and notes who uses it.
func (t *faceTypes) named(s *schema, name, origin, tag string) (string, *goType) {
	if s == nil || len(s.Properties) == 0 {
		return t.of(orAny(s), name, tag)
	}
	at := slices.IndexFunc(t.made, func(m *goType) bool { return m.name == name })
	if at >= 0 {
		t.made[at].usedBy(tag)
		return name, t.made[at]
	}
	out := &goType{name: name, origin: origin, doc: s.Description, tags: []string{tag}}
	t.taken[name] = true
	t.made = append(t.made, out)
	for _, p := range s.Properties {
		out.fields = append(out.fields, t.field(out, s, p.key, p.value, tag))
	}
	return name, out
}

// orAny takes a missing schema for that of anything.
func orAny(s *schema) *schema {
	if s == nil {
		return &schema{}
	}
	return s
}

// usedBy notes a tag, in what the type holds too.
func (m *goType) usedBy(tag string) {
	if slices.Contains(m.tags, tag) {
		return
	}
	m.tags = append(m.tags, tag)
	for _, f := range m.fields {
		if f.uses != nil {
			f.uses.usedBy(tag)
		}
	}
}

// field makes one field. What may be missing is a pointer, so that absent and
// zero differ, but for lists, maps and raw JSON, which can be nil.
func (t *faceTypes) field(in *goType, s *schema, key string, property *schema, tag string) goField {
	typ, uses := t.of(property, t.inner(in.name, key), tag)
	doc := property.Description
	if target := t.doc.resolve(property); len(target.Enum) > 0 {
		doc = strings.TrimSpace(doc + " One of " + enumeration(target.Enum) + ".")
	}
	tagText := key
	if !slices.Contains(s.Required, key) {
		typ, tagText = pointer(typ), key+",omitempty"
		if typ == "json.RawMessage" || !strings.HasPrefix(typ, "*") {
			tagText = key + ",omitzero" // an empty list is sent
		}
	}
	name := goName(key)
	for slices.ContainsFunc(in.fields, func(f goField) bool { return f.name == name }) {
		name += "_"
	}
	return goField{name, typ, fmt.Sprintf("`json:%q`", tagText), doc, uses}
}

// inner names the type of a field that has none of its own.
func (t *faceTypes) inner(parent, key string) string {
	name := parent + goName(key)
	if slices.ContainsFunc(t.made, func(m *goType) bool { return m.name == name }) {
		return t.free(name)
	}
	return name
}

// pointer makes a type nullable.
func pointer(typ string) string {
	if typ == "json.RawMessage" || strings.HasPrefix(typ, "[]") || strings.HasPrefix(typ, "map[") || strings.HasPrefix(typ, "*") {
		return typ
	}
	return "*" + typ
}

func enumeration(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}
