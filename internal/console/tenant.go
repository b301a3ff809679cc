package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

const tenantName = "tenant"

func tenantFace() face {
	return face{
		Name: tenantName, Title: "reeve",
		Nav:      []link{{Text: "Organisations", To: root}, {Text: "Account", To: to("account")}},
		identify: identifyTenant,
		end:      endTenant,
	}
}

func endTenant(v *visit, text string) error {
	token, ok := reeve.ParseToken(reeve.TokenSession, text)
	if !ok {
		return reeve.ErrUnauthenticated
	}
	hash := token.Hash()
	return v.control.SignOut(control.WithCaller(v.ctx, control.Caller{Session: &hash}))
}

// identifyTenant looks a session's token up, and has the caller's role noted
// with each thing that is asked for.
func identifyTenant(v *visit, text string) error {
	token, ok := reeve.ParseToken(reeve.TokenSession, text)
	if !ok {
		return reeve.ErrUnauthenticated
	}
	hash := token.Hash()
	var actor reeve.Actor
	v.as(control.Caller{Session: &hash, Resolved: func(who reeve.Actor) {
		web.SetActor(v.r.Context(), who.String())
		actor, v.role = who, who.Role
	}})
	if err := v.control.AuthenticateTenant(v.ctx); err != nil {
		return err
	}
	account, err := v.control.GetAccount(v.ctx, actor.ID)
	if err != nil {
		return err
	}
	actor.Role = ""
	v.who = &identity{Name: account.User.FullName, About: account.User.Email, Actor: actor}
	return nil
}
