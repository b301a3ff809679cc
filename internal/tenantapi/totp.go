package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) totp(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/{user}/totp", ID: "beginTOTP", Tag: "accounts",
		Summary: "Make the secret of the codes (RFC 6238) that are asked for at the login once one is confirmed",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict, reeve.Exhausted},
	}, a.beginTOTP, web.BeforeBody(func(ctx context.Context, in *beginTOTPIn) error { return a.is(ctx, in.User) }))
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/user/{user}/totp", ID: "confirmTOTP", Tag: "accounts",
		Summary: "Have codes asked for at the login, by showing one; all other sessions end",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict, reeve.Exhausted},
	}, a.confirmTOTP, web.BeforeBody(func(ctx context.Context, in *confirmTOTPIn) error { return a.is(ctx, in.User) }))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/user/{user}/totp", ID: "disableTOTP", Tag: "accounts",
		Summary: "Have no codes asked for any more", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict, reeve.Exhausted},
	}, a.disableTOTP, web.BeforeBody(func(ctx context.Context, in *disableTOTPIn) error { return a.is(ctx, in.User) }))
}

type beginTOTPIn struct {
	userPath
	Body struct {
		Password string `json:"password"`
	} `body:""`
}

type beginTOTPOut struct {
	Secret string `json:"secret" doc:"In base32."`
	URI    string `json:"uri" doc:"otpauth://…, for a QR code."`
}

func (a *api) beginTOTP(ctx context.Context, in *beginTOTPIn) (envelope[beginTOTPOut], error) {
	made, err := a.control.BeginTOTP(ctx, in.User.id, in.Body.Password)
	return success(beginTOTPOut(made)), err
}

type confirmTOTPIn struct {
	userPath
	Body struct {
		Code string `json:"code"`
	} `body:""`
}

type confirmTOTPOut struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"Each stands for one code; they are not shown again."`
}

func (a *api) confirmTOTP(ctx context.Context, in *confirmTOTPIn) (envelope[confirmTOTPOut], error) {
	codes, err := a.control.ConfirmTOTP(ctx, in.User.id, in.Body.Code)
	return success(confirmTOTPOut{codes}), err
}

type disableTOTPIn struct {
	userPath
	Body struct {
		Password string `json:"password"`
		Code     string `json:"code,omitempty" doc:"Of the device, or a recovery code; not needed before one was confirmed."`
	} `body:""`
}

func (a *api) disableTOTP(ctx context.Context, in *disableTOTPIn) (web.Empty, error) {
	return web.Empty{}, a.control.DisableTOTP(ctx, in.User.id, in.Body.Password, in.Body.Code)
}
