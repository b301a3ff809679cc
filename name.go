package reeve

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the length of the longest name, in characters.
const MaxName = 200

// CleanName trims a name and checks it: 1 to MaxName characters, none of them
// a control character. what begins the sentence of the error ("project name").
func CleanName(what, name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", Errorf(Invalid, "%s is not set", what)
	case utf8.RuneCountInString(name) > MaxName:
		return "", Errorf(Invalid, "%s is longer than %d characters", what, MaxName)
	}
	return name, plainText(what, name)
}

// plainText refuses what no field of text may hold.
func plainText(what, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return Errorf(Invalid, "%s has control characters", what)
	}
	return nil
}
