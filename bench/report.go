package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// report is all that a run found.
type report struct {
	Date     time.Time         `json:"date"`
	Machine  machine           `json:"machine"`
	Settings map[string]string `json:"postgres"` // what decides its durability
	Rounds   int               `json:"rounds"`
	Seconds  float64           `json:"secondsPerRound"`

	Sustained float64 `json:"secondsPerRoundOfUsage"`

	Rows []row `json:"measures"`
}

// row is one measure. Its value is compared with its targets: a ratio or a rate
// is to be at least so high, anything else at most.
type row struct {
	Measure  string    `json:"measure"`
	Reeve    *figures  `json:"reeve,omitempty"`
	Other    string    `json:"comparedWith,omitempty"`
	Compared *figures  `json:"compared,omitempty"`
	Value    float64   `json:"value"`
	Unit     string    `json:"unit"`
	Targets  []float64 `json:"targets"`
	Met      []bool    `json:"met"`
}

// figures are medians over the rounds.
type figures struct {
	Rate float64 `json:"perSecond"`
	P50  float64 `json:"p50Milliseconds,omitempty"`
	P99  float64 `json:"p99Milliseconds,omitempty"`
}

// The units of values.
const (
	unitRatio   = "ratio"
	unitTime    = "ms"
	unitSeconds = "s"
	unitSize    = "MiB"
	unitBytes   = "bytes"
	unitTimes   = "times"
	unitFold    = "times as long"
	unitMicro   = "µs"
	unitNano    = "ns"
	unitCount   = "each"
	unitRate    = "/s"
)

func newFigures(s series) *figures {
	m := s.median()
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return &figures{m.rate, milliseconds(m.p50), milliseconds(m.p99)}
}

func (f *figures) String() string {
	if f == nil {
		return ""
	}
	if f.P50 == 0 { // pgbench tells none
		return fmt.Sprintf("%.0f/s", f.Rate)
	}
	return fmt.Sprintf("%.0f/s, p50 %.2f ms, p99 %.2f ms", f.Rate, f.P50, f.P99)
}

// add judges a row and keeps it.
func (r *report) add(found row) {
	for _, target := range found.Targets {
		met := found.Value <= target
		if found.Unit == unitRatio || found.Unit == unitRate {
			met = found.Value >= target
		}
		found.Met = append(found.Met, met)
	}
	r.Rows = append(r.Rows, found)
}

// cells are a row as the table shows it.
func (r row) cells() []string {
	var targets, met []string
	for i, target := range r.Targets {
		answer := "no"
		if r.Met[i] {
			answer = "yes"
		}
		met = append(met, answer)
		targets = append(targets, r.bound(target))
	}
	compared := r.Other
	if r.Compared != nil {
		compared += ": " + r.Compared.String()
	}
	value := fmt.Sprintf("%.1f %s", r.Value, r.Unit)
	switch r.Unit {
	case unitFold:
		value = fmt.Sprintf("%.2f %s", r.Value, r.Unit)
	case unitRatio:
		value = fmt.Sprintf("%.2f", r.Value)
	case unitRate:
		value = fmt.Sprintf("%.0f%s", r.Value, r.Unit)
	}
	return []string{r.Measure, r.Reeve.String(), compared, value, strings.Join(targets, ", then "), strings.Join(met, ", ")}
}

func (r row) bound(target float64) string {
	switch r.Unit {
	case unitRatio:
		return fmt.Sprintf("≥ %.2f", target)
	case unitRate:
		return fmt.Sprintf("≥ %g%s", target, r.Unit)
	}
	return fmt.Sprintf("≤ %g %s", target, r.Unit)
}

var columns = []string{"measure", "reeve", "compared with", "value", "target", "met"}

// print writes the table for people.
func (r *report) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := [][]string{columns}
	for _, found := range r.Rows {
		lines = append(lines, found.cells())
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return out.Flush()
}

// writeJSON writes the report for programs.
func (r *report) writeJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
