package control

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func mustKeyring(keys ...[32]byte) *Keyring {
	ring, err := NewKeyring(keys...)
	if err != nil {
		panic(err)
	}
	return ring
}

// TestKeyring: what is sealed opens with the same key for the same id, and
// with no other and for no other; no byte of it may be altered.
func TestKeyring(t *testing.T) {
	if _, err := NewKeyring(); err == nil {
		t.Error("an empty keyring")
	}
	old, ring := mustKeyring([32]byte{1}), mustKeyring([32]byte{2}, [32]byte{1})
	rapid.Check(t, func(t *rapid.T) {
		id := reeve.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		secret := rapid.SliceOf(rapid.Byte()).Draw(t, "secret")
		seal := func(r *Keyring) reeve.APIKey {
			key := reeve.APIKey{ID: id}
			r.seal(&key, secret)
			return key
		}
		sealed := seal(old)
		for _, r := range []*Keyring{old, ring} {
			if got, err := r.open(sealed); err != nil || !bytes.Equal(got, secret) {
				t.Fatalf("%x, %v", got, err)
			}
		}
		if sealed.SealedBy != old.keys[0].id || seal(ring).SealedBy != ring.keys[0].id {
			t.Fatal("the first key does not seal")
		}
		if _, err := old.open(seal(ring)); !errors.Is(err, errUnknownMasterKey) {
			t.Fatalf("another's: %v", err)
		}
		if bytes.Equal(sealed.Secret, seal(old).Secret) || len(secret) > 7 && bytes.Contains(sealed.Secret, secret) {
			t.Fatal("not encrypted")
		}
		other := sealed
		other.SealedBy = ring.keys[0].id
		if _, err := ring.open(other); err == nil {
			t.Fatal("opened with another key")
		}
		other = sealed
		other.ID[rapid.IntRange(0, 15).Draw(t, "byte")] ^= 1
		if _, err := old.open(other); err == nil {
			t.Fatal("opened for another id")
		}
		sealed.Secret[rapid.IntRange(0, len(sealed.Secret)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := old.open(sealed); err == nil {
			t.Fatal("opened though altered")
		}
		for cut := range len(sealed.Secret) {
			short := sealed
			short.Secret = sealed.Secret[:cut]
			if _, err := old.open(short); err == nil {
				t.Fatal("opened though cut")
			}
		}
	})
}

// TestPasswordsTakeTurns: no more are hashed at once than allowed; who waits
// too long is told to come back.
func TestPasswordsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPasswords(2, 1)
		for range 2 {
			p.turns <- struct{}{} // two hashes that take their time
		}
		type result struct {
			hash []byte
			err  error
		}
		results := make(chan result, 2)
		for range 2 {
			go func() {
				hash, err := p.hash(t.Context(), "password")
				results <- result{hash, err}
			}()
		}
		synctest.Wait()
		if len(results) != 0 {
			t.Fatal("a third was computed")
		}
		<-p.turns // one is done, and one of the two gets its turn
		if got := <-results; got.err != nil || !bytes.HasPrefix(got.hash, []byte("$argon2id$")) {
			t.Errorf("%s, %v", got.hash, got.err)
		}
		<-results // the other follows
		p.turns <- struct{}{}

		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- result{err: errOf(p.hash(ctx, "password"))} }()
		go func() { results <- result{err: errOf(p.hash(t.Context(), "password"))} }()
		synctest.Wait()
		cancel()
		for range 2 { // the second after passwordWait, which passes by itself here
			if got := <-results; !reeve.IsKind(got.err, reeve.Unavailable) {
				t.Error(got.err)
			}
		}
		if cap(newPasswords(0, 1).turns) != 1 {
			t.Error("none may be hashed")
		}
	})
}

func errOf(_ []byte, err error) error { return err }
