package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzUnmarshal holds the check of escapes against what encoding/json makes of
// them: an accepted text has no replacement that it did not hold itself, and
// no NUL; a refused one is refused by encoding/json too, or has one of these.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{"a":"\u0000"}`, `"\ud83d\ude00"`, `"\ud800"`, `"\\ud800"`, `"\udc00\ud800"`,
		`"\uD83D\uDE0"`, `"\`, `"\u`, `"\u00`, `{"\ufffd":"\\\u0041"}`, "\"\xff\"", `[1,2] 3`, `"\ud800\n"`, `\u0000`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := bytes.Clone(data)
		var got, plain any
		err := unmarshal(data, &got)
		plainErr := json.Unmarshal(data, &plain)
		if !bytes.Equal(kept, data) {
			t.Fatal("the input was changed")
		}
		if err == nil {
			if plainErr != nil || !reflect.DeepEqual(got, plain) {
				t.Fatalf("got %v, encoding/json %v (%v)", got, plain, plainErr)
			}
			checkStrings(t, got, strings.Count(string(data), "\uFFFD")+strings.Count(strings.ToLower(string(data)), `\ufffd`))
			return
		}
		if plainErr != nil {
			return
		}
		// Only what cannot be stored is refused beyond encoding/json.
		if utf8.Valid(data) && !bytes.Contains(data, []byte(`\u0000`)) && !bytes.ContainsAny(data, "dD") {
			t.Fatalf("refused without reason: %v", err)
		}
	})
}

// checkStrings allows as many replacement characters as the text spelled out.
func checkStrings(t *testing.T, value any, allowed int) {
	t.Helper()
	switch value := value.(type) {
	case string:
		if strings.Contains(value, "\x00") || strings.Count(value, "\uFFFD") > allowed {
			t.Fatalf("%q was accepted", value)
		}
	case []any:
		for _, element := range value {
			checkStrings(t, element, allowed)
		}
	case map[string]any:
		for name, member := range value {
			checkStrings(t, name, allowed)
			checkStrings(t, member, allowed)
		}
	}
}

// FuzzPath: a path that is called clean is one that net/http's mux would not
// redirect, and no log line shows what may be a token.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "//", "/a/../b", "/a/%2e%2e", "/%2E/", "/a%2F..", "/reeve_op_x", "/%72eeve_%2f", "*", "/...", "/a/.", "/a//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.ParseRequestURI(raw)
		if err != nil || u.Host != "" || u.Opaque != "" {
			return
		}
		if isClean(u) {
			for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
				decoded, err := url.PathUnescape(segment)
				if err != nil || decoded == "." || decoded == ".." {
					t.Errorf("%q is called clean", raw)
				}
			}
			if strings.Contains(u.EscapedPath(), "//") || !strings.HasPrefix(u.Path, "/") {
				t.Errorf("%q is called clean", raw)
			}
		}
		logged := redact(u, nil)
		if decoded, err := url.PathUnescape(logged); err == nil && strings.Contains(decoded, tokenMark) && !strings.Contains(u.Path, "%") {
			t.Errorf("%q is logged as %q", raw, logged)
		}
		if len(logged) > maxPath+len("…") {
			t.Errorf("%q is logged whole", raw)
		}
	})
}

func TestScrub(t *testing.T) {
	long := strings.Repeat("k", 65)
	u := &url.URL{Path: "/"}
	x := &exchange{request: requestWith(u, "Bearer abcdefgh1234")}
	for text, want := range map[string]string{
		"plain words stay":              "plain words stay",
		"token abcdefgh1234, was wrong": "token ***, was wrong",
		"Bearer is a word":              "Bearer is a word",
		"parsing \"" + long + "\": bad": "parsing \"***\": bad",
		"token reeve_op_0123456789":     "token ***",
		"table reeve_x":                 "table reeve_x",
	} {
		if got := x.scrub(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func requestWith(u *url.URL, authorization string) *http.Request {
	return &http.Request{URL: u, Header: http.Header{"Authorization": {authorization}}}
}
