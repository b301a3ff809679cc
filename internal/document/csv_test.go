package document

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

// TestGuarded: no cell of text begins as a formula does, also where a spreadsheet
// separates cells by something else than commas.
func TestGuarded(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"acme":                "acme",
		"a=1":                 "a=1",
		"=1+1":                "'=1+1",
		"+1":                  "'+1",
		"-1":                  "'-1",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t'=1",
		"\r=1":                "'\r'=1",
		"\n=1":                "'\n'=1",
		"  =1":                "'  =1",
		"\u00a0=1":            "'\u00a0=1",
		"＝1":                  "'＝1",
		"'=1":                 "'=1",
		"a;b-c":               "a;b-c",
		"a; b\tc\r\nd":        "a; b\tc\r\nd",
		"a, -b":               "a, -b",
		"a;=1":                "a;'=1",
		"a;-1;+1":             "a;'-1;'+1",
		"a; \u00a0@x":         "a;' \u00a0@x",
		"a\t=1":               "a\t'=1",
		"a\n＝1":               "a\n'＝1",
		"a\r\n-1":             "a\r\n'-1",
		"a;;=1":               "a;;'=1",
		`a;"=1`:               `a;'"=1`,
		`" =1`:                `'" =1`,
		";":                   ";",
		"a;\xff=1":            "a;\xff=1",
		`=HYPERLINK("x","y")`: `'=HYPERLINK("x","y")`,
	} {
		if got := Guarded(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestSeriesCSV: gauges are rounded half to even, to whole unit-hours.
func TestSeriesCSV(t *testing.T) {
	start := time.Date(2028, 2, 28, 23, 0, 0, 0, time.UTC)
	s, err := reeve.NewSeries(start, start.Add(2*time.Hour), reeve.StepHour, []reeve.UsageMeter{reeve.UsageStorage, reeve.UsageEgress})
	if err != nil {
		t.Fatal(err)
	}
	s.Hold(reeve.UsageStorage, 1, start.Add(30*time.Minute), start.Add(3*time.Hour))
	s.Count(reeve.UsageEgress, start.Add(time.Hour), reeve.Count(7))
	want := "at,meter,unit,value\r\n" +
		"2028-02-28T23:00:00Z,storage,byte-hours,0\r\n" +
		"2028-02-29T00:00:00Z,storage,byte-hours,1\r\n" +
		"2028-02-28T23:00:00Z,egress,bytes,0\r\n" +
		"2028-02-29T00:00:00Z,egress,bytes,7\r\n"
	got := string(SeriesCSV(s))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil {
		t.Error(err)
	}
}
