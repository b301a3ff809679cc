package console

import (
	"net/http"
	"net/url"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// Settings are what an operator may configure of a console.
type Settings struct {
	URL  string       // where browsers find the listener, without a path; "" if that is not known
	OIDC OIDCSettings // of operators alone; with it URL is needed
}

// root is where a console lies on its listener.
const root = "/console/"

// site is one of the two consoles.
type site struct {
	control  *control.Control
	settings Settings
	face     face
	pages    *web.Pages
	origin   *http.CrossOriginProtection
}

// face is what tells the two consoles apart.
type face struct {
	Name   string // of the cookies and of repeatable requests
	Title  string
	Nav    []link
	Search string // where the search box of each page posts; "" without one
	Self   string // the page of who is signed in; "" without one

	// identify finds out who a session's token is, and gives the context of what
	// is done for that one.
	identify func(v *visit, token string) error

	// end ends the session that a token opens.
	end func(v *visit, token string) error
}

// Tenant puts the tenants' console on the tenant listener.
func Tenant(api *web.API, c *control.Control, settings Settings) {
	s := newSite(api, c, settings, tenantFace())
	s.tenantSignIn()
	s.tenantOrganizations()
	s.tenantProjects()
	s.tenantMembers()
	s.tenantInvitations()
	s.tenantUsage()
	s.tenantStatements()
	s.tenantChanges()
	s.passwordResets()
	s.invitationLinks()
	s.accounts()
	s.ownKeys()
	s.ownOrganizationKeys()
}

// Operator puts the operators' console on the operator listener.
func Operator(api *web.API, c *control.Control, settings Settings) {
	s := newSite(api, c, settings, operatorFace())
	s.operatorSignIn()
	if settings.OIDC.On() {
		p, err := newProvider(settings.OIDC, c.Now)
		if err != nil {
			panic("console: " + err.Error()) // the configuration is checked before
		}
		s.providerSignIn(p)
	}
	s.operatorStart()
	s.operatorSearch()
	s.operatorLists()
	s.operatorUsers()
	s.operatorOrganizations()
	s.operatorCoupons()
	s.operatorStatements()
	s.operatorCredits()
	s.operatorMonths()
	s.operatorChanges()
	s.operatorSystem()
	s.operatorBulk()
	s.anyProjects()
	s.anyKeys()
	s.inspections()
	s.scans()
	s.gateways()
	s.operators()
}

func newSite(api *web.API, c *control.Control, settings Settings, f face) *site {
	s := &site{control: c, settings: settings, face: f, origin: http.NewCrossOriginProtection()}
	if settings.URL != "" {
		if err := s.origin.AddTrustedOrigin(originOf(settings.URL)); err != nil {
			panic("console: " + err.Error()) // the configuration is checked before
		}
	}
	s.pages = api.Pages(root, s.showError)
	s.assets()
	s.pages.Handle(root+"sign-out", map[string]web.Page{http.MethodPost: s.visited(s.signOut)})
	return s
}

// originOf gives the scheme and host of a URL.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return u.Scheme + "://" + u.Host
}

// show serves a page to who is signed in.
func (s *site) show(path string, fn func(*visit) (*page, error)) {
	s.pages.Handle(root+path, map[string]web.Page{http.MethodGet: s.visited(func(v *visit) error {
		return v.answer(fn)
	})})
}

// open serves a page to anybody: POST is the form on it.
func (s *site) open(path string, get func(*visit) (*page, error), post func(*visit) error) {
	methods := map[string]web.Page{http.MethodGet: s.stranger(func(v *visit) error { return v.answer(get) })}
	if post != nil {
		methods[http.MethodPost] = s.stranger(post)
	}
	s.pages.Handle(root+path, methods)
}

// visited makes a web.Page of what only who is signed in may do.
func (s *site) visited(fn func(*visit) error) web.Page {
	return s.stranger(func(v *visit) error {
		token := v.cookie(v.sessionCookie())
		if token == "" {
			return v.toSignIn()
		}
		if err := web.Admit(v.ctx, token); err != nil {
			return err
		}
		err := v.face.identify(v, token)
		if reeve.IsKind(err, reeve.Unauthenticated) {
			web.Failed(v.ctx, err)
			v.forget(v.sessionCookie())
			return v.toSignIn()
		}
		if err != nil {
			return err
		}
		return fn(v)
	})
}

// stranger makes a web.Page of what anybody may do, from this origin.
func (s *site) stranger(fn func(*visit) error) web.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		s.secure(w, r)
		v := &visit{site: s, w: w, r: r, ctx: r.Context()}
		err := s.origin.Check(r)
		if err != nil {
			err = reeve.Errorf(reeve.Denied, "this form was sent from another site: open the console and try again").Wrap(err)
		} else {
			err = fn(v)
		}
		if err != nil {
			status, shown := web.Failed(v.ctx, err)
			if !v.again(status, shown) {
				v.fail(status, shown)
			}
		}
		return nil
	}
}

// signOut ends the session, and has the browser forget what it has of it.
func (s *site) signOut(v *visit) error {
	if err := s.face.end(v, v.cookie(v.sessionCookie())); err != nil && !reeve.IsKind(err, reeve.Unauthenticated) {
		return err
	}
	v.forget(v.sessionCookie())
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	v.flash("You are signed out.")
	return v.redirect(to("sign-in"))
}
