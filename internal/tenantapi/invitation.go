package tenantapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

var mailedADay = fmt.Sprintf("Where invitations are mailed, an organisation and who invites have %d on a day of UTC at most: then 429.",
	reeve.MaxInvitationMails)

func (a *api) invitations(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/organization/{organization}/invitation", ID: "inviteToOrganization", Tag: "invitations", Exact: true,
		Summary:     "Invite an address to an organisation",
		Description: mailedADay,
		Errors:      []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.inviteToOrganization, web.BeforeBody(func(ctx context.Context, in *inviteToOrganizationIn) error {
		return a.mayIn(ctx, in.Organization, reeve.ManageMembers)
	}))
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project/{project}/invitation", ID: "inviteToProject", Tag: "invitations", Exact: true,
		Summary:     "Invite an address to a project, and as a viewer to its organisation",
		Description: mailedADay,
		Errors:      []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.inviteToProject, web.BeforeBody(func(ctx context.Context, in *inviteToProjectIn) error {
		return a.may(ctx, in.Project, reeve.ManageMembers)
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/invitations", ID: "listInvitations", Tag: "invitations",
		Summary: "Retrieve the open invitations of an organisation and its projects, oldest first",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listInvitations)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/organization/{organization}/invitation/{invitation}", ID: "deleteInvitation", Tag: "invitations",
		Summary: "Take an invitation back", Status: http.StatusNoContent,
	}, a.deleteInvitation)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/invitation", ID: "showInvitation", Tag: "invitations",
		Summary: "Retrieve what the token of an invitation is for",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Unavailable},
	}, a.showInvitation)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/user/invitation/accept", ID: "acceptInvitation", Tag: "invitations",
		Summary: "Accept an invitation, as the user who is signed in or as a new one",
		Errors: []reeve.Kind{
			reeve.Invalid, reeve.Unauthenticated, reeve.Denied, reeve.NotFound, reeve.Unavailable,
		},
	}, a.acceptInvitation)
}

// invitationBody is what is asked of an invitation.
type invitationBody struct {
	Email     string `json:"email"`
	Role      string `json:"role" doc:"admin, editor or viewer."`
	ExpiresIn *int64 `json:"expires_in,omitempty" doc:"Seconds, at most 2592000 (30 days); 604800 (7 days) when absent."`
}

type inviteToOrganizationIn struct {
	organizationPath
	Body invitationBody `body:""`
}

type inviteToProjectIn struct {
	projectPath
	Body invitationBody `body:""`
}

// invitationOut is an invitation without its secret.
type invitationOut struct {
	ID             invitationTypeID   `json:"id"`
	OrganizationID organizationTypeID `json:"organization_id"`
	ProjectID      *projectTypeID     `json:"project_id" doc:"Null of one to the organisation."`
	Email          string             `json:"email"`
	Role           reeve.Role         `json:"role"`
	CreateTime     wireTime           `json:"create_time"`
	ExpireTime     wireTime           `json:"expire_time"`
}

type createdInvitationOut struct {
	invitationOut
	Token *string `json:"token" doc:"To hand on; null where it is mailed."`
	Link  *string `json:"link" doc:"The same as a link; null where it is mailed."`
}

func newInvitationOut(i reeve.Invitation) invitationOut {
	out := invitationOut{
		ID: invitationTypeID(i.ID), OrganizationID: organizationTypeID(i.OrganizationID), Email: i.Email, Role: i.Role,
		CreateTime: wireTime{i.CreatedAt}, ExpireTime: wireTime{i.ExpiresAt},
	}
	if i.ProjectID != reeve.Zero {
		id := projectTypeID(i.ProjectID)
		out.ProjectID = &id
	}
	return out
}

func (a *api) inviteToOrganization(ctx context.Context, in *inviteToOrganizationIn) (envelope[createdInvitationOut], error) {
	return a.invite(ctx, control.NewInvitation{Organization: in.Organization.id}, in.Body)
}

func (a *api) inviteToProject(ctx context.Context, in *inviteToProjectIn) (envelope[createdInvitationOut], error) {
	if in.Project.id == reeve.Zero { // else it would be an organisation's
		return envelope[createdInvitationOut]{}, cmp.Or(a.may(ctx, in.Project, reeve.ManageMembers), error(reeve.ErrDenied))
	}
	return a.invite(ctx, control.NewInvitation{Project: in.Project.id}, in.Body)
}

func (a *api) invite(ctx context.Context, to control.NewInvitation, body invitationBody) (envelope[createdInvitationOut], error) {
	to.Email, to.Role, to.Seconds = body.Email, reeve.Role(body.Role), body.ExpiresIn
	made, err := a.control.CreateInvitation(ctx, to)
	out := createdInvitationOut{invitationOut: newInvitationOut(made.Invitation)}
	if made.Token != "" {
		token := string(made.Token)
		out.Token, out.Link = &token, &made.Link
	}
	return success(out), err
}

type invitationsOut struct {
	TotalCount  int             `json:"total_count"`
	Invitations []invitationOut `json:"invitations"`
}

func (a *api) listInvitations(ctx context.Context, in *organizationPageIn) (out envelope[invitationsOut], err error) {
	page, err := in.read(ctx, a, reeve.ManageMembers)
	if err != nil {
		return out, err
	}
	invitations, total, err := a.control.ListInvitations(ctx, in.Organization.id, page)
	list := invitationsOut{TotalCount: total, Invitations: make([]invitationOut, len(invitations))}
	for i, invitation := range invitations {
		list.Invitations[i] = newInvitationOut(invitation)
	}
	return success(list), err
}

type invitationPath struct {
	organizationPath
	Invitation invitationID `path:"invitation" doc:"The invitation's id."`
}

func (a *api) deleteInvitation(ctx context.Context, in *invitationPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteInvitation(ctx, in.Organization.id, in.Invitation.id)
}

type showInvitationIn struct {
	Body struct {
		Token string `json:"token"`
	} `body:""`
}

// seenInvitationOut is an invitation as whoever holds its token sees it.
type seenInvitationOut struct {
	Email        string            `json:"email"`
	Role         reeve.Role        `json:"role"`
	Organization namedOrganization `json:"organization"`
	Project      *namedProject     `json:"project" doc:"Null of one to the organisation."`
	ExpireTime   wireTime          `json:"expire_time"`
}

type namedOrganization struct {
	ID   organizationTypeID `json:"id"`
	Name string             `json:"name"`
}

type namedProject struct {
	ID   projectTypeID `json:"id"`
	Name string        `json:"name"`
}

func (a *api) showInvitation(ctx context.Context, in *showInvitationIn) (envelope[seenInvitationOut], error) {
	seen, err := a.control.ShowInvitation(stranger(ctx), in.Body.Token)
	out := seenInvitationOut{
		Email: seen.Invitation.Email, Role: seen.Invitation.Role, ExpireTime: wireTime{seen.Invitation.ExpiresAt},
		Organization: namedOrganization{organizationTypeID(seen.Organization.ID), seen.Organization.Name},
	}
	if seen.Project.ID != reeve.Zero {
		out.Project = &namedProject{projectTypeID(seen.Project.ID), seen.Project.Name}
	}
	return success(out), err
}

type acceptInvitationIn struct {
	AuthID    string `header:"X-Auth-Id" doc:"The user's id, where one is signed in."`
	AuthToken string `header:"X-Auth-Token" doc:"The session's, where a user is signed in."`

	Body struct {
		Token     string `json:"token"`
		Password  string `json:"password,omitempty" doc:"Of a new user: 8 to 1024 bytes."`
		FirstName string `json:"first_name,omitempty" doc:"Of a new user."`
		LastName  string `json:"last_name,omitempty" doc:"Of a new user."`
	} `body:""`
}

func (a *api) acceptInvitation(ctx context.Context, in *acceptInvitationIn) (envelope[loginOut], error) {
	asking := stranger(ctx)
	if in.AuthToken != "" {
		caller := control.CallerOf(asking)
		if err := session(&caller, in.AuthID, in.AuthToken); err != nil {
			return envelope[loginOut]{}, err
		}
		asking = control.WithCaller(ctx, caller)
	}
	accepted, err := a.control.AcceptInvitation(asking, control.Acceptance(in.Body))
	if err != nil {
		return envelope[loginOut]{}, err
	}
	web.SetActor(ctx, accepted.User.ID.String())
	return newLoginOut(accepted), nil
}
