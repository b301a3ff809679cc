package macaroon_test

import (
	"errors"
	"strings"
	"testing"

	"storj.io/common/grant"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

// newGrant makes an access grant of a key as the reference writes it.
func newGrant(t testing.TB, key string) string {
	t.Helper()
	parsed, err := storj.ParseAPIKey(key)
	if err != nil {
		t.Fatal(err)
	}
	access := grant.Access{SatelliteAddress: "12Eay@sat.test:7777", APIKey: parsed, EncAccess: grant.NewEncryptionAccess()}
	text, err := access.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestParseGrant reads the key out of what the reference writes.
func TestParseGrant(t *testing.T) {
	root := macaroon.Mint(macaroon.Secret{1}, [32]byte{2})
	narrowed, err := root.Attenuate(macaroon.Caveat{Nonce: []byte("n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []macaroon.Key{root, narrowed} {
		text := newGrant(t, key.Serialize())
		got, err := macaroon.ParseGrant(text)
		if err != nil || got.Serialize() != key.Serialize() {
			t.Errorf("another key, or %v", err)
		}
		if _, err := macaroon.Parse(text); err == nil {
			t.Error("the grant is a key")
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "a key": root.Serialize(), "a cut one": newGrant(t, root.Serialize())[1:],
		"too long": strings.Repeat("1", macaroon.MaxGrantLength+1),
	} {
		if _, err := macaroon.ParseGrant(text); !errors.Is(err, macaroon.ErrFormat) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzParseGrant holds ParseGrant against the reference: what it reads of a grant is the same key.
func FuzzParseGrant(f *testing.F) {
	f.Add(newGrant(f, macaroon.Mint(macaroon.Secret{1}, [32]byte{2}).Serialize()))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := macaroon.ParseGrant(text)
		want, wantErr := grant.ParseAccess(text)
		if err == nil && wantErr == nil && got.Serialize() != want.APIKey.Serialize() {
			t.Error("another key than the reference reads")
		}
	})
}
