package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How often uses are written down, how often those of one thing, and how many
// in one transaction.
const (
	lastUsesEvery = 5 * time.Second
	lastUseEvery  = time.Minute
	lastUsesBatch = 500
)

// lastUseGrain is how exactly uses are noted: of those that follow each other
// sooner one is enough.
const lastUseGrain = time.Second

// maxLastUses bounds what is in memory; what does not fit is noted at a later
// use.
const maxLastUses = 1 << 20

// lastUses gathers when keys, tokens and sessions were used, so that no request
// waits for it to be written down.
type lastUses struct{ shards [64]lastUsesShard }

type lastUsesShard struct {
	mu   sync.Mutex
	uses map[reeve.ID]heldUse
}

// heldUse is a use with the time of that which is written down.
type heldUse struct {
	at, written time.Time
	by          string
}

func newLastUses() *lastUses {
	out := &lastUses{}
	for i := range out.shards {
		out.shards[i].uses = map[reeve.ID]heldUse{}
	}
	return out
}

func (u *lastUses) shard(id reeve.ID) *lastUsesShard {
	return &u.shards[id[15]%byte(len(u.shards))] // the end of an id is random
}

// recent tells whether a use of at most a moment before, or a later one, is
// noted.
func (u *lastUses) recent(id reeve.ID, at time.Time) bool {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.uses[id]
	return ok && at.Sub(old.at) < lastUseGrain
}

// mark notes a use: by is an address or an id.
func (u *lastUses) mark(id reeve.ID, at time.Time, by string) {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.uses[id]
	if ok && at.Sub(old.at) < lastUseGrain || !ok && len(s.uses) >= maxLastUses/len(u.shards) {
		return
	}
	s.uses[id] = heldUse{at: at, written: old.written, by: by}
}

// latest gives when something was used last, given what is written down.
func (u *lastUses) latest(id reeve.ID, written time.Time) time.Time {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if use, ok := s.uses[id]; ok && use.at.After(written) {
		return use.at
	}
	return written
}

// drop forgets a use of what is gone.
func (u *lastUses) drop(id reeve.ID) {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.uses, id)
}

// take gives the uses to write down: all, or those whose last writing is some
// time ago. It forgets things that were not used for that time.
func (s *lastUsesShard) take(now time.Time, all bool) (out []store.LastUse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, use := range s.uses {
		switch {
		case !use.at.After(use.written):
			if now.Sub(use.written) >= lastUseEvery {
				delete(s.uses, id)
			}
		case all || use.at.Sub(use.written) >= lastUseEvery:
			out = append(out, store.LastUse{ID: id, At: use.at, By: use.by})
			use.written = use.at
			s.uses[id] = use
		}
	}
	return out
}

// unwritten takes back that uses were written down.
func (u *lastUses) unwritten(uses []store.LastUse) {
	for i := range uses {
		s := u.shard(uses[i].ID)
		s.mu.Lock()
		if use, ok := s.uses[uses[i].ID]; ok {
			use.written = time.Time{}
			s.uses[uses[i].ID] = use
		}
		s.mu.Unlock()
	}
}

// writeLastUses writes the uses down now and then until the context ends, and
// all of them then; failures are handed to report.
func (c *Control) writeLastUses(ctx context.Context, report func(error)) {
	for ending := false; !ending; {
		select {
		case <-ctx.Done():
			ending = true
		case <-time.After(lastUsesEvery):
		}
		all := context.WithoutCancel(ctx)
		c.runner(all, jobLastUses, lastUsesEvery, report)(func() error { return c.flushLastUses(all, ending) })
	}
}

// FlushLastUses writes down all uses that are gathered. What a failure keeps
// from it is written another time.
func (c *Control) FlushLastUses(ctx context.Context) error { return c.flushLastUses(ctx, true) }

func (c *Control) flushLastUses(ctx context.Context, all bool) error {
	now := c.store.Now()
	var uses []store.LastUse
	for i := range c.used.shards {
		uses = append(uses, c.used.shards[i].take(now, all)...)
	}
	// In one order everywhere, so that replicas do not wait for each other in a
	// circle.
	slices.SortFunc(uses, func(a, b store.LastUse) int { return slices.Compare(a.ID[:], b.ID[:]) })
	for len(uses) > 0 {
		batch := uses[:min(len(uses), lastUsesBatch)]
		pass, cancel := context.WithTimeout(ctx, jobTimeout)
		err := c.store.Write(pass, func(tx *store.Tx) error {
			tx.PutLastUses(batch)
			return nil
		})
		cancel()
		if err != nil {
			c.used.unwritten(uses)
			return err
		}
		uses = uses[len(batch):]
	}
	return nil
}

// usesOf gives the last use of things, in memory or written down. Another
// replica's is up to a minute late.
func (c *Control) usesOf(ctx context.Context, ids []reeve.ID) (map[reeve.ID]store.LastUse, error) {
	out, err := c.store.LastUses(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		s := c.used.shard(id)
		s.mu.Lock()
		if use, ok := s.uses[id]; ok && use.at.After(out[id].At) {
			out[id] = store.LastUse{ID: id, At: use.at, By: use.by}
		}
		s.mu.Unlock()
	}
	return out, nil
}
