package console

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// identities is a real provider with one user, ada, whose groups the tests set.
type identities struct {
	*storage.Storage
	server *httptest.Server

	mu       sync.Mutex
	claims   map[string]any // of ada's ID tokens
	nonce    string         // in place of the client's; "" leaves that
	lifetime time.Duration  // of ID tokens
	keyless  bool           // it shows no keys
	deaf     bool           // it answers nothing
}

const (
	clientID     = "reeve"
	clientSecret = "a secret of the client's"
)

type onlyAda struct{}

var ada = storage.User{ID: "ada-1", Username: "ada", Password: "verysecure", FirstName: "Ada", LastName: "Lovelace"}

func (onlyAda) ExampleClientID() string                     { return "service" }
func (onlyAda) GetUserByID(id string) *storage.User         { return match(id == ada.ID) }
func (onlyAda) GetUserByUsername(name string) *storage.User { return match(name == ada.Username) }

func match(yes bool) *storage.User {
	if !yes {
		return nil
	}
	return &ada
}

// newIdentities runs the provider, for a console that lies at a URL.
func newIdentities(t *testing.T, console string) *identities {
	t.Helper()
	p := &identities{lifetime: time.Hour, claims: map[string]any{"groups": []string{"staff"}}}
	p.Storage = storage.NewStorageWithClients(onlyAda{}, map[string]*storage.Client{
		clientID: storage.WebClient(clientID, clientSecret, console+callback),
	})
	p.server = httptest.NewUnstartedServer(nil)
	issuer := "http://" + p.server.Listener.Addr().String()
	quiet := slog.New(slog.DiscardHandler)
	routes := exampleop.SetupServer(issuer, p, nil, false, op.WithLogger(quiet))
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		deaf := p.deaf
		p.mu.Unlock()
		if deaf {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		routes.ServeHTTP(w, r)
	})
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

func (p *identities) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// says sets the claims of ada's ID tokens.
func (p *identities) says(claims map[string]any) { p.set(func() { p.claims = claims }) }

// talkative is a client whose ID tokens have what was asked for.
type talkative struct {
	op.Client
	lifetime time.Duration
}

func (c talkative) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c talkative) IsScopeAllowed(string) bool           { return true }
func (c talkative) IDTokenLifetime() time.Duration       { return c.lifetime }

func (p *identities) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := p.Storage.GetClientByClientID(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	return talkative{found, p.lifetime}, err
}

func (p *identities) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, value := range p.claims {
		info.AppendClaims(name, value)
	}
	return p.Storage.SetUserinfoFromRequest(ctx, info, token, scopes)
}

func (p *identities) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	request, err := p.Storage.AuthRequestByCode(ctx, code)
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := request.(*storage.AuthRequest); ok && p.nonce != "" {
		found.Nonce = p.nonce
	}
	return request, err
}

func (p *identities) KeySet(ctx context.Context) ([]op.Key, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keyless {
		return []op.Key{}, nil
	}
	return p.Storage.KeySet(ctx)
}

// Where the consoles of the tests have what they have.
const (
	start    = "/console/sign-in/provider"
	callback = "/console/sign-in/callback"
)

// front is a console that can do nothing but sign operators in, with a browser.
type front struct {
	t       *testing.T
	server  *httptest.Server
	at      *identities
	p       *provider
	control *control.Control // nil: only finish is called
	browser *http.Client

	mu    sync.Mutex
	late  time.Duration // how much later than it is
	who   control.Identity
	token reeve.Token
	err   error // of the last begin or finish
}

func (f *front) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.late)
}

func settingsFor(issuer string) OIDCSettings {
	return OIDCSettings{
		Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret, Scopes: []string{"openid", "profile", "groups"}, GroupsClaim: "groups",
		Roles: []GroupRole{{"help", reeve.OperatorSupport}, {"staff", reeve.OperatorViewer}, {"root", reeve.OperatorAdmin}},
	}
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{t: t}
	mux := http.NewServeMux()
	f.server = httptest.NewServer(mux)
	t.Cleanup(f.server.Close)
	f.at = newIdentities(t, f.server.URL)
	var err error
	if f.p, err = newProvider(settingsFor(f.at.server.URL), f.now); err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("GET "+start, func(w http.ResponseWriter, r *http.Request) {
		f.note(control.Identity{}, "", f.p.begin(w, r, f.server.URL+callback, r.FormValue("next")))
	})
	mux.HandleFunc("GET "+callback, func(w http.ResponseWriter, r *http.Request) {
		if f.control != nil {
			token, _, err := f.p.signIn(r.Context(), w, r, f.server.URL+callback, f.control)
			f.note(control.Identity{}, token, err)
			return
		}
		who, next, err := f.p.finish(w, r, f.server.URL+callback)
		f.note(who, "", err)
		_, _ = io.WriteString(w, next)
	})
	f.browser = newBrowser(t)
	return f
}

func (f *front) note(who control.Identity, token reeve.Token, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.who, f.token, f.err = who, token, err
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second}
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]*)"`)

// get opens a page and follows where it leads.
func (f *front) get(browser *http.Client, to string) (page string, at *url.URL) {
	f.t.Helper()
	response, err := browser.Get(to)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(body), response.Request.URL
}

// clickThrough begins a sign-in, with a parameter if one is given, and gives the provider's address to come back
// by, which the browser has not followed yet.
func (f *front) clickThrough(with ...string) *url.URL {
	f.t.Helper()
	to := f.server.URL + start
	if len(with) == 2 {
		to += "?" + url.Values{with[0]: with[1:]}.Encode()
	}
	page, at := f.get(f.browser, to)
	id := hiddenID.FindStringSubmatch(page)
	if id == nil {
		f.t.Fatalf("no form at %s (%v):\n%s", at, f.err, page)
	}
	// The last leg is the test's to go.
	f.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == callback {
			return http.ErrUseLastResponse
		}
		return nil
	}
	defer func() { f.browser.CheckRedirect = nil }()
	response, err := f.browser.PostForm(f.at.server.URL+"/login/username", url.Values{
		"id": {id[1]}, "username": {ada.Username}, "password": {ada.Password},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	back, err := response.Location()
	if err != nil || !strings.HasPrefix(back.String(), f.server.URL+callback) {
		f.t.Fatalf("led to %v: %v", back, err)
	}
	return back
}

// arrive signs in, and gives who has come.
func (f *front) arrive() (control.Identity, error) {
	f.t.Helper()
	f.get(f.browser, f.clickThrough().String())
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.who, f.err
}
