package console

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// visit is one request of a browser.
type visit struct {
	*site
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context // says who asks

	who  *identity  // nil: nobody is signed in
	role reeve.Role // a tenant's in what was asked for last
}

// identity is who is signed in, as the pages say it.
type identity struct {
	Name  string
	About string // an address or a role
	Actor reeve.Actor
}

// as has what follows done for a caller.
func (v *visit) as(caller control.Caller) {
	caller.Address, caller.Agent, caller.RequestID = web.ClientAddress(v.ctx), web.UserAgent(v.ctx), web.RequestID(v.ctx)
	v.ctx = control.WithCaller(v.ctx, caller)
}

// may tells whether the operator who asks may do something.
func (v *visit) may(action reeve.OperatorAction) bool { return v.who.Actor.May(action) }

// id reads an id from the path, in whatever spelling; one that is none names
// nothing.
func (v *visit) id(name string, prefix reeve.Prefix) reeve.ID {
	id, _ := reeve.ParseID(prefix, v.r.PathValue(name))
	return id
}

// secure sets what every answer of a console says.
func (s *site) secure(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if s.encrypted(r) {
		header.Set("Strict-Transport-Security", "max-age=31536000") // a year (RFC 6797)
	}
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// The cookies. Those of the two consoles differ, for browsers do not tell ports
// apart. Over TLS they are such that no page without it could have set them.
func (v *visit) sessionCookie() string { return cookieName(v.face.Name, v.encrypted()) }
func (v *visit) flashCookie() string   { return cookieName(v.face.Name+"_said", v.encrypted()) }

// cookieName is the whole name of a cookie (RFC 6265bis, 4.1.3).
func cookieName(name string, encrypted bool) string {
	if encrypted {
		return "__Secure-reeve_" + name
	}
	return "reeve_" + name
}

// encrypted tells whether a browser has come over TLS, as far as is known.
func (s *site) encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.settings.URL, "https://")
}

func (v *visit) encrypted() bool { return v.site.encrypted(v.r) }

// setCookie sets a cookie that scripts cannot read, until the browser ends or,
// if age is not 0, for so many seconds.
func (v *visit) setCookie(name, value string, age int) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: root, MaxAge: age,
		HttpOnly: true, Secure: v.encrypted(), SameSite: http.SameSiteLaxMode,
	})
}

func (v *visit) forget(name string) { v.setCookie(name, "", -1) }

func (v *visit) cookie(name string) string {
	found, err := v.r.Cookie(name)
	if err != nil {
		return ""
	}
	return found.Value
}

// open gives the browser a session, in place of the one that it may have, which
// ends.
func (v *visit) open(token reeve.Token) error {
	if old := v.cookie(v.sessionCookie()); old != "" && old != string(token) {
		if err := v.face.end(v, old); err != nil && !reeve.IsKind(err, reeve.Unauthenticated) {
			return err
		}
	}
	v.setCookie(v.sessionCookie(), string(token), 0)
	return nil
}

// flash has the next page say a sentence.
func (v *visit) flash(text string) {
	v.setCookie(v.flashCookie(), base64.RawURLEncoding.EncodeToString([]byte(text)), 60)
}

// said gives what flash was told, once.
func (v *visit) said() string {
	text, err := base64.RawURLEncoding.DecodeString(v.cookie(v.flashCookie()))
	if err != nil || len(text) == 0 {
		return ""
	}
	v.forget(v.flashCookie())
	return string(text)
}

// redirect sends the browser to another page of the console, by GET.
func (v *visit) redirect(path string) error {
	v.w.Header().Set("Location", path)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// toSignIn sends the browser to the sign-in page, and from there back.
func (v *visit) toSignIn() error {
	path := to("sign-in")
	if v.r.Method == http.MethodGet {
		path = at(path, "next", v.r.URL.RequestURI())
	}
	if v.r.Header.Get("HX-Request") != "" && v.r.Header.Get("HX-Boosted") == "" {
		v.w.Header().Set("HX-Redirect", path) // a part of a page is no place to sign in
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.redirect(path)
}

// next is the page of this console that a sign-in leads to.
func (v *visit) next() string {
	asked := v.r.FormValue("next")
	u, err := url.Parse(asked)
	if err != nil || !strings.HasPrefix(asked, root) || strings.Contains(asked, "\\") {
		return root
	}
	// As browsers read it, which also take %2e for a dot.
	rest, ok := strings.CutPrefix(path.Clean(u.Path), root)
	if !ok || strings.HasPrefix(rest, "sign-") {
		return root
	}
	return asked
}
