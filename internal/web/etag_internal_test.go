package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTags(t *testing.T) {
	for text, want := range map[string]*entityTags{
		`*`: {any: true}, ` * `: {any: true},
		`"a"`: {tags: []string{`"a"`}}, `W/"a"`: {tags: []string{`W/"a"`}}, `""`: {tags: []string{`""`}},
		`"a", W/"b" ,"c,d"`: {tags: []string{`"a"`, `W/"b"`, `"c,d"`}},
		`,, "a" ,`:          {tags: []string{`"a"`}},
		"\"\x80\"":          {tags: []string{"\"\x80\""}},
		``:                  nil, `,`: nil, `a`: nil, `"a`: nil, `w/"a"`: nil, `W/`: nil, `W/ "a"`: nil, `"a" "b"`: nil, `"a"b`: nil,
		`*, "a"`: nil, `"a", *`: nil, `"a b"`: nil, "\"a\tb\"": nil, "\"\x7f\"": nil,
	} {
		got, ok := parseTags([]string{text})
		if ok != (want != nil) {
			t.Errorf("%q is read: %t", text, ok)
		} else if ok {
			if diff := cmp.Diff(*want, got, cmp.AllowUnexported(entityTags{})); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	}
	if got, ok := parseTags([]string{`"a"`, `"b"`}); !ok || len(got.tags) != 2 {
		t.Errorf("two lines: %v", got)
	}
}

// FuzzParseTags: whatever is read consists of what was sent.
func FuzzParseTags(f *testing.F) {
	for _, seed := range []string{`*`, `"a", W/"b"`, `W/`, `"`, `,"",`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseTags([]string{text})
		if !ok {
			return
		}
		for _, tag := range got.tags {
			again, ok := parseTags([]string{tag})
			if !ok || len(again.tags) != 1 || again.tags[0] != tag {
				t.Errorf("%q of %q is no tag", tag, text)
			}
		}
	})
}
