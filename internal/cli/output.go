package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve/client"
)

// formats are what -o takes.
var formats = []string{"table", "json", "yaml", "csv"}

// printer writes replies.
type printer struct {
	out      io.Writer
	format   string
	coloured bool
	columns  []string // of a table of a list; nil: all
	fixed    []string // all that a list may have; nil: not known
}

// print writes a value. items names the list that the value is there for; ""
// if it is itself a list, or none.
func (p printer) print(value any, items string) error {
	switch p.format {
	case "json":
		var out bytes.Buffer
		if err := writeJSON(&out, value, ""); err != nil {
			return err
		}
		out.WriteByte('\n')
		_, err := out.WriteTo(p.out)
		return err
	case "yaml":
		text, err := yamlText(value)
		if err != nil {
			return err
		}
		_, err = io.WriteString(p.out, text)
		return err
	}
	values, list := rowsOf(value, items)
	if p.format == "table" && (!list || tells(value, items)) {
		return p.sheet(value)
	}
	return p.list(&client.Operation{Items: items, Columns: p.fixed}).page(value, values, true)
}

// tells tells whether an object has more to say than its list.
func tells(value any, items string) bool {
	before, behind, _ := around(value, items)
	return slices.ContainsFunc(append(before, behind...), func(m member) bool { return m.key != "total_count" })
}

// rowsOf gives a list's values, or what is no list as one.
func rowsOf(value any, items string) (values []any, list bool) {
	if o, ok := value.(object); ok {
		value = o.get(items)
		if _, ok := value.([]any); !ok {
			return []any{o}, false
		}
	}
	if values, list = value.([]any); !list {
		values = []any{value}
	}
	return values, list
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
	widest := 0
	for _, key := range flat.keys {
		widest = max(widest, width(header(key)))
	}
	for _, key := range flat.keys {
		text := visible(flat.cells[key].text)
		if text == "" {
			text = "-"
		}
		out.WriteString(bold(header(key), p.coloured) + padding(header(key), widest) + "  " + text + "\n")
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
		table := tableListing{printer: printer{out: p.out, coloured: p.coloured}}
		if err := table.page(nil, m.value.([]any), true); err != nil {
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
