package reeve_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

var tokenPrefixes = []reeve.TokenPrefix{reeve.TokenOrganization, reeve.TokenGateway, reeve.TokenOperator}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	zeroChecksum = "2CZclj"
	oneChecksum  = "10HNUPx"
	sum256       = "0LYzdJ"
	topDigits    = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
	topChecksum  = "3sRzl1"
	zzzChecksum  = "0UsatS"
	afterTop     = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp21MwCft" // 2^256
)

// TestTokenVectors fixes the form, so that leak scanners can rely on it. The
// checksums were computed with Python's zlib.
func TestTokenVectors(t *testing.T) {
	var top [32]byte
	for i := range top {
		top[i] = 0xff
	}
	for want, random := range map[string][32]byte{
		"reeve_org_" + strings.Repeat("0", 43) + zeroChecksum:  {},
		"reeve_org_" + strings.Repeat("0", 42) + oneChecksum:   {31: 1},
		"reeve_org_" + topDigits + topChecksum:                 top,
		"reeve_org_" + strings.Repeat("0", 41) + "48" + sum256: {30: 1},
	} {
		if got := string(reeve.NewToken(reeve.TokenOrganization, random)); got != want {
			t.Errorf("%x reads %s, want %s", random, got, want)
		}
	}
}

func drawToken(t *rapid.T) (reeve.TokenPrefix, reeve.Token) {
	prefix := rapid.SampledFrom(tokenPrefixes).Draw(t, "prefix")
	random := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random")
	return prefix, reeve.NewToken(prefix, [32]byte(random))
}

func TestTokenForm(t *testing.T) {
	form := regexp.MustCompile(`^reeve_(org|gw|op)_[0-9A-Za-z]{49}$`)
	rapid.Check(t, func(t *rapid.T) {
		prefix, token := drawToken(t)
		if !form.MatchString(string(token)) {
			t.Fatalf("%q has another form", string(token))
		}
		for _, other := range tokenPrefixes {
			got, ok := reeve.ParseToken(other, string(token))
			if ok != (other == prefix) {
				t.Fatalf("%q as %s: %v", string(token), other, ok)
			}
			if ok && (got != token || got.Hash() != token.Hash()) {
				t.Fatalf("%q parsed as %q", string(token), string(got))
			}
		}
	})
}

// TestTokenAltered: one altered, added or missing digit is always noticed.
func TestTokenAltered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, token := drawToken(t)
		text := string(token)
		at := rapid.IntRange(len(prefix), len(text)-1).Draw(t, "at")
		digit := base62[rapid.IntRange(0, len(base62)-1).Draw(t, "digit")]
		if digit != text[at] {
			if _, ok := reeve.ParseToken(prefix, text[:at]+string(digit)+text[at+1:]); ok {
				t.Fatalf("digit %d of %q may be %c", at, text, digit)
			}
		}
		for _, altered := range []string{text[:at] + text[at+1:], text[:at] + string(digit) + text[at:], text[:at] + "-" + text[at+1:]} {
			if _, ok := reeve.ParseToken(prefix, altered); ok {
				t.Fatalf("%q is taken for %q", altered, text)
			}
		}
	})
}

// TestTokenBeyondBits: digits that hold more than 256 bits are no token's, even
// with the right checksum.
func TestTokenBeyondBits(t *testing.T) {
	for _, text := range []string{"reeve_op_" + strings.Repeat("z", 43) + zzzChecksum, "reeve_op_" + afterTop} {
		if _, ok := reeve.ParseToken(reeve.TokenOperator, text); ok {
			t.Errorf("%q is taken for a token", text)
		}
	}
}

// TestTokenIsNotPrinted holds for each verb that a log may use.
func TestTokenIsNotPrinted(t *testing.T) {
	token := reeve.NewToken(reeve.TokenGateway, [32]byte{1})
	for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q"} {
		for _, value := range []any{token, struct{ T reeve.Token }{token}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "reeve_gw_") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(string(reeve.NewToken(reeve.TokenOperator, [32]byte{7})))
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := reeve.ParseToken(reeve.TokenOperator, text)
		if ok && string(token) != text || !ok && token != "" {
			t.Errorf("%q parsed as %q, %v", text, string(token), ok)
		}
	})
}
