package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve/internal/document"
)

// formats are what -o takes.
var formats = []string{"table", "json", "yaml", "csv"}

// printer writes replies.
type printer struct {
	out      io.Writer
	format   string
	coloured bool
	columns  []string // of a table of a list; nil: all
}

// print writes a value. items names the list that the value is there for; ""
// if it is itself a list, or none.
func (p printer) print(value any, items string) error {
	switch p.format {
	case "json":
		text, err := plain(value)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := json.Indent(&out, text, "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
		_, err = out.WriteTo(p.out)
		return err
	case "yaml":
		var out bytes.Buffer
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(yamlNode(value)); err != nil {
			return err
		}
		_, err := out.WriteTo(p.out)
		return err
	}
	rows, list := rowsOf(value, items)
	switch {
	case p.format == "csv":
		return p.csv(rows)
	case list:
		return p.table(rows, p.columns)
	}
	return p.sheet(value)
}

// rowsOf finds a value's rows.
func rowsOf(value any, items string) (rows []row, list bool) {
	if o, ok := value.(object); ok {
		inner, ok := o.get(items).([]any)
		if !ok {
			return []row{flatten(o)}, false
		}
		value = inner
	}
	values, ok := value.([]any)
	if !ok {
		return []row{flatten(object{{"value", value}})}, false
	}
	for _, v := range values {
		o, ok := v.(object)
		if !ok {
			o = object{{"value", v}}
		}
		rows = append(rows, flatten(o))
	}
	return rows, true
}

// csv writes rows as RFC 4180 has it, and no text that a spreadsheet would
// take for a formula.
func (p printer) csv(rows []row) error {
	columns := columnsOf(rows)
	if len(columns) == 0 {
		return nil
	}
	out := csv.NewWriter(p.out)
	out.UseCRLF = true
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, r := range rows {
		record := make([]string, len(columns))
		for i, column := range columns {
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

// table writes rows below a header, each one line.
func (p printer) table(rows []row, columns []string) error {
	if all := columnsOf(rows); columns == nil {
		columns = all
	} else if len(rows) > 0 {
		columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return !slices.Contains(all, c) })
	}
	if len(columns) == 0 {
		return nil
	}
	lines := [][]string{make([]string, len(columns))}
	numbers := make([]bool, len(columns))
	for i, column := range columns {
		lines[0][i] = header(column)
		numbers[i] = len(rows) > 0 && !slices.ContainsFunc(rows, func(r row) bool {
			c, ok := r.cells[column]
			return ok && !c.number && !c.null
		})
	}
	for _, r := range rows {
		line := make([]string, len(columns))
		for i, column := range columns {
			c, ok := r.cells[column]
			if line[i] = visible(c.text); !ok || c.null || c.text == "" {
				line[i] = "-"
			}
		}
		lines = append(lines, line)
	}
	return p.align(lines, numbers)
}

// align writes lines of cells below each other, the first one set apart.
func (p printer) align(lines [][]string, right []bool) error {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var out bytes.Buffer
	for n, line := range lines {
		var text strings.Builder
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i > 0 {
				text.WriteString("  ")
			}
			if right[i] {
				text.WriteString(pad + c)
			} else {
				text.WriteString(c + pad)
			}
		}
		out.WriteString(bold(strings.TrimRight(text.String(), " "), p.coloured && n == 0) + "\n")
	}
	_, err := out.WriteTo(p.out)
	return err
}

// sheet writes one object: a line for each value, and a table for each list
// of objects in it.
func (p printer) sheet(value any) error {
	o, ok := value.(object)
	if !ok {
		_, err := fmt.Fprintln(p.out, visible(newCell(value).text))
		return err
	}
	var plainMembers object
	var lists []member
	for _, m := range o {
		if values, ok := m.value.([]any); ok {
			if _, simple := scalars(values); !simple {
				lists = append(lists, m)
				continue
			}
		}
		plainMembers = append(plainMembers, m)
	}
	var out bytes.Buffer
	flat := flatten(plainMembers)
	width := 0
	for _, key := range flat.keys {
		width = max(width, utf8.RuneCountInString(header(key)))
	}
	for _, key := range flat.keys {
		text := visible(flat.cells[key].text)
		if text == "" {
			text = "-"
		}
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(header(key)))
		out.WriteString(bold(header(key), p.coloured) + pad + "  " + text + "\n")
	}
	if _, err := out.WriteTo(p.out); err != nil {
		return err
	}
	for i, m := range lists {
		between := "\n"
		if i == 0 && len(flat.keys) == 0 {
			between = ""
		}
		if _, err := fmt.Fprintf(p.out, "%s%s:\n", between, header(m.key)); err != nil {
			return err
		}
		rows, _ := rowsOf(m.value, "")
		if err := p.table(rows, nil); err != nil {
			return err
		}
	}
	return nil
}

// header spells a key as a column's: createdAt is CREATED_AT.
func header(key string) string {
	var out strings.Builder
	var before rune
	for _, r := range key {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToUpper(r))
		before = r
	}
	return visible(out.String())
}

// yamlNode writes a value as YAML in its members' order.
func yamlNode(value any) *yaml.Node {
	switch v := value.(type) {
	case object:
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, m := range v {
			out.Content = append(out.Content, yamlNode(m.key), yamlNode(m.value))
		}
		return out
	case []any:
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v {
			out.Content = append(out.Content, yamlNode(item))
		}
		return out
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(v.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(v)}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}
