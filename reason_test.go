package reeve_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
)

func TestCleanReason(t *testing.T) {
	longest := strings.Repeat("é", reeve.MaxReason)
	for text, want := range map[string]string{
		"": "", "  ": "", " ticket 7\n": "ticket 7", "Zahlung überfällig": "Zahlung überfällig", longest: longest,
	} {
		if got, err := reeve.CleanReason(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		longest + "x": "reason is longer than 500 characters",
		"a\nb":        "reason has control characters", "a\x00": "reason has control characters",
		"a\xff": "reason has control characters",
	} {
		if _, err := reeve.CleanReason(text); err == nil || reeve.AsError(err).Message != want || reeve.AsError(err).Kind != reeve.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestShortReason: whatever it is made of, it is one that may be given.
func TestShortReason(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a\nb\t c": "a b c", "a\xffb": "ab",
		strings.Repeat("ab ", 1000): strings.Repeat("ab ", 166) + "a…",
	} {
		got := reeve.ShortReason(text)
		if clean, err := reeve.CleanReason(got); got != want || clean != got || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
