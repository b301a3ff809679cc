// Package document writes usage and statements for people: as CSV for
// spreadsheets and as pages to print.
package document

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

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

// guarded keeps a spreadsheet from taking text for a formula: what begins as
// one does gets an apostrophe in front, as spreadsheets mark text themselves
// (https://owasp.org/www-community/attacks/CSV_Injection). Numbers are not
// guarded.
func guarded(text string) string {
	if begin := strings.TrimLeft(text, " \u00a0"); begin != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(begin)[0]) {
		return "'" + text
	}
	return text
}

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
