package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestEncrypted: over TLS, as far as is known, cookies are such that no page
// without it sets them, and the browser is told to come by TLS alone.
func TestEncrypted(t *testing.T) {
	for url, test := range map[string]struct{ name, transport string }{
		"https://ops.test": {"__Secure-reeve_operator", "max-age=31536000"},
		"http://ops.test":  {"reeve_operator", ""},
		"":                 {"reeve_operator", ""},
	} {
		s := &site{face: operatorFace(), settings: Settings{URL: url}, origin: http.NewCrossOriginProtection()}
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/console/", nil)
		r.AddCookie(&http.Cookie{Name: test.name, Value: "mine"})
		read := ""
		page := s.stranger(func(v *visit) error {
			read = v.cookie(v.sessionCookie())
			v.setCookie(v.sessionCookie(), "next", 0)
			return nil
		})
		if err := page(w, r); err != nil {
			t.Fatal(err)
		}
		set, secure := w.Header().Get("Set-Cookie"), strings.Contains(w.Header().Get("Set-Cookie"), "; Secure")
		if read != "mine" || !strings.HasPrefix(set, test.name+"=next;") || secure != (test.transport != "") {
			t.Errorf("%q: read %q, set %q", url, read, set)
		}
		if got := w.Header().Get("Strict-Transport-Security"); got != test.transport {
			t.Errorf("%q: %q", url, got)
		}
	}
}

// TestPrivatePages: what holds a secret, also in a field, is not packed.
func TestPrivatePages(t *testing.T) {
	s := &site{face: operatorFace()}
	r := httptest.NewRequest(http.MethodGet, "/console/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	v := &visit{site: s, r: r}
	for what, test := range map[string]struct {
		page *page
		want bool
	}{
		"plain":      {&page{}, true},
		"secret":     {&page{Sections: []section{{Secrets: []secret{{}}}}}, false},
		"invitation": {invitationPage(), false},
		"password":   {newPasswordPage("token"), false},
	} {
		if _, ok := v.packed(test.page, []byte("x")); ok != test.want {
			t.Errorf("%s: packed is %v", what, ok)
		}
	}
}
