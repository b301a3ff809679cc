package gateway

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// keyUses tells the control plane when keys were used last that it is not asked about. That is a convenience of lists
// of keys and no record: what cannot be told in time is left out.
type keyUses struct {
	mu      sync.Mutex
	waiting map[reeve.ID]ticks // of root keys, not told yet
}

const (
	useGrain  = ticks(time.Second) // how exactly uses are noted
	usesEvery = 10 * time.Second
	usesBatch = 1000
	usesMost  = 100_000
)

// note notes a use of the entry's key. It costs a load, and once a second a store.
func (e *entry) note(now ticks) {
	if now-ticks(e.used.Load()) >= useGrain {
		e.used.Store(int64(now))
	}
}

// uses hands over the keys that were used since the last call, which only one goroutine may make at a time.
func (c *cache) uses(each func(key reeve.ID, at ticks)) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		for _, e := range s.entries {
			if at := ticks(e.used.Load()); at > e.told {
				e.told = at
				each(e.KeyID, at)
			}
		}
		s.mu.RUnlock()
	}
}

// tellUses tells of uses every now and then until the client's life ends.
func (c *Client) tellUses() {
	for {
		select {
		case <-c.life.Done():
			return
		case <-time.After(usesEvery - time.Second + rand.N(2*time.Second)): // not all gateways at once
		}
		c.flushUses(c.life)
	}
}

// keyUse is a use as it is sent.
type keyUse struct {
	KeyID uuid.UUID `json:"keyId"`
	At    time.Time `json:"at"`
}

// flushUses tells of all uses that are known; what the control plane does not answer waits for the next time.
func (c *Client) flushUses(ctx context.Context) {
	u := &c.keyUses
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[reeve.ID]ticks{}
	}
	c.cache.uses(func(key reeve.ID, at ticks) {
		if old, known := u.waiting[key]; known || len(u.waiting) < usesMost {
			u.waiting[key] = max(old, at)
		}
	})
	for len(u.waiting) > 0 {
		var in struct {
			Uses []keyUse `json:"uses"`
		}
		for key, at := range u.waiting {
			if in.Uses = append(in.Uses, keyUse{uuid.UUID(key), c.clock.at(at).UTC()}); len(in.Uses) == usesBatch {
				break
			}
		}
		_, err := c.remote.do(ctx, call{method: http.MethodPost, path: "/gateway/uses", twice: true, in: in})
		if _, answered := errors.AsType[*statusError](err); err != nil && (!answered || errors.Is(err, ErrUnavailable)) {
			return // what a server has refused it will not want another time
		}
		for _, use := range in.Uses {
			delete(u.waiting, reeve.ID(use.KeyID))
		}
	}
}
