package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFromNoPage: a web page cannot report usage to a sidecar on the same
// machine; programs can, and so can proxies that hand a page's headers on.
func TestFromNoPage(t *testing.T) {
	h := fromNoPage(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for _, test := range []struct {
		method, path, origin string
		want                 int
	}{
		{"POST", "/gateway/usage", "", 200},
		{"POST", "/gateway/usage", "https://evil.invalid", 403},
		{"POST", "/gateway/verify", "https://evil.invalid", 403},
		{"GET", "/gateway/auth", "https://shop.invalid", 200},
		{"PUT", "/gateway/auth/b/p", "https://shop.invalid", 200},
	} {
		r := httptest.NewRequest(test.method, "http://127.0.0.1:8083"+test.path, strings.NewReader("{}"))
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s %s from %q: %d, want %d", test.method, test.path, test.origin, w.Code, test.want)
		}
	}
}
