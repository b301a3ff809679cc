package gateway

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestKeyUses: the last use of each root key is told once, some at a time, and
// again if nobody has answered.
func TestKeyUses(t *testing.T) {
	var mu sync.Mutex
	told, calls, status := map[uuid.UUID][]time.Time{}, 0, http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var in struct{ Uses []keyUse }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/gateway/uses" || len(in.Uses) > usesBatch {
			t.Errorf("%s: %d uses, %v", r.URL.Path, len(in.Uses), err)
		}
		calls++
		if status == http.StatusOK {
			for _, use := range in.Uses {
				told[use.KeyID] = append(told[use.KeyID], use.At)
			}
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	c := still(t)
	c.remote = newRemote(Config{URLs: []string{server.URL}, HTTPClient: server.Client(), Timeout: time.Second}, c.clock)
	c.remote.lost = func() {}
	now := c.clock.ticks()
	c.clock.ticks = func() ticks { return now }
	use := func(seed byte, project reeve.ID) {
		key := newKey(t, seed).Serialize()
		verdict, err := c.Verify(t.Context(), Request{Key: key, Op: macaroon.OpRead, Project: project})
		if err != nil || verdict.Valid() != (project == reeve.Zero) {
			t.Fatal(verdict, err)
		}
	}
	for seed := range byte(3) { // of two root keys
		key := newKey(t, seed)
		c.cache.add(key.Serialize(), newGrant(key, Identity{ProjectID: reeve.ID{1}, KeyID: reeve.ID{1 + seed/2}}))
	}
	c.flushUses(t.Context())
	if calls != 0 {
		t.Error("nothing was used, and something told")
	}
	use(0, reeve.Zero)
	now += ticks(time.Minute)
	use(1, reeve.Zero)
	use(2, reeve.ID{7}) // another project's, which is no use
	c.flushUses(t.Context())
	use(2, reeve.Zero)
	now += useGrain - 1
	use(2, reeve.Zero) // as good as the one before
	for range 2 {
		c.flushUses(t.Context()) // nobody answers
	}
	status = http.StatusOK
	c.remote.replicas[0].down.Store(false)
	before := calls
	for range 3 {
		c.flushUses(t.Context())
	}
	if calls != before+1 || len(told) != 2 {
		t.Fatalf("%d calls, told %v", calls-before, told)
	}
	for id, at := range told {
		if want := c.clock.at(now - useGrain + 1); len(at) != 1 || !at[0].Equal(want) {
			t.Errorf("%s: %v, want %s", id, at, want)
		}
	}
	now += useGrain
	use(2, reeve.Zero)
	status = http.StatusNotFound // a server that does not know the call
	for range 2 {
		c.flushUses(t.Context())
	}
	if calls != before+2 {
		t.Errorf("%d calls, want 2", calls-before)
	}
	// Many at once.
	status, before = http.StatusOK, calls
	c.keyUses.waiting = map[reeve.ID]ticks{}
	for i := range 2*usesBatch + 1 {
		c.keyUses.waiting[reeve.ID{9, byte(i >> 8), byte(i)}] = now
	}
	c.flushUses(t.Context())
	if calls != before+3 || len(c.keyUses.waiting) > 0 || len(told) != 2+2*usesBatch+1 {
		t.Errorf("%d calls, %d are left, %d told", calls-before, len(c.keyUses.waiting), len(told))
	}
}
