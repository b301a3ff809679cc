package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// public are the paths that ask for no credential: the secret is in the body.
var public = []string{
	"/user/login", "/user/password", "/user/password/reset", "/user/invitation", "/user/invitation/accept",
}

// stranger gives the context of a call that needs no credential.
func stranger(ctx context.Context) context.Context {
	return control.WithCaller(ctx, control.Caller{
		Address: web.ClientAddress(ctx), Agent: web.UserAgent(ctx), RequestID: web.RequestID(ctx),
	})
}

func (a *api) signIn(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/login", ID: "login", Tag: "accounts",
		Summary: "Sign in, for the headers X-Auth-Id and X-Auth-Token of other calls",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Unauthenticated, reeve.Exhausted, reeve.Unavailable},
	}, a.login)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/logout", ID: "logout", Tag: "accounts",
		Summary: "End the session that the call is made with", Status: http.StatusNoContent, EndsSession: true,
	}, a.logout)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/password/reset", ID: "requestPasswordReset", Tag: "accounts",
		Summary: "Have a link to a new password mailed",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Exhausted, reeve.Unavailable},
	}, a.requestPasswordReset)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/password", ID: "resetPassword", Tag: "accounts",
		Summary: "Choose a new password with the token of a link; all sessions end",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Unavailable},
	}, a.resetPassword)
}

type loginIn struct {
	Expand string `query:"expand" doc:"Ignored: clients of the API send it."`

	Body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Code     string `json:"code,omitempty" doc:"Of the user's device, or a recovery code; only where codes are asked for."`
	} `body:""`
}

// loginOut is who has signed in, with what the user sees first.
type loginOut struct {
	Users         []signedInOut    `json:"users" doc:"The user alone."`
	Projects      []projectOut     `json:"projects" doc:"The first 20 that the user may see."`
	Organizations []organizationIn `json:"organizations" doc:"The first 100 that the user is in."`
}

type signedInOut struct {
	ID                userTypeID     `json:"id"`
	FirstName         string         `json:"first_name"`
	LastName          string         `json:"last_name"`
	Email             string         `json:"email"`
	AvatarURL         *string        `json:"avatar_url" doc:"Always null."`
	CreateTime        wireTime       `json:"create_time"`
	AuthToken         string         `json:"auth_token" doc:"Empty where the caller was signed in already."`
	RedirectProjectID *projectTypeID `json:"redirect_project_id" doc:"The first project; null without one."`
}

// organizationIn is an organisation that a user is in.
type organizationIn struct {
	ID   organizationTypeID `json:"id"`
	Name string             `json:"name"`
	Role reeve.Role         `json:"role" doc:"The user's."`
}

func newLoginOut(in control.SignedIn) envelope[loginOut] {
	first, last := reeve.SplitName(in.User.FullName)
	user := signedInOut{
		ID: userTypeID(in.User.ID), FirstName: first, LastName: last, Email: in.User.Email,
		CreateTime: wireTime{in.User.CreatedAt}, AuthToken: string(in.Token),
	}
	out := loginOut{Projects: make([]projectOut, len(in.Projects)), Organizations: make([]organizationIn, len(in.Organizations))}
	for i, p := range in.Projects {
		out.Projects[i] = newProjectsOut(p).Body.Projects[0]
	}
	if len(out.Projects) > 0 {
		user.RedirectProjectID = &out.Projects[0].ID
	}
	for i, o := range in.Organizations {
		out.Organizations[i] = organizationIn{organizationTypeID(o.Organization.ID), o.Organization.Name, o.Role}
	}
	out.Users = []signedInOut{user}
	return success(out)
}

func (a *api) login(ctx context.Context, in *loginIn) (envelope[loginOut], error) {
	signedIn, err := a.control.SignIn(stranger(ctx), control.SignIn(in.Body))
	if err != nil {
		return envelope[loginOut]{}, err
	}
	web.SetActor(ctx, signedIn.User.ID.String())
	return newLoginOut(signedIn), nil
}

func (a *api) logout(ctx context.Context, _ *web.Empty) (web.Empty, error) {
	return web.Empty{}, a.control.SignOut(ctx)
}

type requestResetIn struct {
	Body struct {
		Email string `json:"email"`
	} `body:""`
}

// nothing is the body of a success that tells nothing.
type nothing struct{}

func (a *api) requestPasswordReset(ctx context.Context, in *requestResetIn) (envelope[nothing], error) {
	return success(nothing{}), a.control.RequestPasswordReset(stranger(ctx), in.Body.Email)
}

type resetPasswordIn struct {
	Body struct {
		Token       string `json:"token"`
		NewPassword string `json:"new_password" doc:"8 to 1024 bytes."`
	} `body:""`
}

func (a *api) resetPassword(ctx context.Context, in *resetPasswordIn) (envelope[nothing], error) {
	return success(nothing{}), a.control.ResetPassword(stranger(ctx), in.Body.Token, in.Body.NewPassword)
}
