package console

import (
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (s *site) operatorSignIn() {
	s.open("sign-in", func(v *visit) (*page, error) { return v.operatorSignInPage(), nil }, (*visit).signInOperator)
}

// operatorSignInPage leads to the identity provider, where there is one, and asks
// for an operator's token.
func (v *visit) operatorSignInPage() *page {
	p := &page{Title: "Sign in", Narrow: true}
	if v.settings.OIDC.On() {
		p.Actions = []link{{Text: "Sign in through your identity provider", To: at(root+providerBegin, "next", v.next()), Main: true}}
	}
	p.Sections = []section{{Form: &form{
		To: to("sign-in"), Submit: "Sign in", Fields: []field{
			{
				Name: "token", Label: "Operator token", Kind: "password", Required: true, Auto: "current-password", Max: 1024,
				Hint: "It is exchanged for a session that ends when you sign out, when the token does, and after twelve hours.",
			},
			{Name: "next", Kind: "hidden", Value: v.next()},
		},
	}}}
	return p
}

func (v *visit) signInOperator() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	v.as(control.Caller{})
	token := in.text("token")
	if err := web.Admit(v.ctx, token); err != nil {
		return v.refuseSignIn(v.operatorSignInPage(), err, "")
	}
	session, err := v.control.SignInOperator(v.ctx, token)
	if err != nil {
		return v.refuseSignIn(v.operatorSignInPage(), err, "That is no operator's token.")
	}
	if err := v.openOperator(session); err != nil {
		return err
	}
	return v.redirect(v.next())
}
