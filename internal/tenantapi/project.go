package tenantapi

import (
	"context"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) projects(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}", ID: "getProject", Tag: "projects",
		Summary: "Retrieve a project of the organisation",
	}, a.getProject)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/project", ID: "createProject", Tag: "projects",
		Summary: "Create a project in an organisation; the signed-in user owns it, or, with a key, the organisation's owner",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.createProject)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/project/{project}", ID: "deleteProject", Tag: "projects", Before: a.control.AddUpUsage,
		Summary: "Delete a project without buckets, keys and unbilled usage", Status: http.StatusNoContent,
		Errors: []reeve.Kind{reeve.Conflict},
	}, a.deleteProject)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/project/{project}", ID: "updateProject", Tag: "projects",
		Summary: "Update a project of the organisation",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.updateProject, web.BeforeBody(func(ctx context.Context, in *updateProjectIn) error {
		return a.may(ctx, in.Project, reeve.UpdateProject)
	}))
}

type projectsOut struct {
	Projects []projectOut `json:"projects"`
}

type projectOut struct {
	ID         projectTypeID        `json:"id"`
	Name       string               `json:"name"`
	OrgID      organizationTypeID   `json:"org_id"`
	TVAID      serviceAccountTypeID `json:"tva_id" doc:"The project's service account."`
	GatewayID  *string              `json:"gateway_id" doc:"Always null."`
	CreateTime wireTime             `json:"create_time"`
}

func newProjectsOut(p reeve.Project) envelope[projectsOut] {
	return success(projectsOut{Projects: []projectOut{newProjectOut(p)}})
}

func newProjectOut(p reeve.Project) projectOut {
	return projectOut{
		ID:         projectTypeID(p.ID),
		Name:       p.Name,
		OrgID:      organizationTypeID(p.OrganizationID),
		TVAID:      serviceAccountTypeID(p.ServiceAccountID),
		CreateTime: wireTime{p.CreatedAt},
	}
}

type createProjectIn struct {
	Body struct {
		Name        string         `json:"name"`
		OrgID       organizationID `json:"org_id" doc:"The organisation that the project is to be in."`
		Description string         `json:"description,omitempty"`
	} `body:""`
}

func (a *api) createProject(ctx context.Context, in *createProjectIn) (envelope[projectsOut], error) {
	p, err := a.control.CreateOwnProject(ctx, control.NewProject{
		OrganizationID: in.Body.OrgID.id, Name: in.Body.Name, Description: in.Body.Description,
	})
	return newProjectsOut(p), err
}

func (a *api) deleteProject(ctx context.Context, in *projectPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteProject(ctx, in.Project.id)
}

func (a *api) getProject(ctx context.Context, in *projectPath) (envelope[projectsOut], error) {
	p, err := a.control.GetProject(ctx, in.Project.id)
	return newProjectsOut(p), err
}

type updateProjectIn struct {
	projectPath
	Body struct {
		Name string `json:"name"`
	} `body:""`
}

func (a *api) updateProject(ctx context.Context, in *updateProjectIn) (envelope[projectsOut], error) {
	p, err := a.control.UpdateProject(ctx, in.Project.id, reeve.ProjectPatch{Name: &in.Body.Name})
	return newProjectsOut(p), err
}
