package main

import (
	"bufio"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

func TestParsePgbench(t *testing.T) {
	const out = `number of transactions actually processed: 6785
number of failed transactions: 0 (0.000%)
latency average = 4.705 ms
initial connection time = 32.1 ms
tps = 3393.125 (without initial connection time)
`
	got, err := parsePgbench(out)
	if err != nil || got != 3393.125 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{
		"",
		strings.Replace(out, "transactions: 0", "transactions: 3", 1),
		strings.Replace(out, "tps = ", "tps: ", 1),
		strings.Replace(out, "number of failed", "number of happy", 1),
	} {
		if got, err := parsePgbench(bad); err == nil {
			t.Errorf("%v from %q", got, bad)
		}
	}
}

func TestStatusBytes(t *testing.T) {
	const status = "Name:\treeve\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t7\n"
	if got, err := statusBytes(status, "VmRSS"); err != nil || got != 10<<20 {
		t.Errorf("VmRSS %d, %v", got, err)
	}
	for _, name := range []string{"VmSwap", "Threads", "VmRS"} {
		if got, err := statusBytes(status, name); err == nil {
			t.Errorf("%s is %d", name, got)
		}
	}
}

func TestAnnounced(t *testing.T) {
	const said = "tenant    http://127.0.0.1:1\noperator  http://127.0.0.1:2\ngateway   http://127.0.0.1:3\n\nmore\n"
	got, err := announced(bufio.NewReader(strings.NewReader(said)), 3)
	want := map[string]string{"tenant": "127.0.0.1:1", "operator": "127.0.0.1:2", "gateway": "127.0.0.1:3"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := announced(bufio.NewReader(strings.NewReader("tenant http://127.0.0.1:1\n")), 3); err == nil {
		t.Errorf("%v from a server that ended", got)
	}
}

func TestProperty(t *testing.T) {
	const text = "processor\t: 0\nmodel name\t: Some CPU\nmodel name\t: Other\n"
	if got := property(text, "model name", ":"); got != "Some CPU" {
		t.Errorf("%q", got)
	}
	if got := property(text, "model", ":"); got != "" {
		t.Errorf("%q", got)
	}
}

// TestIDs shows that a dataset's ids are UUIDs of version 7 in order, and that
// their text is a prefix and a number, as pgbench's script makes it.
func TestIDs(t *testing.T) {
	d := newDataset(projectsEach)
	id := d.id(kindProject, 0xabc)
	text := reeve.ID(id).String()
	if want := d.idPrefix(kindProject) + "000000000abc"; text != want {
		t.Errorf("id %s, want %s", text, want)
	}
	if text[14] != '7' || text[19] != '8' {
		t.Errorf("%s is no UUIDv7", text)
	}
	if got := string(appendID(nil, id)); got != text {
		t.Errorf("appended %s, want %s", got, text)
	}
	if next := reeve.ID(d.id(kindProject, 0xabd)).String(); next <= text {
		t.Errorf("%s is not after %s", next, text)
	}
}

// TestRequests shows that requests are whole and name the right key.
func TestRequests(t *testing.T) {
	d := newDataset(projectsEach)
	w, err := newWorker(t.Context(), 0, plan{})
	if err != nil {
		t.Fatal(err)
	}
	for name, next := range map[string]source{
		"project": d.getProject("token"), "tenant": d.getTenantProject(), "apikey": d.createAPIKey("token"),
	} {
		request, _, _ := next(w, nil)
		head, body, ok := strings.Cut(string(request), "\r\n\r\n")
		if !ok || !strings.Contains(head, d.idPrefix(kindProject)) {
			t.Errorf("%s: %q", name, request)
		}
		if name == "apikey" && (len(body) != 29 || !strings.Contains(head, "\r\nContent-Length: 29")) {
			t.Errorf("%s: %q", name, request)
		}
		if name == "tenant" && !strings.Contains(head, string(d.tokens[0])) {
			t.Errorf("%s: %q", name, request)
		}
	}
}

func TestReportJudges(t *testing.T) {
	var r report
	r.add(row{Unit: unitRatio, Value: 0.7, Targets: []float64{0.6, 0.8}})
	r.add(row{Unit: unitTime, Value: 150, Targets: []float64{150}})
	r.add(row{Unit: unitSize, Value: 40.1, Targets: []float64{40}})
	var got []string
	for _, found := range r.Rows {
		cells := found.cells()
		got = append(got, strings.Join(cells[3:], " | "))
	}
	want := []string{"0.70 | ≥ 0.60, then ≥ 0.80 | yes, no", "150.0 ms | ≤ 150 ms | yes", "40.1 MiB | ≤ 40 MiB | no"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
	figures := newFigures(series{{rate: 1234.4, p50: 1500 * time.Microsecond, p99: 3 * time.Millisecond}})
	if got := figures.String(); got != "1234/s, p50 1.50 ms, p99 3.00 ms" {
		t.Errorf("%q", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := options{rounds: 1, duration: time.Second, sustain: time.Second, measures: []string{"reads", "scale"}, listSize: leastListed}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []options{
		{rounds: 0, duration: time.Second, sustain: time.Second, measures: good.measures, listSize: leastListed},
		{rounds: 1, duration: time.Millisecond, sustain: time.Second, measures: good.measures, listSize: leastListed},
		{rounds: 1, duration: time.Second, measures: good.measures, listSize: leastListed},
		{rounds: 1, duration: time.Second, sustain: time.Second, measures: []string{"reeds"}, listSize: leastListed},
		{rounds: 1, duration: time.Second, sustain: time.Second, measures: good.measures, listSize: leastListed - 1},
	} {
		if bad.check() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
