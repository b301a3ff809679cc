package web_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/web"
)

// sink is a ResponseWriter that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

func benchmark(b *testing.B, logger *slog.Logger, method, path, body string) {
	benchmarkWith(b, web.Options{Logger: logger}, method, path, body)
}

func benchmarkWith(b *testing.B, opts web.Options, method, path, body string) {
	api := newAPI(testFace(), opts)
	w := &sink{http.Header{}}
	r, err := http.NewRequest(method, "http://host"+path, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Authorization", token)
	reader := bytes.NewReader(nil)
	if body != "" {
		r.Body = io.NopCloser(reader)
	}
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset([]byte(body))
		clear(w.header)
		api.ServeHTTP(w, r)
	}
}

// The whole overhead of web: middleware, decoding, encoding, metrics, and in
// the first three the JSON record. The goal is 8 µs for a small GET.
func BenchmarkGet(b *testing.B) {
	benchmark(b, slog.New(slog.NewJSONHandler(io.Discard, nil)), "GET", "/api/things/0198c0de-0000-7000-8000-000000000000", "")
}

func BenchmarkPost(b *testing.B) {
	benchmark(b, slog.New(slog.NewJSONHandler(io.Discard, nil)), "POST", "/api/things", `{"name":"a project","count":7}`)
}

func BenchmarkNotFound(b *testing.B) {
	benchmark(b, slog.New(slog.NewJSONHandler(io.Discard, nil)), "GET", "/api/nothing", "")
}

func BenchmarkGetUnlogged(b *testing.B) {
	benchmark(b, slog.New(slog.DiscardHandler), "GET", "/api/things/0198c0de-0000-7000-8000-000000000000", "")
}

// BenchmarkGetGuarded is BenchmarkGetUnlogged with what a Guard costs on top:
// the goal is 2 µs.
func BenchmarkGetGuarded(b *testing.B) {
	opts := web.Options{Logger: slog.New(slog.DiscardHandler), Guard: web.NewGuard(60, time.Now)}
	benchmarkWith(b, opts, "GET", "/api/things/0198c0de-0000-7000-8000-000000000000", "")
}
