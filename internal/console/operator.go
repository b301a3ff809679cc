package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

const operatorName = "operator"

func operatorFace() face {
	return face{
		Name: operatorName, Title: "reeve operators", Search: to("search"), Self: to("me"),
		Nav: []link{
			{Text: "Users", To: to("users")},
			{Text: "Organisations", To: to("organizations")},
			{Text: "Projects", To: to("projects")},
			{Text: "Coupons", To: to("coupons")},
			{Text: "Statements", To: to("statements")},
			{Text: "Changes", To: to("changes")},
			{Text: "Bulk", To: to("bulk")},
			{Text: "Inspect", To: to("inspect")},
			{Text: "Gateways", To: to("gateways")},
			{Text: "Operators", To: to("operators")},
			{Text: "System", To: to("system")},
		},
		identify: identifyOperator,
		end:      func(v *visit, token string) error { return v.control.SignOutOperator(v.ctx, token) },
	}
}

// openOperator gives the browser a session, and notes whose it is.
func (v *visit) openOperator(token reeve.Token) error {
	if err := identifyOperator(v, string(token)); err != nil {
		return err
	}
	return v.open(token)
}

// identifyOperator looks a session's token up.
func identifyOperator(v *visit, text string) error {
	v.as(control.Caller{})
	session, err := v.control.AuthenticateOperatorSession(v.ctx, text)
	if err != nil {
		return err
	}
	web.SetActor(v.r.Context(), session.Actor.String())
	v.as(control.Caller{Actor: session.Actor, ReasonNeeded: v.control.ReasonsRequired()})
	v.who = &identity{Name: session.Name, About: string(session.Actor.OperatorRole), Actor: session.Actor}
	if session.Actor.IsRoot() {
		v.who.About = "may everything"
	}
	return nil
}

// operatorStart is where operators begin.
func (s *site) operatorStart() {
	s.show("{$}", func(v *visit) (*page, error) {
		return nil, v.redirect(to("search"))
	})
}
