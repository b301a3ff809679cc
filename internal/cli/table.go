package cli

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// shape is a table's columns.
type shape struct {
	columns []string
	widths  []int
	right   []bool // numbers
}

// newShape makes room for rows in the given columns, or if those are nil in
// all that the rows have. Where there are none, fixed is what they might have.
func newShape(rows []row, columns, fixed []string) *shape {
	all := columnsOf(rows)
	if len(rows) == 0 {
		all = fixed
	}
	if columns == nil {
		columns = all
	} else if all != nil {
		columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool {
			return !slices.ContainsFunc(all, func(key string) bool { return key == c || strings.HasPrefix(key, c+".") })
		})
	}
	s := &shape{columns, make([]int, len(columns)), make([]bool, len(columns))}
	for i, column := range columns {
		s.widths[i] = width(header(column))
		s.right[i] = len(rows) > 0 && !slices.ContainsFunc(rows, func(r row) bool {
			c, ok := r.cells[column]
			return ok && !c.number && !c.null
		})
	}
	for _, r := range rows {
		for i, text := range s.line(r) {
			s.widths[i] = max(s.widths[i], width(text))
		}
	}
	return s
}

// fits tells whether there is a column for all that rows have.
func (s *shape) fits(rows []row) bool {
	return !slices.ContainsFunc(rows, func(r row) bool {
		return slices.ContainsFunc(r.keys, func(key string) bool { return !r.cells[key].null && !slices.Contains(s.columns, key) })
	})
}

// line spells a row's cells.
func (s *shape) line(r row) []string {
	out := make([]string, len(s.columns))
	for i, column := range s.columns {
		c, ok := r.cells[column]
		if out[i] = visible(c.text); !ok || c.null || c.text == "" {
			out[i] = "-"
		}
	}
	return out
}

// write writes rows, each one line, below a header if that is wanted. What is
// wider than its column stands out.
func (s *shape) write(p printer, rows []row, headed bool) error {
	if len(s.columns) == 0 {
		return nil
	}
	var out bytes.Buffer
	if headed {
		titles := make([]string, len(s.columns))
		for i, column := range s.columns {
			titles[i] = header(column)
		}
		out.WriteString(bold(s.align(titles), p.coloured) + "\n")
	}
	for _, r := range rows {
		out.WriteString(s.align(s.line(r)) + "\n")
	}
	_, err := out.WriteTo(p.out)
	return err
}

// align pads cells to their columns.
func (s *shape) align(cells []string) string {
	var out strings.Builder
	for i, text := range cells {
		if i > 0 {
			out.WriteString("  ")
		}
		if s.right[i] {
			out.WriteString(padding(text, s.widths[i]) + text)
		} else {
			out.WriteString(text + padding(text, s.widths[i]))
		}
	}
	return strings.TrimRight(out.String(), " ")
}

// cells of a terminal are the same wherever the program runs: characters of
// ambiguous width are narrow.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// width is how many cells of a terminal a text takes.
func width(text string) int { return cells.StringWidth(text) }

// padding fills a text up to a width.
func padding(text string, to int) string { return strings.Repeat(" ", max(to-width(text), 0)) }
