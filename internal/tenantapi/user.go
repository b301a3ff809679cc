package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) users(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}/users", ID: "listProjectUsers", Tag: "users",
		Summary: "Retrieve all member users of a project, oldest membership first",
	}, a.listUsers)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project/{project}/user", ID: "addProjectUser", Tag: "users",
		Summary: "Add a user of the organisation to a project",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.addUser, web.BeforeBody(func(ctx context.Context, in *addUserIn) error {
		return a.may(ctx, in.Project, reeve.ManageMembers)
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/project/{project}/user/{user}", ID: "disableProjectUser", Tag: "users",
		Summary: "Disable a member of a project", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Conflict},
	}, a.disableUser)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/project/{project}/user/{user}/enable", ID: "enableProjectUser", Tag: "users",
		Summary: "Re-enable a disabled member of a project",
	}, a.enableUser)
}

type usersOut struct {
	Users []userOut `json:"users"`
}

type userOut struct {
	ID         userTypeID `json:"id"`
	FirstName  string     `json:"first_name"`
	LastName   string     `json:"last_name"`
	AvatarURL  *string    `json:"avatar_url" doc:"Always null."`
	CreateTime wireTime   `json:"create_time" doc:"Of the membership."`
	Email      string     `json:"email"`
	Role       reeve.Role `json:"role"`
	Disabled   bool       `json:"disabled"`
}

func (a *api) listUsers(ctx context.Context, in *projectPath) (envelope[usersOut], error) {
	members, err := a.control.ListProjectMembers(ctx, in.Project.id)
	return success(usersOut{Users: newUserList(members)}), err
}

func newUserList(members []reeve.Member) []userOut {
	out := make([]userOut, len(members))
	for i, m := range members {
		first, last := reeve.SplitName(m.FullName)
		out[i] = userOut{
			ID: userTypeID(m.UserID), FirstName: first, LastName: last,
			CreateTime: wireTime{m.CreatedAt}, Email: m.Email, Role: m.Role, Disabled: m.Disabled,
		}
	}
	return out
}

// membershipOut is what adding or enabling a user answers.
type membershipOut struct {
	Model      string     `json:"model"`
	Models     struct{}   `json:"models"`
	ID         userTypeID `json:"id" doc:"The user's."`
	Role       reeve.Role `json:"role"`
	CreateTime wireTime   `json:"create_time"`
	Disabled   bool       `json:"disabled"`
}

func newMembershipOut(m reeve.Member) envelope[membershipOut] {
	return success(membershipOut{
		Model: "users", ID: userTypeID(m.UserID),
		Role: m.Role, CreateTime: wireTime{m.CreatedAt}, Disabled: m.Disabled,
	})
}

type addUserIn struct {
	projectPath
	Body struct {
		UserID userID `json:"user_id"`
		Role   string `json:"role" doc:"admin, editor or viewer."`
	} `body:""`
}

func (a *api) addUser(ctx context.Context, in *addUserIn) (envelope[membershipOut], error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err == nil && !in.Body.UserID.given {
		err = reeve.Errorf(reeve.Invalid, "user_id is not set")
	}
	if err != nil {
		if denied := a.may(ctx, in.Project, reeve.ManageMembers); denied != nil {
			err = denied
		}
		return envelope[membershipOut]{}, err
	}
	m, err := a.control.AddProjectMember(ctx, in.Project.id, in.Body.UserID.id, role)
	return newMembershipOut(m), err
}

type memberPath struct {
	projectPath
	User userID `path:"user" doc:"The user's id."`
}

func (a *api) disableUser(ctx context.Context, in *memberPath) (web.Empty, error) {
	return web.Empty{}, a.control.DisableProjectMember(ctx, in.Project.id, in.User.id)
}

func (a *api) enableUser(ctx context.Context, in *memberPath) (envelope[membershipOut], error) {
	m, err := a.control.EnableProjectMember(ctx, in.Project.id, in.User.id)
	return newMembershipOut(m), err
}
