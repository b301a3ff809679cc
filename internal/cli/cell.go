package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// cell is a value of a table.
type cell struct {
	text   string
	number bool
	null   bool
}

// row is an object with the objects within it spread out: usage.bytes.
type row struct {
	keys  []string
	cells map[string]cell
}

func flatten(o object) row { return rowOf(o, nil) }

// rowOf spreads a value out; an object that is one of the columns stays whole.
func rowOf(value any, columns []string) row {
	out := row{cells: map[string]cell{}}
	o, ok := value.(object)
	if !ok {
		o = object{{"value", value}}
	}
	out.add("", o, columns)
	return out
}

func (r *row) add(prefix string, o object, columns []string) {
	for _, m := range o {
		key := prefix + m.key
		if inner, ok := m.value.(object); ok && len(inner) > 0 && !slices.Contains(columns, key) {
			r.add(key+".", inner, columns)
			continue
		}
		r.keys = append(r.keys, key)
		r.cells[key] = newCell(m.value)
	}
}

func newCell(value any) cell {
	switch v := value.(type) {
	case nil:
		return cell{null: true}
	case string:
		return cell{text: v}
	case json.Number:
		return cell{text: v.String(), number: true}
	case bool:
		return cell{text: fmt.Sprint(v)}
	case []any:
		if texts, ok := scalars(v); ok {
			return cell{text: strings.Join(texts, ",")}
		}
	}
	text, err := plain(value)
	if err != nil { // a value that was read as JSON
		return cell{text: fmt.Sprint(value)}
	}
	return cell{text: string(text)}
}

// most is how many objects a table spells in a cell.
const most = 4

// brief gives a row of a table for people: a list of objects in it is counted
// if they have names of their own or are many, else spelled.
func brief(value any) any {
	switch v := value.(type) {
	case object:
		out := make(object, len(v))
		for i, m := range v {
			out[i] = member{m.key, brief(m.value)}
		}
		return out
	case []any:
		if _, simple := scalars(v); simple {
			return v
		}
		var texts []string
		for _, each := range v {
			flat := rowOf(each, nil)
			if len(v) > most || slices.Contains(flat.keys, "id") {
				return number(len(v))
			}
			var parts []string
			for _, key := range flat.keys {
				if c := flat.cells[key]; !c.null && c.text != "" {
					parts = append(parts, key+"="+c.text)
				}
			}
			texts = append(texts, strings.Join(parts, " "))
		}
		return strings.Join(texts, "; ")
	}
	return value
}

// scalars spells a list that holds no objects and no lists.
func scalars(values []any) (texts []string, ok bool) {
	for _, v := range values {
		switch v.(type) {
		case object, []any:
			return nil, false
		}
		texts = append(texts, newCell(v).text)
	}
	return texts, true
}

// columnsOf gives the keys of all rows, each where the first row has it that
// does.
func columnsOf(rows []row) []string {
	var out []string
	known := map[string]bool{}
	for _, r := range rows {
		at := 0
		for _, key := range r.keys {
			if known[key] {
				at = slices.Index(out, key) + 1
				continue
			}
			known[key] = true
			out = slices.Insert(out, at, key)
			at++
		}
	}
	return out
}

// visible makes text harmless to a terminal, and one line: what others have
// written may hold its commands.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		switch {
		case !hidden(r):
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// escaped spells what is hidden in JSON as \u and its digits, which says the
// same.
func escaped(text []byte) []byte {
	if !bytes.ContainsFunc(text, hidden) {
		return text
	}
	var out []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case !hidden(r):
			out = append(out, text[:size]...)
		case r > 0xffff:
			first, second := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, first, second)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// hidden tells whether a character is not seen, or changes how others are:
// controls, line ends and the marks that turn text's direction round.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}
