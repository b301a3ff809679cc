package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
)

// TestTableAsCSV: a HEAD reads no rows, and what is a part has no CSV.
func TestTableAsCSV(t *testing.T) {
	read := 0
	p := &page{Sections: []section{
		{Table: &table{ID: "all", Columns: []column{{Name: "A"}}, All: func(yield func([]cell, error) bool) {
			read++
			yield([]cell{text("a")}, nil)
		}}},
		{Table: &table{ID: "part", Columns: []column{{Name: "A"}}, Brief: true}},
	}}
	for method, want := range map[string]struct {
		body string
		read int
	}{http.MethodHead: {"", 0}, http.MethodGet: {"A\r\na\r\n", 1}} {
		read = 0
		w := httptest.NewRecorder()
		v := &visit{w: w, r: httptest.NewRequest(method, "/", nil)}
		if err := v.sendCSV(p, "all"); err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); got != want.body || read != want.read || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
			t.Errorf("%s: %q of %d reads, %v", method, got, read, w.Header())
		}
		if err := v.sendCSV(p, "part"); !reeve.IsKind(err, reeve.NotFound) {
			t.Errorf("%s of a part: %v", method, err)
		}
	}
}

// TestPlainCells: nothing in a CSV begins as a formula does, in whatever width;
// numbers and what is no formula stay as they are.
func TestPlainCells(t *testing.T) {
	for from, want := range map[string]string{
		"=1+1": "'=1+1", "+cmd": "'+cmd", "-cheers": "'-cheers", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1+1": "'＝1+1", "＋cmd": "'＋cmd", "－1": "'－1", "＠x": "'＠x",
		"-1.50": "-1.50", "+3": "+3", "a=b": "a=b", "Ünal": "Ünal", "": "",
	} {
		if got := text(from).plain(); got != want {
			t.Errorf("%q is %q, not %q", from, got, want)
		}
	}
}
