package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve/client"
	"github.com/reeve-cloud/reeve/internal/document"
)

// listing writes a list page by page, in the form that a single page has, and
// keeps none of it.
type listing interface {
	// page writes the rows of a page, which is given whole, too.
	page(whole any, rows []any, last bool) error
}

// list makes the listing of an operation's reply.
func (p printer) list(op *client.Operation) listing {
	switch p.format {
	case "json":
		return &jsonListing{printer: p, items: op.Items}
	case "yaml":
		return &yamlListing{printer: p, items: op.Items}
	case "csv":
		return &csvListing{printer: p, columns: op.Columns}
	}
	p.fixed = op.Columns
	return &tableListing{printer: p}
}

// around gives the members of a reply before and behind its list, without the
// cursor.
func around(whole any, items string) (before, behind object, isObject bool) {
	o, isObject := whole.(object)
	into := &before
	for _, m := range o {
		switch m.key {
		case items:
			into = &behind
		case "next":
		default:
			*into = append(*into, m)
		}
	}
	return before, behind, isObject
}

// jsonListing writes one JSON value. If the list ends too soon the value stays
// open, so that nobody takes it for whole.
type jsonListing struct {
	printer
	items string
	rows  int
	begun bool
}

func (l *jsonListing) page(whole any, rows []any, last bool) error {
	var out bytes.Buffer
	before, behind, isObject := around(whole, l.items)
	margin := ""
	if isObject {
		margin = "  "
	}
	if !l.begun {
		if isObject {
			out.WriteString("{")
			if err := writeMembers(&out, before, true); err != nil {
				return err
			}
			if len(before) > 0 {
				out.WriteByte(',')
			}
			out.WriteString("\n" + margin + quoted(l.items) + ": ")
		}
		out.WriteByte('[')
		l.begun = true
	}
	for _, row := range rows {
		if l.rows++; l.rows > 1 {
			out.WriteByte(',')
		}
		out.WriteString("\n" + margin + "  ")
		if err := writeJSON(&out, row, margin+"  "); err != nil {
			return err
		}
	}
	if last {
		if l.rows > 0 {
			out.WriteString("\n" + margin)
		}
		out.WriteByte(']')
		if isObject {
			if err := writeMembers(&out, behind, false); err != nil {
				return err
			}
			out.WriteString("\n}")
		}
		out.WriteByte('\n')
	}
	_, err := out.WriteTo(l.out)
	return err
}

// writeMembers writes members of an object, each on lines of its own.
func writeMembers(out *bytes.Buffer, members object, first bool) error {
	for i, m := range members {
		if i > 0 || !first {
			out.WriteByte(',')
		}
		out.WriteString("\n  " + quoted(m.key) + ": ")
		if err := writeJSON(out, m.value, "  "); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes a value on lines that begin with a margin, but for the
// first.
func writeJSON(out *bytes.Buffer, value any, margin string) error {
	text, err := plain(value)
	if err != nil {
		return err
	}
	return json.Indent(out, escaped(text), margin, "  ")
}

func quoted(text string) string {
	out, _ := plain(text) // a string is always JSON
	return string(escaped(out))
}

// yamlListing writes one YAML document.
type yamlListing struct {
	printer
	items string
	rows  int
	begun bool
}

func (l *yamlListing) page(whole any, rows []any, last bool) error {
	before, behind, isObject := around(whole, l.items)
	write := func(value any, skip int) error {
		text, err := yamlText(value)
		if err != nil {
			return err
		}
		for range skip {
			_, text, _ = strings.Cut(text, "\n")
		}
		_, err = io.WriteString(l.out, text)
		return err
	}
	if !l.begun && len(before) > 0 {
		if err := write(before, 0); err != nil {
			return err
		}
	}
	l.begun = true
	for _, row := range rows {
		var value any = []any{row}
		skip := 0
		if isObject {
			value = object{{l.items, value}}
			skip = min(l.rows, 1) // the name stands once
		}
		if err := write(value, skip); err != nil {
			return err
		}
		l.rows++
	}
	if !last {
		return nil
	}
	if l.rows == 0 {
		var none any = []any{}
		if isObject {
			none = object{{l.items, none}}
		}
		if err := write(none, 0); err != nil {
			return err
		}
	}
	if len(behind) == 0 {
		return nil
	}
	return write(behind, 0)
}

func yamlText(value any) (string, error) {
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(yamlNode(value))
	return out.String(), err
}

// csvListing writes rows as RFC 4180 has it, and no text that a spreadsheet
// would take for a formula. Its columns are those of the operation, whatever
// the rows have; where those are not known, what the first page has.
type csvListing struct {
	printer
	columns []string
	begun   bool
}

func (l *csvListing) page(_ any, values []any, _ bool) error {
	rows := make([]row, len(values))
	for i, value := range values {
		rows[i] = rowOf(value, l.columns)
	}
	if !l.begun && len(l.columns) == 0 {
		l.columns = columnsOf(rows)
	}
	if len(l.columns) == 0 {
		return nil
	}
	out := csv.NewWriter(l.out)
	out.UseCRLF = true
	if !l.begun {
		if err := out.Write(l.columns); err != nil {
			return err
		}
	}
	l.begun = true
	for _, r := range rows {
		record := make([]string, len(l.columns))
		for i, column := range l.columns {
			if record[i] = r.cells[column].text; !r.cells[column].number {
				record[i] = document.Guarded(record[i])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// tableListing writes a table whose first page says how wide its columns are. A
// page with values that have no column begins another one.
type tableListing struct {
	printer
	shape *shape
}

func (l *tableListing) page(_ any, values []any, _ bool) error {
	rows := make([]row, len(values))
	for i, value := range values {
		rows[i] = rowOf(brief(value), l.columns)
	}
	if l.shape != nil && (l.columns != nil || l.shape.fits(rows)) {
		return l.shape.write(l.printer, rows, false)
	}
	if l.shape != nil && len(rows) > 0 {
		if _, err := io.WriteString(l.out, "\n"); err != nil {
			return err
		}
	}
	l.shape = newShape(rows, l.columns, l.fixed)
	return l.shape.write(l.printer, rows, true)
}
