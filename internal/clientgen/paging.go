package main

import (
	"slices"
	"strings"
)

// cursors are what query parameters that take a reply's next are called.
var cursors = []string{"after", "cursor"}

// paging recognises lists: those of pages, replies that hold nothing but a list
// and perhaps its length, and what operations list that are called so. Other
// replies are things that have a list among other values.
func (m *method) paging(t *faceTypes) {
	if m.content == nil {
		return
	}
	query := func(name string) bool {
		return slices.ContainsFunc(m.params, func(p parameter) bool {
			return p.Name == name && p.In == "query" && goParam(p) == "string"
		})
	}
	body := t.doc.resolve(m.content)
	at := slices.IndexFunc(cursors, query)
	if body.is("array") {
		m.columns = columnsOf(t.doc, body.Items, "", 0)
		if at >= 0 { // its Link has the next
			m.cursor = cursors[at]
		}
	}
	var lists []entry[*schema]
	for _, p := range body.Properties {
		if p.value.is("array") {
			lists = append(lists, p)
		}
	}
	if len(lists) != 1 {
		return
	}
	_, counted := body.Properties.get("total_count")
	next, cursored := body.Properties.get("next")
	alone := len(body.Properties) == 1 || len(body.Properties) == 2 && counted
	counted, cursored = counted && query("page"), cursored && at >= 0
	if !alone && !counted && !cursored && !strings.HasPrefix(m.op.OperationID, "list") {
		return
	}
	m.items, m.columns = lists[0].key, columnsOf(t.doc, lists[0].value.Items, "", 0)
	if counted {
		m.page = "page"
	}
	if !cursored {
		return
	}
	m.cursor = cursors[at]
	itemType, _ := t.of(lists[0].value.Items, strings.TrimPrefix(m.typ, "*")+goName(m.items), m.tag)
	m.itemType = itemType
	m.next = "next"
	m.nextType, _ = t.of(next, "", m.tag)
	if !slices.Contains(body.Required, "next") {
		m.nextType = pointer(m.nextType)
	}
}

// columnsOf names the values of an object and of the objects in it, as
// usage.bytes, up to a depth at which it may refer to itself.
func columnsOf(doc *document, s *schema, prefix string, depth int) []string {
	s = doc.resolve(orAny(s))
	if rest, _ := s.nullable(); rest != s {
		s = doc.resolve(rest)
	}
	var out []string
	for _, p := range s.Properties {
		inner := columnsOf(doc, p.value, prefix+p.key+".", depth+1)
		if len(inner) == 0 || depth > 3 {
			inner = []string{prefix + p.key}
		}
		out = append(out, inner...)
	}
	return out
}
