package console

import (
	"errors"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (s *site) tenantSignIn() {
	s.open("sign-in", func(v *visit) (*page, error) { return v.tenantSignInPage(), nil }, (*visit).signInTenant)
}

// tenantSignInPage asks for an address and a password.
func (v *visit) tenantSignInPage() *page {
	fields := append([]field{
		{Name: "email", Label: "Address", Kind: "email", Required: true, Auto: "username", Max: reeve.MaxEmail, Value: v.r.PostFormValue("email")},
	}, secretFields()...)
	fields = append(fields, field{Name: "next", Kind: "hidden", Value: v.next()})
	return &page{Title: "Sign in", Narrow: true, Sections: []section{
		{Form: &form{To: to("sign-in"), Submit: "Sign in", Fields: fields}, Actions: []link{{Text: "Forgotten the password?", To: to("password-reset")}}},
		{
			Title: "No account yet?", Actions: []link{{Text: "Use an invitation", To: to("invitation")}},
			Note: "Accounts are made by invitation: ask an admin of your organisation for one, or the operator of this platform. " +
				"Open the link that you are sent.",
		},
	}}
}

// secretFields ask for what only a user knows and has.
func secretFields() []field {
	return []field{
		{Name: "password", Label: "Password", Kind: "password", Required: true, Auto: "current-password", Max: reeve.MaxOwnPassword},
		{
			Name: "code", Label: "Code", Auto: "one-time-code", Max: 40,
			Hint: "Only if you have set up an authenticator: the code that it shows now, or one of your recovery codes.",
		},
	}
}

func (v *visit) signInTenant() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	v.as(control.Caller{})
	signedIn, err := v.control.SignIn(v.ctx, control.SignIn{Email: in.text("email"), Password: in.Get("password"), Code: in.text("code")})
	if err != nil {
		p := v.tenantSignInPage()
		return v.refuseSignIn(p, err, notSignedIn(p.Sections[0].Form, err))
	}
	web.SetActor(v.ctx, signedIn.User.ID.String())
	if err := v.open(signedIn.Token); err != nil {
		return err
	}
	return v.redirect(v.next())
}

// notSignedIn says in a form what is missing or wrong to sign in with it.
func notSignedIn(f *form, err error) string {
	code := &f.Fields[0]
	for i := range f.Fields {
		if f.Fields[i].Name == "code" {
			code = &f.Fields[i]
		}
	}
	switch {
	case errors.Is(err, control.ErrCodeRequired):
		code.Required = true
		code.Wrong = "Open your authenticator and enter the six digits that it shows for reeve. Without it, use one of your recovery codes."
		return "This account asks for a code, too: enter the password again, with the code."
	case errors.Is(err, control.ErrWrongCode):
		code.Required = true
		code.Wrong = "A code is good for half a minute, and only once: wait for the next one. Check that the clock of your device is right."
		return "The code is wrong, or was used already."
	}
	return "The address, the password or the code is wrong."
}

// refuseSignIn shows a form of who is not signed in again.
func (v *visit) refuseSignIn(p *page, err error, words string) error {
	status, shown := web.Failed(v.ctx, err)
	if shown.Kind != reeve.Unauthenticated {
		words = refusalWords(shown)
	}
	p.Status = status
	p.Sections[0].Form.Wrong = words
	return v.send(p)
}
