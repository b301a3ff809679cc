package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) accounts(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/users/{email}/reset", ID: "createPasswordReset", Tag: "users",
		Summary: "Make a link with which a user chooses a new password, to hand on",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.createPasswordReset)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/users/{email}/totp", ID: "deleteTOTP", Tag: "users",
		Summary: "Ask a user, who has lost the device, for no codes any more",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.deleteTOTP)
}

type passwordResetOut struct {
	Link      string    `json:"link"`
	Token     string    `json:"token" doc:"The link's, for POST /user/password of the tenant API."`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (a *api) createPasswordReset(ctx context.Context, in *userPath) (passwordResetOut, error) {
	made, err := a.control.CreatePasswordReset(ctx, in.Email)
	return passwordResetOut{made.Link, string(made.Token), made.Expires}, err
}

func (a *api) deleteTOTP(ctx context.Context, in *userPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteTOTP(ctx, in.Email)
}
