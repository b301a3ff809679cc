package macaroon_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

// The refusals of this package alone: what the package comment lists as deviations.
var (
	keyDeviations = []string{
		"api key format: not in canonical form",
		"api key format: head has unexpected length",
		"api key format: key has too many caveats",
		"api key format: key is too long",
	}
	caveatDeviations = []string{
		"api key format: unknown caveat field",
		"api key format: caveat boolean is neither 0 nor 1",
		"api key format: caveat time is the first instant of year 1",
	}
)

func oneOf(err error, texts []string) bool {
	for _, text := range texts {
		if err.Error() == text {
			return true
		}
	}
	return false
}

// fataler is what *testing.T and *rapid.T share.
type fataler interface {
	Fatalf(format string, args ...any)
}

// compareParse holds Parse against the reference: the same keys, the same words for the same damage, one spelling.
func compareParse(t fataler, s string) {
	got, err := macaroon.Parse(s)
	want, wantErr := storj.ParseAPIKey(s)
	switch {
	case err == nil && wantErr != nil:
		t.Fatalf("accepted what the reference refuses with %q", wantErr)
	case err != nil && !errors.Is(err, macaroon.ErrFormat):
		t.Fatalf("error %q has the wrong class", err)
	case wantErr != nil && len(s) <= macaroon.MaxLength && err.Error() != wantErr.Error():
		t.Fatalf("error %q, reference says %q", err, wantErr)
	case err != nil && wantErr == nil && !oneOf(err, keyDeviations):
		t.Fatalf("refused with %q what the reference accepts", err)
	}
	if err != nil {
		return
	}
	if again := got.Serialize(); again != s {
		t.Fatalf("parsed and serialised again: %q, was %q", again, s)
	}
	head, tail := got.Head(), got.Tail()
	if string(head[:]) != string(want.Head()) || string(tail[:]) != string(want.Tail()) {
		t.Fatalf("head %x tail %x, reference says %x and %x", head, tail, want.Head(), want.Tail())
	}
}

// FuzzParse takes its input for a serialised key and, since hardly any has a checksum, for a wire form.
func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		key, err := storj.ParseAPIKey(v.Serialized)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(key.SerializeRaw())
		f.Add([]byte(v.Serialized))
	}
	for _, damage := range damages() {
		f.Add(damage.wire)
	}
	f.Add([]byte(strings.Repeat("1", macaroon.MaxLength+1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		compareParse(t, string(data))
		compareParse(t, serialize(data))
	})
}

// FuzzCaveat: what both accept means the same, allows the same and is written the same again.
func FuzzCaveat(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, c := range v.Caveats {
			f.Add([]byte(c.Raw))
		}
	}
	for _, seed := range []string{
		"\x08\x02", "\x08\x01\x08\x00", "\xf8\x01\x01", "\xa2\x01\x02\x18\x01", "\x52\x02\x1a\x00", "\x08\x81\x80\x00",
		"\xa2\x01\x0b\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01", "\xb2\x01\x04\x08\x01\x10\x02", "\x08", "\x52\x05a",
		"\xf2\x01\x02a", "\xa0\x01\x01", "\x0a\x00", "\x00\x00", "\x80\x80\x80\x80\x40\x01", "\x9b\x01\x9c\x01",
	} {
		f.Add([]byte(seed))
	}
	moment := time.Unix(1577836800, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := macaroon.ParseCaveat(data)
		want, wantErr := storj.ParseCaveat(data)
		switch {
		case err == nil && wantErr != nil:
			t.Fatalf("accepted what the reference refuses with %q", wantErr)
		case err != nil && !errors.Is(err, macaroon.ErrFormat):
			t.Fatalf("error %q has the wrong class", err)
		case err != nil && wantErr == nil && !oneOf(err, caveatDeviations):
			t.Fatalf("refused with %q what the reference accepts", err)
		case err != nil:
			return
		}
		if diff := cmp.Diff(*want, toStorj(got), equateEmpty); diff != "" {
			t.Fatalf("caveat (-reference +ours):\n%s", diff)
		}
		raw, err := got.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(storjBytes(t, got), raw, equateEmpty); diff != "" {
			t.Fatalf("wire form (-reference +ours):\n%s", diff)
		}
		for op := macaroon.Op(0); op <= 16; op++ {
			a := macaroon.Action{Op: op, Bucket: []byte("a"), EncryptedPath: []byte("b"), Time: moment}
			if allowed := got.Check(a) == nil; allowed != want.Allows(toStorjAction(a)) {
				t.Fatalf("operation %d allowed = %v, reference disagrees", op, allowed)
			}
		}
	})
}
