package gateway

import (
	"context"
	"sync"
)

// lookups bounds the questions to the control plane: one at a time for each, and so many at all.
type lookups struct {
	turns chan struct{}
	life  context.Context // ends with the client

	mu     sync.Mutex
	flying map[question]*lookup
}

// lookup is a question that is being asked.
type lookup struct {
	done  chan struct{} // closed when found and err are set
	found *finding
	err   error

	waiting   int           // callers
	begun     bool          // it is this one's turn
	abandoned chan struct{} // closed when nobody waits any more, before it has begun
}

func newLookups(life context.Context, most int) *lookups {
	return &lookups{turns: make(chan struct{}, most), life: life, flying: map[question]*lookup{}}
}

// get asks, or waits for the answer of somebody who asks already. That one counts only where it is usable:
// it may have been given before something that happened before the call of get. If not, the question is asked again,
// together with all who are in the same place.
func (l *lookups) get(ctx context.Context, what question, usable func(*finding) bool, ask func(context.Context) (*finding, error)) (*finding, error) {
	for joined := 0; ; joined++ {
		l.mu.Lock()
		flight, flying := l.flying[what]
		if !flying {
			flight = &lookup{done: make(chan struct{}), abandoned: make(chan struct{})}
			l.flying[what] = flight
			// Others may wait for the answer, so that it does not end with this caller.
			go l.fly(what, flight, ask)
		}
		flight.waiting++
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			l.leave(what, flight)
			return nil, ctx.Err()
		case <-flight.done:
		}
		// The second flight began after this call, as did one that this call began.
		if !flying || joined > 0 || flight.err == nil && usable(flight.found) {
			return flight.found, flight.err
		}
	}
}

// leave stops waiting. A question that nobody waits for is not asked, or a flood of keys would be a queue without end;
// once it is asked the answer is worth keeping.
func (l *lookups) leave(what question, flight *lookup) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if flight.waiting--; flight.waiting == 0 && !flight.begun && l.flying[what] == flight {
		delete(l.flying, what)
		close(flight.abandoned)
	}
}

// begin takes a turn for a question, if anybody still waits for it.
func (l *lookups) begin(flight *lookup) error {
	select {
	case l.turns <- struct{}{}:
	case <-flight.abandoned:
		return context.Canceled
	case <-l.life.Done():
		return ErrClosed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-flight.abandoned:
		<-l.turns
		return context.Canceled
	default:
		flight.begun = true
		return nil
	}
}

// fly asks when it is its turn.
func (l *lookups) fly(what question, flight *lookup, ask func(context.Context) (*finding, error)) {
	defer close(flight.done)
	if flight.err = l.begin(flight); flight.err == nil {
		flight.found, flight.err = ask(l.life)
		<-l.turns
		if l.life.Err() != nil {
			flight.err = ErrClosed
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flying[what] == flight {
		delete(l.flying, what)
	}
}
