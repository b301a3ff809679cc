package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) members(out *web.API) {
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/organization/{organization}/member/{user}", ID: "updateOrganizationMember", Tag: "members",
		Summary: "Give a member of an organisation another role",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.updateOrganizationMember, web.BeforeBody(func(ctx context.Context, in *organizationRoleIn) error {
		return a.mayIn(ctx, in.Organization, reeve.ManageMembers)
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/organization/{organization}/member/{user}", ID: "removeOrganizationMember", Tag: "members",
		Summary: "Remove a member from an organisation and its projects", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Conflict},
	}, a.removeOrganizationMember)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/project/{project}/member/{user}", ID: "updateProjectMember", Tag: "members",
		Summary: "Give a member of a project another role; a disabled one is enabled",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.updateProjectMember, web.BeforeBody(func(ctx context.Context, in *projectRoleIn) error {
		return a.may(ctx, in.Project, reeve.ManageMembers)
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/project/{project}/member/{user}", ID: "removeProjectMember", Tag: "members",
		Summary: "Remove a member from a project", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Conflict},
	}, a.removeProjectMember)
}

// roleBody is the body of a change of role.
type roleBody struct {
	Role string `json:"role" doc:"admin, editor or viewer."`
}

type organizationMemberPath struct {
	organizationPath
	User userID `path:"user" doc:"The user's id."`
}

type organizationRoleIn struct {
	organizationMemberPath
	Body roleBody `body:""`
}

func (a *api) updateOrganizationMember(ctx context.Context, in *organizationRoleIn) (out envelope[membershipOut], err error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err != nil {
		if denied := a.mayIn(ctx, in.Organization, reeve.ManageMembers); denied != nil {
			err = denied
		}
		return out, err
	}
	m, err := a.control.ChangeOrganizationMember(ctx, in.Organization.id, in.User.id, role)
	return newMembershipOut(m), err
}

func (a *api) removeOrganizationMember(ctx context.Context, in *organizationMemberPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteOrganizationMember(ctx, in.Organization.id, in.User.id)
}

type projectRoleIn struct {
	memberPath
	Body roleBody `body:""`
}

func (a *api) updateProjectMember(ctx context.Context, in *projectRoleIn) (out envelope[membershipOut], err error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err != nil {
		if denied := a.may(ctx, in.Project, reeve.ManageMembers); denied != nil {
			err = denied
		}
		return out, err
	}
	m, err := a.control.ChangeProjectMember(ctx, in.Project.id, in.User.id, role)
	return newMembershipOut(m), err
}

func (a *api) removeProjectMember(ctx context.Context, in *memberPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteProjectMember(ctx, in.Project.id, in.User.id)
}
