package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/throttle"
)

// Guard counts the unknown credentials that come from each address, and turns
// an address with too many away before anything is looked up for it. A
// credential that was accepted lately is looked up from anywhere. The
// listeners of a process share one; a nil Guard turns nobody away.
type Guard struct {
	failures *throttle.Limiter
	accepted memory
}

// NewGuard allows each address so many unknown credentials a minute; of none
// at all it answers nil. An IPv6 address stands for its /64.
func NewGuard(aMinute int, now func() time.Time) *Guard {
	if aMinute <= 0 {
		return nil
	}
	policy := throttle.Policy{Name: "auth", Quota: aMinute, Window: time.Minute}
	return &Guard{failures: throttle.New(policy, now), accepted: memory{now: now}}
}

var errManyFailures = reeve.Errorf(reeve.Exhausted, "too many unknown credentials came from this address")

// admit answers an error for a request that is not to be looked at. A request
// without a credential is no guess, and costs no look.
func (g *Guard) admit(x *exchange) error {
	if g == nil {
		return nil
	}
	return g.admitOne(x, x.api.face.Credential(x.request))
}

// admitOne is admit for a credential that is shown elsewhere.
func (g *Guard) admitOne(x *exchange, credential string) error {
	if g == nil {
		return nil
	}
	x.credential = credential
	if x.credential == "" {
		return nil
	}
	found := g.failures.Peek(x.network())
	if found.Allowed || g.accepted.has(sha256.Sum256([]byte(x.credential))) {
		return nil
	}
	if x.body != nil {
		x.Header()["Connection"] = closing // the body is not waited for
	}
	return errManyFailures.WithRetryAfter(found.RetryAfter).WithQuota(g.failures.Describe(found))
}

// learn takes down what became of a request's credential.
func (g *Guard) learn(x *exchange) {
	if g == nil || x.credential == "" {
		return
	}
	switch {
	case x.failure != nil && x.failure.Kind == reeve.Unauthenticated:
		g.failures.Take(x.network())
		g.accepted.remove(sha256.Sum256([]byte(x.credential)))
	case x.actor != "":
		g.accepted.add(sha256.Sum256([]byte(x.credential)))
	}
}

const (
	manyAccepted = 32 << 10         // credentials in either half of a memory
	recently     = 10 * time.Minute // how long a half is added to
)

// memory knows digests that were added recently, by halves: when the one that
// is added to is full or old, it takes the place of the other.
type memory struct {
	now func() time.Time

	mu         sync.RWMutex
	fresh, old map[[sha256.Size]byte]struct{}
	since      time.Time // of fresh
}

func (m *memory) has(digest [sha256.Size]byte) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.now().Sub(m.since) >= 2*recently {
		return false
	}
	_, fresh := m.fresh[digest]
	_, old := m.old[digest]
	return fresh || old
}

func (m *memory) add(digest [sha256.Size]byte) {
	now := m.now()
	m.mu.RLock()
	_, known := m.fresh[digest]
	full := len(m.fresh) >= manyAccepted && !known || now.Sub(m.since) >= recently
	m.mu.RUnlock()
	if known && !full {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fresh == nil || len(m.fresh) >= manyAccepted || now.Sub(m.since) >= recently {
		m.old = m.fresh
		if now.Sub(m.since) >= 2*recently {
			m.old = nil
		}
		m.fresh, m.since = map[[sha256.Size]byte]struct{}{}, now
	}
	m.fresh[digest] = struct{}{}
}

func (m *memory) remove(digest [sha256.Size]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.fresh, digest)
	delete(m.old, digest)
}

// network is what the client's address is counted as.
func (x *exchange) network() string {
	return throttle.Network(clientAddress(x.request, x.api.opts.TrustedProxies))
}

// SetQuota adds a quota to the reply to the request, if it is a success; an
// error has its own. It must be called from the request's own goroutine.
func SetQuota(ctx context.Context, quota reeve.Quota) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.quota = &quota
	}
}

// setQuota writes a quota as draft-ietf-httpapi-ratelimit-headers has it, in
// the syntax of RFC 9651.
func setQuota(header http.Header, q *reeve.Quota) {
	name := strconv.Quote(q.Name)
	header["Ratelimit"] = []string{name + ";r=" + strconv.Itoa(q.Remaining) + ";t=" + seconds(q.Reset)}
	header["Ratelimit-Policy"] = []string{name + ";q=" + strconv.Itoa(q.Limit) + ";w=" + seconds(q.Window)}
}

// seconds gives a duration in whole ones, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
