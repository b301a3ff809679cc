package macaroon_test

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"storj.io/common/base58"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

// published is the key that the documentation of Storj's admin API shows.
const published = "13YqdMKxAVBamFsS6Mj3sCQ35HySoA254xmXCCQGJqffLnqrBaQDoTcCiCfbkaFPNewHT79rrFC5XRm4Z2PENtRSBDVNz8zcjS28W5v"

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// fill returns 32 times b.
func fill(b byte) [macaroon.Size]byte {
	return [macaroon.Size]byte(bytes.Repeat([]byte{b}, macaroon.Size))
}

func TestPublishedKey(t *testing.T) {
	key, err := macaroon.Parse(published)
	if err != nil {
		t.Fatal(err)
	}
	if got := key.Serialize(); got != published {
		t.Errorf("Serialize = %q", got)
	}
	caveats, err := key.Caveats()
	if err != nil || len(caveats) != 0 {
		t.Errorf("Caveats = %v, %v, want none", caveats, err)
	}
	if key.Verify(macaroon.Secret{}) {
		t.Error("verifies under a secret it was not made from")
	}
}

type damage struct {
	name, want string
	wire       []byte
}

// damages are wire forms that are no key, each with what is said of it.
func damages() []damage {
	join := func(parts ...string) []byte { return []byte(strings.Join(parts, "")) }
	head, tail := strings.Repeat("h", 32), strings.Repeat("t", 32)
	const start, end = "\x02\x02\x20", "\x00\x06\x20"
	return []damage{
		{"empty", "empty macaroon", nil},
		{"one byte", "empty macaroon", join("\x02")},
		{"version", "invalid macaroon version", join("\x01\x02\x20", head, "\x00", end, tail)},
		{"head beyond end", "out of bounds", join(start, head[1:])},
		{"no end of head", "section extends past end of buffer", join(start, head)},
		{"no head", "invalid macaroon header", join("\x02\x00", end, tail)},
		{"two heads", "fields out of order", join(start, head, "\x02\x00\x00", end, tail)},
		{"endless varint", "varint error", join("\x02\x02", strings.Repeat("\xff", 12))},
		{"huge varint", "varint error", join("\x02\x02\x80\x80\x80\x80\x08")},
		{"caveat without identifier", "no Identifier in caveat", join(start, head, "\x00\x01\x00\x00", end, tail)},
		{"caveat with signature", "invalid field found in caveat", join(start, head, "\x00\x02\x00\x06\x00\x00", end, tail)},
		{"crowded caveat", "extra fields found in caveat", join(start, head, "\x00\x02\x00\x04\x00\x06\x00\x00", end, tail)},
		{"no tail", "varint error", join(start, head, "\x00\x00")},
		{"other field for tail", "unexpected field found instead of signature", join(start, head, "\x00\x00\x02\x20", tail)},
		{"short tail", "signature has unexpected length", join(start, head, "\x00\x00\x06\x1f", tail[1:])},

		// What the reference accepts.
		{"short head", "head has unexpected length", join("\x02\x02\x1f", head[1:], "\x00", end, tail)},
		{"location", "not in canonical form", join("\x02\x01\x00\x02\x20", head, "\x00", end, tail)},
		{"third-party caveat", "not in canonical form", join(start, head, "\x00\x02\x00\x04\x00\x00", end, tail)},
		{"long varint", "not in canonical form", join("\x02\x02\xa0\x00", head, "\x00", end, tail)},
		{"trailing byte", "not in canonical form", join(start, head, "\x00", end, tail, "\x00")},
		{"many caveats", "key has too many caveats", join(start, head, "\x00", strings.Repeat("\x02\x00\x00", 129), end, tail)},
	}
}

// goodWire is the wire form of a key.
func goodWire() []byte {
	return storj.NewUnrestrictedFromParts(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)).Serialize()
}

// TestParseRefuses: each damage has its words, which are the reference's where it refuses, too.
func TestParseRefuses(t *testing.T) {
	cases := map[string]string{}
	want := map[string]string{}
	for _, d := range damages() {
		cases[d.name], want[d.name] = serialize(d.wire), d.want
	}
	last := published[:len(published)-1]
	for name, s := range map[string]string{
		"no text": "", "ones": "1111", "checksum": last + "w", "letter": last + "0", "blank": published + " ",
		"high bit": last + "\xff", "version 1": base58.CheckEncode(goodWire(), 1),
	} {
		cases[name], want[name] = s, "invalid api key format"
	}
	cases["too long"], want["too long"] = strings.Repeat("z", macaroon.MaxLength+1), "key is too long"
	for _, name := range sortedKeys(cases) {
		t.Run(name, func(t *testing.T) {
			_, err := macaroon.Parse(cases[name])
			if !errors.Is(err, macaroon.ErrFormat) {
				t.Fatalf("error %v is no ErrFormat", err)
			}
			if diff := cmp.Diff("api key format: "+want[name], err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			compareParse(t, cases[name])
		})
	}
}

// TestCaveatsRefused: a key whose caveat cannot be understood parses, for it can still be revoked, and does nothing.
func TestCaveatsRefused(t *testing.T) {
	secret := macaroon.Secret(fill(1))
	for raw, want := range map[string]string{
		"\xf8\x01\x01":     "unknown caveat field",
		"\x52\x02\x18\x01": "unknown caveat field",
		"\x08\x02":         "caveat boolean is neither 0 nor 1",
		"\xa2\x01\x0b\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01": "caveat time is the first instant of year 1",
		"\x08": "invalid caveat format",
	} {
		mac := storj.NewUnrestrictedFromParts(bytes.Repeat([]byte{2}, 32), secret[:])
		mac, err := mac.AddFirstPartyCaveat([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		key, err := macaroon.Parse(serialize(mac.Serialize()))
		if err != nil {
			t.Fatal(err)
		}
		if !key.Verify(secret) {
			t.Errorf("caveat %x: does not verify", raw)
		}
		_, caveatsErr := key.Caveats()
		_, ttlErr := key.MaxObjectTTL()
		action := macaroon.Action{Op: macaroon.OpProjectInfo, Time: noon}
		_, bucketsErr := key.AllowedBuckets(action)
		for _, err := range []error{caveatsErr, ttlErr, bucketsErr, key.Check(action)} {
			if !errors.Is(err, macaroon.ErrFormat) || err.Error() != "api key format: "+want {
				t.Errorf("caveat %x: error %v, want %q", raw, err, want)
			}
		}
	}
}

// TestForgery: no byte of a narrowed key can be changed and no caveat be dropped.
func TestForgery(t *testing.T) {
	secret := macaroon.Secret(fill(1))
	root := macaroon.Mint(secret, fill(2))
	key, err := root.Attenuate(macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite), Nonce: []byte("n")})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := storj.ParseAPIKey(key.Serialize())
	if err != nil {
		t.Fatal(err)
	}
	wire := theirs.SerializeRaw()
	for i := range wire {
		forged := slices.Clone(wire)
		forged[i] ^= 1
		if k, err := macaroon.Parse(serialize(forged)); err == nil && k.Verify(secret) {
			t.Errorf("verifies with byte %d changed", i)
		}
	}
	rootTail, tail := root.Tail(), key.Tail()
	dropped := slices.Concat(wire[:36], wire[len(wire)-35:])
	if k, err := macaroon.Parse(serialize(dropped)); err != nil || k.Verify(secret) {
		t.Errorf("caveat dropped: error %v, verifies %v", err, k.Verify(secret))
	}
	if diff := cmp.Diff([][macaroon.Size]byte{rootTail, tail}, key.Tails(secret)); diff != "" {
		t.Errorf("tails (-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	root := macaroon.Mint(macaroon.Secret(fill(1)), fill(0xff))
	key, err := root, error(nil)
	for range macaroon.MaxCaveats {
		if key, err = key.Attenuate(macaroon.Caveat{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := macaroon.Parse(key.Serialize()); err != nil {
		t.Errorf("key with %d caveats: %v", macaroon.MaxCaveats, err)
	}
	if _, err := key.Attenuate(macaroon.Caveat{}); !errors.Is(err, macaroon.ErrFormat) {
		t.Errorf("one caveat more: error %v, want ErrFormat", err)
	}

	longest := 0
	for n := 2800; n < 3000; n++ {
		key, err := root.Attenuate(macaroon.Caveat{Nonce: make([]byte, n)})
		theirs, _ := storj.FromParts(bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{1}, 32),
			storj.Caveat{Nonce: make([]byte, n)})
		if fits := len(theirs.Serialize()) <= macaroon.MaxLength; fits != (err == nil) {
			t.Fatalf("nonce of %d bytes: serialised form fits %v, error %v", n, fits, err)
		}
		if err == nil {
			longest = len(key.Serialize())
			compareParse(t, key.Serialize())
		}
	}
	if longest < macaroon.MaxLength-1 {
		t.Errorf("longest key has %d characters, want about %d", longest, macaroon.MaxLength)
	}
}

// TestCaveatsAreOwned: what callers do to a caveat changes neither the key, nor its neighbour, nor what it was read from.
func TestCaveatsAreOwned(t *testing.T) {
	key := macaroon.Mint(macaroon.Secret(fill(1)), fill(2))
	given := []macaroon.Caveat{
		{Nonce: []byte("first"), AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("p")}}},
		{Nonce: []byte("second")},
	}
	for _, c := range given {
		var err error
		if key, err = key.Attenuate(c); err != nil {
			t.Fatal(err)
		}
	}
	before := key.Serialize()
	caveats, err := key.Caveats()
	if err != nil {
		t.Fatal(err)
	}
	path := &caveats[0].AllowedPaths[0]
	path.Bucket = append(path.Bucket, "xxxxxxxxxxxx"...)
	caveats[0].Nonce = append(caveats[0].Nonce, "xxxxxxxxxxxx"...)
	if diff := cmp.Diff([][]byte{[]byte("p"), []byte("second")}, [][]byte{path.EncryptedPathPrefix, caveats[1].Nonce}); diff != "" {
		t.Errorf("neighbours (-want +got):\n%s", diff)
	}
	caveats[1].Nonce[0] = 'x'
	if diff := cmp.Diff(before, key.Serialize()); diff != "" {
		t.Errorf("key (-before +after):\n%s", diff)
	}

	raw := storjBytes(t, given[1])
	c, err := macaroon.ParseCaveat(raw)
	if err != nil {
		t.Fatal(err)
	}
	c.Nonce[0] = 'x'
	if diff := cmp.Diff(storjBytes(t, given[1]), raw); diff != "" {
		t.Errorf("input (-before +after):\n%s", diff)
	}
}

func TestZeroKey(t *testing.T) {
	var key macaroon.Key
	if !key.IsZero() || macaroon.Mint(macaroon.Secret{}, fill(0)).IsZero() {
		t.Error("IsZero is wrong")
	}
	if key.Verify(macaroon.Secret{}) || key.Serialize() != "" || key.Tails(macaroon.Secret{}) != nil {
		t.Error("the zero key is worth something")
	}
	if key.Head() != fill(0) || key.Tail() != fill(0) {
		t.Error("the zero key has a name")
	}
	if _, err := key.Attenuate(macaroon.Caveat{}); !errors.Is(err, macaroon.ErrFormat) {
		t.Errorf("Attenuate: error %v, want ErrFormat", err)
	}
}

// TestNothingPrinted: neither a key nor a secret comes out of anything that prints values.
func TestNothingPrinted(t *testing.T) {
	type holder struct{ key macaroon.Key } // fmt calls no methods of unexported fields
	secret := macaroon.Secret(fill('S'))
	key := macaroon.Mint(secret, fill('H'))
	tail := key.Tail()
	var out bytes.Buffer
	for _, v := range []slog.LogValuer{key, secret} { // also for handlers that know neither fmt nor JSON
		fmt.Fprintln(&out, v.LogValue().Kind(), v.LogValue())
	}
	for _, v := range []any{key, &key, secret, &secret, []any{key, secret}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %X %d\n", v, v, v, v, v, v, v, v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("value", "v", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []encoding.TextMarshaler{key, secret} {
		if placeholder, err := v.MarshalText(); err != nil || string(placeholder) != fmt.Sprint(v) {
			t.Errorf("MarshalText = %q, %v, want what is printed", placeholder, err)
		}
	}
	fmt.Fprintf(&out, "%v %+v %#v\n", holder{key}, holder{key}, holder{key})
	text := out.String()
	for _, b := range [][]byte{secret[:], tail[:], bytes.Repeat([]byte{'H'}, 32)} {
		for _, leak := range []string{
			string(b[:4]), hex.EncodeToString(b[:4]), strings.ToUpper(hex.EncodeToString(b[:4])),
			strings.Trim(fmt.Sprint(b[:4]), "[]"), fmt.Sprintf("%#v", b[:4])[7:20],
			strings.ReplaceAll(strings.Trim(fmt.Sprint(b[:4]), "[]"), " ", ","),
		} {
			if strings.Contains(text, leak) {
				t.Errorf("%q printed in:\n%s", leak, text)
			}
		}
	}
	if strings.Contains(text, key.Serialize()) || !strings.Contains(text, "redacted") {
		t.Errorf("printed:\n%s", text)
	}
}
