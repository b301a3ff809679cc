package console

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/operatorapi"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/internal/web"
)

// newOperatorFront is a front with the operators' console itself.
func newOperatorFront(t *testing.T) *front {
	t.Helper()
	ring, err := control.NewKeyring([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, browser: newBrowser(t), control: control.New(storetest.Open(t, storetest.ConfigSQLite(t)), control.Settings{Keyring: ring})}
	api := operatorapi.New(f.control, web.Options{Logger: slog.New(slog.DiscardHandler)})
	f.server = httptest.NewServer(api)
	t.Cleanup(f.server.Close)
	f.at = newIdentities(t, f.server.URL)
	if f.p, err = newProvider(settingsFor(f.at.server.URL), f.now); err != nil {
		t.Fatal(err)
	}
	s := newSite(api, f.control, Settings{URL: f.server.URL}, operatorFace())
	s.operatorSignIn()
	s.operatorStart()
	s.providerSignIn(f.p)
	return f
}

// session gives whose session the browser has.
func (f *front) session() (control.OperatorSession, error) {
	f.t.Helper()
	at, err := url.Parse(f.server.URL + root)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, cookie := range f.browser.Jar.Cookies(at) {
		if cookie.Name == "reeve_operator" {
			return f.control.AuthenticateOperatorSession(f.t.Context(), cookie.Value)
		}
	}
	return control.OperatorSession{}, reeve.ErrUnauthenticated
}

// TestConsoleProviderSignIn: through the provider one gets where one wanted,
// signed in; who is refused gets to see the form again, with why.
func TestConsoleProviderSignIn(t *testing.T) {
	f := newOperatorFront(t)
	_, at := f.get(f.browser, f.clickThrough("next", "/console/projects?q=a").String())
	same(t, "led to", f.server.URL+"/console/projects?q=a", at.String())
	found, err := f.session()
	if err != nil || found.Name != "ada" || found.Actor.OperatorRole != reeve.OperatorViewer || !found.Provided {
		t.Errorf("%+v, %v", found, err)
	}
	for _, next := range []string{"https://evil.test/", "//evil.test", "/api/users"} {
		_, at = f.get(f.browser, f.clickThrough("next", next).String())
		if !strings.HasPrefix(at.String(), f.server.URL+root) || strings.Contains(at.Path, "sign-in") {
			t.Errorf("next=%s led to %s", next, at)
		}
	}
	f.at.says(map[string]any{})
	response, err := f.browser.Get(f.clickThrough().String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	same(t, "status", http.StatusForbidden, response.StatusCode)
	page, at := f.get(f.browser, f.clickThrough().String())
	if !strings.Contains(page, "did not say which groups you are in") || at.Path != callback {
		t.Errorf("%s:\n%s", at, page)
	}
	_, err = f.session()
	refused(t, "the session from before", err, reeve.ErrUnauthenticated)
	f.at.set(func() { f.at.deaf = true })
	page, _ = f.get(f.browser, f.server.URL+callback+"?state=x&code=y")
	if !strings.Contains(page, "not begun in this browser") {
		t.Errorf("%s", page)
	}
}
