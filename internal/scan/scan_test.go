package scan_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"storj.io/common/grant"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/scan"
	"github.com/reeve-cloud/reeve/macaroon"
)

const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

func find(t interface{ Fatal(...any) }, r io.Reader) (out []scan.Found) {
	err := scan.Find(r, func(f scan.Found) error {
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newKey(nonces ...int) macaroon.Key {
	key := macaroon.Mint(macaroon.Secret{7}, [32]byte{9})
	for _, n := range nonces {
		var err error
		if key, err = key.Attenuate(macaroon.Caveat{Nonce: make([]byte, n)}); err != nil {
			panic(err)
		}
	}
	return key
}

func newGrant(t testing.TB, key macaroon.Key) string {
	t.Helper()
	parsed, err := storj.ParseAPIKey(key.Serialize())
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

// TestFind finds every kind wherever it stands, and where that is.
func TestFind(t *testing.T) {
	key, narrowed := newKey().Serialize(), newKey(3, 200).Serialize()
	access := newGrant(t, newKey(3))
	token := func(prefix reeve.TokenPrefix) string { return string(reeve.NewToken(prefix, [32]byte{4})) }
	operator := token(reeve.TokenOperator)
	damaged := strings.Replace(operator, operator[20:21], string(operator[20]^1), 1)
	for _, c := range []struct {
		name, text string
		want       []scan.Found
	}{
		{"nothing", "", nil},
		{"only a key", key, []scan.Found{{1, 1, 0, scan.APIKey, key, key}}},
		{"lines", "a\r\nb: " + key + "\n\n" + narrowed, []scan.Found{
			{2, 4, 6, scan.APIKey, key, key}, {4, 1, 8 + int64(len(key)), scan.APIKey, narrowed, narrowed},
		}},
		{"in a URL", "https://x.test/?k=" + key + "&v=1", []scan.Found{{1, 19, 18, scan.APIKey, key, key}}},
		{"escaped", `"\n` + key + `\n"%3D` + narrowed, []scan.Found{
			{1, 4, 3, scan.APIKey, key, key}, {1, 10 + len(key), 9 + int64(len(key)), scan.APIKey, narrowed, narrowed},
		}},
		{"among others of its digits", "zzz11z" + key + narrowed + "1zz", []scan.Found{
			{1, 7, 6, scan.APIKey, key, key}, {1, 7 + len(key), 6 + int64(len(key)), scan.APIKey, narrowed, narrowed},
		}},
		{"a key with a digit changed", strings.Replace(key, key[50:52], "zz", 1) + " " + key, []scan.Found{
			{1, 2 + len(key), 1 + int64(len(key)), scan.APIKey, key, key},
		}},
		{"a cut key", key[:len(key)-1], nil},
		{"a grant", `{"access":"` + access + `"}`, []scan.Found{{1, 12, 11, scan.Grant, access, newKey(3).Serialize()}}},
		{"a grant after an escape", `=\t` + access + "\x00", []scan.Found{{1, 4, 3, scan.Grant, access, newKey(3).Serialize()}}},
		{"a cut grant", access[:len(access)-1], nil},
		{"all tokens", token(reeve.TokenOrganization) + token(reeve.TokenGateway) + "Bearer_" + operator + "x" + token("reeve_ses_") + token("reeve_con_"), []scan.Found{
			{1, 1, 0, scan.OrganizationKey, token(reeve.TokenOrganization), token(reeve.TokenOrganization)},
			{1, 60, 59, scan.Gateway, token(reeve.TokenGateway), token(reeve.TokenGateway)},
			{1, 125, 124, scan.Operator, operator, operator},
			{1, 184, 183, scan.Session, token("reeve_ses_"), token("reeve_ses_")},
			{1, 243, 242, scan.OperatorSession, token("reeve_con_"), token("reeve_con_")},
		}},
		{"a prefix again", "reeve_op_" + operator, []scan.Found{{1, 10, 9, scan.Operator, operator, operator}}},
		{"a damaged token", damaged, nil},
		{"a cut token", operator[:len(operator)-1], nil},
		{"an unknown kind", token("reeve_abc_"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, find(t, strings.NewReader(c.text))); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFindEveryLength finds keys of all lengths that keys can have, glued to
// their own digits.
func TestFindEveryLength(t *testing.T) {
	for n := 0; ; n++ {
		key, err := newKey(1).Attenuate(macaroon.Caveat{Nonce: make([]byte, n)})
		if err != nil {
			if n < 2500 {
				t.Fatal(err)
			}
			return
		}
		text := key.Serialize()
		got := find(t, strings.NewReader("1"+text+text[1:20]))
		if len(got) != 1 || got[0].Text != text {
			t.Fatalf("a key of %d characters is not found", len(text))
		}
	}
}

// TestFindInLongLines finds what lies across the borders of what is read at
// once, and loses no place.
func TestFindInLongLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want []int64
		for range rapid.IntRange(1, 4).Draw(t, "pieces") {
			filler := rapid.SampledFrom([]string{".", digits, "1", "reeve_op_", "13Yqe", "é"}).Draw(t, "filler")
			text.WriteString(strings.Repeat(filler, rapid.IntRange(0, 90_000/len(filler)).Draw(t, "times")))
			want = append(want, int64(text.Len()))
			text.WriteString(newKey(rapid.SliceOfN(rapid.IntRange(0, 300), 0, 5).Draw(t, "nonces")...).Serialize())
		}
		var got []int64
		for _, f := range find(t, strings.NewReader(text.String())) {
			got = append(got, f.Offset)
			if f.Line != 1 || f.Column != int(f.Offset)+1 {
				t.Errorf("at %d:%d, offset %d", f.Line, f.Column, f.Offset)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("offsets (-want +got):\n%s", diff)
		}
	})
}

// TestFindStops gives the errors of the reader and the function.
func TestFindStops(t *testing.T) {
	broken := errors.New("broken")
	if err := scan.Find(iotest.ErrReader(broken), func(scan.Found) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("of the reader: %v", err)
	}
	text := strings.Repeat(newKey().Serialize()+"\n", 2)
	calls := 0
	err := scan.Find(strings.NewReader(text), func(scan.Found) error {
		calls++
		return broken
	})
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("of the function: %v after %d calls", err, calls)
	}
}

// FuzzFind holds what is found against the text, whatever it is read in.
func FuzzFind(f *testing.F) {
	f.Add("")
	f.Add("x" + newKey(5).Serialize() + "\n" + newGrant(f, newKey()) + "\n" + string(reeve.NewToken(reeve.TokenGateway, [32]byte{1})))
	f.Add(strings.Repeat("13Yqe", 50))
	f.Fuzz(func(t *testing.T, text string) {
		found := find(t, strings.NewReader(text))
		if diff := cmp.Diff(found, find(t, iotest.OneByteReader(strings.NewReader(text)))); diff != "" {
			t.Errorf("read byte by byte (-whole +bytes):\n%s", diff)
		}
		end := int64(0)
		for _, at := range found {
			if at.Offset < end || !strings.HasPrefix(text[at.Offset:], at.Text) {
				t.Fatal("found what is not there")
			}
			end = at.Offset + int64(len(at.Text))
			before := text[:at.Offset]
			if at.Line != 1+strings.Count(before, "\n") || at.Column != len(before)-strings.LastIndexByte(before, '\n') {
				t.Errorf("line %d, column %d of offset %d", at.Line, at.Column, at.Offset)
			}
			if again := find(t, strings.NewReader(at.Text)); len(again) != 1 || again[0].Key != at.Key {
				t.Error("not found by itself")
			}
		}
	})
}

// BenchmarkFind measures ordinary text, and text that is made to cost much.
func BenchmarkFind(b *testing.B) {
	key := newKey(300, 300, 300).Serialize()
	for name, text := range map[string]string{
		"prose":       strings.Repeat("the quick brown fox jumps over 1 lazy dog\n", 25_000),
		"digits":      strings.Repeat(digits, 18_000),
		"beginnings":  strings.Repeat(key[:6], 180_000),
		"damaged key": strings.Repeat(strings.Replace(key, key[100:102], "zz", 1), 1<<20/len(key)),
		"runs":        strings.Repeat("1111"+strings.Repeat("z", 8000)+" ", 130),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for range b.N {
				find(b, strings.NewReader(text))
			}
		})
	}
}
