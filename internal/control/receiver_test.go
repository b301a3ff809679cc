package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/reeve-cloud/reeve"
)

// receiver is an endpoint that notes what it gets.
type receiver struct {
	url string

	mu     sync.Mutex
	status int
	hang   chan struct{} // closed: answer
	asked  chan struct{} // closed: one came that hangs
	secret reeve.Token
	got    []string // "status: threshold of id"
	ids    map[string]int
	faults []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200, ids: map[string]int{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

// ServeHTTP verifies a message with the specification's library.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if hang := r.hang; hang != nil {
		close(r.asked) // once, as one message is sent at a time
		r.mu.Unlock()
		<-hang
		r.mu.Lock()
	}
	verifier, err := standardwebhooks.NewWebhook(string(r.secret))
	if err == nil {
		err = verifier.VerifyIgnoringTimestamp(body, request.Header) // the clock is the test's
	}
	if err != nil {
		r.faults = append(r.faults, err.Error())
	}
	var message struct {
		Data struct{ Threshold int }
	}
	if err := json.Unmarshal(body, &message); err != nil {
		r.faults = append(r.faults, err.Error())
	}
	r.ids[request.Header.Get("webhook-id")]++
	r.got = append(r.got, fmt.Sprintf("%d: %d", r.status, message.Data.Threshold))
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// take gives what came since the last time.
func (r *receiver) take(t *testing.T) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fault := range r.faults {
		t.Error(fault)
	}
	out := append([]string{}, r.got...)
	r.got = nil
	return out
}
