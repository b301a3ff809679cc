package main

import (
	"slices"
	"strings"
	"unicode"
)

// initialisms are words that Go writes in capitals.
var initialisms = []string{
	"API", "CPU", "CSRF", "CSV", "HTML", "HTTP", "ID", "IP", "JSON", "JWT", "OAuth", "RPS", "SHA", "SQL", "SSO", "TLS", "TOTP", "TTL", "TVA", "URI", "URL",
	"UUID", "USD", "UTC", "XML",
}

// goName spells a name of the documents (projectId, create_time, ApiKeyOut,
// Ce-Id) as an exported Go name.
func goName(name string) string {
	var out strings.Builder
	for _, word := range words(name) {
		out.WriteString(capitalised(word))
	}
	if text := out.String(); text != "" && !unicode.IsDigit(rune(text[0])) {
		return text
	}
	return "N" + out.String()
}

func capitalised(word string) string {
	lower := strings.ToLower(word)
	for _, known := range initialisms {
		switch lower {
		case strings.ToLower(known):
			return known
		case strings.ToLower(known) + "s": // ids, urls
			return known + "s"
		}
	}
	switch lower {
	case "openapi":
		return "OpenAPI"
	case "apikey":
		return "APIKey"
	case "apikeys":
		return "APIKeys"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// words splits a name where case or a separator says so: deleteAPIKeyByName
// is delete, API, Key, By, Name.
func words(name string) []string {
	var out []string
	runes := []rune(name)
	start := 0
	cut := func(end int) {
		if end > start {
			out = append(out, string(runes[start:end]))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			cut(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			cut(i)
			start = i
		}
	}
	cut(len(runes))
	return out
}

// argument spells a path parameter's name as an argument, which is none of
// the words taken.
func argument(name string) string {
	parts := words(name)
	out := strings.ToLower(parts[0])
	for _, part := range parts[1:] {
		out += capitalised(part)
	}
	if slices.Contains([]string{"c", "ctx", "body", "params", "type", "range", "func", "package", "interface", "format", "default", "string", "map"}, out) {
		out += "Name"
	}
	return out
}
