package operatorapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) deletions(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/deletions", ID: "listDeletions", Tag: "deletions",
		Summary: "List what was deleted and can be restored, newest first",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listDeletions)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/users/{email}/restore", ID: "restoreUser", Tag: "deletions",
		Summary:     "Restore a deleted user with the organisations that were deleted along",
		Description: "Sessions, codes and keys do not come back.",
		Errors:      []reeve.Kind{reeve.NotFound, reeve.Conflict},
	}, a.restoreUser)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects/{project}/restore", ID: "restoreProject", Tag: "deletions",
		Summary: "Restore a deleted project, without keys",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.restoreProject)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/organizations/{organization}/restore", ID: "restoreOrganization", Tag: "deletions",
		Summary: "Restore a deleted organisation, without keys and webhook",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.restoreOrganization)
}

// eraseQuery says whether what is deleted can be restored.
type eraseQuery struct {
	Erase string `query:"erase" doc:"now: for good, nothing is kept to restore it from; for admins."`
}

// forGood reads it.
func (q eraseQuery) forGood() (bool, error) {
	switch q.Erase {
	case "", "now":
		return q.Erase != "", nil
	}
	return false, reeve.Errorf(reeve.Invalid, "erase must be now")
}

type deletionsIn struct {
	Kind string `query:"kind" doc:"user, project or organization; all when absent."`
	pageQuery
}

type deletionsOut struct {
	Deletions []deletionOut `json:"deletions"`
	Next      *string       `json:"next" doc:"The cursor towards older deletions; null at the end."`
}

type deletionOut struct {
	Kind      reeve.DeletionKind `json:"kind" doc:"user, project or organization."`
	ID        reeve.ID           `json:"id"`
	Name      string             `json:"name" doc:"A user's address."`
	DeletedAt time.Time          `json:"deletedAt"`
	EraseAt   time.Time          `json:"eraseAt" doc:"From then on nothing is kept of it."`
}

func (a *api) listDeletions(ctx context.Context, in *deletionsIn) (deletionsOut, error) {
	filter, err := in.filter()
	if err != nil {
		return deletionsOut{}, err
	}
	page, more, err := a.control.ListDeletions(ctx, filter)
	out := deletionsOut{Deletions: make([]deletionOut, len(page))}
	for i, d := range page {
		out.Deletions[i] = deletionOut{Kind: d.Kind, ID: d.ID, Name: d.Name, DeletedAt: d.DeletedAt, EraseAt: d.EraseAt}
	}
	if more {
		last := page[len(page)-1]
		next := strconv.FormatInt(last.DeletedAt.UnixMicro(), 10) + "." + last.ID.String()
		out.Next = &next
	}
	return out, err
}

func (in *deletionsIn) filter() (f control.DeletionFilter, err error) {
	if in.Kind != "" {
		if f.Kind, err = reeve.ParseDeletionKind(in.Kind); err != nil {
			return f, err
		}
	}
	if f.Limit, err = in.limit(); err != nil || in.After == "" {
		return f, err
	}
	micros, id, _ := strings.Cut(in.After, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err == nil {
		f.Before = time.UnixMicro(at)
		f.BeforeID, err = reeve.ParseAnyID(id)
	}
	if err != nil {
		return f, errNoCursor
	}
	return f, nil
}

func (a *api) restoreUser(ctx context.Context, in *restoreUserIn) (web.Empty, error) {
	return web.Empty{}, a.control.RestoreUser(ctx, in.Email)
}

type restoreUserIn struct {
	Email string `path:"email,secret" doc:"The user's address before, in any case, or id."`
}

func (a *api) restoreProject(ctx context.Context, in *projectPath) (web.Empty, error) {
	return web.Empty{}, a.control.RestoreProject(ctx, in.Project.id)
}

func (a *api) restoreOrganization(ctx context.Context, in *organizationPath) (web.Empty, error) {
	return web.Empty{}, a.control.RestoreOrganization(ctx, in.Organization.id)
}
