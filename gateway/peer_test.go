package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// peer is the other end of the wire, for what the real server does not do when told to: to fall silent, to answer late,
// to lose the session, to say what nobody understands. What both ends do together is tested on the real server.
type peer struct {
	*httptest.Server

	mu      sync.Mutex
	number  int64
	session uuid.UUID
	acked   int64
	opened  int
	lease   time.Duration
	status  int    // of every call, unless 0
	stream  func() // ends the feed that is open
	events  chan string
	asked   int           // questions about keys
	hold    chan struct{} // if not nil, what answers to questions about keys wait for
	code    reeve.VerdictCode
}

const peerToken = "reeve_gw_00000000000000000000000000000000000000000002CZclj"

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{number: 10, lease: time.Minute, events: make(chan string, 100), code: reeve.CodeValid}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /gateway/feed", p.renew)
	mux.HandleFunc("GET /gateway/feed", p.feed)
	mux.HandleFunc("DELETE /gateway/feed/{session}", func(http.ResponseWriter, *http.Request) {
		p.set(func() { p.session = uuid.Nil })
	})
	mux.HandleFunc("POST /gateway/verify", p.verify)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		p.set(func() { status = p.status })
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

func (p *peer) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

// fail answers every call with a status from now on, and ends the feed.
func (p *peer) fail(t *testing.T, status int) {
	t.Helper()
	eventually(t, "following", func() (is bool) {
		p.set(func() { is = p.stream != nil })
		return is
	})
	p.set(func() { p.status = status; p.stream() })
}

// get reads something of the peer's.
func get[T any](p *peer, field *T) (out T) {
	p.set(func() { out = *field })
	return out
}

func (p *peer) renew(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Session uuid.UUID
		Number  int64
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch in.Session {
	case uuid.Nil:
		p.session, p.acked = uuid.New(), p.number
		p.opened++
	case p.session:
		p.acked = in.Number
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"session": p.session, "number": p.number, "lease": p.lease.Seconds(), "renewEvery": p.lease.Seconds() / 3,
		"now": time.Now(),
	})
}

func (p *peer) feed(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	p.set(func() { p.stream = cancel })
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	_, _ = fmt.Fprintf(w, "id: %d\nevent: at\ndata: {}\n\n", get(p, &p.number))
	_ = out.Flush()
	for {
		select {
		case text := <-p.events:
			_, _ = w.Write([]byte(text))
			_ = out.Flush()
		case <-ctx.Done():
			return
		}
	}
}

func (p *peer) verify(w http.ResponseWriter, r *http.Request) {
	var in struct{ Key string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	key, err := macaroon.Parse(in.Key)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var hold chan struct{}
	head := key.Head()
	answer := map[string]any{
		"projectId": uuid.UUID{1}, "keyId": uuid.UUID(head[:16]), "keyName": "k", "limits": map[string]any{"rate": 7},
		"organizationId": uuid.UUID{2}, "ownerId": uuid.UUID{3}, "issuedAt": time.Unix(1000, 0).UTC(),
		"lineage": []KeyName{{1}, {byte(len(in.Key))}},
	}
	p.set(func() {
		p.asked++
		hold = p.hold
		answer["epoch"], answer["code"] = p.number, p.code
	})
	if hold != nil {
		<-hold
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// say sends an event of the next number.
func (p *peer) say(name, data string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	p.events <- fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", p.number, name, data)
	return p.number
}

// connect makes a client of the peer, whose clock the test moves.
func (p *peer) connect(t *testing.T, change func(*Config)) (*Client, *handClock) {
	t.Helper()
	config := Config{URLs: []string{p.URL}, Token: peerToken, Verify: Serve, Timeout: 5 * time.Second}
	if change != nil {
		change(&config)
	}
	hand := &handClock{}
	c, err := open(t.Context(), config, &clock{ticks: hand.ticks, wall: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c, hand
}

// handClock runs as time does, and can be put forward: what a machine that slept sees.
type handClock struct {
	mu   sync.Mutex
	more time.Duration
}

func (h *handClock) ticks() ticks {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bootTicks().plus(h.more)
}

func (h *handClock) sleep(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.more += d
}

// eventually waits for something that is about to be true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// judged asks for a key and gives the code, or the error's text.
func judged(t *testing.T, c *Client, key string) string {
	t.Helper()
	verdict, err := c.Verify(t.Context(), Request{Key: key, Op: macaroon.OpRead, Bucket: "b", Path: "p"})
	if err != nil {
		text, _, _ := strings.Cut(err.Error(), ":")
		return text
	}
	return string(verdict.Code)
}
