package reeve_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func TestCleanName(t *testing.T) {
	for _, test := range []struct {
		in, out string
		want    refusal
	}{
		{"Alpha", "Alpha", refusal{}},
		{"  Alpha\t\n", "Alpha", refusal{}},
		{"a b", "a b", refusal{}},
		{"x", "x", refusal{}},
		{strings.Repeat("é", 200), strings.Repeat("é", 200), refusal{}},
		{" " + strings.Repeat("é", 200) + " ", strings.Repeat("é", 200), refusal{}},
		{"", "", invalid("Thing is not set")},
		{" \r\n\u00a0\u2003", "", invalid("Thing is not set")},
		{strings.Repeat("é", 201), "", invalid("Thing is longer than 200 characters")},
		{"a\x00b", "", invalid("Thing has control characters")},
		{"a\nb", "", invalid("Thing has control characters")},
		{"a\x7fb", "", invalid("Thing has control characters")},
		{"a\u0085b", "", invalid("Thing has control characters")},
		{"a\xffb", "", invalid("Thing has control characters")},
	} {
		got, err := reeve.CleanName("Thing", test.in)
		checkRefusal(t, test.in, err, test.want)
		if err == nil && got != test.out {
			t.Errorf("%q became %q", test.in, got)
		}
	}
}

// TestCleanNameSettles: a name that passes is trimmed, short, printable, and
// passes again as it is.
func TestCleanNameSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "name")
		out, err := reeve.CleanName("name", in)
		if err != nil {
			return
		}
		if again, err := reeve.CleanName("name", out); err != nil || again != out {
			t.Fatalf("%q became %q, then %q, %v", in, out, again, err)
		}
		if n := utf8.RuneCountInString(out); n < 1 || n > reeve.MaxName || strings.ContainsFunc(out, unicode.IsControl) {
			t.Fatalf("%q passed as %q", in, out)
		}
	})
}

func TestCheckDescription(t *testing.T) {
	for _, test := range []struct {
		text string
		want refusal
	}{
		{"", refusal{}},
		{"two\nlines\tand a tab", refusal{}},
		{strings.Repeat("é", 2000), refusal{}},
		{strings.Repeat("é", 2001), invalid("description is longer than 2000 characters")},
		{"a\x00b", invalid("description is not plain text")},
		{"a\xffb", invalid("description is not plain text")},
	} {
		checkRefusal(t, test.text, reeve.CheckDescription(test.text), test.want)
	}
}
