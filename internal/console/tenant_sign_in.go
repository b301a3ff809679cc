package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (s *site) tenantSignIn() {
	s.open("sign-in", func(v *visit) (*page, error) { return v.tenantSignInPage(), nil }, (*visit).signInTenant)
}

// tenantSignInPage asks for an address and a password.
func (v *visit) tenantSignInPage() *page {
	return &page{Title: "Sign in", Narrow: true, Sections: []section{{
		Form: &form{To: to("sign-in"), Submit: "Sign in", Fields: []field{
			{Name: "email", Label: "Address", Kind: "email", Required: true, Auto: "username", Max: 320, Value: v.r.PostFormValue("email")},
			{Name: "password", Label: "Password", Kind: "password", Required: true, Auto: "current-password", Max: 1024},
			{
				Name: "code", Label: "Code", Auto: "one-time-code", Max: 40,
				Hint: "Only if you have set up an authenticator: its code, or one of your recovery codes.",
			},
			{Name: "next", Kind: "hidden", Value: v.next()},
		}},
		Actions: []link{{Text: "Forgotten the password?", To: to("password-reset")}},
	}}}
}

func (v *visit) signInTenant() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	v.as(control.Caller{})
	signedIn, err := v.control.SignIn(v.ctx, control.SignIn{Email: in.text("email"), Password: in.Get("password"), Code: in.text("code")})
	if err != nil {
		return v.refuseSignIn(v.tenantSignInPage(), err, "The address, the password or the code is wrong.")
	}
	web.SetActor(v.ctx, signedIn.User.ID.String())
	v.open(signedIn.Token)
	return v.redirect(v.next())
}

// refuseSignIn shows a form of who is not signed in again.
func (v *visit) refuseSignIn(p *page, err error, words string) error {
	status, shown := web.Failed(v.ctx, err)
	if shown.Kind != reeve.Unauthenticated {
		words = refusal(shown)
	}
	p.Status = status
	p.Sections[0].Form.Wrong = words
	return v.send(p)
}
