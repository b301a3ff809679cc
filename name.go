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
	if err := addressable(what, name); err != nil {
		return "", err
	}
	return name, plainText(what, name)
}

// addressable refuses the two names that no path can hold: clients and proxies
// take them for directions, however they are escaped.
func addressable(what, name string) error {
	if name == "." || name == ".." {
		return Errorf(Invalid, "%s must not be . or ..", what)
	}
	return nil
}

// plainText refuses what no field of text may hold.
func plainText(what, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return Errorf(Invalid, "%s has control characters", what)
	}
	return nil
}
