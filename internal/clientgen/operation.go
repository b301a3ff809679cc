package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// method is an operation as Go: what its method and its row of the table
// need.
type method struct {
	op         *operation
	face, name string // Operator, GetUser
	tag        string

	path   []parameter // in the path's order
	params []parameter // of query and header, without the reply's format
	all    []parameter

	body         *schema
	bodyType     string
	bodyRequired bool

	reply    string   // json, stream or empty
	formats  []string // json first
	typ      string   // of the reply
	mayEmpty bool
	envelope bool
	content  *schema // of the reply, without its envelope

	items, itemType, next, nextType string   // of a list with a cursor
	cursor, page                    string   // query parameters
	columns                         []string // of a list with pages
	uses                            []*goType
}

// methods reads a document's operations.
func methods(doc *document, t *faceTypes) ([]*method, error) {
	operations, err := doc.operations()
	if err != nil {
		return nil, err
	}
	var out []*method
	for _, op := range operations {
		m := &method{op: op, face: t.prefix, name: goName(op.OperationID), tag: op.Tags[0]}
		if slices.ContainsFunc(out, func(other *method) bool { return other.name == m.name }) {
			return nil, fmt.Errorf("%s: two operations are called %s", doc.face, m.name)
		}
		m.parameters()
		m.readBody(t)
		if err := m.readReply(t); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", doc.face, op.OperationID, err)
		}
		m.paging(t)
		out = append(out, m)
	}
	return out, nil
}

func (m *method) parameters() {
	for rest := m.op.path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, end, _ := strings.Cut(after, "}")
		rest = end
		at := slices.IndexFunc(m.op.Parameters, func(p parameter) bool { return p.In == "path" && p.Name == name })
		p := parameter{Name: name, In: "path", Required: true}
		if at >= 0 {
			p = m.op.Parameters[at]
		}
		m.path = append(m.path, p)
	}
	m.all = slices.Clone(m.path)
	settings := []string{"idempotency-key", "if-match", "if-none-match", "x-reason"} // which travel in the context
	for _, p := range m.op.Parameters {
		if p.In == "query" || p.In == "header" {
			m.all = append(m.all, p)
			if p.In == "query" || !slices.Contains(settings, strings.ToLower(p.Name)) {
				m.params = append(m.params, p)
			}
		}
	}
}

// readBody finds the JSON body. A form is left out: where there is one, it
// says what the query's parameters say too.
func (m *method) readBody(t *faceTypes) {
	if m.op.RequestBody == nil {
		return
	}
	content, ok := m.op.RequestBody.Content.get("application/json")
	if !ok || content.Schema == nil {
		return
	}
	m.body, m.bodyRequired = content.Schema, m.op.RequestBody.Required
	typ, uses := t.of(m.body, m.face+m.name+"Body", m.tag)
	m.bodyType = typ
	m.uses = append(m.uses, uses)
	if !m.bodyRequired {
		m.bodyType = pointer(typ)
	}
}

func (m *method) readReply(t *faceTypes) error {
	var content ordered[media]
	m.reply = "empty"
	for _, r := range m.op.Responses {
		if !strings.HasPrefix(r.key, "2") {
			continue
		}
		if len(r.value.Content) == 0 {
			m.mayEmpty = true
			continue
		}
		content, m.mayEmpty = r.value.Content, m.mayEmpty || r.value.MayBeEmpty
	}
	for _, c := range content {
		kind, _, _ := strings.Cut(c.key, ";")
		switch {
		case kind == "application/json" && c.value.Schema != nil:
			m.reply = "json"
			m.formats = append([]string{"json"}, m.formats...)
			m.content, m.envelope = unwrapped(c.value.Schema)
			typ, uses := t.of(m.content, m.face+m.name+"Reply", m.tag)
			m.uses = append(m.uses, uses)
			if uses != nil && !strings.HasPrefix(typ, "[]") {
				typ = pointer(typ)
			}
			m.typ = typ
		case kind == "text/event-stream":
			m.reply = "stream"
		default:
			_, format, _ := strings.Cut(kind, "/")
			m.formats = append(m.formats, format)
		}
	}
	if m.reply == "empty" && len(m.formats) > 0 {
		return fmt.Errorf("the reply is only %s", m.formats[0])
	}
	if len(m.formats) > 1 {
		m.params = slices.DeleteFunc(m.params, func(p parameter) bool { return p.Name == "format" })
	}
	return nil
}

// unwrapped gives what the tenant's {"status","body"} holds.
func unwrapped(s *schema) (content *schema, envelope bool) {
	body, hasBody := s.Properties.get("body")
	if _, hasStatus := s.Properties.get("status"); hasBody && hasStatus && len(s.Properties) == 2 {
		return body, true
	}
	return s, false
}

// goParam gives a query or header parameter's Go type. What is nil or empty is
// not sent.
func goParam(p parameter) string {
	switch s := p.Schema; {
	case s == nil:
		return "string"
	case s.is("integer"):
		return "*int64"
	case s.is("boolean"):
		return "*bool"
	case s.is("array"):
		return "[]string"
	}
	return "string"
}

// row writes the operation's entry of the table.
func (m *method) row(t *faceTypes) string {
	var out strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	p("var op%s%s = &Operation{\n", m.face, m.name)
	p("Face: %q, ID: %q, Method: %q, Path: %q, Tag: %q,\nSummary: %q,\n", t.doc.face, m.op.OperationID, m.op.method, m.op.path, m.tag, m.op.Summary)
	if m.op.Description != "" {
		p("Description: %q,\n", m.op.Description)
	}
	if len(m.op.Security) == 0 {
		p("Public: true,\n")
	}
	if len(m.all) > 0 {
		p("Params: []Param{\n")
		for _, q := range m.all {
			p("{Name: %q, In: %q, Type: %q, Required: %v, Description: %q", q.Name, q.In, typeName(t.doc, q.Schema), q.Required, q.Description)
			if q.Slashes {
				p(", Slashes: true")
			}
			if q.Schema != nil && len(q.Schema.Enum) > 0 {
				p(", Enum: %#v", texts(q.Schema.Enum))
			}
			p("},\n")
		}
		p("},\n")
	}
	if m.body != nil {
		p("Body: &Body{Required: %v, Fields: %s},\n", m.bodyRequired, fieldRows(t.doc, m.body, 0))
	}
	p("Reply: %q", m.reply)
	if len(m.formats) > 1 {
		p(", Formats: %#v", m.formats)
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"MayBeEmpty", m.mayEmpty && m.reply == "json"}, {"Envelope", m.envelope}} {
		if flag.set {
			p(", %s: true", flag.name)
		}
	}
	for _, text := range []struct{ name, value string }{{"Items", m.items}, {"Cursor", m.cursor}, {"Page", m.page}} {
		if text.value != "" {
			p(", %s: %q", text.name, text.value)
		}
	}
	if len(m.columns) > 0 {
		p(",\nColumns: %#v", m.columns)
	}
	p(",\n}\n\n")
	return out.String()
}

// fieldRows writes a body's fields, those of objects within it up to a depth
// at which a body may refer to itself.
func fieldRows(doc *document, s *schema, depth int) string {
	s = doc.resolve(s)
	if rest, _ := s.nullable(); rest != s {
		s = doc.resolve(rest)
	}
	if len(s.Properties) == 0 || depth > 3 {
		return "nil"
	}
	var out strings.Builder
	out.WriteString("[]Field{\n")
	for _, property := range s.Properties {
		f := property.value
		fmt.Fprintf(&out, "{Name: %q, Type: %q", property.key, typeName(doc, f))
		target := doc.resolve(f)
		if target.Format != "" {
			fmt.Fprintf(&out, ", Format: %q", target.Format)
		}
		if slices.Contains(s.Required, property.key) {
			out.WriteString(", Required: true")
		}
		if description := cmp.Or(f.Description, target.Description); description != "" {
			fmt.Fprintf(&out, ", Description: %q", description)
		}
		if len(target.Enum) > 0 {
			fmt.Fprintf(&out, ", Enum: %#v", texts(target.Enum))
		}
		inner := f
		if target.is("array") && target.Items != nil {
			inner = target.Items
		}
		if rows := fieldRows(doc, inner, depth+1); rows != "nil" {
			fmt.Fprintf(&out, ", Fields: %s", rows)
		}
		out.WriteString("},\n")
	}
	out.WriteString("}")
	return out.String()
}

// typeName says what a value is on the wire: string, integer, number,
// boolean, object, any, or [] before one of them.
func typeName(doc *document, s *schema) string {
	if s == nil {
		return "string"
	}
	s = doc.resolve(s)
	if rest, _ := s.nullable(); rest != s {
		return typeName(doc, rest)
	}
	switch {
	case s.is("array") && s.Items != nil:
		return "[]" + typeName(doc, s.Items)
	case len(s.Type) == 1:
		return s.Type[0]
	case len(s.Properties) > 0:
		return "object"
	}
	return "any"
}

func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		if text, ok := v.(string); ok {
			out[i] = text
			continue
		}
		text, _ := json.Marshal(v) // it was JSON
		out[i] = strconv.Quote(string(text))
	}
	return out
}
