package operatorapi

import (
	"context"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) projects(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects", ID: "createProject", Tag: "projects",
		Summary: "Add a project for a user",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.createProject)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}", ID: "getProject", Tag: "projects",
		Summary: "Get a project",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getProject)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/projects/{project}", ID: "updateProject", Tag: "projects",
		Summary: "Update a project's name or description",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.updateProject, web.BeforeBody(func(ctx context.Context, in *updateProjectIn) error {
		_, err := a.control.GetProject(ctx, in.Project.id)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/projects/{project}", ID: "deleteProject", Tag: "projects", Before: a.control.AddUpUsage,
		Summary:     "Delete a project without buckets, keys and unbilled usage",
		Description: "It can be restored for as long as --restore-window says, unless erase is now.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.deleteProject)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}/usage", ID: "checkUsage", Tag: "projects",
		Summary: "Tell whether a project has usage that is not billed",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.checkUsage)
}

type createProjectIn struct {
	Body struct {
		OwnerID        userID         `json:"ownerId"`
		ProjectName    string         `json:"projectName"`
		OrganizationID organizationID `json:"organizationId,omitzero" doc:"The owner's own, made on first use, when absent."`
	} `body:""`
}

type createdProject struct {
	ProjectID reeve.ID `json:"projectId"`
}

func (a *api) createProject(ctx context.Context, in *createProjectIn) (createdProject, error) {
	p, err := a.control.CreateProject(ctx, control.NewProject{
		OwnerID: in.Body.OwnerID.id, OrganizationID: in.Body.OrganizationID.id, Name: in.Body.ProjectName,
	})
	return createdProject{ProjectID: p.ID}, err
}

type projectOut struct {
	ID             reeve.ID  `json:"id"`
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	PartnerID      reeve.ID  `json:"partnerId" doc:"Always zero."`
	OwnerID        reeve.ID  `json:"ownerId"`
	RateLimit      *int64    `json:"rateLimit" doc:"Requests a second; null when unset or unlimited."`
	MaxBuckets     *int64    `json:"maxBuckets"`
	CreatedAt      time.Time `json:"createdAt"`
	MemberCount    int       `json:"memberCount"`
	StorageLimit   *string   `json:"storageLimit" doc:"A size such as 11.00 GB."`
	BandwidthLimit *string   `json:"bandwidthLimit"`
	OrganizationID reeve.ID  `json:"organizationId"`

	Freeze *frozenOut `json:"freeze,omitempty" doc:"The project's own; only of a frozen one."`
}

func (a *api) getProject(ctx context.Context, in *projectPath) (projectOut, error) {
	p, err := a.control.GetProject(ctx, in.Project.id)
	return projectOut{
		ID: p.ID, Name: p.Name, Description: p.Description, OwnerID: p.OwnerID,
		RateLimit: number(p.Limits.Rate), MaxBuckets: number(p.Limits.Buckets),
		CreatedAt: p.CreatedAt, MemberCount: p.MemberCount,
		StorageLimit: size(p.Limits.Usage), BandwidthLimit: size(p.Limits.Bandwidth),
		OrganizationID: p.OrganizationID, Freeze: newFrozenOut(p.Freeze),
	}, err
}

// number and size print a limit as the original does: null when unset, and
// unlimited as unset.
func number(l reeve.Limit) *int64 {
	n, ok := l.Number()
	if !ok {
		return nil
	}
	return &n
}

func size(l reeve.Limit) *string {
	n, ok := l.Number()
	if !ok {
		return nil
	}
	text := reeve.FormatSize(n)
	return &text
}

type updateProjectIn struct {
	projectPath
	Body struct {
		ProjectName string `json:"projectName,omitempty"`
		Description string `json:"description,omitempty" doc:"An empty one changes nothing."`
	} `body:""`
}

func (a *api) updateProject(ctx context.Context, in *updateProjectIn) (web.Empty, error) {
	var patch reeve.ProjectPatch
	if in.Body.ProjectName != "" {
		patch.Name = &in.Body.ProjectName
	}
	if in.Body.Description != "" {
		patch.Description = &in.Body.Description
	}
	blank := strings.TrimSpace(in.Body.ProjectName) == ""
	if blank && (patch.Name != nil || patch.Description == nil) {
		if _, err := a.control.GetProject(ctx, in.Project.id); err != nil {
			return web.Empty{}, err
		}
		return web.Empty{}, reeve.Errorf(reeve.Invalid, "ProjectName is not set")
	}
	_, err := a.control.UpdateProject(ctx, in.Project.id, patch)
	return web.Empty{}, err
}

type deleteProjectIn struct {
	projectPath
	eraseQuery
}

func (a *api) deleteProject(ctx context.Context, in *deleteProjectIn) (web.Empty, error) {
	forGood, err := in.forGood()
	switch {
	case err != nil:
		return web.Empty{}, err
	case forGood:
		return web.Empty{}, a.control.EraseProject(ctx, in.Project.id)
	}
	return web.Empty{}, a.control.DeleteProject(ctx, in.Project.id)
}

type usageOut struct {
	Result string `json:"result"`
}

func (a *api) checkUsage(ctx context.Context, in *projectPath) (usageOut, error) {
	return usageOut{Result: "no project usage exist"}, a.control.CheckUsage(ctx, in.Project.id)
}
