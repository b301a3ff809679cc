package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (s *site) passwordResets() {
	s.open("password-reset", func(v *visit) (*page, error) { return v.passwordResetPage(), nil }, (*visit).requestPasswordReset)
	s.open("password", func(*visit) (*page, error) { return newPasswordPage(""), nil }, (*visit).resetPassword)
}

var toSignInPage = link{Text: "To the sign-in page", To: root + "sign-in"}

// passwordResetPage asks where to send a link to a new password.
func (v *visit) passwordResetPage() *page {
	p := &page{Title: "Forgotten password", Narrow: true}
	if !v.control.SendsMail() {
		p.Lead = "This platform sends no mail. Ask its operator for a link to a new password: operators can make one for you."
		p.Sections = []section{{Actions: []link{toSignInPage}}}
		return p
	}
	p.Lead = "A link with which you choose a new password is sent to your address. It is valid for an hour."
	p.Sections = []section{{Form: &form{
		To: to("password-reset"), Submit: "Send the link", Back: to("sign-in"),
		Fields: []field{{Name: "email", Label: "Address", Kind: "email", Required: true, Auto: "username", Max: reeve.MaxEmail}},
	}}}
	return p
}

func (v *visit) requestPasswordReset() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	v.as(control.Caller{})
	if err := v.control.RequestPasswordReset(v.ctx, in.text("email")); err != nil {
		return v.refuseForm(v.passwordResetPage(), in, err)
	}
	v.flash("If there is an account with this address, a link to a new password is on its way to it. Look into your mail, into the spam as well.")
	return v.redirect(to("sign-in"))
}

// newPasswordPage asks for the password to be, and for the token of a link.
func newPasswordPage(token string) *page {
	return &page{
		Title: "New password", Narrow: true, Private: true, Lead: "All sessions of yours end when you choose a new password.",
		Sections: []section{{Form: &form{
			To: to("password"), Submit: "Set the password", Back: to("sign-in"),
			Fields: append([]field{tokenField(token)}, newPasswordFields("New password")...),
		}}},
	}
}

// tokenField asks for the token of a link, which JavaScript fills in.
func tokenField(token string) field {
	return field{
		Name: "token", Label: "Link or token", Kind: "token", Required: true, Value: token,
		Hint: "It is filled in when you open the link that you were sent. If it is not, paste the whole link.",
	}
}

// newPasswordFields ask for a password, twice.
func newPasswordFields(label string) []field {
	return []field{
		{
			Name: "new", Label: label, Kind: "password", Required: true, Auto: "new-password", Max: reeve.MaxOwnPassword,
			Hint: "8 characters or more. Several words that you can remember are better than a few odd signs.",
		},
		{Name: "again", Label: label + ", once more", Kind: "password", Required: true, Auto: "new-password", Max: reeve.MaxOwnPassword},
	}
}

// chosen gives a password that was asked for twice.
func (in values) chosen() (string, error) {
	next := in.Get("new")
	if err := reeve.CheckOwnPassword("the new password", next); err != nil {
		return "", err
	}
	if in.Get("again") != next {
		return "", reeve.Errorf(reeve.Invalid, "the two new passwords differ")
	}
	return next, nil
}

// token reads the token of a link, or of the whole link.
func (in values) token() string {
	text := in.text("token")
	return text[strings.LastIndexByte(text, '#')+1:]
}

func (v *visit) resetPassword() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	v.as(control.Caller{})
	next, err := in.chosen()
	if err == nil {
		err = v.control.ResetPassword(v.ctx, in.token(), next)
	}
	if reeve.IsKind(err, reeve.NotFound) {
		p := newPasswordPage("")
		p.Sections[0].Actions = []link{{Text: "Ask for another link", To: to("password-reset")}}
		return v.refuseForm(p, in, reeve.Errorf(reeve.NotFound,
			"this link is not valid: it is older than an hour, was used, or your password has changed since").Wrap(err))
	}
	if err != nil {
		return v.refuseForm(newPasswordPage(""), in, err)
	}
	v.flash("Your password is changed. Sign in with the new one.")
	return v.redirect(to("sign-in"))
}

// refuseForm shows a page's form again, with what was filled in and what is
// wrong, to who need not be signed in.
func (v *visit) refuseForm(p *page, in values, err error) error {
	status, shown := web.Failed(v.ctx, err)
	p.Status = status
	for _, s := range p.Sections {
		if s.Form != nil {
			in.fill(s.Form.Fields)
			s.Form.Wrong = refusalWords(shown)
			return v.send(p)
		}
	}
	p.Lead = refusalWords(shown) + " " + p.Lead
	return v.send(p)
}
