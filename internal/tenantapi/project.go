package tenantapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) projects(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}", ID: "getProject", Tag: "projects",
		Summary: "Retrieve a project of the organisation",
	}, a.getProject)
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
	return success(projectsOut{Projects: []projectOut{{
		ID:         projectTypeID(p.ID),
		Name:       p.Name,
		OrgID:      organizationTypeID(p.OrganizationID),
		TVAID:      serviceAccountTypeID(p.ServiceAccountID),
		CreateTime: wireTime{p.CreatedAt},
	}}})
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
