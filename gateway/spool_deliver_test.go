package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSpoolCorrupt: a sealed batch that is not what it was is set aside and told
// of; those around it are delivered.
func TestSpoolCorrupt(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]func(path string) error{
		"flipped": func(path string) error {
			data, err := os.ReadFile(path)
			data[len(data)/2] ^= 1
			return errors.Join(err, os.WriteFile(path, data, 0o600))
		},
		"short": func(path string) error { return os.Truncate(path, 50) },
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"a line of another": func(path string) error {
			return os.WriteFile(path, newLine([]byte(`{"value":9}`)), 0o600)
		},
		"renamed": func(path string) error {
			return os.Rename(path, strings.Replace(path, ".1.", ".2.", 1))
		},
		"foreign name": func(path string) error { return os.Rename(path, filepath.Dir(path)+"/0.batch") },
	} {
		t.Run(what, func(t *testing.T) {
			dir, l := t.TempDir(), newLedger()
			s := start(t, dir, SpoolSettings{BatchRecords: 1}, nil)
			s.report(1, 2, 3)
			_ = s.close()
			if err := damage(files(t, dir, batchEnding)[1]); err != nil {
				t.Fatal(err)
			}
			s = start(t, dir, SpoolSettings{}, l)
			s.drain()
			l.check(t, set(1, 3), nil)
			aside := told[*SetAsideError](s)
			if len(aside) != 1 || !errors.Is(aside[0], errCorrupt) || len(files(t, dir, corruptEnding)) != 1 || s.Stats().SetAside != 1 {
				t.Errorf("set aside %v, %+v", aside, s.Stats())
			}
		})
	}
}

// TestSpoolDamagedOpen: an open segment ends where a crash tore it; whole lines
// behind that are damage, and the file is kept.
func TestSpoolDamagedOpen(t *testing.T) {
	t.Parallel()
	line := func(value string) string { return string(newLine([]byte(`{"value":` + value + `}`))) }
	for content, want := range map[string]struct {
		counted map[int64]bool
		aside   int
	}{
		"":                                {nil, 0},
		"garbage":                         {nil, 0},
		line("1"):                         {set(1), 0},
		line("1") + line("2")[:12]:        {set(1), 0},
		line("1") + "\x00\x00\n\x00":      {set(1), 0},
		line("1") + "x" + line("2"):       {set(1), 0}, // no line behind the torn one
		line("1") + "x\n" + line("2"):     {set(1), 1},
		"x" + line("1") + line("2") + "x": {nil, 1},
	} {
		dir, l := t.TempDir(), newLedger()
		if err := os.WriteFile(filepath.Join(dir, segmentName(newStream(), 1)+openEnding), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := start(t, dir, SpoolSettings{}, l)
		s.drain()
		l.check(t, want.counted, nil)
		if got := len(told[*SetAsideError](s)); got != want.aside || len(files(t, dir, corruptEnding)) != want.aside || len(files(t, dir, openEnding)) != 0 {
			t.Errorf("%q: %d set aside, want %d", content, got, want.aside)
		}
	}
}

// TestSpoolSetAside: what the server refuses is kept and does not stop the rest.
// After a conflict in its own stream a spool goes on in another.
func TestSpoolSetAside(t *testing.T) {
	t.Parallel()
	dir, l := t.TempDir(), newLedger()
	s := start(t, dir, SpoolSettings{BatchRecords: 1}, l)
	first := s.stream
	l.answer = func(batch Batch) (bool, error) {
		switch batch.Sequence {
		case 1:
			return false, &BatchRefusedError{400, "no"}
		case 2:
			return false, &ConflictError{2, "taken"}
		case 3:
			return false, &ConflictError{7, "taken"}
		}
		return false, nil
	}
	s.report(1, 2, 3)
	s.drain()
	l.answer = nil
	s.report(4, 5)
	s.drain()
	l.check(t, set(4, 5), nil)
	if s.stream == first || len(told[*SetAsideError](s)) != 3 || len(told[*DeliveredBeforeError](s)) != 0 || len(files(t, dir, refusedEnding)) != 3 {
		t.Errorf("stream %s, then %s; told of %v", first, s.stream, s.events())
	}
	_ = s.close()
	s = start(t, dir, SpoolSettings{}, nil)
	if stats := s.Stats(); stats.SetAside != 3 || stats.Batches != 0 || stats.Bytes == 0 {
		t.Errorf("reopened: %+v", stats)
	}
}

// TestSpoolRestored: a directory that is restored from a backup counts nothing
// twice, and what is reported into it afterwards is counted.
func TestSpoolRestored(t *testing.T) {
	t.Parallel()
	dir, backup, l := t.TempDir(), t.TempDir(), newLedger()
	s := start(t, dir, SpoolSettings{BatchRecords: 2, BatchAge: time.Hour}, nil)
	s.report(1, 2, 3, 4, 5)
	copyDir(t, dir, backup) // with an open segment
	s.report(6, 7)
	_ = s.close()
	s = start(t, dir, SpoolSettings{}, l)
	s.drain()
	_ = s.close()
	s = start(t, backup, SpoolSettings{}, l)
	s.report(8)
	s.drain()
	l.check(t, set(1, 2, 3, 4, 5, 6, 7, 8), nil)
	if got := told[*DeliveredBeforeError](s); len(got) != 3 || got[0].Newest != 4 {
		t.Errorf("delivered before: %v of %v", got, s.events())
	}
}

// TestDeliverTo: an answer is taken for what it is only if it is the server's.
func TestDeliverTo(t *testing.T) {
	t.Parallel()
	const problem, plain = "application/problem+json", "application/json"
	batch := Batch{Stream: "s", Sequence: 3, Records: rawRecords(`{"value":1}`, `{"value":2}`)}
	for _, row := range []struct {
		status     int
		kind, body string
		want       string
	}{
		{200, plain, `{"sequence":3,"results":[{"status":"accepted"},{"status":"accepted"}]}`, "ok"},
		{200, plain, `{"sequence":3,"results":[{"status":"accepted"},{"status":"refused","reason":"no"}]}`, `ok {"value":2} no`},
		{200, plain, `{"sequence":2,"results":[{"status":"accepted"},{"status":"accepted"}]}`, "again"},
		{200, plain, `{"sequence":3,"results":[{"status":"accepted"}]}`, "again"},
		{200, plain, `{"sequence":3,"results":[{"status":"accepted"},{"status":"what"}]}`, "again"},
		{200, "text/html", `<p>Welcome</p>`, "again"},
		{204, "", "", "again"},
		{409, problem, `{"status":409,"detail":"taken","sequence":9}`, "conflict: taken (the stream is at 9)"},
		{409, problem, `{"status":409,"detail":"taken"}`, "again"},
		{409, plain, `{"sequence":9}`, "again"},
		{400, problem, `{"status":400,"detail":"bad"}`, "refused with 400: bad"},
		{413, problem, `{"status":413,"detail":"long"}`, "refused with 413: long"},
		{400, "text/html", `<p>Bad Request</p>`, "again"},
		{401, problem, `{"status":401}`, "again"},
		{404, problem, `{"status":404}`, "again"},
		{503, problem, `{"status":503}`, "again"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Method+r.URL.Path != "POST/base/gateway/usage" || r.Header.Get("Authorization") != "Bearer token" ||
				r.Header.Get("Content-Type") != plain || string(body) != `{"gateway":"s","sequence":3,"records":[{"value":1},{"value":2}]}` {
				t.Errorf("%s %s %v %s", r.Method, r.URL, r.Header, body)
			}
			w.Header().Set("Content-Type", row.kind)
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, row.body)
		}))
		refusals, err := DeliverTo(server.Client(), server.URL+"/base/", "token")(t.Context(), batch)
		server.Close()
		got := "ok"
		for _, refusal := range refusals {
			got += " " + string(refusal.Record) + " " + refusal.Reason
		}
		_, conflict := errors.AsType[*ConflictError](err)
		_, refused := errors.AsType[*BatchRefusedError](err)
		switch {
		case conflict || refused:
			got = err.Error()
		case err != nil:
			got = "again"
		}
		if got != row.want {
			t.Errorf("%d %s: %s (%v), want %s", row.status, row.body, got, err, row.want)
		}
	}
}
