// Package throttle counts what each key does in bounded memory, and says when
// one has done too much. It has no clock and does no I/O.
package throttle

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Policy allows each key Quota takes at once, which come back evenly over
// Window.
type Policy struct {
	Name   string // as RateLimit names it: letters, digits and hyphens
	Quota  int    // at least 1
	Window time.Duration
}

// Decision is what a take, or a look, found.
type Decision struct {
	Allowed    bool
	Remaining  int           // takes that are left now
	RetryAfter time.Duration // until there is one; 0 while there is
	Reset      time.Duration // until there are all
}

// Describe words a decision for callers. Of a refusal, Reset is when it
// is worth another try: Retry-After and RateLimit must name one moment
// (draft-ietf-httpapi-ratelimit-headers-10, section 6).
func (p Policy) Describe(d Decision) reeve.Quota {
	out := reeve.Quota{Name: p.Name, Limit: p.Quota, Remaining: d.Remaining, Window: p.Window, Reset: d.Reset}
	if d.Remaining == 0 {
		out.Reset = d.RetryAfter
	}
	return out
}

// Keys is how many keys a Limiter remembers. When there are more, those that
// were not heard of for longest are forgotten, and may begin anew.
const Keys = 100_000

const shards = 16

// Limiter holds one policy's keys. It is safe for concurrent use. What it keeps
// of a key is 64 bits of a hash that nobody outside can foresee: two keys that
// share their takes are not to be expected.
type Limiter struct {
	Policy
	now    func() time.Time
	step   time.Duration // in which one take comes back
	window time.Duration // of all takes: step × Quota
	seed   maphash.Seed
	begin  sync.Once
	epoch  time.Time // of the first reading
	shards [shards]shard
}

// New makes a limiter for at most Keys keys that reads its time from now.
func New(policy Policy, now func() time.Time) *Limiter { return newLimiter(policy, now, Keys) }

func newLimiter(policy Policy, now func() time.Time, keys int) *Limiter {
	step := max(policy.Window/time.Duration(policy.Quota), 1)
	l := &Limiter{
		Policy: policy, now: now, step: step, window: step * time.Duration(policy.Quota),
		seed: maphash.MakeSeed(),
	}
	for i := range l.shards {
		l.shards[i].size = max(keys/shards, 1)
		l.shards[i].places = map[uint64]int32{}
	}
	return l
}

// Take takes one of the key's takes, if there is one: a refused take costs
// nothing.
func (l *Limiter) Take(key string) Decision {
	return l.with(key, func(s *shard, hash uint64, now time.Duration) Decision {
		full := max(s.get(hash), now)
		if full-now > l.window-l.step {
			return l.decide(full-now, false)
		}
		full += l.step
		s.put(hash, full)
		return l.decide(full-now, true)
	})
}

// Peek tells what Take would, and takes nothing.
func (l *Limiter) Peek(key string) Decision {
	return l.with(key, func(s *shard, hash uint64, now time.Duration) Decision {
		used := max(s.get(hash)-now, 0)
		return l.decide(used, used <= l.window-l.step)
	})
}

// Return gives the key one take back: one that has come back by itself since
// is not given twice.
func (l *Limiter) Return(key string) {
	l.with(key, func(s *shard, hash uint64, _ time.Duration) Decision {
		s.lower(hash, l.step)
		return Decision{}
	})
}

// Forgive gives the key all its takes back.
func (l *Limiter) Forgive(key string) {
	l.with(key, func(s *shard, hash uint64, _ time.Duration) Decision {
		s.drop(hash)
		return Decision{}
	})
}

// Len is how many keys are remembered.
func (l *Limiter) Len() (n int) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		n += len(s.places)
		s.mu.Unlock()
	}
	return n
}

func (l *Limiter) with(key string, do func(*shard, uint64, time.Duration) Decision) Decision {
	hash := maphash.String(l.seed, key)
	at := l.now()
	l.begin.Do(func() { l.epoch = at })
	now := at.Sub(l.epoch)
	s := &l.shards[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	return do(s, hash, now)
}

// decide words how long it is until all takes are back. This is the generic
// cell rate algorithm (ITU-T I.371, 5.4.3): one time for each key.
func (l *Limiter) decide(used time.Duration, allowed bool) Decision {
	out := Decision{Allowed: allowed, Reset: used, Remaining: int((l.window - used) / l.step)}
	out.RetryAfter = max(used-(l.window-l.step), 0)
	return out
}

// shard is a part of the keys, the one that was heard of last in front. It
// holds no pointers but its map's.
type shard struct {
	mu          sync.Mutex
	size        int
	places      map[uint64]int32
	entries     []entry
	first, last int32 // meaningless while there are none
}

type entry struct {
	hash         uint64
	full         time.Duration // since the limiter's beginning: when all takes are back
	newer, older int32
}

// get gives when all of a key's takes are back; 0 of one that is not known.
func (s *shard) get(hash uint64) time.Duration {
	if at, ok := s.places[hash]; ok {
		return s.entries[at].full
	}
	return 0
}

// put remembers a key, in the place of the oldest if there is no other.
func (s *shard) put(hash uint64, full time.Duration) {
	at, known := s.places[hash]
	switch {
	case known:
		s.unlink(at)
	case len(s.entries) < s.size:
		at = int32(len(s.entries))
		s.entries = append(s.entries, entry{})
	default:
		at = s.last
		s.unlink(at)
		delete(s.places, s.entries[at].hash)
	}
	s.entries[at] = entry{hash: hash, full: full}
	s.places[hash] = at
	s.link(at)
}

// drop gives a key its takes back; its place stays until it is the oldest.
func (s *shard) drop(hash uint64) {
	if at, ok := s.places[hash]; ok {
		s.entries[at].full = 0
	}
}

// lower gives a key so much of its time back, and leaves its place.
func (s *shard) lower(hash uint64, by time.Duration) {
	if at, ok := s.places[hash]; ok {
		s.entries[at].full -= by
	}
}

// link puts an entry in front.
func (s *shard) link(at int32) {
	if len(s.places) == 1 {
		s.first, s.last = at, at
		return
	}
	s.entries[at].older = s.first
	s.entries[s.first].newer = at
	s.first = at
}

// unlink takes an entry out of the row.
func (s *shard) unlink(at int32) {
	e := s.entries[at]
	if at != s.first {
		s.entries[e.newer].older = e.older
	} else {
		s.first = e.older
	}
	if at != s.last {
		s.entries[e.older].newer = e.newer
	} else {
		s.last = e.newer
	}
}
