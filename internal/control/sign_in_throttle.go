package control

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/throttle"
)

// How many failures are borne at once, and come back one by one over the
// window: on one account, whoever makes them, and from one address, on whatever
// accounts.
var (
	accountFailures = throttle.Policy{Name: "sign-in-account", Quota: 10, Window: 15 * time.Minute}
	addressFailures = throttle.Policy{Name: "sign-in-address", Quota: 30, Window: 15 * time.Minute}
)

// knownAddress is for how long an address that has signed in to an account is
// not kept from it by what others do to the account: who has used up the take
// is known.
var knownAddress = throttle.Policy{Name: "known", Quota: 1, Window: 30 * 24 * time.Hour}

// signInThrottle counts failures to sign in, in the memory of this replica. An
// attempt counts as a failure from its begin until it is known to be none, so
// that many at once are no way around it.
type signInThrottle struct {
	accounts, addresses *throttle.Limiter
	known               *throttle.Limiter // addresses on accounts
}

func newSignInThrottle(now func() time.Time) *signInThrottle {
	return &signInThrottle{throttle.New(accountFailures, now), throttle.New(addressFailures, now), throttle.New(knownAddress, now)}
}

// attempt is one try at the secrets of an account.
type attempt struct {
	throttle      *signInThrottle
	on            signInKeys
	began         time.Time // for measuring how long it takes
	takenBackOnce sync.Once
}

// signInKeys are where an attempt counts.
type signInKeys struct{ known, account, address string }

// keys tells where attempts at an account from an address count: an address
// that is known there has a count of its own.
func (t *signInThrottle) keys(email, address string) signInKeys {
	digest := sha256.Sum256([]byte(reeve.EmailKey(email))) // addresses may be long
	out := signInKeys{account: string(digest[:]), address: throttle.Network(address)}
	if out.known = out.account + out.address; !t.known.Peek(out.known).Allowed {
		out.account = out.known
	}
	return out
}

// look answers Exhausted, and when to come back, where take would.
func (t *signInThrottle) look(email, address string) error {
	on := t.keys(email, address)
	if found := t.addresses.Peek(on.address); !found.Allowed {
		return tooManyFailures(addressFailures, found)
	}
	if found := t.accounts.Peek(on.account); !found.Allowed {
		return tooManyFailures(accountFailures, found)
	}
	return nil
}

// take counts an attempt; Exhausted if there were too many failures. An address
// with too many costs the account nothing.
func (t *signInThrottle) take(email, address string) (*attempt, error) {
	on := t.keys(email, address)
	if found := t.addresses.Take(on.address); !found.Allowed {
		return nil, tooManyFailures(addressFailures, found)
	}
	if found := t.accounts.Take(on.account); !found.Allowed {
		t.addresses.Return(on.address)
		return nil, tooManyFailures(accountFailures, found)
	}
	return &attempt{throttle: t, on: on, began: time.Now()}, nil
}

func tooManyFailures(policy throttle.Policy, found throttle.Decision) error {
	return reeve.Errorf(reeve.Exhausted, "too many failed attempts").WithRetryAfter(found.RetryAfter).WithQuota(policy.Describe(found))
}

// forgive makes an attempt none.
func (a *attempt) forgive() {
	a.takenBackOnce.Do(func() {
		a.throttle.accounts.Return(a.on.account)
		a.throttle.addresses.Return(a.on.address)
	})
}

// succeed makes an attempt none, and its address known on the account.
func (a *attempt) succeed() {
	a.forgive()
	a.throttle.remember(a.on)
}

// know notes that an address belongs to an account's owner.
func (t *signInThrottle) know(email, address string) { t.remember(t.keys(email, address)) }

// remember begins anew the time for which an address is known on an account.
func (t *signInThrottle) remember(on signInKeys) {
	t.known.Forgive(on.known)
	t.known.Take(on.known)
}
