package reeve

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxReason is the length of the longest reason for a change, in characters.
const MaxReason = 500

// CleanReason trims the reason that an operator gives for a change and checks
// it: at most MaxReason characters of UTF-8, none of them a control character.
// None at all is "".
func CleanReason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > MaxReason {
		return "", Errorf(Invalid, "reason is longer than %d characters", MaxReason)
	}
	return text, plainText("reason", text)
}

// ShortReason makes a reason of a longer text, which has another use: on one
// line, and cut where it is too long.
func ShortReason(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsControl(r) || r == ' '
	}), " ")
	if short := []rune(text); len(short) > MaxReason {
		text = strings.TrimSpace(string(short[:MaxReason-1])) + "…"
	}
	return text
}
