package gateway

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// newKey mints a key, narrowed by caveats.
func newKey(tb testing.TB, seed byte, caveats ...macaroon.Caveat) macaroon.Key {
	tb.Helper()
	key := macaroon.Mint(macaroon.Secret{seed}, [macaroon.Size]byte{seed})
	for _, c := range caveats {
		var err error
		if key, err = key.Attenuate(c); err != nil {
			tb.Fatal(err)
		}
	}
	return key
}

// still makes a client that talks to nobody and holds a lease for ever.
func still(tb testing.TB) *Client {
	tb.Helper()
	clock := newClock()
	clock.guess(time.Time{}, 0, clock.ticks())
	c := &Client{clock: clock, cache: newCache(defaultCacheSize), session: &session{}, config: Config{Verify: Serve}}
	c.session.leased.Store(closed)
	c.accounts = newAccounts(tb.Context(), nil, Refuse)
	return c
}

func BenchmarkVerify(b *testing.B) {
	future, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	caveats := []macaroon.Caveat{
		{Disallow: macaroon.Ops(macaroon.OpDelete), NotAfter: future},
		{AllowedPaths: []macaroon.Path{{Bucket: []byte("bucket"), EncryptedPathPrefix: []byte("a/b/")}}, NotBefore: past},
		{Disallow: macaroon.Ops(macaroon.OpWrite), Nonce: []byte{1, 2, 3, 4}},
	}
	for _, n := range []int{0, 3} {
		b.Run(strconv.Itoa(n)+" caveats", func(b *testing.B) {
			c := still(b)
			key := newKey(b, 1, caveats[:n]...)
			c.cache.add(key.Serialize(), newGrant(key, Identity{ProjectID: reeve.ID{1}, KeyID: reeve.ID{2}, KeyName: "one"}))
			request := Request{Key: key.Serialize(), Op: macaroon.OpRead, Bucket: "bucket", Path: "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q"}
			b.ReportAllocs()
			for b.Loop() {
				verdict, err := c.Verify(b.Context(), request)
				if err != nil || !verdict.Valid() {
					b.Fatal(verdict, err)
				}
			}
		})
	}
}

// BenchmarkAdmit admits under a held lease from two goroutines on one project.
func BenchmarkAdmit(b *testing.B) {
	c := still(b)
	id := accountID{reeve.ID{1}, ofRate}
	c.accounts.get(id).held.Store(newSlice(id, uuid.New(), mostUnits, time.Now(), time.Hour))
	b.ReportAllocs()
	b.SetParallelism(1)
	var failed atomic.Bool
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if c.Admit(b.Context(), id.project, reeve.MeterRate, 1) != nil {
				failed.Store(true)
			}
		}
	})
	if failed.Load() {
		b.Fatal("refused")
	}
}
