package browser

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestWithoutScripts: who has no JavaScript signs in, edits and deletes.
func TestWithoutScripts(t *testing.T) {
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.GivePassword(t, "alice")
	p := visitor(t, s.URL("tenant"))
	p.plain, p.blind = true, true // axe is a script too
	send(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.signIn("alice").click("acme").click("Rename").fill("Name", "Plain").click("Rename").titled("Plain").
		see("The organisation is now called Plain.")
	p.click("New project").fill("Name", "Brief").click("Create").titled("Brief").
		click("Delete").click("Delete the project").see("The project Brief is deleted.")
	p.click("Sign out").titled("Sign in")
}

// TestKeyboard: all can be done without a mouse.
func TestKeyboard(t *testing.T) {
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.GivePassword(t, "alice")
	p := visitor(t, s.URL("tenant")).open("/console/")
	p.tabTo("Skip to the content").tabTo("Address").keys("alice@mail.test").tabTo("Password").keys(reevetest.Password).enter().titled("Your organisations")
	p.tabTo("acme").enter().tabTo("Rename").enter().tabTo("Name").keys("By keys").enter().titled("By keys")
	p.tabTo("Sign out").enter().titled("Sign in")
}

// TestTwoPeople: the second of two who edit one thing sees what the first has
// changed, and keeps what they have filled in.
func TestTwoPeople(t *testing.T) {
	s, first := tenants(t, "alice")
	path := s.Expand("/console/projects/{prj:px}/edit")
	second := visitor(t, s.URL("tenant")).signIn("alice").open(path)
	first.open(path).fill("Name", "One").click("Save").titled("One")
	second.expect("412 (Precondition Failed)").fill("Name", "Two").click("Save").titled("Edit One").
		see("Somebody has changed this", "Changed meanwhile from “px” to “One”.").holds("Name", "Two").
		click("Save").titled("Two")

	third := operator(t, s).open(s.Expand("/console/projects/{px}/edit"))
	first.open(path).fill("Name", "Three").click("Save").titled("Three")
	third.expect("412 (Precondition Failed)").fill("Name", "Four").click("Save").see("Changed meanwhile from “Two” to “Three”.").
		click("Save").titled("Four")
}

// TestBackAfterSignOut: the back button shows nothing of a session that is over.
func TestBackAfterSignOut(t *testing.T) {
	_, p := tenants(t, "alice")
	p.click("acme").click("Sign out").titled("Sign in").back().titled("Sign in").miss("acme", "Alice")
}

// names are what people are called in other scripts, and what they are not
// called.
var names = []string{
	"شركة الخليج", "青空株式会社", "🦊 fox 🧑‍🚒", "e\u0301a\u200dß \u202ealice",
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.}}`, `javascript:alert(1)`, `</textarea></title><svg onload=alert(1)>`,
}

// TestNames: whatever something is called, pages say just that, and do nothing.
func TestNames(t *testing.T) {
	s, p := tenants(t, "alice")
	p.blind = true
	p.click("acme")
	for _, name := range names[:4] {
		p.click("Rename").fill("Name", name).click("Rename").titled(name).see("The organisation is now called " + name + ".")
	}
	p.click("Account").click("Change name").fill("Your name", names[4]).click("Change").see("Your name is now " + names[4] + ".")
	for i, name := range names {
		body, err := json.Marshal(map[string]string{"projectName": name, "ownerId": s.Value(t, "alice"), "organizationId": s.Value(t, "acme")})
		if err != nil {
			t.Fatal(err)
		}
		s.Do(t, reevetest.Step{Call: "POST /api/projects", Body: string(body), Status: 200, Reply: fmt.Sprintf(`{"projectId":"{nasty%d}"}`, i)})
	}
	o := operator(t, s)
	o.blind = true
	for i, name := range names {
		p.open(s.Expand(fmt.Sprintf("/console/projects/{prj:nasty%d}", i))).titled(name).click("Edit").holds("Name", name)
		o.open(s.Expand(fmt.Sprintf("/console/projects/{nasty%d}", i))).titled(name).see(names[3], names[4])
	}
	p.open(s.Expand("/console/organizations/{org:acme}")).see(names...).click("Changes").see(names...)
	o.click("Projects").see(names...).click("Changes").see(names...).click("Users").see(names[4])
	for _, name := range names[4:7] {
		o.click("Users").fill("Search everything", name).click("Search").see(name)
	}
}

// TestServerGone: who sends a form while the server is away is told so, keeps
// what is filled in, and sends it again when it is back; even if it was done and
// only the answer was lost, it is done once.
func TestServerGone(t *testing.T) {
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	s.GivePassword(t, "alice")
	g := newGate(t, s.URL("tenant"))
	p := visitor(t, g.url()).signIn("alice").click("acme").click("Rename").fill("Name", "Anew")
	p.expect("net::ERR_").expect("htmx:error: Failed to fetch")
	before := s.Count(t)
	p.expect("502 (Bad Gateway)")
	refuse := func() {
		g.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<p>proxy</p>", http.StatusBadGateway) }))
	}
	for _, away := range []func(){g.close, g.loseAnswers, refuse} {
		away()
		p.press("Rename").see("The server could not be reached", "What you have filled in is still here").holds("Name", "Anew")
		p.judge()
	}
	g.open()
	p.click("Rename").titled("Anew").see("The organisation is now called Anew.")
	if got := s.Count(t) - before; got != 1 {
		t.Errorf("it was done %d times", got)
	}
}

// TestLivePage: what keeps itself up to date says when it cannot, and asks who is
// signed out to sign in.
func TestLivePage(t *testing.T) {
	needsChromium(t)
	s := reevetest.OpenMailed(t)
	s.Tenants(t)
	g := newGate(t, s.URL("operator"))
	p := visitor(t, g.url()).open("/console/system").fill("Operator token", reevetest.OperatorToken).click("Sign in").titled("System")
	p.expect("503 (Service Unavailable)")
	g.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	p.see("The server could not be reached", "Jobs")
	g.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		g.to.ServeHTTP(w, r)
	}))
	p.see("Operator token").titled("Sign in")
}

// gate stands before a server, at one address, open or closed.
type gate struct {
	t       *testing.T
	address string
	to      *httputil.ReverseProxy
	mu      sync.Mutex
	serving *http.Server
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, address: "127.0.0.1:0", to: httputil.NewSingleHostReverseProxy(u)}
	g.open()
	t.Cleanup(g.close)
	return g
}

func (g *gate) url() string { return "http://" + g.address }

// open has the gate let requests through.
func (g *gate) open() { g.t.Helper(); g.serve(g.to) }

// loseAnswers lets requests through and no answer back.
func (g *gate) loseAnswers() {
	g.t.Helper()
	g.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.to.ServeHTTP(&lost{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	}))
}

// close has nobody listen.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.serving != nil {
		_ = g.serving.Close()
	}
}

func (g *gate) serve(handler http.Handler) {
	g.t.Helper()
	g.close()
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.address, g.serving = listener.Addr().String(), &http.Server{Handler: handler}
	go func(server *http.Server) { _ = server.Serve(listener) }(g.serving)
}

// lost is an answer that nobody gets.
type lost struct{ header http.Header }

func (l *lost) Header() http.Header         { return l.header }
func (l *lost) WriteHeader(int)             {}
func (l *lost) Write(p []byte) (int, error) { return len(p), nil }
