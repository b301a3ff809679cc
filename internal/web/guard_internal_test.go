package web

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"
)

// TestMemoryIsBounded: of more credentials than there is room for, the last are
// known.
func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := memory{now: func() time.Time { return now }}
	digest := func(i int) (out [sha256.Size]byte) {
		binary.BigEndian.PutUint64(out[:], uint64(i))
		return out
	}
	for i := range 10 * manyAccepted {
		m.add(digest(i))
	}
	if n := len(m.fresh) + len(m.old); n > 2*manyAccepted {
		t.Errorf("%d digests", n)
	}
	if !m.has(digest(10*manyAccepted-1)) || !m.has(digest(9*manyAccepted)) || m.has(digest(0)) {
		t.Error("not the last are known")
	}
	now = now.Add(recently)
	m.add(digest(1))
	if !m.has(digest(10*manyAccepted-1)) || !m.has(digest(1)) {
		t.Error("forgotten too early")
	}
	now = now.Add(2 * recently)
	if m.has(digest(1)) {
		t.Error("known for ever")
	}
	m.add(digest(2))
	if m.has(digest(1)) || !m.has(digest(2)) {
		t.Error("what is old came back")
	}
}
