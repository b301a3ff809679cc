package console

import (
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (s *site) operatorSignIn() {
	s.open("sign-in", func(v *visit) (*page, error) { return v.operatorSignInPage(), nil }, (*visit).signInOperator)
}

// operatorSignInPage asks for an operator's token.
func (v *visit) operatorSignInPage() *page {
	return &page{Title: "Sign in", Narrow: true, Sections: []section{{Form: &form{
		To: to("sign-in"), Submit: "Sign in", Fields: []field{
			{
				Name: "token", Label: "Operator token", Kind: "password", Required: true, Auto: "current-password", Max: 1024,
				Hint: "It is exchanged for a session that ends when you sign out, or when the token does.",
			},
			{Name: "next", Kind: "hidden", Value: v.next()},
		},
	}}}}
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
	v.open(session)
	return v.redirect(v.next())
}
