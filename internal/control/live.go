package control

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/boottime"
	"github.com/reeve-cloud/reeve/macaroon"
)

// live is all that verifying needs, in memory: the heads of all keys there
// are, so that one that is not among them is unknown without asking anybody.
// It follows the change log, and may be trusted while the replica's session
// runs (see follow.go).
//
// There is no cache of keys that were verified: to compute a key's tails costs
// about as much as to look one up, and nobody can fill what is not there.
type live struct {
	shards [liveShards]liveShard

	mu       sync.RWMutex
	projects map[reeve.ID]*liveProject
	numbered []*liveProject // by liveProject.number; no number is given twice
	era      uint32         // counts how often all was forgotten
	gateways map[reeve.TokenHash]liveToken
	frozen   atomic.Pointer[map[reeve.ID]bool] // users, organisations and projects; replaced, never written to

	refreshing chan struct{} // the turn of who reads rows and puts them here, which is one step

	applied  atomic.Int64 // number of the newest change taken in
	complete atomic.Bool  // everything was loaded
	until    atomic.Int64 // boottime at which the trust ends
}

const liveShards = 64

// liveShard holds the keys of some heads.
type liveShard struct {
	mu    sync.RWMutex
	keys  map[head]storedKey
	names map[head]string                           // those too long for a storedKey
	tails map[head]map[[macaroon.Size]byte]struct{} // of refused descendants; replaced, never written to
	gone  map[head]time.Time                        // deleted keys, which never come back
}

type head = [macaroon.Size]byte

// storedKey is a root key as it is kept. It holds no pointers: the garbage
// collector has nothing to look at in millions of them.
type storedKey struct {
	id      reeve.ID
	secret  macaroon.Secret
	issued  int64  // Unix microseconds
	project uint32 // liveProject.number
	era     uint32 // of the project
	tails   bool   // there are some
	length  byte   // of the name, or longName
	name    [shortName]byte
}

const (
	shortName = 22
	longName  = 0xff
)

// liveKey is a root key with what belongs to it.
type liveKey struct {
	id      reeve.ID
	secret  macaroon.Secret
	name    string
	issued  int64 // Unix microseconds
	project *liveProject
	revoked map[[macaroon.Size]byte]struct{} // tails of refused descendants
	frozen  bool                             // its project, by itself or with what it belongs to
}

// liveProject is a project; its state is replaced as a whole.
type liveProject struct {
	number, era uint32 // its place in live.numbered, until all is forgotten
	state       atomic.Pointer[projectState]
}

// projectState is what verifying needs of a project.
type projectState struct {
	id, organization, owner reeve.ID
	limits                  reeve.Limits
	gone                    bool  // it was deleted, and its keys with it
	revokedBefore           int64 // Unix microseconds; 0: never
}

func newProjectState(p *reeve.Project) *projectState {
	out := &projectState{
		id: p.ID, organization: p.OrganizationID, owner: p.OwnerID, limits: p.Limits,
	}
	if p.RevokedBefore != nil {
		out.revokedBefore = p.RevokedBefore.UnixMicro()
	}
	return out
}

func newLive() *live {
	l := &live{refreshing: make(chan struct{}, 1)}
	l.forget()
	return l
}

// forget empties the memory, which is to be filled anew.
func (l *live) forget() {
	l.complete.Store(false)
	l.mu.Lock()
	l.projects, l.numbered, l.era = map[reeve.ID]*liveProject{}, nil, l.era+1
	l.gateways = map[reeve.TokenHash]liveToken{}
	l.frozen.Store(&map[reeve.ID]bool{})
	l.mu.Unlock()
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		s.keys, s.gone = map[head]storedKey{}, map[head]time.Time{}
		s.names, s.tails = map[head]string{}, map[head]map[[macaroon.Size]byte]struct{}{}
		s.mu.Unlock()
	}
}

// trusted tells whether the memory knows all that it must.
func (l *live) trusted() bool {
	return l.complete.Load() && int64(boottime.Now()) < l.until.Load()
}

// turn waits for the turn to refresh; done gives it back.
func (l *live) turn(ctx context.Context) (done func(), err error) {
	select {
	case l.refreshing <- struct{}{}:
		return func() { <-l.refreshing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *live) shard(h *head) *liveShard {
	return &l.shards[binary.LittleEndian.Uint64(h[:])%liveShards]
}

// key finds a root key; gone tells that it was deleted.
func (l *live) key(h *head) (key liveKey, found, gone bool) {
	s := l.shard(h)
	s.mu.RLock()
	defer s.mu.RUnlock()
	stored, found := s.keys[*h]
	if !found {
		_, gone = s.gone[*h]
		return key, false, gone
	}
	key = liveKey{id: stored.id, secret: stored.secret, issued: stored.issued, project: l.projectOf(&stored)}
	if key.project == nil {
		return liveKey{}, false, false // all is being forgotten
	}
	key.frozen = l.isFrozen(key.project.state.Load())
	if stored.length == longName {
		key.name = s.names[*h]
	} else {
		key.name = string(stored.name[:stored.length])
	}
	if stored.tails {
		key.revoked = s.tails[*h]
	}
	return key, true, false
}

// projectOf finds a key's project; nil if that was forgotten.
func (l *live) projectOf(key *storedKey) *liveProject {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if key.era != l.era {
		return nil
	}
	return l.numbered[key.project]
}

// add takes a key in, unless it was deleted. Of one that is here it takes the
// name: what is read of a key never changes but for that and its refused
// descendants.
func (l *live) add(h head, key liveKey) {
	stored := storedKey{id: key.id, secret: key.secret, issued: key.issued, project: key.project.number, era: key.project.era}
	s := l.shard(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.gone[h]; gone {
		return
	}
	if old, here := s.keys[h]; here {
		s.name(h, &old, key.name)
		s.keys[h] = old
		return
	} else if l.projectOf(&stored) == nil {
		return // its project was forgotten: the key is loaded with all others
	}
	s.name(h, &stored, key.name)
	if len(key.revoked) > 0 {
		stored.tails, s.tails[h] = true, key.revoked
	}
	s.keys[h] = stored
}

// name puts a key's name into it or, if that is too long, beside it.
func (s *liveShard) name(h head, key *storedKey, name string) {
	delete(s.names, h)
	if len(name) > shortName {
		key.length, s.names[h] = longName, name
		return
	}
	key.length = byte(copy(key.name[:], name))
}

// rename gives a key that is here another name.
func (l *live) rename(h head, name string) {
	s := l.shard(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, here := s.keys[h]; here {
		s.name(h, &key, name)
		s.keys[h] = key
	}
}

// drop takes a key out for good.
func (l *live) drop(h head, at time.Time) {
	s := l.shard(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, h)
	delete(s.names, h)
	delete(s.tails, h)
	s.gone[h] = at
}

// dropIDs takes keys out by their ids, looking at all there are.
func (l *live) dropIDs(ids map[reeve.ID]bool, at time.Time) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.RLock()
		var found []head
		for h, key := range s.keys {
			if ids[key.id] {
				found = append(found, h)
			}
		}
		s.mu.RUnlock()
		for _, h := range found {
			l.drop(h, at)
		}
	}
}

// refuse adds tails to those of a key's refused descendants.
func (l *live) refuse(h head, tails ...[macaroon.Size]byte) {
	if len(tails) == 0 {
		return
	}
	s := l.shard(&h)
	s.mu.Lock()
	defer s.mu.Unlock()
	key, found := s.keys[h]
	if !found {
		return
	}
	revoked := make(map[[macaroon.Size]byte]struct{}, len(s.tails[h])+len(tails))
	for tail := range s.tails[h] {
		revoked[tail] = struct{}{}
	}
	for _, tail := range tails {
		revoked[tail] = struct{}{}
	}
	key.tails = true
	s.keys[h], s.tails[h] = key, revoked
}

// forgetGone forgets deleted keys of before a time.
func (l *live) forgetGone(before time.Time) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for h, at := range s.gone {
			if at.Before(before) {
				delete(s.gone, h)
			}
		}
		s.mu.Unlock()
	}
}
