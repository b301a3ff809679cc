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
	known map[question]refusal
}

type refusal struct {
	verdict Verdict
	until   ticks
}

const (
	refusalTime = time.Second
	refusalMost = 4096 // keys, of at most 4 KiB each
)

func newRefusals() *refusals { return &refusals{known: map[question]refusal{}} }

func (r *refusals) get(what question, now ticks) (Verdict, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.known[what]
	return found.verdict, ok && now < found.until
}

// add remembers a key. When there are too many all are forgotten: they were about to be.
func (r *refusals) add(what question, verdict Verdict, now ticks) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= refusalMost {
		clear(r.known)
	}
	what.key = strings.Clone(what.key)
	r.known[what] = refusal{verdict, now.plus(refusalTime)}
}
