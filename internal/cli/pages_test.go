package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve/client"
)

// pages are replies of a list of changes, whose cursors are their numbers.
var threePages = []string{
	`{"changes":[{"number":2,"actor":"root","odd":{"x":1},"after":{"role":"a"}},{"number":1,"actor":"日本","after":null}],"next":"1","total":4}`,
	`{"changes":[{"number":3000000,"actor":"x\u001b[31m\u009b\u202e","after":{"name":"n","role":"b"}}],"next":"2","total":4}`,
	`{"changes":[{"number":4,"actor":"longer than before","more":"1","after":{}}],"next":null,"total":4}`,
}

// paged answers with the pages, and fails behind those that there are.
func paged(t *testing.T, pages []string, broken int) {
	t.Helper()
	alone(t)
	at, _ := server(t, func(r *http.Request, _ string) (int, string) {
		var page int
		_, _ = fmt.Sscan(r.FormValue("after"), &page)
		if page == broken {
			return 404, `{"error":"gone"}`
		}
		return 200, pages[page]
	})
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
}

// TestAll prints all pages as one list, in each form.
func TestAll(t *testing.T) {
	paged(t, threePages, -1)
	all := func(args ...string) string {
		out, errOut, err := run(t, "", append([]string{"changes", "list", "--all"}, args...)...)
		if err != nil || errOut != "" {
			t.Fatalf("%v, %s", err, errOut)
		}
		return out
	}
	for format, want := range map[string]string{
		"table": "NUMBER  ACTOR\n     2  root\n     1  日本\n3000000  x\\x1b[31m\\x9b\\u202e\n     4  longer than before\n",
		"csv": "number,at,actor,action,target,before,after,reason,requestId\r\n2,,root,,,,\"{\"\"role\"\":\"\"a\"\"}\",,\r\n1,,日本,,,,,,\r\n" +
			"3000000,,x\x1b[31m\u009b\u202e,,,,\"{\"\"name\"\":\"\"n\"\",\"\"role\"\":\"\"b\"\"}\",,\r\n4,,longer than before,,,,{},,\r\n",
	} {
		if diff := cmp.Diff(want, all("-o", format)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}

	// JSON and YAML are what one page with all rows would be.
	var rows []any
	for _, page := range threePages {
		value, err := parseJSON([]byte(page))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, itemsOf(value, "changes")...)
	}
	whole := object{{"changes", rows}, {"total", json.Number("4")}}
	for _, format := range []string{"json", "yaml"} {
		var want bytes.Buffer
		if err := (printer{out: &want, format: format}).print(whole, "changes"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), all("-o", format)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	if text := all("-o", "json"); strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), hidden) {
		t.Errorf("hidden characters in %q", text)
	}
	if out, _, err := run(t, "", "changes", "list", "--limit", "3", "-o", "csv"); err != nil || strings.Count(out, "\n") != 4 {
		t.Errorf("%q, %v", out, err)
	}
}

// TestListForms: a list of pages is spelled as one value is, with and without
// rows and an object around it.
func TestListForms(t *testing.T) {
	for _, format := range []string{"json", "yaml"} {
		for _, text := range []string{`[]`, `[{"a":"x\ny\n"},2]`, `{"l":[]}`, `{"a":{"b":1},"l":[],"z":2}`, `{"n":1,"l":[{"a":"1\n\n 2\n","b":[]}],"z":[3]}`} {
			value, err := parseJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var want, got bytes.Buffer
			if err := (printer{out: &want, format: format}).print(value, "l"); err != nil {
				t.Fatal(err)
			}
			out := printer{out: &got, format: format}.list(&client.Operation{Items: "l"})
			rows := itemsOf(value, "l")
			for i := range rows {
				if err := out.page(value, rows[i:i+1], false); err != nil {
					t.Fatal(err)
				}
			}
			if err := out.page(value, nil, true); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", format, text, diff)
			}
			var again any
			if err := yaml.Unmarshal(got.Bytes(), &again); err != nil {
				t.Errorf("%s of %s: %v", format, text, err)
			}
		}
	}
}

// TestAllBreaks prints what came before an error, and says that it is not all.
func TestAllBreaks(t *testing.T) {
	for _, test := range []struct {
		format, begins string
		broken         int
	}{
		{"table", "NUMBER  ACTOR\n     2  root\n", 2},
		{"csv", "number,at,", 2},
		{"json", "{\n  \"changes\": [\n    {\n", 2},
		{"yaml", "changes:\n  - number: 2\n", 2},
		{"table", "", 0},
		{"csv", "", 0},
		{"json", "", 0},
		{"yaml", "", 0},
	} {
		paged(t, threePages, test.broken)
		out, _, err := run(t, "", "changes", "list", "--all", "-o", test.format)
		failure, ok := errors.AsType[*Failure](err)
		if !ok || failure.Code != ExitNotFound || !strings.HasPrefix(out, test.begins) || (test.begins == "") != (out == "") {
			t.Errorf("%s: %v after %q", test.format, err, out)
		}
		if told := strings.HasPrefix(fmt.Sprint(err), "the output is incomplete: it ends after 3 rows: gone"); told != (test.broken > 0) {
			t.Errorf("%s: %v", test.format, err)
		}
		if _, err := parseJSON([]byte(out)); test.format == "json" && err == nil {
			t.Error("what is cut can be taken for whole")
		}
	}
}

// TestAllStreams asks for a page when the one before it is written, and not
// sooner: none is kept.
func TestAllStreams(t *testing.T) {
	for _, format := range formats {
		paged(t, threePages, -1)
		var out bytes.Buffer
		listing := printer{out: &out, format: format}.list(client.FindOperation(client.FaceOperator, "listChanges"))
		written := 0
		for i, text := range threePages {
			value, err := parseJSON([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := listing.page(value, itemsOf(value, "changes"), i == len(threePages)-1); err != nil {
				t.Fatal(err)
			}
			if out.Len() == written {
				t.Errorf("%s: nothing is written of page %d", format, i)
			}
			written = out.Len()
		}
	}
}

// TestWidths aligns by what a terminal shows, not by characters.
func TestWidths(t *testing.T) {
	var rows []any
	for _, name := range []string{"日本語", "e\u0301te\u0301", "👍🏽", "Zoë"} {
		rows = append(rows, object{{"name", name}, {"b", "x"}})
	}
	rows = append(rows, object{{"name", "123456"}, {"b", "x"}})
	var out bytes.Buffer
	if err := (printer{out: &out, format: "table"}).print(rows, ""); err != nil {
		t.Fatal(err)
	}
	want := "NAME    B\n日本語  x\ne\u0301te\u0301     x\n👍🏽      x\nZoë     x\n123456  x\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	if err := (printer{out: &out, format: "table"}).print(object{{"名", "a"}, {"id", "b"}, {"abc", "c"}}, ""); err != nil {
		t.Fatal(err)
	}
	if want := "名   a\nID   b\nABC  c\n"; out.String() != want {
		t.Errorf("sheet %q, want %q", out.String(), want)
	}
}

// TestAnotherTable: a page with values that have no column begins another table.
func TestAnotherTable(t *testing.T) {
	var out bytes.Buffer
	listing := printer{out: &out, format: "table"}.list(&client.Operation{})
	for _, rows := range [][]any{{object{{"a", "1"}}}, {object{{"a", "long"}, {"b", nil}}}, {object{{"a", "2"}, {"b", "3"}}}, {}} {
		if err := listing.page(nil, rows, len(rows) == 0); err != nil {
			t.Fatal(err)
		}
	}
	if want := "A\n1\nlong\n\nA  B\n2  3\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestTamed: a terminal obeys nothing of what passes, however it is cut.
func TestTamed(t *testing.T) {
	const text = "a\tb\r\nc\rd\x1b]0;x\a\u009b31m日\u202e\xff\n"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		to := &tamed{out: &out}
		for at := 0; at < len(text); at += size {
			if n, err := to.Write([]byte(text[at:min(at+size, len(text))])); err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		if want := "a\tb\r\nc\\x0dd\\x1b]0;x\\x07\\x9b31m日\\u202e\\ufffd\n"; out.String() != want {
			t.Fatalf("by %d: %q, want %q", size, out.String(), want)
		}
	}
}

// TestForeignAnswer: what is no API of reeve is not taken for one.
func TestForeignAnswer(t *testing.T) {
	alone(t)
	s := http.NewServeMux()
	s.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>Welcome</title>\x1b[2J")
	})
	at := serve(t, s)
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	for _, args := range [][]string{
		{"users", "get", "a@b"},
		{"changes", "list", "--all"},
		{"changes", "list", "-o", "csv"},
		{"whoami"},
		{"users", "delete", "a@b", "--yes"},
		{"login", at},
	} {
		out, _, err := run(t, "reeve_op_x\n", args...)
		failure, ok := errors.AsType[*Failure](err)
		if !ok || failure.Code != ExitFailure || !strings.Contains(err.Error(), "text/html") || out != "" {
			t.Errorf("%s: %v, printed %q", args, err, out)
		}
	}
	if stored, err := loadProfiles(); err != nil || len(stored.Profiles) > 0 {
		t.Errorf("%v is stored, %v", stored, err)
	}
	t.Setenv(variableToken, "reeve_gw_x")
	if out, _, err := run(t, "", "feed", "follow"); err == nil || out != "" {
		t.Errorf("a feed: %v, printed %q", err, out)
	}
}
