package reevetest

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
)

// tried are the operations whose manners some test of this process has tried:
// once is enough, and each costs a few requests.
var tried sync.Map

const idempotencyKey = "Idempotency-Key"

// claim tells whether the caller is to try something of an operation.
func claim(what, id string) bool {
	_, done := tried.LoadOrStore(what+" "+id, true)
	return !done
}

func unclaimed(what, id string) bool {
	_, done := tried.Load(what + " " + id)
	return !done
}

// withManners sends a step's request, and around it what every operation of its
// kind must answer alike: 304 to who has the reply already, 412 to who has an
// old one, and the same reply to who sends a request again.
func (s *Server) withManners(t *testing.T, step Step, r Request) Reply {
	t.Helper()
	if s.Plain || step.Status < 200 || step.Status > 299 || step.Loose {
		return s.Send(t, r)
	}
	all, err := checkers()
	if err != nil {
		t.Fatal(err)
	}
	id, statuses := all[r.Face].Find(r.Method, r.Target)
	id = r.Face + " " + id
	if statuses[http.StatusPreconditionFailed] && unclaimed("precondition", id) && s.there(t, r) && claim("precondition", id) {
		s.expect(t, r, http.StatusPreconditionFailed, "If-Match", `"of-another-time"`)
		s.expect(t, r, http.StatusBadRequest, "If-Match", `"of another time"`)
	}
	if statuses[http.StatusUnprocessableEntity] && r.Header.Get(idempotencyKey) == "" && s.Store.Dialect() == "sqlite" && claim("repetition", id) {
		return s.repeatedly(t, r)
	}
	reply := s.Send(t, r)
	if tag := reply.Header.Get("ETag"); statuses[http.StatusNotModified] && tag != "" && claim("validation", id) {
		again := s.expect(t, r, http.StatusNotModified, "If-None-Match", `"x", W/`+tag)
		if again.Header.Get("ETag") != tag || again.Body != "" || again.Header.Get("Vary") != reply.Header.Get("Vary") {
			t.Errorf("%s %s: 304 with %v", r.Method, r.Target, again.Header)
		}
	}
	return reply
}

// there tells whether the path of a request has something to read, or never has.
func (s *Server) there(t *testing.T, r Request) bool {
	t.Helper()
	path, _, _ := strings.Cut(r.Target, "?")
	status := s.Send(t, Request{Face: r.Face, Method: http.MethodGet, Target: path, Header: r.Header}).Status
	return status == http.StatusOK || status == http.StatusMethodNotAllowed
}

// expect sends a request with one more header, and gives the reply.
func (s *Server) expect(t *testing.T, r Request, status int, name, value string) Reply {
	t.Helper()
	r.Header = r.Header.Clone()
	r.Header.Set(name, value)
	reply := s.Send(t, r)
	if reply.Status != status {
		t.Errorf("%s %s with %s %s: %d %s, want %d", r.Method, r.Target, name, value, reply.Status, reply.Body, status)
	}
	return reply
}

// repeatedly sends a request four times with one key: twice at once, of which
// one is told that the other is running; then again; and then as another one.
func (s *Server) repeatedly(t *testing.T, r Request) Reply {
	t.Helper()
	s.expect(t, r, http.StatusBadRequest, idempotencyKey, "caf\u00e9")
	key := NewID().String()
	r.Header = r.Header.Clone()
	r.Header.Set(idempotencyKey, key)

	held, release := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.Store.Write(t.Context(), func(tx *store.Tx) error {
			if _, _, err := tx.ChangeEnd(t.Context(), "head"); err != nil { // takes the writer's turn
				t.Error(err)
			}
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	replies := make(chan Reply, 2)
	for range 2 {
		go func() { replies <- s.Send(t, r) }()
	}
	refused := <-replies
	close(release)
	if refused.Status != http.StatusConflict || !strings.Contains(refused.Body, "still running") || refused.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s, sent twice at once: %d %s", r.Method, r.Target, refused.Status, refused.Body)
	}
	reply := <-replies
	again := s.Send(t, r)
	if again.Status != reply.Status || again.Body != reply.Body || again.Header.Get("Content-Type") != reply.Header.Get("Content-Type") ||
		again.Header.Get("Idempotency-Replayed") != "true" || reply.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("%s %s, sent again: %d %s, first %d %s", r.Method, r.Target, again.Status, again.Body, reply.Status, reply.Body)
	}
	contentType := "text/plain"
	if was := r.Header.Get("Content-Type"); was != "" {
		contentType = was + "; charset=utf-8"
	}
	s.expect(t, r, http.StatusUnprocessableEntity, "Content-Type", contentType)
	return reply
}
