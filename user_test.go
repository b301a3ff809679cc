package reeve_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// refusal is what an error must be; the zero refusal is none.
type refusal struct {
	kind            reeve.Kind
	message, detail string
}

func checkRefusal(t *testing.T, name string, err error, want refusal) {
	t.Helper()
	if want == (refusal{}) {
		if err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		return
	}
	var got *reeve.Error
	if !errors.As(err, &got) || got.Kind != want.kind || got.Message != want.message || got.Detail != want.detail {
		t.Errorf("%s: %v, want %+v", name, err, want)
	}
}

func invalid(message string) refusal { return refusal{kind: reeve.Invalid, message: message} }

func TestCheckNewUser(t *testing.T) {
	const (
		noName   = "validation: full name can not be empty"
		short    = "validation: Your password needs at least 6 characters long"
		noAt     = "validation: mail: missing '@' or angle-addr"
		longMail = "validation: email is longer than 320 bytes"
	)
	for _, test := range []struct {
		name, email, full, password string
		broken                      []string
	}{
		{"good", "a@mail.test", "Alice", "123456", nil},
		{"angle address", "Alice <a@b.c>", "Alice", "123456", nil},
		{"bytes count", "a@mail.test", "Alice", "ééé", nil},
		{"no name", "a@mail.test", "", "123456", []string{noName}},
		{"blank name", "a@mail.test", " \t\u00a0", "123456", []string{noName}},
		{"long name", "a@mail.test", strings.Repeat("é", 201), "123456", []string{"validation: full name is longer than 200 characters"}},
		{"control in name", "a@mail.test", "A\x07lice", "123456", []string{"validation: full name has control characters"}},
		{"short password", "a@mail.test", "Alice", "12345", []string{short}},
		{"no at", "mail.test", "Alice", "123456", []string{noAt}},
		{"long address", strings.Repeat("a", 64) + "@" + strings.Repeat("a.", 127) + "aa", "Alice", "123456", []string{longMail}},
		{"long and no address", strings.Repeat("(", 1<<20), "Alice", "123456", []string{longMail}},
		{"all", "mail.test", "", "", []string{noName, short, noAt}},
	} {
		want := refusal{}
		if test.broken != nil {
			want = refusal{reeve.Invalid, "user data is not valid", strings.Join(test.broken, "; ")}
		}
		checkRefusal(t, test.name, reeve.CheckNewUser(test.email, test.full, test.password), want)
	}
}

func TestUserPatchCheck(t *testing.T) {
	long := strings.Repeat("x", 201)
	for _, test := range []struct {
		name  string
		patch reeve.UserPatch
		want  refusal
	}{
		{"empty", reeve.UserPatch{}, refusal{}},
		{"no address", reeve.UserPatch{Email: "not an email"}, refusal{}},
		{"longest", reeve.UserPatch{Email: strings.Repeat("x", 320), PasswordHash: make([]byte, 1024), ProjectLimit: 1<<31 - 1}, refusal{}},
		{"negative limit", reeve.UserPatch{ProjectLimit: -1}, refusal{}},
		{"long address", reeve.UserPatch{Email: strings.Repeat("x", 321)}, invalid("email is longer than 320 bytes")},
		{"NUL in address", reeve.UserPatch{Email: "a\x00"}, invalid("email has control characters")},
		{"bytes in address", reeve.UserPatch{Email: "a\xff"}, invalid("email has control characters")},
		{"long full name", reeve.UserPatch{FullName: long}, invalid("full name is longer than 200 characters")},
		{"long short name", reeve.UserPatch{ShortName: long}, invalid("short name is longer than 200 characters")},
		{"blank name", reeve.UserPatch{FullName: " "}, invalid("full name is not set")},
		{"both names", reeve.UserPatch{FullName: long, ShortName: long}, invalid("full name is longer than 200 characters")},
		{"long hash", reeve.UserPatch{PasswordHash: make([]byte, 1025)}, invalid("password hash is longer than 1024 bytes")},
		{
			"large limit",
			reeve.UserPatch{ProjectLimit: 1 << 31},
			refusal{reeve.Invalid, "failed to update user", "2147483648 is greater than maximum value for Int4"},
		},
	} {
		for range 20 { // the answer is always the same
			checkRefusal(t, test.name, test.patch.Check(), test.want)
		}
	}
}

func TestSplitName(t *testing.T) {
	for full, want := range map[string][2]string{
		"":                {"", ""},
		"Ada":             {"Ada", ""},
		"Ada Lovelace":    {"Ada", "Lovelace"},
		" Ada  Lovelace ": {"Ada", "Lovelace"},
		"Ada King Noel":   {"Ada", "King Noel"},
	} {
		if first, last := reeve.SplitName(full); [2]string{first, last} != want {
			t.Errorf("%q: %q, %q", full, first, last)
		}
	}
}

// TestSplitNameKeepsAll: no letter gets lost.
func TestSplitNameKeepsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := rapid.StringMatching(`[a-zé ]{0,20}`).Draw(t, "name")
		first, last := reeve.SplitName(full)
		if got := strings.Fields(first + " " + last); strings.Join(got, " ") != strings.Join(strings.Fields(full), " ") {
			t.Fatalf("%q became %q and %q", full, first, last)
		}
		if strings.Contains(first, " ") {
			t.Fatalf("%q is more than a word", first)
		}
	})
}

func TestEmailKey(t *testing.T) {
	if reeve.EmailKey("Ä.B+c@Mail.Test") != reeve.EmailKey("ä.b+C@mAIL.tEST") {
		t.Error("case counts")
	}
	if reeve.EmailKey("a@mail.test") == reeve.EmailKey("a.@mail.test") {
		t.Error("dots do not count")
	}
	if got := reeve.DeactivatedEmail(reeve.Zero); got != "deactivated+00000000-0000-0000-0000-000000000000@deleted.invalid" {
		t.Error(got)
	}
}
