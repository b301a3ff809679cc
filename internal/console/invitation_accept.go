package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// invitationLinks serves the links of invitations: to who is signed in, and to
// who is not yet.
func (s *site) invitationLinks() {
	s.open("invitation", func(v *visit) (*page, error) {
		return invitationPage(), v.recognise()
	}, (*visit).followInvitation)
}

// recognise finds out who is signed in, if anybody is: the page is for all.
func (v *visit) recognise() error {
	v.as(control.Caller{})
	token := v.cookie(v.sessionCookie())
	if token == "" {
		return nil
	}
	if err := web.Admit(v.ctx, token); err != nil {
		return err
	}
	err := v.face.identify(v, token)
	if reeve.IsKind(err, reeve.Unauthenticated) { // the session is over
		v.forget(v.sessionCookie())
		v.as(control.Caller{})
		return nil
	}
	return err
}

// invitationPage asks for the token of an invitation, which JavaScript fills in
// and sends.
func invitationPage() *page {
	return &page{
		Title: "Invitation", Narrow: true, Private: true, Lead: "See what you are invited to, then accept it.",
		Sections: []section{{Form: &form{To: to("invitation"), Submit: "Show the invitation", Fields: []field{tokenField("")}}}},
	}
}

// The steps of accepting an invitation, as its forms say them.
const (
	stepAccept = "accept"  // as who is signed in
	stepJoin   = "join"    // as a new user
	stepSignIn = "sign-in" // to accept it then
)

// offer is an invitation and the token that it was found by.
type offer struct {
	control.InvitationSeen
	token string
}

// followInvitation shows an invitation, or does one of its steps.
func (v *visit) followInvitation() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	if err := v.recognise(); err != nil {
		return err
	}
	o := offer{token: in.token()}
	if o.InvitationSeen, err = v.control.ShowInvitation(v.ctx, o.token); err != nil {
		if reeve.IsKind(err, reeve.NotFound) {
			err = reeve.Errorf(reeve.NotFound, "this invitation is not valid: it was used or taken back, or has expired. "+
				"Ask who invited you for another one").Wrap(err)
		}
		return v.refuseForm(invitationPage(), in, err)
	}
	switch step := in.Get("step"); {
	case step == stepJoin && v.who == nil:
		return v.join(o, in)
	case step == stepSignIn && v.who == nil:
		return v.signInToAccept(o, in)
	case step == stepAccept && v.who != nil:
		return v.accept(o, in)
	}
	return v.send(v.offerPage(o))
}

// offerPage says what an invitation is to, and asks who is to accept it.
func (v *visit) offerPage(o offer) *page {
	p := &page{
		Title: "Join " + o.Organization.Name, Narrow: true, Private: true,
		Facts: []fact{{"Organisation", text(o.Organization.Name)}},
	}
	if o.Project.ID != reeve.Zero {
		p.Title = "Join " + o.Project.Name
		p.Facts = append(p.Facts, fact{"Project", text(o.Project.Name)})
	}
	p.Facts = append(p.Facts, fact{"Role", text(string(o.Invitation.Role))}, fact{"For", text(o.Invitation.Email)},
		fact{"Valid until", moment(o.Invitation.ExpiresAt)})
	switch {
	case v.who == nil:
		p.Sections = []section{
			{Title: "I am new here", Form: o.form(stepJoin, "Make my account and join", append([]field{
				{Name: "name", Label: "Your name", Required: true, Auto: "name", Max: reeve.MaxName},
			}, newPasswordFields("Password")...)...)},
			{Title: "I have an account", Note: "Sign in as " + o.Invitation.Email + ".", Form: o.form(stepSignIn, "Sign in", secretFields()...)},
		}
	case !v.meant(o):
		p.Sections = []section{{Bad: true, Note: o.otherAddress(v), Actions: []link{{Text: "To the start page", To: root}}}}
	default:
		p.Sections = []section{{Form: o.form(stepAccept, "Accept the invitation")}}
	}
	return p
}

// meant tells whether who is signed in has the address of an invitation.
func (v *visit) meant(o offer) bool {
	return reeve.EmailKey(v.who.About) == reeve.EmailKey(o.Invitation.Email)
}

func (o offer) otherAddress(v *visit) string {
	return "This invitation is for " + o.Invitation.Email + ", and you are signed in as " + v.who.About +
		". Sign out and open the link again, or ask for an invitation to your address."
}

func (o offer) form(step, submit string, fields ...field) *form {
	return &form{To: to("invitation"), Submit: submit, Fields: append(fields,
		field{Name: "token", Kind: "hidden", Value: o.token}, field{Name: "step", Kind: "hidden", Value: step})}
}

// accept makes who is signed in a member.
func (v *visit) accept(o offer, in values) error {
	if _, err := v.control.AcceptInvitation(v.ctx, control.Acceptance{Token: o.token}); err != nil {
		if reeve.IsKind(err, reeve.Denied) && !v.meant(o) {
			err = reeve.Errorf(reeve.Denied, "%s", o.otherAddress(v)).Wrap(err)
		}
		return v.refuseOffer(o, in, stepAccept, err)
	}
	return v.welcome(o)
}

// join makes a new user, who is signed in then.
func (v *visit) join(o offer, in values) error {
	password, err := in.chosen()
	if err == nil {
		_, err = reeve.CleanName("your name", in.Get("name"))
	}
	var joined control.SignedIn
	if err == nil {
		joined, err = v.control.AcceptInvitation(v.ctx, control.Acceptance{Token: o.token, FirstName: in.Get("name"), Password: password})
	}
	if reeve.IsKind(err, reeve.Unauthenticated) {
		return v.refuseOffer(o, in, stepSignIn, reeve.Errorf(reeve.Unauthenticated,
			"there is an account with this address already: sign in to accept the invitation").Wrap(err))
	}
	if err != nil {
		return v.refuseOffer(o, in, stepJoin, err)
	}
	web.SetActor(v.ctx, joined.User.ID.String())
	if err := v.open(joined.Token); err != nil {
		return err
	}
	return v.welcome(o)
}

// signInToAccept signs in with the address of an invitation, which can be
// accepted then.
func (v *visit) signInToAccept(o offer, in values) error {
	signedIn, err := v.control.SignIn(v.ctx, control.SignIn{
		Email: o.Invitation.Email, Password: in.Get("password"), Code: in.text("code"),
	})
	if err != nil {
		return v.refuseOffer(o, in, stepSignIn, err)
	}
	if err := v.face.identify(v, string(signedIn.Token)); err != nil {
		return err
	}
	if err := v.open(signedIn.Token); err != nil {
		return err
	}
	return v.send(v.offerPage(o))
}

// refuseOffer shows an invitation again, with what is wrong in the form of a
// step.
func (v *visit) refuseOffer(o offer, in values, step string, err error) error {
	status, shown := web.Failed(v.ctx, err)
	p := v.offerPage(o)
	p.Status = status
	for _, s := range p.Sections {
		if s.Form == nil || s.Form.Fields[len(s.Form.Fields)-1].Value != step {
			continue
		}
		in.fill(s.Form.Fields)
		s.Form.Wrong = refusalWords(shown)
		if in.Get("step") == stepSignIn && shown.Kind == reeve.Unauthenticated {
			s.Form.Wrong = notSignedIn(s.Form, err)
		}
	}
	return v.send(p)
}

// welcome leads to what somebody was invited to.
func (v *visit) welcome(o offer) error {
	path, name := to("organizations", o.Organization.ID.TypeID(reeve.PrefixOrganization)), o.Organization.Name
	if o.Project.ID != reeve.Zero {
		path, name = to("projects", o.Project.ID.TypeID(reeve.PrefixProject)), o.Project.Name
	}
	v.flash("Welcome: you are a member of " + name + " now.")
	return v.redirect(path)
}
