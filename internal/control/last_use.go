package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How often uses are written down, and how many in one transaction.
const (
	lastUsesEvery = 5 * time.Second
	lastUsesBatch = 500
)

// maxLastUses bounds what waits to be written down; what does not fit is noted
// at its next use.
const maxLastUses = 1 << 20

// lastUses gathers when keys, tokens and sessions were used, so that no request
// waits for it to be written down.
type lastUses struct{ shards [64]lastUsesShard }

type lastUsesShard struct {
	mu   sync.Mutex
	uses map[reeve.ID]store.LastUse
}

func newLastUses() *lastUses {
	out := &lastUses{}
	for i := range out.shards {
		out.shards[i].uses = map[reeve.ID]store.LastUse{}
	}
	return out
}

func (u *lastUses) shard(id reeve.ID) *lastUsesShard {
	return &u.shards[id[15]%byte(len(u.shards))] // the end of an id is random
}

// mark notes a use: by is an address or an id.
func (u *lastUses) mark(id reeve.ID, at time.Time, by string) {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.uses[id]; ok && old.At.After(at) || !ok && len(s.uses) >= maxLastUses/len(u.shards) {
		return
	}
	s.uses[id] = store.LastUse{ID: id, At: at, By: by}
}

// latest gives when something was used last, given what is written down.
func (u *lastUses) latest(id reeve.ID, written time.Time) time.Time {
	s := u.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if use, ok := s.uses[id]; ok && use.At.After(written) {
		return use.At
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

// take empties a shard.
func (s *lastUsesShard) take() []store.LastUse {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]store.LastUse, 0, len(s.uses))
	for _, use := range s.uses {
		out = append(out, use)
	}
	clear(s.uses)
	return out
}

// writeLastUses writes the uses down now and then until the context ends, and
// once more then; failures are handed to report.
func (c *Control) writeLastUses(ctx context.Context, report func(error)) {
	for ending := false; !ending; {
		select {
		case <-ctx.Done():
			ending = true
		case <-time.After(lastUsesEvery):
		}
		if err := c.FlushLastUses(context.WithoutCancel(ctx)); err != nil {
			report(err)
		}
	}
}

// FlushLastUses writes down all uses that are gathered. What a failure keeps
// from it is written at the next use.
func (c *Control) FlushLastUses(ctx context.Context) error {
	var uses []store.LastUse
	for i := range c.used.shards {
		uses = append(uses, c.used.shards[i].take()...)
	}
	// In one order everywhere, so that replicas do not wait for each other in a
	// circle.
	slices.SortFunc(uses, func(a, b store.LastUse) int { return slices.Compare(a.ID[:], b.ID[:]) })
	for batch := range slices.Chunk(uses, lastUsesBatch) {
		pass, cancel := context.WithTimeout(ctx, jobTimeout)
		err := c.store.Write(pass, func(tx *store.Tx) error {
			tx.PutLastUses(batch)
			return nil
		})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// usesOf gives the last use of things, in memory or written down.
func (c *Control) usesOf(ctx context.Context, ids []reeve.ID) (map[reeve.ID]store.LastUse, error) {
	out, err := c.store.LastUses(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		s := c.used.shard(id)
		s.mu.Lock()
		if use, ok := s.uses[id]; ok && use.At.After(out[id].At) {
			out[id] = use
		}
		s.mu.Unlock()
	}
	return out, nil
}
