package console

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// Where operators leave for the identity provider, and where they come back to,
// below root.
const (
	providerBegin = "sign-in/provider"
	providerBack  = "sign-in/callback"
)

// providerSignIn serves the way to the identity provider and back. The link to
// its beginning is not htmx's to follow: it leads to another site.
func (s *site) providerSignIn(p *provider) {
	back := s.settings.URL + root + providerBack
	s.pages.Handle(root+providerBegin, map[string]web.Page{http.MethodGet: s.stranger(func(v *visit) error {
		if err := p.begin(v.w, v.r, back, v.next()); err != nil {
			return v.refuseProvider(err)
		}
		return nil
	})})
	s.pages.Handle(root+providerBack, map[string]web.Page{http.MethodGet: s.stranger(func(v *visit) error {
		v.as(control.Caller{})
		// A code that is none costs a request to the provider: it counts as a guess.
		if err := web.Admit(v.ctx, v.r.URL.Query().Get("code")); err != nil {
			return v.refuseProvider(err)
		}
		token, next, err := p.signIn(v.ctx, v.w, v.r, back, s.control)
		if err != nil {
			return v.refuseProvider(err)
		}
		if err := v.openOperator(token); err != nil {
			return err
		}
		if next == "" {
			next = root
		}
		return v.redirect(next)
	})})
}

// refuseProvider shows the sign-in page again, with why nobody came in.
func (v *visit) refuseProvider(err error) error {
	return v.refuseSignIn(v.operatorSignInPage(), err, sentence(reeve.AsError(err).Message))
}

// signIn finishes a sign-in and opens the operator's session; next is what begin
// was given. Who has no role any more loses the sessions that the provider opened
// before.
func (p *provider) signIn(ctx context.Context, w http.ResponseWriter, r *http.Request, redirectURL string, c *control.Control) (token reeve.Token, next string, err error) {
	who, next, refused := p.finish(w, r, redirectURL)
	if who.Subject == "" {
		return "", "", refused
	}
	token, err = c.SignInIdentity(ctx, who)
	if refused != nil && (err == nil || reeve.IsKind(err, reeve.Denied)) {
		return "", "", refused // says more
	}
	return token, next, err
}
