package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestParseReply(t *testing.T) {
	const header = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: today\r\n\r\n"
	for _, test := range []struct {
		name, in      string
		status, total int
		err           error
	}{
		{"part of a header", "HTTP/1.1 200 OK\r\nConte", 0, 0, nil},
		{"header alone", header, 200, len(header) + 5, nil},
		{"whole", header + "hello", 200, len(header) + 5, nil},
		{"last field", "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n", 404, 58, nil},
		{"no content", "HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n", 204, 40, nil},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", 0, 0, errReply},
		{"length in the body", "HTTP/1.1 200 OK\r\n\r\n\r\nContent-Length: 5\r\n", 0, 0, errReply},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 0, 0, errReply},
		{"other protocol", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 0, errReply},
		{"short", "HTTP/1.1\r\n\r\n", 0, 0, errReply},
	} {
		status, total, err := parseReply([]byte(test.in))
		if status != test.status || total != test.total || !errors.Is(err, test.err) {
			t.Errorf("%s: %d, %d, %v, want %d, %d, %v", test.name, status, total, err, test.status, test.total, test.err)
		}
	}
}

// answering starts a server and makes a plan of requests to it.
func answering(t *testing.T, handler http.HandlerFunc) plan {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return plan{
		addresses: []string{strings.TrimPrefix(server.URL, "http://")}, connections: 4, requests: 100,
		next: func(_ *worker, buf []byte) ([]byte, int, int) {
			return append(buf, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"...), 0, 200
		},
	}
}

func TestDriveSendsSoManyRequests(t *testing.T) {
	var answered atomic.Int64
	body := strings.Repeat("x", 3*replyBuffer) // more than is read at once
	p := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		answered.Add(1)
		w.Header().Set("Content-Length", "98304")
		_, _ = w.Write([]byte(body))
	})
	found, err := drive(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if answered.Load() != p.requests || found.rate <= 0 || found.p50 <= 0 || found.p99 < found.p50 {
		t.Errorf("%d answered, %+v", answered.Load(), found)
	}
}

func TestDriveEndsInTime(t *testing.T) {
	p := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) })
	p.requests, p.duration = 0, 50*time.Millisecond
	began := time.Now()
	if _, err := drive(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < p.duration {
		t.Errorf("ended after %s, before %s", took, p.duration)
	}
}

func TestDriveFailsOnAnyOtherStatus(t *testing.T) {
	var answered atomic.Int64
	p := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		if answered.Add(1) == 42 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte("x"))
	})
	_, err := drive(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "GET /: status 503, not 200") {
		t.Errorf("error %v", err)
	}
}

func TestDriveStopsWithItsContext(t *testing.T) {
	p := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) })
	p.requests, p.duration = 0, time.Minute
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := drive(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
