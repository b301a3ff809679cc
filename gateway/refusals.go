package gateway

import (
	"strings"
	"sync"
	"time"
)

// refusals remembers for a moment which keys are no good, so that a client that keeps showing one does not become a
// flood of calls. It can only refuse, so that it needs no lease; what becomes good is noticed a moment late.
type refusals struct {
	mu    sync.Mutex
	known map[string]refusal
}

type refusal struct {
	verdict Verdict
	until   ticks
}

const (
	refusalTime = time.Second
	refusalMost = 4096 // keys, of at most 4 KiB each
)

func newRefusals() *refusals { return &refusals{known: map[string]refusal{}} }

func (r *refusals) get(key string, now ticks) (Verdict, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.known[key]
	return found.verdict, ok && now < found.until
}

// add remembers a key. When there are too many all are forgotten: they were about to be.
func (r *refusals) add(key string, verdict Verdict, now ticks) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= refusalMost {
		clear(r.known)
	}
	r.known[strings.Clone(key)] = refusal{verdict, now.plus(refusalTime)}
}
