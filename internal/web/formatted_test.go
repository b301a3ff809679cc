package web_test

import (
	"context"
	mathbig "math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/internal/web/openapicheck"
)

// TestChoose: the query decides, then Accept, then JSON.
func TestChoose(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, test := range []struct {
		format, accept string
		want           web.Format
	}{
		{"", "", web.JSON},
		{"json", browser, web.JSON},
		{"csv", "application/json", web.CSV},
		{"html", "", web.HTML},
		{"", browser, web.HTML},
		{"", "*/*", web.JSON},
		{"", "text/csv", web.CSV},
		{"", "Text/CSV; header=present", web.CSV},
		{"", "text/*", web.CSV},
		{"", "text/*, text/html", web.HTML},
		{"", "text/csv;q=0.5, text/html;q=0.4, */*;q=0.1", web.CSV},
		{"", "text/csv;q=0.5, application/json", web.JSON},
		{"", "*/*, application/json;q=0, text/csv;q=0", web.HTML},
		{"", "image/png", web.JSON},
		{"", "text/csv;q=0", web.JSON},
		{"", ",;q=,/", web.JSON},
	} {
		got, err := web.FormatQuery{Format: test.format, Accept: test.accept}.Choose(web.CSV, web.HTML)
		if err != nil || got != test.want {
			t.Errorf("%q, %q: %s, %v; want %s", test.format, test.accept, got, err, test.want)
		}
	}
	for want, offered := range map[string][]web.Format{
		"format must be json or csv":       {web.CSV},
		"format must be json, csv or html": {web.CSV, web.HTML},
	} {
		_, err := web.FormatQuery{Format: "CSV"}.Choose(offered...)
		if !reeve.IsKind(err, reeve.Invalid) || reeve.AsError(err).Message != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

type report struct {
	Sum web.Integer `json:"sum"`
}

// TestFormatted: one operation answers JSON or a document, each as described,
// and HEAD alike.
func TestFormatted(t *testing.T) {
	api := web.New(testFace(), web.Options{})
	web.Handle(api, web.Op{Method: "GET", Path: "/api/report", ID: "getReport", Formats: []web.Format{web.CSV, web.HTML}},
		func(_ context.Context, in *struct{ web.FormatQuery }) (out web.Formatted[report], err error) {
			format, err := in.Choose(web.CSV, web.HTML)
			out.JSON = report{web.Integer{Int: new(mathbig.Int).Lsh(mathbig.NewInt(1), 70)}}
			switch format {
			case web.CSV:
				out.Document = &web.Document{Format: web.CSV, Filename: "report.csv", Body: []byte("sum\r\n1\r\n")}
			case web.HTML:
				out.Document = &web.Document{Format: web.HTML, Policy: "default-src 'none'", Body: []byte("<p>")}
			}
			return out, err
		})
	document, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := openapicheck.NewChecker(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query, accept string
		body          string
		header        http.Header
	}{
		{"", "", `{"sum":1180591620717411303424}`, http.Header{"Content-Type": {"application/json"}, "Content-Length": {"30"}}},
		{"", "text/csv", "sum\r\n1\r\n", http.Header{
			"Content-Type": {"text/csv; charset=utf-8"}, "Content-Length": {"8"}, "X-Content-Type-Options": {"nosniff"},
			"Cache-Control": {"no-store"}, "Content-Disposition": {`attachment; filename="report.csv"`},
		}},
		{"?format=html", "text/csv", "<p>", http.Header{
			"Content-Type": {"text/html; charset=utf-8"}, "Content-Length": {"3"}, "X-Content-Type-Options": {"nosniff"},
			"Cache-Control": {"no-store"}, "Content-Security-Policy": {"default-src 'none'"}, "Referrer-Policy": {"no-referrer"},
		}},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := httptest.NewRequest(method, "/api/report"+test.query, nil)
			r.Header = http.Header{"Authorization": {token}, "Accept": {test.accept}}
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			body := test.body
			if method == "HEAD" {
				body = ""
			}
			if err := checker.Response(method, "/api/report", w.Code, w.Header(), w.Body.Bytes()); err != nil || w.Code != 200 {
				t.Errorf("%s %s: %d, %v", method, test.query, w.Code, err)
			}
			w.Header().Del("X-Request-Id")
			test.header.Set("Vary", "Accept")
			if diff := cmp.Diff(test.header, w.Header()); diff != "" || w.Body.String() != body {
				t.Errorf("%s %s: %s %s", method, test.query, diff, w.Body)
			}
		}
	}
}
