package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) accounts(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/user/{user}", ID: "getUser", Tag: "accounts",
		Summary: "Retrieve the user who is signed in",
	}, a.getAccount)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/user/{user}", ID: "updateUser", Tag: "accounts",
		Summary: "Change the names of the user who is signed in",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.updateAccount, web.BeforeBody(func(ctx context.Context, in *updateAccountIn) error { return a.is(ctx, in.User) }))
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/user/{user}/password", ID: "changePassword", Tag: "accounts",
		Summary: "Change the password of the user who is signed in; all other sessions end", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Invalid, reeve.Exhausted},
	}, a.changePassword, web.BeforeBody(func(ctx context.Context, in *changePasswordIn) error { return a.is(ctx, in.User) }))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/user/{user}/sessions", ID: "listSessions", Tag: "accounts",
		Summary: "Retrieve the sessions of the user who is signed in, newest first",
	}, a.listSessions)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/user/{user}/session/{session}", ID: "endSession", Tag: "accounts",
		Summary: "End a session of the user who is signed in", Status: http.StatusNoContent,
	}, a.endSession)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/user/{user}/sessions", ID: "endSessions", Tag: "accounts",
		Summary: "End all sessions of the user who is signed in, this one too", Status: http.StatusNoContent,
	}, a.endSessions)
}

type userPath struct {
	User userID `path:"user" doc:"The user's id."`
}

// is tells, before a malformed body is reported, whether the caller is a user.
func (a *api) is(ctx context.Context, user userID) error {
	_, err := a.control.GetAccount(ctx, user.id)
	return err
}

type accountsOut struct {
	Users []accountOut `json:"users" doc:"The user alone."`
}

type accountOut struct {
	ID          userTypeID `json:"id"`
	FirstName   string     `json:"first_name"`
	LastName    string     `json:"last_name"`
	Email       string     `json:"email"`
	AvatarURL   *string    `json:"avatar_url" doc:"Always null."`
	CreateTime  wireTime   `json:"create_time"`
	TOTPEnabled bool       `json:"totp_enabled" doc:"Whether a code is asked for at the login."`
}

func newAccountsOut(account control.Account) envelope[accountsOut] {
	u := account.User
	first, last := reeve.SplitName(u.FullName)
	return success(accountsOut{Users: []accountOut{{
		ID: userTypeID(u.ID), FirstName: first, LastName: last, Email: u.Email,
		CreateTime: wireTime{u.CreatedAt}, TOTPEnabled: account.TOTPEnabled,
	}}})
}

func (a *api) getAccount(ctx context.Context, in *userPath) (envelope[accountsOut], error) {
	account, err := a.control.GetAccount(ctx, in.User.id)
	return newAccountsOut(account), err
}

type updateAccountIn struct {
	userPath
	Body struct {
		FirstName *string `json:"first_name,omitempty"`
		LastName  *string `json:"last_name,omitempty"`
	} `body:""`
}

func (a *api) updateAccount(ctx context.Context, in *updateAccountIn) (envelope[accountsOut], error) {
	account, err := a.control.UpdateAccount(ctx, in.User.id, control.AccountPatch(in.Body))
	return newAccountsOut(account), err
}

type changePasswordIn struct {
	userPath
	Body struct {
		OldPassword string `json:"old_password"`
		NewPassword string `json:"new_password" doc:"8 to 1024 bytes."`
	} `body:""`
}

func (a *api) changePassword(ctx context.Context, in *changePasswordIn) (web.Empty, error) {
	return web.Empty{}, a.control.ChangePassword(ctx, in.User.id, in.Body.OldPassword, in.Body.NewPassword)
}

type sessionsOut struct {
	TotalCount int          `json:"total_count"`
	Sessions   []sessionOut `json:"sessions" doc:"At most 100: those used longest ago end."`
}

type sessionOut struct {
	ID           sessionTypeID `json:"id"`
	Address      string        `json:"address" doc:"Where it was opened from."`
	Agent        string        `json:"agent" doc:"What it was opened with, as that says itself."`
	CreateTime   wireTime      `json:"create_time"`
	LastUsedTime wireTime      `json:"last_used_time" doc:"To within a few seconds."`
	Current      bool          `json:"current" doc:"Whether the call is made with it."`
}

func (a *api) listSessions(ctx context.Context, in *userPath) (envelope[sessionsOut], error) {
	sessions, err := a.control.ListOwnSessions(ctx, in.User.id)
	out := sessionsOut{TotalCount: len(sessions), Sessions: make([]sessionOut, len(sessions))}
	for i, s := range sessions {
		out.Sessions[i] = sessionOut{
			ID: sessionTypeID(s.ID), Address: s.Address, Agent: s.Agent,
			CreateTime: wireTime{s.CreatedAt}, LastUsedTime: wireTime{s.UsedAt}, Current: s.Current,
		}
	}
	return success(out), err
}

type sessionPath struct {
	userPath
	Session sessionID `path:"session" doc:"The session's id."`
}

func (a *api) endSession(ctx context.Context, in *sessionPath) (web.Empty, error) {
	return web.Empty{}, a.control.EndOwnSession(ctx, in.User.id, in.Session.id)
}

func (a *api) endSessions(ctx context.Context, in *userPath) (web.Empty, error) {
	return web.Empty{}, a.control.EndOwnSessions(ctx, in.User.id)
}
