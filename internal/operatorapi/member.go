package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) members(out *web.API) {
	read := []reeve.Kind{reeve.Invalid, reeve.NotFound}
	write := []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict}
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}/members", ID: "listOrganizationMembers",
		Tag: "members", Summary: "List an organisation's members, oldest first", Errors: read,
	}, a.listOrganizationMembers)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/organizations/{organization}/members/{user}", ID: "putOrganizationMember",
		Tag: "members", Summary: "Make a user a member, or change a member's role", Errors: write,
	}, a.putOrganizationMember)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/organizations/{organization}/members/{user}", ID: "deleteOrganizationMember",
		Tag: "members", Summary: "Remove a member from an organisation and its projects", Errors: write,
	}, a.deleteOrganizationMember)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}/members", ID: "listProjectMembers",
		Tag: "members", Summary: "List a project's own members, oldest first", Errors: read,
	}, a.listProjectMembers)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/projects/{project}/members/{user}", ID: "putProjectMember",
		Tag: "members", Summary: "Make a user a member, or change a member's role", Errors: write,
	}, a.putProjectMember)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/projects/{project}/members/{user}", ID: "deleteProjectMember",
		Tag: "members", Summary: "Remove a member from a project", Errors: write,
	}, a.deleteProjectMember)
}

type memberOut struct {
	UserID    reeve.ID   `json:"userId"`
	Email     string     `json:"email"`
	FullName  string     `json:"fullName"`
	Role      reeve.Role `json:"role"`
	Disabled  bool       `json:"disabled"`
	CreatedAt time.Time  `json:"createdAt"`
}

func newMembersOut(members []reeve.Member, err error) ([]memberOut, error) {
	out := make([]memberOut, len(members))
	for i, m := range members {
		out[i] = memberOut{
			UserID: m.UserID, Email: m.Email, FullName: m.FullName,
			Role: m.Role, Disabled: m.Disabled, CreatedAt: m.CreatedAt,
		}
	}
	return out, err
}

type userInPath struct {
	User userID `path:"user" doc:"The user's id."`
}

type roleBody struct {
	Role string `json:"role" doc:"admin, editor or viewer."`
}

type organizationMemberIn struct {
	organizationPath
	userInPath
}

type putOrganizationMemberIn struct {
	organizationMemberIn
	Body roleBody `body:""`
}

func (a *api) listOrganizationMembers(ctx context.Context, in *organizationPath) ([]memberOut, error) {
	return newMembersOut(a.control.ListOrganizationMembers(ctx, in.Organization.id))
}

func (a *api) putOrganizationMember(ctx context.Context, in *putOrganizationMemberIn) (web.Empty, error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err != nil {
		return web.Empty{}, err
	}
	return web.Empty{}, a.control.PutOrganizationMember(ctx, in.Organization.id, in.User.id, role)
}

func (a *api) deleteOrganizationMember(ctx context.Context, in *organizationMemberIn) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteOrganizationMember(ctx, in.Organization.id, in.User.id)
}

type projectMemberIn struct {
	projectPath
	userInPath
}

type putProjectMemberIn struct {
	projectMemberIn
	Body roleBody `body:""`
}

func (a *api) listProjectMembers(ctx context.Context, in *projectPath) ([]memberOut, error) {
	return newMembersOut(a.control.ListProjectMembers(ctx, in.Project.id))
}

func (a *api) putProjectMember(ctx context.Context, in *putProjectMemberIn) (web.Empty, error) {
	role, err := reeve.ParseRole(in.Body.Role)
	if err != nil {
		return web.Empty{}, err
	}
	return web.Empty{}, a.control.PutProjectMember(ctx, in.Project.id, in.User.id, role)
}

func (a *api) deleteProjectMember(ctx context.Context, in *projectMemberIn) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteProjectMember(ctx, in.Project.id, in.User.id)
}
