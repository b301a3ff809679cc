package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestSignIn: who is not signed in gets to see nothing, and gets where they
// wanted once they are; signing out ends it, whatever the browser still has.
func TestSignIn(t *testing.T) {
	s, b := tenant(t, "alice")
	path := s.Expand("/console/organizations/{org:acme}")
	fresh := newBrowser(t, s, "tenant")
	page := fresh.get(path).titled("Sign in").says("Address")
	page.send(fields{"email": "alice@mail.test", "password": "wrong"}).answered(http.StatusUnauthorized, "Sign in").
		says("The address, the password or the code is wrong.").
		send(fields{"email": "alice@mail.test", "password": "correct horse"}).titled("acme")
	for _, next := range []string{
		"//evil.test/", "https://evil.test/", "/console/\\evil.test", "/console/sign-in?next=x",
		"/console/../user", "/console/%2e%2e/user", "/console/x/../../user", "/console/./sign-in", "/console//../../user", "/console/\t/user",
	} {
		if got := newBrowser(t, s, "tenant").get("sign-in?next=" + url.QueryEscape(next)).send(fields{"email": "alice@mail.test", "password": "correct horse"}); got.url.Host != fresh.get("sign-in").url.Host || got.url.Path != "/console/" {
			t.Errorf("next=%s leads to %s", next, got.url)
		}
	}
	b.get(path).titled("acme")
	old := b.jar.Cookies(b.get("").url)
	b.do(http.MethodPost, "sign-out", nil, nil).titled("Sign in").says("You are signed out.")
	b.get(path).titled("Sign in")
	b.jar.SetCookies(b.get("sign-in").url, old) // of the page before
	b.get(path).titled("Sign in")
}

// TestSignInAgain: signing in over a session ends it; the new one is noted as
// who it is.
func TestSignInAgain(t *testing.T) {
	s, b := tenant(t, "alice")
	again := func(b *browser, in fields) {
		t.Helper()
		old := b.jar.Cookies(b.get("").url)
		b.get("sign-in").send(in)
		stale := newBrowser(t, s, "tenant")
		stale.base = b.base
		stale.jar.SetCookies(b.get("").url, old)
		stale.get("").titled("Sign in")
		if page := b.get(""); page.url.Path == "/console/sign-in" {
			t.Error("the new session is none")
		}
	}
	again(b, fields{"email": "alice@mail.test", "password": reevetest.Password})
	operator := newBrowser(t, s, "operator")
	operator.get("sign-in").send(fields{"token": reevetest.OperatorToken})
	for line := range strings.Lines(s.Log.String()) {
		if strings.Contains(line, `"POST"`) && strings.Contains(line, "/console/sign-in") && strings.Contains(line, `"operator"`) && !strings.Contains(line, `"root"`) {
			t.Errorf("it is not told who signed in: %s", line)
		}
	}
	again(operator, fields{"token": reevetest.OperatorToken})
}

// TestCookies: a session is nothing that scripts could read.
func TestCookies(t *testing.T) {
	s, _ := tenant(t, "alice")
	b := newBrowser(t, s, "tenant")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	reply := b.get("sign-in").send(fields{"email": "alice@mail.test", "password": "correct horse"})
	set := reply.header.Get("Set-Cookie")
	for _, want := range []string{"reeve_tenant=reeve_", "HttpOnly", "SameSite=Lax", "Path=/console/"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q lacks %s", set, want)
		}
	}
}

// TestOtherOrigins: a form of another site does nothing.
func TestOtherOrigins(t *testing.T) {
	s, b := tenant(t, "alice")
	path := s.Expand("/console/organizations/{org:acme}/rename")
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Sec-Fetch-Site": nil, "Origin": {"https://evil.test"}},
		{"Sec-Fetch-Site": nil, "Origin": {"null"}},
	} {
		b.do(http.MethodPost, path, url.Values{"name": {"theirs"}}, header).answered(http.StatusForbidden, "Not allowed")
		b.do(http.MethodPost, "sign-out", nil, header).answered(http.StatusForbidden, "Not allowed")
	}
	b.get(s.Expand("/console/organizations/{org:acme}")).titled("acme")
}

// TestPolicy: no page runs what it holds, or is kept or framed.
func TestPolicy(t *testing.T) {
	s, b := tenant(t, "alice")
	for _, path := range []string{"", "sign-in", "nowhere", s.Expand("/console/organizations/{org:evil}")} {
		header := b.get(path).header
		csp := header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if got := header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
}

// TestTwice: a form that is sent again is carried out once, and a form of what
// was changed meanwhile says so.
func TestTwice(t *testing.T) {
	s, b := tenant(t, "alice")
	path := s.Expand("/console/organizations/{org:acme}/rename")
	first, second := b.get(path).titled("Rename acme"), b.get(path)
	before := s.Count(t)
	first.send(fields{"name": "Acme GmbH"}).titled("Acme GmbH").says("The organisation is now called Acme GmbH.")
	first.send(fields{"name": "Acme GmbH"}).titled("Acme GmbH")
	if got := s.Count(t) - before; got != 1 {
		t.Errorf("sent twice, it makes %d changes", got)
	}
	first.send(fields{"name": "Acme AG"}).answered(http.StatusUnprocessableEntity, "Rename Acme GmbH").says("This form was sent before, with other values")
	page := second.send(fields{"name": "Acme SE"}).answered(http.StatusPreconditionFailed, "Rename Acme GmbH").
		says("Changed meanwhile from “acme” to “Acme GmbH”.")
	if !strings.Contains(page.text, `value="Acme SE"`) {
		t.Error("what was filled in is lost")
	}
	page.send(nil).titled("Acme SE")
}

// TestAtOnce: a form that is sent again while it is still being worked on is done
// once, also where who was told to wait sends it again.
func TestAtOnce(t *testing.T) {
	s, b := tenant(t, "alice")
	page := b.get(s.Expand("/console/organizations/{org:acme}/projects/new"))
	before := s.Count(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			got := page.send(fields{"name": "twice"})
			for got.status == http.StatusConflict {
				got.says("still being worked on")
				got = got.send(nil)
			}
			got.titled("twice")
		})
	}
	group.Wait()
	if made := s.Count(t) - before; made != 1 {
		t.Errorf("sent six times at once, it makes %d changes", made)
	}
}

// TestUnavailable: where the database is gone in the middle of an action, what was
// filled in stays, to be sent again under the same key.
func TestUnavailable(t *testing.T) {
	s, b := tenant(t, "alice")
	page := b.get(s.Expand("/console/organizations/{org:acme}/rename"))
	s.Store.Close()
	again := page.send(fields{"name": "Acme & Sons"}).answered(http.StatusServiceUnavailable, "Not available right now").says("Nothing is done twice")
	if !strings.Contains(again.text, `name="name" value="Acme &amp; Sons"`) {
		t.Errorf("what was filled in is lost: %s", again.text)
	}
	_, key, _ := strings.Cut(page.text, `name="key" value="`)
	if key, _, _ = strings.Cut(key, `"`); key == "" || !strings.Contains(again.text, `name="key" value="`+key+`"`) {
		t.Errorf("the key is not the form's, %q: %s", key, again.text)
	}
}

// TestTwiceGone: who sends a form again, of a thing that it took away, is told
// what became of it.
func TestTwiceGone(t *testing.T) {
	s, b := tenant(t, "alice")
	page := b.get(s.Expand("/console/organizations/{org:acme}/members/{usr:bob}/remove"))
	before := s.Count(t)
	for range 2 {
		page.send(nil).titled("Members").says("The member is removed.").silent("bob@mail.test")
	}
	if got := s.Count(t) - before; got != 1 {
		t.Errorf("sent twice, it makes %d changes", got)
	}
}

// TestStrangers: another tenant's things and nothing look alike.
func TestStrangers(t *testing.T) {
	s, b := tenant(t, "alice")
	for _, path := range []string{"", "/rename"} {
		evil := b.get(s.Expand("/console/organizations/{org:evil}"+path)).answered(http.StatusForbidden, "Not allowed")
		nothing := b.get("organizations/org_01h455vb4pex5vsknk084sn02q"+path).answered(http.StatusForbidden, "Not allowed")
		cut := func(p *shown) string { before, _, _ := strings.Cut(p.main(), "Request"); return before }
		if cut(evil) != cut(nothing) {
			t.Errorf("another's is %q, nothing %q", cut(evil), cut(nothing))
		}
	}
	b.get("organizations/"+strings.Repeat("x", 300)).answered(http.StatusForbidden, "Not allowed")
	b.get("no/such/page").answered(http.StatusNotFound, "Not found")
	b.do(http.MethodPost, "", nil, nil).answered(http.StatusMethodNotAllowed, "Method Not Allowed")
}
