package control

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// How many failures are borne within signInWindow: on one account, whoever
// makes them, and from one address, on whatever accounts.
const (
	signInWindow    = 15 * time.Minute
	accountFailures = 10
	addressFailures = 30
)

// knownFor is how long an address that has signed in to an account is not kept
// from it by what others do to the account.
const knownFor = 30 * 24 * time.Hour

// maxThrottled bounds what is remembered; who was there last stays.
const maxThrottled = 1 << 16

// signInThrottle counts failures to sign in, in the memory of this replica. An
// attempt counts as a failure from its begin until it is known to be none, so
// that many at once are no way around it.
type signInThrottle struct {
	mu       sync.Mutex
	failures recent[[]time.Time]
	known    recent[time.Time] // an address on an account → when it last signed in
}

func newSignInThrottle() *signInThrottle { return &signInThrottle{} }

// attempt is one try at the secrets of an account.
type attempt struct {
	throttle      *signInThrottle
	at            time.Time
	of            throttleKey    // the address on the account
	counted       [2]throttleKey // where it counts
	takenBackOnce sync.Once
}

// throttleKey is a digest: addresses may be long, and are personal.
type throttleKey [sha256.Size]byte

func keyOf(kind string, parts ...string) throttleKey {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, part := range parts {
		h.Write([]byte{0})
		h.Write([]byte(part))
	}
	return throttleKey(h.Sum(nil))
}

// network is what counts as one address: of IPv6 the /64, which one customer
// has at least.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Unmap().Is4() {
		return address
	}
	prefix, err := parsed.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// keys tells where attempts at an account from an address count: an address
// that is known there has a count of its own.
func (t *signInThrottle) keys(email, address string, now time.Time) (of throttleKey, counted [2]throttleKey) {
	account, address := reeve.EmailKey(email), network(address)
	of = keyOf("known", account, address)
	counted = [2]throttleKey{keyOf("account", account), keyOf("address", address)}
	if since, ok := t.known.get(of); ok && now.Before(since.Add(knownFor)) {
		counted[0] = of
	}
	return of, counted
}

// look answers Exhausted, and when to come back, where take would.
func (t *signInThrottle) look(email, address string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, counted := t.keys(email, address, now)
	return t.room(counted, now)
}

// take counts an attempt; Exhausted if there were too many failures.
func (t *signInThrottle) take(email, address string, now time.Time) (*attempt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, counted := t.keys(email, address, now)
	if err := t.room(counted, now); err != nil {
		return nil, err
	}
	for _, key := range counted {
		failures, _ := t.failures.get(key)
		t.failures.put(key, append(since(failures, now), now))
	}
	return &attempt{throttle: t, at: now, of: of, counted: counted}, nil
}

func (t *signInThrottle) room(counted [2]throttleKey, now time.Time) error {
	for i, limit := range []int{accountFailures, addressFailures} {
		failures, _ := t.failures.get(counted[i])
		if failures = since(failures, now); len(failures) >= limit {
			wait := failures[len(failures)-limit].Add(signInWindow).Sub(now)
			return reeve.Errorf(reeve.Exhausted, "too many failed attempts").WithRetryAfter(wait)
		}
	}
	return nil
}

// since gives the failures that still count.
func since(failures []time.Time, now time.Time) []time.Time {
	for len(failures) > 0 && !now.Before(failures[0].Add(signInWindow)) {
		failures = failures[1:]
	}
	return failures
}

// forgive makes an attempt none.
func (a *attempt) forgive() {
	a.takenBackOnce.Do(func() {
		t := a.throttle
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, key := range a.counted {
			failures, _ := t.failures.get(key)
			for i := range failures {
				if failures[i].Equal(a.at) {
					t.failures.put(key, append(failures[:i:i], failures[i+1:]...))
					break
				}
			}
		}
	})
}

// succeed makes an attempt none, and its address known on the account.
func (a *attempt) succeed() {
	a.forgive()
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	a.throttle.known.put(a.of, a.at)
}

// know notes that an address belongs to an account's owner.
func (t *signInThrottle) know(email, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, _ := t.keys(email, address, now)
	t.known.put(of, now)
}

// recent remembers at most maxThrottled values, those that were put last.
type recent[V any] struct {
	at    map[throttleKey]*list.Element
	order list.List // the oldest first
}

type recentEntry[V any] struct {
	key   throttleKey
	value V
}

func (r *recent[V]) get(key throttleKey) (out V, ok bool) {
	element, ok := r.at[key]
	if ok {
		out = element.Value.(recentEntry[V]).value
	}
	return out, ok
}

func (r *recent[V]) put(key throttleKey, value V) {
	if r.at == nil {
		r.at = map[throttleKey]*list.Element{}
	}
	if element, ok := r.at[key]; ok {
		element.Value = recentEntry[V]{key, value}
		r.order.MoveToBack(element)
		return
	}
	if len(r.at) >= maxThrottled {
		oldest := r.order.Front()
		delete(r.at, oldest.Value.(recentEntry[V]).key)
		r.order.Remove(oldest)
	}
	r.at[key] = r.order.PushBack(recentEntry[V]{key, value})
}
