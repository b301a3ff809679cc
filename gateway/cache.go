package gateway

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
)

// cache holds the keys that were found good, by their text. A holder can narrow a key into others without end, so it
// is bounded by bytes; what was not asked for since the eye last passed goes first (SIEVE: Zhang and others, NSDI
// 2024), so that a flood of keys that are shown once does not drive out those in use.
//
// Reading takes a shard's lock, shared. Everything else happens under mu: it is as rare as calls to the server.
type cache struct {
	seed   maphash.Seed
	shards [shards]shard

	mu       sync.Mutex
	limit    int // bytes
	size     int
	count    int
	epoch    int64 // the newest event taken in that made some verdict wrong
	newest   *entry
	oldest   *entry
	eye      *entry // where the search for the next one to go begins; nil: at the oldest
	projects map[reeve.ID]family
}

const shards = 64

// shard is padded to a cache line of its own, for its lock is written by every reader.
type shard struct {
	mu      sync.RWMutex
	entries map[string]*entry
	_       [64]byte
}

// entry is a cached key.
type entry struct {
	grant
	text string
	seen atomic.Bool  // since the eye passed
	used atomic.Int64 // ticks of the last use that was noted; 0: none
	told ticks        // up to which uses were told; for who calls uses

	newer, older *entry
}

// family is the cached keys of a project, by their root keys.
type family map[reeve.ID]map[*entry]struct{}

func newCache(limit int) *cache {
	c := &cache{seed: maphash.MakeSeed(), limit: limit, projects: map[reeve.ID]family{}}
	for i := range c.shards {
		c.shards[i].entries = map[string]*entry{}
	}
	return c
}

func (c *cache) shard(key string) *shard { return &c.shards[maphash.String(c.seed, key)%shards] }

// get finds a key; nil if it is not there. Whether it may be used is another question.
func (c *cache) get(key string) *entry {
	s := c.shard(key)
	s.mu.RLock()
	found := s.entries[key]
	s.mu.RUnlock()
	if found != nil && !found.seen.Load() {
		found.seen.Store(true)
	}
	return found
}

// add keeps a key unless something has happened since its verdict that might have changed it. It tells whether the
// verdict stood.
func (c *cache) add(key string, g grant) bool {
	e := &entry{grant: g, text: strings.Clone(key)} // callers cut keys out of larger texts
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.Epoch < c.epoch {
		return false
	}
	s := c.shard(key)
	if old := s.entries[key]; old != nil {
		c.remove(old)
	}
	s.mu.Lock()
	s.entries[e.text] = e
	s.mu.Unlock()
	c.push(e)
	for c.size > c.limit && c.oldest != nil {
		c.evict()
	}
	return true
}

// push makes an entry the newest, and enters it in its family.
func (c *cache) push(e *entry) {
	c.size += e.bytes()
	c.count++
	e.older = c.newest
	if c.newest != nil {
		c.newest.newer = e
	} else {
		c.oldest = e
	}
	c.newest = e
	f := c.projects[e.ProjectID]
	if f == nil {
		f = family{}
		c.projects[e.ProjectID] = f
	}
	if f[e.KeyID] == nil {
		f[e.KeyID] = map[*entry]struct{}{}
	}
	f[e.KeyID][e] = struct{}{}
}

// evict removes the entry that the eye comes to first among those that nobody asked for.
func (c *cache) evict() {
	e := c.eye
	if e == nil {
		e = c.oldest
	}
	for range c.count { // at most once round: readers may mark faster than this clears
		if !e.seen.Swap(false) {
			break
		}
		if e = e.newer; e == nil {
			e = c.oldest
		}
	}
	c.eye = e
	c.remove(e)
}

// remove takes an entry out of everything.
func (c *cache) remove(e *entry) {
	s := c.shard(e.text)
	s.mu.Lock()
	delete(s.entries, e.text)
	s.mu.Unlock()

	c.size -= e.bytes()
	c.count--
	if c.eye == e {
		c.eye = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		c.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		c.oldest = e.newer
	}
	f := c.projects[e.ProjectID]
	delete(f[e.KeyID], e)
	if len(f[e.KeyID]) == 0 {
		delete(f, e.KeyID)
	}
	if len(f) == 0 {
		delete(c.projects, e.ProjectID)
	}
}

// revoke drops a root key and all that came from it, or only the named one among them and what came from that. Like
// cut and forget it takes in the event of a number: verdicts from before that are not kept any more.
func (c *cache) revoke(epoch int64, project, root reeve.ID, name *KeyName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = max(c.epoch, epoch)
	for e := range c.projects[project][root] {
		if name == nil || e.descends(*name) {
			c.remove(e)
		}
	}
}

// cut drops the keys of a project whose roots were made before a time.
func (c *cache) cut(epoch int64, project reeve.ID, before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = max(c.epoch, epoch)
	for _, entries := range c.projects[project] {
		for e := range entries {
			if e.IssuedAt.Before(before) {
				c.remove(e)
			}
		}
	}
}

// forget drops the keys of a project.
func (c *cache) forget(epoch int64, project reeve.ID) {
	c.cut(epoch, project, endOfTime)
}

// freeze drops the keys of a project, of an organisation's projects and of an owner's; zero is none.
func (c *cache) freeze(epoch int64, project, organization, owner reeve.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = max(c.epoch, epoch)
	// A project's keys may have been judged when it was another's: each says whose it is.
	for id, f := range c.projects {
		for _, entries := range f {
			for e := range entries {
				if id == project || organization != reeve.Zero && e.OrganizationID == organization || owner != reeve.Zero && e.OwnerID == owner {
					c.remove(e)
				}
			}
		}
	}
}

// endOfTime is after every time that a key is made at.
var endOfTime = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// clear drops everything, and takes in the event of a number as the others do.
func (c *cache) clear(epoch int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = max(c.epoch, epoch)
	c.empty()
}

// restart drops everything and begins to count at a number, which may be lower than before.
func (c *cache) restart(epoch int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = epoch
	c.empty()
}

func (c *cache) empty() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.entries = map[string]*entry{}
		s.mu.Unlock()
	}
	c.size, c.count, c.newest, c.oldest, c.eye = 0, 0, nil, nil, nil
	c.projects = map[reeve.ID]family{}
}

// stands tells whether nothing has happened since a verdict that might have changed it.
func (c *cache) stands(epoch int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return epoch >= c.epoch
}

// descends tells whether the key is the named one or came from it.
func (e *entry) descends(name KeyName) bool {
	for i := range e.Lineage {
		if e.Lineage[i] == name {
			return true
		}
	}
	return false
}

// What an entry takes besides its texts: itself and its places in three maps and a list; a caveat.
const (
	entryBytes  = 640
	caveatBytes = 128
)

// bytes is about what the entry takes, and the same each time.
func (e *entry) bytes() int {
	out := entryBytes + len(e.text) + len(e.KeyName) + len(e.Lineage)*len(KeyName{})
	for i := range e.Caveats {
		out += caveatBytes
		for _, p := range e.Caveats[i].AllowedPaths {
			out += 48 + len(p.Bucket) + len(p.EncryptedPathPrefix)
		}
		out += len(e.Caveats[i].Nonce)
	}
	return out
}
