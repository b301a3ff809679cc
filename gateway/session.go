package gateway

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// session is what the control plane knows of this gateway: how far it has followed the changes. While its lease runs,
// no revocation is called complete that this gateway has not taken in; after it, the control plane may do so, and
// nothing in the cache counts any more.
type session struct {
	remote *remote
	clock  *clock
	cache  *cache
	name   string
	logger *slog.Logger

	failure string // as was reported; used by run only

	leased atomic.Int64 // ticks until which the lease runs; 0: there is none
	heard  atomic.Int64 // ticks until which the last word from the feed shows that it runs; 0: it does not

	mu      sync.Mutex
	id      uuid.UUID     // of the newest session
	number  int64         // everything up to it has been taken in
	changed chan struct{} // buffered: there is something to say
}

// The feed speaks every 5 seconds at least.
const (
	feedQuiet = 12 * time.Second // the longest silence that is taken for none
	feedWait  = 17 * time.Second // then another replica is tried
)

var (
	errSessionOver = errors.New("the session is over")
	errFeedSilent  = errors.New("the feed is silent")
)

// sessionReply is what POST /gateway/feed answers.
type sessionReply struct {
	Session    uuid.UUID `json:"session"`
	Number     int64     `json:"number"`
	Lease      float64   `json:"lease"`      // seconds
	RenewEvery float64   `json:"renewEvery"` // seconds
	Now        time.Time `json:"now"`
}

func (o *sessionReply) renewEvery() time.Duration {
	return max(time.Duration(o.RenewEvery*float64(time.Second)), 10*time.Millisecond)
}

// open begins a session. The cache is empty after it: nobody has told what happened since the last one.
func (s *session) open(ctx context.Context) (*sessionReply, error) {
	out := &sessionReply{}
	got, err := s.remote.do(ctx, call{
		method: http.MethodPost, path: "/gateway/feed", twice: true, patient: true, out: out,
		in: struct {
			Name string `json:"name,omitempty"`
		}{s.name},
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.id, s.number = out.Session, out.Number
	s.mu.Unlock()
	s.cache.restart(out.Number)
	s.extend(got, out)
	return out, nil
}

// extend prolongs the lease, which is counted from when it was asked for.
func (s *session) extend(got answer, o *sessionReply) {
	if !o.Now.IsZero() {
		s.clock.learn(o.Now, got.sent, got.received)
	}
	s.leased.Store(int64(lasting(got.sent, time.Duration(o.Lease*float64(time.Second)))))
}

// end stops everything being served from the cache.
func (s *session) end() {
	s.leased.Store(0)
	s.heard.Store(0)
	s.cache.clear(0)
}

// run keeps a session until the context ends. first is one that is open already, or nil.
func (s *session) run(ctx context.Context, first *sessionReply) {
	defer s.end()
	var pause pause
	for ctx.Err() == nil {
		current, err := first, error(nil)
		if first = nil; current == nil {
			current, err = s.open(ctx)
		}
		if err == nil {
			pause.reset()
			s.failure = ""
			s.logger.Info("following the control plane", "session", current.Session)
			err = s.keep(ctx, current)
			s.end()
		}
		if ctx.Err() == nil {
			s.report(err)
			pause.wait(ctx, errors.Is(err, ErrToken))
		}
	}
}

// report says why there is no session, once for each kind of reason.
func (s *session) report(err error) {
	kind := "other"
	for _, known := range []error{ErrUnavailable, ErrToken, errSessionOver} {
		if errors.Is(err, known) {
			kind = known.Error()
		}
	}
	if s.failure != kind {
		s.failure = kind
		s.logger.Warn("not following the control plane", "error", err)
	}
}

// keep follows the feed and renews the lease until one of them cannot go on.
func (s *session) keep(ctx context.Context, current *sessionReply) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var both sync.WaitGroup
	both.Go(func() { cancel(s.follow(ctx)) })
	both.Go(func() { cancel(s.renew(ctx, current)) })
	both.Wait()
	return context.Cause(ctx)
}

// renew acknowledges what was taken in, at once where somebody waits for it, else often enough to keep the lease.
func (s *session) renew(ctx context.Context, current *sessionReply) error {
	wait := current.renewEvery()
	var pause pause
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.changed:
		case <-time.After(wait):
		}
		// A lease that has run out is not taken up again, whatever the server would say: changes that nobody waited
		// for this gateway with may be on their way.
		if s.clock.ticks() >= ticks(s.leased.Load()) {
			return errSessionOver
		}
		got, answered, err := s.acknowledge(ctx, current.Session)
		switch {
		case err == nil:
			s.extend(got, &answered)
			wait = answered.renewEvery()
			pause.reset()
		case errors.Is(err, ErrToken):
			return err
		case isStatus(err, http.StatusNotFound), isStatus(err, http.StatusBadRequest):
			return errSessionOver // or what it has taken in never happened: the database was put back
		default:
			wait = min(pause.next(), wait)
		}
	}
}

// acknowledge says what has been taken in.
func (s *session) acknowledge(ctx context.Context, id uuid.UUID) (answer, sessionReply, error) {
	s.mu.Lock()
	number := s.number
	s.mu.Unlock()
	var out sessionReply
	got, err := s.remote.do(ctx, call{
		method: http.MethodPost, path: "/gateway/feed", twice: true, patient: true, out: &out,
		in: struct {
			Session uuid.UUID `json:"session"`
			Number  int64     `json:"number"`
		}{id, number},
	})
	return got, out, err
}

// wake makes renew go on now.
func (s *session) wake() {
	select {
	case s.changed <- struct{}{}:
	default: // it is about to, and will say what is true then
	}
}

// lapsed wakes a session whose lease ran out unnoticed: the timers stand still while the machine sleeps.
func (s *session) lapsed(now ticks) {
	if until := s.leased.Load(); until != 0 && int64(now) >= until {
		s.wake()
	}
}

// leave ends a session in good order, so that nobody waits for it.
func (s *session) leave(ctx context.Context) {
	s.mu.Lock()
	id := s.id
	s.mu.Unlock()
	if id == uuid.Nil {
		return
	}
	_, _ = s.remote.do(ctx, call{method: http.MethodDelete, path: "/gateway/feed/" + id.String(), twice: true, patient: true})
}

// pause is how long to wait between attempts: longer each time, and not all gateways at once.
type pause struct{ last time.Duration }

const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
	tokenPause    = 5 * time.Second // a token that was refused will be again
)

func (p *pause) reset() { p.last = 0 }

// next gives the next wait.
func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, shortestPause), longestPause)
	return p.last/2 + rand.N(p.last/2)
}

// wait waits, or until the context ends.
func (p *pause) wait(ctx context.Context, long bool) {
	d := p.next()
	if long {
		d = tokenPause
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
