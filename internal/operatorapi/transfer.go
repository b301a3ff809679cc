package operatorapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) transfers(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects/{project}/transfer", ID: "transferProject", Tag: "projects",
		Summary: "Give a project to another owner or organisation",
		Description: "Its keys stay; members who are not in the organisation are removed. " +
			"Months that are not closed are billed to the organisation that has the project when they are.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.transferProject)
}

type transferProjectIn struct {
	projectPath
	Body struct {
		OwnerID        userID         `json:"ownerId,omitzero" doc:"Stays when absent; an enabled member of the organisation."`
		OrganizationID organizationID `json:"organizationId,omitzero" doc:"Stays when absent."`
	} `body:""`
}

func (a *api) transferProject(ctx context.Context, in *transferProjectIn) (web.Empty, error) {
	return web.Empty{}, a.control.TransferProject(ctx, in.Project.id, control.Transfer{
		OwnerID: in.Body.OwnerID.id, OrganizationID: in.Body.OrganizationID.id,
	})
}
