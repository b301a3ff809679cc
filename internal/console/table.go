package console

import (
	"cmp"
	"encoding/csv"
	"iter"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// table is a list of things, which can be had as CSV: all of it, however long.
type table struct {
	ID      string // unique in the page
	Caption string // for who cannot see where it stands
	Columns []column
	Rows    [][]cell
	Empty   string // what is said instead of no rows
	Pager   *pager
	Brief   bool // it is a part of something, or of the answer to a form, and cannot be had as CSV

	// All gives the rows of all pages; nil if Rows are all there are.
	All iter.Seq2[[]cell, error]
}

type column struct {
	Name   string
	Number bool   // to the right
	Plain  string // its name in a CSV, if that is another
}

// cell is a value in a table or of a fact: a text, or a time, with what it leads
// to.
type cell struct {
	Text    string
	Plain   string // what a CSV has instead, if not ""
	To      string // where it leads
	About   string // what the text is about, for who hears the link alone
	Time    time.Time
	Code    bool
	Badges  []badge
	Actions []link // of the row
}

func text(s string) cell          { return cell{Text: s} }
func code(s string) cell          { return cell{Text: s, Code: true} }
func linked(s, to string) cell    { return cell{Text: s, To: to} }
func moment(at time.Time) cell    { return cell{Time: at} }
func state(s, kind string) cell   { return cell{Badges: []badge{{s, kind}}} }
func doings(actions ...link) cell { return cell{Actions: actions} }
func number(s string) cell        { return cell{Text: s} }

// moments is a moment that there may be; what stands for none.
func moments(at *time.Time, none string) cell {
	if at == nil || at.IsZero() {
		return text(none)
	}
	return moment(*at)
}

// pager leads to the other pages of a list.
type pager struct {
	First, Prev, Next string // "" where there is none
	Text              string
}

// pageSize is how many rows a page of a table has.
const pageSize = 50

// csvPage is how many rows are read at once for a whole table.
const csvPage = 500

// csvTime is how long a whole table may take.
const csvTime = 10 * time.Minute

// sendCSV sends one of the page's tables as RFC 4180 has it. What breaks on the
// way breaks the answer off, so that nobody takes it for whole.
func (v *visit) sendCSV(p *page, name string) error {
	for _, s := range p.Sections {
		if s.Table != nil && s.Table.ID == name && !s.Table.Brief {
			return v.writeCSV(s.Table)
		}
	}
	return reeve.Errorf(reeve.NotFound, "there is no such table on this page")
}

func (v *visit) writeCSV(t *table) error {
	header := v.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	header.Set("Content-Disposition", `attachment; filename="`+t.ID+`.csv"`)
	out := csv.NewWriter(v.w)
	out.UseCRLF = true
	names := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		if c.Name != "" {
			names = append(names, cmp.Or(c.Plain, c.Name))
		}
	}
	if v.r.Method == http.MethodHead {
		return nil // nobody gets the rows
	}
	_ = out.Write(names)
	rows := t.All
	if rows == nil {
		rows = steps(func() ([][]cell, bool, error) { return t.Rows, false, nil })
	}
	for row, err := range rows {
		if err != nil {
			web.Failed(v.ctx, err)
			panic(http.ErrAbortHandler)
		}
		record := make([]string, 0, len(names))
		for i, c := range row {
			if t.Columns[i].Name != "" { // the others hold what can be done
				record = append(record, c.plain())
			}
		}
		if out.Write(record) != nil {
			return nil // the browser has gone
		}
	}
	out.Flush()
	return nil
}

// plain is a cell as a CSV has it. What a spreadsheet would take for a formula
// is text (OWASP, CSV Injection).
func (c cell) plain() string {
	switch {
	case !c.Time.IsZero():
		return c.Time.UTC().Format(time.RFC3339)
	case c.Plain != "":
		return c.Plain
	case len(c.Badges) > 0:
		words := make([]string, len(c.Badges))
		for i, b := range c.Badges {
			words[i] = b.Text
		}
		if c.Text != "" {
			words = append(words, c.Text)
		}
		return strings.Join(words, " ")
	}
	if first, _ := utf8.DecodeRuneInString(c.Text); c.Text != "" && strings.ContainsRune(formulas, first) && !isNumber(c.Text) {
		return "'" + c.Text
	}
	return c.Text
}

// formulas are what a formula begins with, full-width too.
const formulas = "=+-@\t\r\n＝＋－＠"

func isNumber(s string) bool {
	return strings.Trim(strings.TrimLeft(s, "+-"), "0123456789.,") == ""
}
