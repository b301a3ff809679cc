package control

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// TestLinks: what is signed verifies for its purpose until its end, with every
// keyring that has the key, and with no byte altered.
func TestLinks(t *testing.T) {
	old, next, other := mustKeyring([32]byte{1}), mustKeyring([32]byte{2}, [32]byte{1}), mustKeyring([32]byte{3})
	now := time.Unix(1_800_000_000, 0).UTC()
	rapid.Check(t, func(t *rapid.T) {
		link := Link{
			Subject: reeve.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject")),
			Expires: now.Add(time.Duration(rapid.IntRange(1, 1_000_000).Draw(t, "life")) * time.Second),
			State:   [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "state")),
		}
		token := string(old.Sign(reeve.TokenPasswordReset, link))
		for _, ring := range []*Keyring{old, next} {
			if got, ok := ring.Verify(reeve.TokenPasswordReset, token, link.Expires.Add(-1)); !ok || got != link {
				t.Fatalf("%+v, %t, want %+v", got, ok, link)
			}
			if _, ok := ring.Verify(reeve.TokenPasswordReset, token, link.Expires); ok {
				t.Fatal("after its end")
			}
		}
		if _, ok := other.Verify(reeve.TokenPasswordReset, token, now); ok {
			t.Fatal("with another key")
		}
		bare := token[len(reeve.TokenPasswordReset):]
		for _, forged := range []string{
			string(reeve.TokenInvitation) + bare, bare, token + "A", token[:len(token)-1], "", string(next.Sign(reeve.TokenPasswordReset, link)),
		} {
			if _, ok := old.Verify(reeve.TokenPasswordReset, forged, now); ok {
				t.Fatalf("forged: %s", forged)
			}
		}
		if _, ok := old.Verify(reeve.TokenInvitation, string(reeve.TokenInvitation)+bare, now); ok {
			t.Fatal("for another purpose")
		}
		at := rapid.IntRange(len(reeve.TokenPasswordReset), len(token)-1).Draw(t, "at")
		altered := []byte(token)
		altered[at] = rapid.SampledFrom([]byte("ABCDabcd0123-_")).Filter(func(b byte) bool { return b != altered[at] }).Draw(t, "byte")
		if _, ok := old.Verify(reeve.TokenPasswordReset, string(altered), now); ok {
			t.Fatal("altered")
		}
	})
}
