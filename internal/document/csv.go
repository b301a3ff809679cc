// Package document writes usage and statements for people: as CSV for
// spreadsheets and as pages to print.
package document

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
)

// table is CSV as of RFC 4180: lines end with CR LF, the first is the header.
type table struct {
	buffer bytes.Buffer
	csv    *csv.Writer
}

func newTable(header ...string) *table {
	t := &table{}
	t.csv = csv.NewWriter(&t.buffer)
	t.csv.UseCRLF = true
	t.row(header...)
	return t
}

// row adds a row. Text that others have written must be guarded.
func (t *table) row(cells ...string) { _ = t.csv.Write(cells) } // a buffer takes everything

func (t *table) bytes() []byte {
	t.csv.Flush()
	return t.buffer.Bytes()
}

// Guarded keeps a spreadsheet from taking text for a formula: what begins as
// one does gets an apostrophe in front, as spreadsheets mark text themselves
// (https://owasp.org/www-community/attacks/CSV_Injection). So does what follows
// a semicolon, tab or line end: some begin a new cell there, quotes or not.
// Numbers are not to be guarded.
func Guarded(text string) string {
	var out strings.Builder
	begins := formula + "\t\r\n"
	for len(text) > 0 {
		begin := strings.TrimLeft(text, " \u00a0\"")
		if first, _ := utf8.DecodeRuneInString(begin); begin != "" && strings.ContainsRune(begins, first) {
			out.WriteByte('\'')
		}
		end := strings.IndexAny(text, ";\t\r\n") + 1
		if end == 0 {
			end = len(text)
		}
		out.WriteString(text[:end])
		text, begins = text[end:], formula
	}
	return out.String()
}

// formula is what formulas begin with.
const formula = "=+-@＝＋－＠"

// SeriesCSV writes a series: a row for each point, meter by meter.
func SeriesCSV(s reeve.Series) []byte {
	t := newTable("at", "meter", "unit", "value")
	for _, m := range s.Meters {
		for i, n := range m.Points {
			t.row(s.At(i).Format(time.RFC3339), string(m.Meter), m.Meter.Unit(), m.Meter.Units(n.Big()).String())
		}
	}
	return t.bytes()
}
