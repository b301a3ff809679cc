package macaroon_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew, with storj.io/common")

var vectorFile = filepath.Join("testdata", "vectors.json")

// hexBytes is written as hexadecimal digits.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vector is one key as the reference makes it.
type vector struct {
	Name       string         `json:"name"`
	Secret     hexBytes       `json:"secret"`
	Head       hexBytes       `json:"head"`
	Caveats    []vectorCaveat `json:"caveats"`
	Tails      []hexBytes     `json:"tails"`
	Serialized string         `json:"serialized"`
}

// vectorCaveat is a caveat as this package says it and as the reference writes it.
type vectorCaveat struct {
	Caveat macaroon.Caveat `json:"caveat"`
	Raw    hexBytes        `json:"raw"`
}

func readVectors(t testing.TB) (vectors []vector) {
	t.Helper()
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	return vectors
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			secret := macaroon.Secret(v.Secret)
			key := macaroon.Mint(secret, [macaroon.Size]byte(v.Head))
			var given []macaroon.Caveat
			for _, c := range v.Caveats {
				raw, err := c.Caveat.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]byte(c.Raw), raw, equateEmpty); diff != "" {
					t.Errorf("caveat (-want +got):\n%s", diff)
				}
				given = append(given, c.Caveat)
				if key, err = key.Attenuate(c.Caveat); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(v.Serialized, key.Serialize()); diff != "" {
				t.Errorf("serialised (-want +got):\n%s", diff)
			}
			parsed, err := macaroon.Parse(v.Serialized)
			if err != nil {
				t.Fatal(err)
			}
			if !parsed.Verify(secret) {
				t.Error("does not verify")
			}
			caveats, err := parsed.Caveats()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(given, caveats, equateEmpty); diff != "" {
				t.Errorf("caveats (-given +parsed):\n%s", diff)
			}
			var want [][]byte
			for _, tail := range v.Tails {
				want = append(want, tail)
			}
			if diff := cmp.Diff(want, slicesOf(parsed.Tails(secret))); diff != "" {
				t.Errorf("tails (-want +got):\n%s", diff)
			}
		})
	}
}

// writeVectors makes the file from the caveats below; only the reference has a hand in its bytes.
func writeVectors(t *testing.T) {
	t.Helper()
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	ttl, zero := 36*time.Hour+time.Nanosecond, time.Duration(0)
	all := ^macaroon.OpSet(0) &^ (macaroon.Ops(macaroon.OpProjectInfo) | 1)
	cases := map[string][]macaroon.Caveat{
		"root":          nil,
		"empty caveat":  {{}},
		"nonce":         {{Nonce: []byte{0, 1, 2, 255}}},
		"read only":     {{Disallow: macaroon.Ops(macaroon.OpWrite, macaroon.OpDelete)}},
		"everything":    {{Disallow: all}},
		"window":        {{NotBefore: day, NotAfter: day.Add(time.Hour + time.Nanosecond)}},
		"before 1970":   {{NotAfter: time.Unix(-1, 5).UTC()}},
		"lifetime":      {{MaxObjectTTL: &ttl}},
		"zero lifetime": {{MaxObjectTTL: &zero}},
		"paths": {{AllowedPaths: []macaroon.Path{
			{Bucket: []byte("photos"), EncryptedPathPrefix: []byte{0, 1, 0xfe}}, {Bucket: []byte("music")}, {},
		}}},
		"narrowed thrice": {
			{Disallow: macaroon.Ops(macaroon.OpDelete), Nonce: []byte("a")},
			{NotAfter: day, AllowedPaths: []macaroon.Path{{Bucket: []byte("photos")}}},
			{Disallow: macaroon.Ops(macaroon.OpList), Nonce: bytes.Repeat([]byte("n"), 200)},
		},
	}
	var vectors []vector
	for i, name := range sortedKeys(cases) {
		secret, head := bytes.Repeat([]byte{byte(i)}, 32), bytes.Repeat([]byte{byte(0xff - i)}, 32)
		key, err := storj.FromParts(head, secret)
		v := vector{Name: name, Secret: secret, Head: head}
		for _, c := range cases[name] {
			if err == nil {
				key, err = key.Restrict(toStorj(c))
			}
			v.Caveats = append(v.Caveats, vectorCaveat{Caveat: c, Raw: storjBytes(t, c)})
		}
		if err != nil {
			t.Fatal(err)
		}
		mac, err := storj.ParseMacaroon(key.SerializeRaw())
		if err != nil {
			t.Fatal(err)
		}
		for _, tail := range mac.Tails(secret) {
			v.Tails = append(v.Tails, tail)
		}
		v.Serialized = key.Serialize()
		vectors = append(vectors, v)
	}
	data, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
