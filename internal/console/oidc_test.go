package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func refused(t *testing.T, what string, err error, want *reeve.Error) {
	t.Helper()
	if got := reeve.AsError(err); err == nil || got.Kind != want.Kind || got.Message != want.Message {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// TestProviderSignIn: who comes through the provider is who it says, with the
// role of the first group in the list.
func TestProviderSignIn(t *testing.T) {
	f := newFront(t)
	for _, test := range []struct {
		groups any
		want   reeve.OperatorRole
	}{
		{[]string{"staff"}, reeve.OperatorViewer},
		{[]string{"root", "guests", "staff", "help"}, reeve.OperatorSupport},
		{[]string{"root"}, reeve.OperatorAdmin},
		{"help", reeve.OperatorSupport},
	} {
		f.at.says(map[string]any{"groups": test.groups})
		who, err := f.arrive()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "who", control.Identity{Issuer: f.at.server.URL, Subject: "ada-1", Name: "ada", Role: test.want}, who)
	}
}

// TestProviderKeepsNext: where somebody wanted to go comes back with them, and
// is nothing that a link could say.
func TestProviderKeepsNext(t *testing.T) {
	f := newFront(t)
	for next, want := range map[string]string{"users/ada": "users/ada", strings.Repeat("x", longestNext+1): ""} {
		back := f.clickThrough("next", next)
		query := back.Query()
		query.Set("next", "elsewhere")
		back.RawQuery = query.Encode()
		page, _ := f.get(f.browser, back.String())
		same(t, "next", want, page)
	}
}

// TestProviderWithoutRole: whoever the provider vouches for, without a group
// that is mapped nobody has a role. Sessions from before end.
func TestProviderWithoutRole(t *testing.T) {
	f := newFront(t)
	ring, err := control.NewKeyring([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	f.control = control.New(storetest.Open(t, storetest.ConfigSQLite(t)), control.Settings{Keyring: ring})
	inside := func(token reeve.Token) bool {
		_, err := f.control.AuthenticateOperatorSession(t.Context(), string(token))
		if err != nil && !reeve.IsKind(err, reeve.Unauthenticated) {
			t.Error(err)
		}
		return err == nil
	}
	for what, test := range map[string]struct {
		claims map[string]any
		want   *reeve.Error
	}{
		"no claim":        {map[string]any{}, errNoGroups},
		"another claim":   {map[string]any{"Groups": []string{"staff"}}, errNoGroups},
		"null":            {map[string]any{"groups": nil}, errNoGroups},
		"none":            {map[string]any{"groups": []string{}}, errNoneMapped},
		"empty":           {map[string]any{"groups": ""}, errNoneMapped},
		"unmapped":        {map[string]any{"groups": []string{"guests", "Staff", "staff "}}, errNoneMapped},
		"a part":          {map[string]any{"groups": "staff,help"}, errNoneMapped},
		"a number":        {map[string]any{"groups": 7}, errOddGroups},
		"an object":       {map[string]any{"groups": map[string]any{"staff": true}}, errOddGroups},
		"mixed":           {map[string]any{"groups": []any{"staff", 7}}, errOddGroups},
		"a null among":    {map[string]any{"groups": []any{"staff", nil}}, errOddGroups},
		"a list in a one": {map[string]any{"groups": []any{[]string{"staff"}}}, errOddGroups},
	} {
		f.at.says(map[string]any{"groups": "staff"})
		if _, err := f.arrive(); err != nil {
			t.Fatal(err)
		}
		token := f.token
		same(t, what+": signed in", true, inside(token))
		f.at.says(test.claims)
		_, err := f.arrive()
		refused(t, what, err, test.want)
		same(t, what+": token", "", string(f.token))
		same(t, what+": still inside", false, inside(token))
	}
}

// TestForgedCallback: only the browser that began comes in, once, soon, with
// what the provider gave it then.
func TestForgedCallback(t *testing.T) {
	f := newFront(t)
	with := func(back *url.URL, change func(url.Values)) string {
		query := back.Query()
		change(query)
		out := *back
		out.RawQuery = query.Encode()
		return out.String()
	}
	for what, test := range map[string]struct {
		come func(back *url.URL)
		want *reeve.Error
	}{
		"another browser": {func(back *url.URL) { f.get(newBrowser(t), back.String()) }, errNotBegun},
		"another state": {func(back *url.URL) {
			f.get(f.browser, with(back, func(q url.Values) { q.Set("state", "x") }))
		}, errNotBegun},
		"no state": {func(back *url.URL) {
			f.get(f.browser, with(back, func(q url.Values) { q.Del("state") }))
		}, errNotBegun},
		"twice": {func(back *url.URL) {
			f.get(f.browser, back.String())
			if f.err != nil {
				t.Error(f.err)
			}
			f.get(f.browser, back.String())
		}, errNotBegun},
		"of a sign-in before": {func(back *url.URL) {
			f.clickThrough()
			f.get(f.browser, back.String())
		}, errNotBegun},
		"too late": {func(back *url.URL) {
			f.mu.Lock()
			f.late = flowLife
			f.mu.Unlock()
			f.get(f.browser, back.String())
		}, errNotBegun},
		"another code": {func(back *url.URL) {
			f.get(f.browser, with(back, func(q url.Values) { q.Set("code", "x") }))
		}, errOddProvider},
		"no code": {func(back *url.URL) {
			f.get(f.browser, with(back, func(q url.Values) { q.Del("code") }))
		}, errOddProvider},
		"another provider's": {func(back *url.URL) {
			f.get(f.browser, with(back, func(q url.Values) { q.Set("iss", "https://evil.test") }))
		}, errOddProvider},
		"another's code": {func(back *url.URL) { // the victim's browser, the attacker's code
			other := f.browser
			f.browser = newBrowser(t)
			theirs := f.clickThrough().Query().Get("code")
			f.browser = other
			f.get(f.browser, with(back, func(q url.Values) { q.Set("code", theirs) }))
		}, errOddProvider},
	} {
		back := f.clickThrough()
		test.come(back)
		refused(t, what, f.err, test.want)
		same(t, what, control.Identity{}, f.who)
		f.mu.Lock()
		f.late = 0
		f.mu.Unlock()
	}
	if _, err := f.arrive(); err != nil {
		t.Error(err)
	}
}

// TestForgedIDToken: an ID token is the provider's own, for this client, of this
// sign-in and not over.
func TestForgedIDToken(t *testing.T) {
	for what, change := range map[string]func(f *front){
		"nonce":    func(f *front) { f.at.set(func() { f.at.nonce = "another" }) },
		"over":     func(f *front) { f.at.set(func() { f.at.lifetime = -time.Hour }) },
		"key":      func(f *front) { f.at.set(func() { f.at.keyless = true }) },
		"audience": func(f *front) { f.p.settings.ClientID = "another" },
		"issuer":   func(f *front) { f.p.settings.Issuer = "https://another.test" },
	} {
		f := newFront(t)
		back := f.clickThrough()
		change(f)
		f.get(f.browser, back.String())
		refused(t, what, f.err, errOddProvider)
		same(t, what, control.Identity{}, f.who)
	}
}

// TestProviderRefuses: what a provider says instead is told, as far as it is one
// of the standard's words; it is believed only about a sign-in that was begun.
func TestProviderRefuses(t *testing.T) {
	f := newFront(t)
	for code, want := range map[string]*reeve.Error{
		"access_denied":                reeve.Errorf(reeve.Denied, "the identity provider has refused the sign-in: access_denied"),
		"temporarily_unavailable":      errProviderDown,
		"<script>alert(1)</script>":    reeve.Errorf(reeve.Denied, "the identity provider has refused the sign-in"),
		strings.Repeat("access_", 900): reeve.Errorf(reeve.Denied, "the identity provider has refused the sign-in"),
	} {
		back := f.clickThrough()
		query := url.Values{"error": {code}, "error_description": {strings.Repeat("x", 5000)}, "state": {back.Query().Get("state")}}
		back.RawQuery = query.Encode()
		f.get(f.browser, back.String())
		refused(t, code, f.err, want)
		if len(f.err.Error()) > 600 {
			t.Errorf("%d bytes for the log", len(f.err.Error()))
		}
		f.get(f.browser, back.String())
		refused(t, code+", again", f.err, errNotBegun)
	}
}

// TestProviderDown: without the provider a sign-in is Unavailable, at each step,
// and works once it is back.
func TestProviderDown(t *testing.T) {
	f := newFront(t)
	down := func(deaf bool) { f.at.set(func() { f.at.deaf = deaf }) }
	down(true)
	for range 2 {
		f.get(f.browser, f.server.URL+start)
		refused(t, "discovery", f.err, errProviderDown)
	}
	down(false)
	back := f.clickThrough()
	down(true)
	f.get(f.browser, back.String())
	refused(t, "token", f.err, errProviderDown)
	down(false)
	if _, err := f.arrive(); err != nil {
		t.Error(err)
	}
	wrong := settingsFor(f.at.server.URL)
	wrong.ClientSecret = "not the client's secret"
	var err error
	if f.p, err = newProvider(wrong, f.now); err != nil {
		t.Fatal(err)
	}
	f.get(f.browser, f.clickThrough().String())
	refused(t, "wrong secret", f.err, errProviderDown)
	if strings.Contains(f.err.Error(), "secret") {
		t.Errorf("tells the secret: %v", f.err)
	}
	f.at.server.Close()
	f.p, _ = newProvider(settingsFor(f.at.server.URL), f.now)
	f.get(f.browser, f.server.URL+start)
	refused(t, "gone", f.err, errProviderDown)
}

// TestFlowCookie: scripts cannot read it, other paths do not get it, and it is
// good for one console's address alone.
func TestFlowCookie(t *testing.T) {
	f := newFront(t)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", start, nil)
	const back = "https://ops.test/console/sign-in/callback"
	if err := f.p.begin(w, r, back, ""); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatal(cookies)
	}
	c := *cookies[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/console/" || c.MaxAge != 600 || c.Domain != "" {
		t.Errorf("%+v", c)
	}
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := to.Query()
	for _, value := range []string{query.Get("state"), query.Get("nonce")} {
		if len(value) < 20 || strings.Contains(c.Value, value) {
			t.Errorf("state or nonce %q", value)
		}
	}
	query.Del("state")
	query.Del("nonce")
	same(t, "challenge's length", 43, len(query.Get("code_challenge")))
	query.Del("code_challenge")
	same(t, "what is asked for", url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {back}, "scope": {"openid profile groups"},
		"code_challenge_method": {"S256"},
	}, query)
	if _, ok := f.p.sealer.open(c.Value, back, time.Now()); !ok {
		t.Error("cannot be opened")
	}
	if _, ok := f.p.sealer.open(c.Value, "https://other.test/console/sign-in/callback", time.Now()); ok {
		t.Error("is good elsewhere")
	}
	other, err := newSealer("another secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := other.open(c.Value, back, time.Now()); ok {
		t.Error("is good with another secret")
	}
	for _, value := range []string{"", "x", c.Value[1:], c.Value + "A", "€"} {
		if _, ok := f.p.sealer.open(value, back, time.Now()); ok {
			t.Errorf("opened %q", value)
		}
	}
}

// TestUnsafeProvider: what the provider says of itself may not lead anywhere
// that others listen.
func TestUnsafeProvider(t *testing.T) {
	for endpoint, bad := range map[string]string{
		"authorization_endpoint": "http://id.test/auth", "token_endpoint": "http://id.test/token", "jwks_uri": "http://id.test/keys",
		"issuer": "https://another.test",
	} {
		var told map[string]any
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(told)
		}))
		defer server.Close()
		told = map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/t", "jwks_uri": server.URL + "/k",
		}
		p, err := newProvider(settingsFor(server.URL), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		begin := func() error {
			return p.begin(httptest.NewRecorder(), httptest.NewRequest("GET", start, nil), "https://ops.test/", "")
		}
		told[endpoint] = bad
		refused(t, endpoint, begin(), errProviderDown)
		delete(told, endpoint)
		refused(t, "no "+endpoint, begin(), errProviderDown)
	}
}

// TestOIDCSettings: settings with which nobody could sign in, or anybody could
// listen, are refused.
func TestOIDCSettings(t *testing.T) {
	good := settingsFor("https://id.test/realms/staff")
	if err := good.Validate(); err != nil || !good.On() || (OIDCSettings{}).On() {
		t.Error(err)
	}
	for what, change := range map[string]func(s *OIDCSettings){
		"http":             func(s *OIDCSettings) { s.Issuer = "http://id.test" },
		"no URL":           func(s *OIDCSettings) { s.Issuer = "id.test" },
		"credentials":      func(s *OIDCSettings) { s.Issuer = "https://a:b@id.test" },
		"like loopback":    func(s *OIDCSettings) { s.Issuer = "http://127.0.0.1.evil.test" },
		"no client":        func(s *OIDCSettings) { s.ClientID = "" },
		"no secret":        func(s *OIDCSettings) { s.ClientSecret = "" },
		"no claim":         func(s *OIDCSettings) { s.GroupsClaim = "" },
		"no openid":        func(s *OIDCSettings) { s.Scopes = []string{"profile"} },
		"no roles":         func(s *OIDCSettings) { s.Roles = nil },
		"an unknown role":  func(s *OIDCSettings) { s.Roles = []GroupRole{{"a", "boss"}} },
		"a nameless group": func(s *OIDCSettings) { s.Roles = []GroupRole{{"", reeve.OperatorViewer}} },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := newProvider(bad, time.Now); err == nil {
			t.Errorf("%s: made a provider", what)
		}
	}
	for _, loopback := range []string{"http://127.0.0.1:5556/dex", "http://[::1]:80", "http://localhost:8080"} {
		good.Issuer = loopback
		if err := good.Validate(); err != nil {
			t.Error(loopback, err)
		}
	}
}
