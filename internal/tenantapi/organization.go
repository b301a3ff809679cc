package tenantapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) organizations(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/user/{user}/orgs", ID: "listUserOrganizations", Tag: "organizations",
		Summary: "Retrieve the organisations that the signed-in user is in, oldest membership first",
		Errors:  []reeve.Kind{reeve.Invalid}, Security: []string{"session"},
	}, a.listUserOrganizations)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}", ID: "getOrganization", Tag: "organizations",
		Summary: "Retrieve an organisation",
	}, a.getOrganization)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/organization/{organization}", ID: "updateOrganization", Tag: "organizations",
		Summary: "Rename an organisation",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.updateOrganization, web.BeforeBody(func(ctx context.Context, in *updateOrganizationIn) error {
		return a.mayIn(ctx, in.Organization, reeve.UpdateOrganization)
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/projects", ID: "listOrganizationProjects", Tag: "organizations",
		Summary: "Retrieve the projects of an organisation, oldest first",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listOrganizationProjects)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/users", ID: "listOrganizationUsers", Tag: "organizations",
		Summary: "Retrieve the member users of an organisation, oldest membership first",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listOrganizationUsers)
}

type organizationOut struct {
	ID         organizationTypeID `json:"id"`
	Name       string             `json:"name"`
	OwnerID    userTypeID         `json:"owner_id"`
	CreateTime wireTime           `json:"create_time"`
}

func newOrganizationOut(o reeve.Organization) organizationOut {
	return organizationOut{
		ID: organizationTypeID(o.ID), Name: o.Name, OwnerID: userTypeID(o.OwnerID), CreateTime: wireTime{o.CreatedAt},
	}
}

type placeOut struct {
	organizationOut
	Role reeve.Role `json:"role" doc:"The user's in it."`
}

type placesOut struct {
	TotalCount    int        `json:"total_count"`
	Organizations []placeOut `json:"organizations"`
}

type userPageIn struct {
	User userID `path:"user" doc:"The signed-in user's id."`
	pageQuery
}

func (a *api) listUserOrganizations(ctx context.Context, in *userPageIn) (out envelope[placesOut], err error) {
	page, err := in.page()
	if err != nil {
		if denied := a.control.AuthorizePerson(ctx, in.User.id); denied != nil {
			err = denied
		}
		return out, err
	}
	places, total, err := a.control.ListOrganizationsOf(ctx, in.User.id, page)
	list := placesOut{TotalCount: total, Organizations: make([]placeOut, len(places))}
	for i, p := range places {
		list.Organizations[i] = placeOut{newOrganizationOut(p.Organization), p.Role}
	}
	return success(list), err
}

type organizationsOut struct {
	Organizations []organizationOut `json:"organizations"`
}

func newOrganizationsOut(o reeve.Organization) envelope[organizationsOut] {
	return success(organizationsOut{Organizations: []organizationOut{newOrganizationOut(o)}})
}

func (a *api) getOrganization(ctx context.Context, in *organizationPath) (envelope[organizationsOut], error) {
	o, err := a.control.GetOrganization(ctx, in.Organization.id)
	return newOrganizationsOut(o), err
}

type updateOrganizationIn struct {
	organizationPath
	Body struct {
		Name string `json:"name"`
	} `body:""`
}

func (a *api) updateOrganization(ctx context.Context, in *updateOrganizationIn) (envelope[organizationsOut], error) {
	o, err := a.control.RenameOrganization(ctx, in.Organization.id, in.Body.Name)
	return newOrganizationsOut(o), err
}

type organizationPageIn struct {
	organizationPath
	pageQuery
}

// read gives the page, and reports what is malformed to those only who may see
// the answer.
func (in *organizationPageIn) read(ctx context.Context, a *api, action reeve.Action) (control.Page, error) {
	page, err := in.page()
	if err != nil {
		if denied := a.mayIn(ctx, in.Organization, action); denied != nil {
			err = denied
		}
	}
	return page, err
}

type projectPageOut struct {
	TotalCount int          `json:"total_count"`
	Projects   []projectOut `json:"projects"`
}

func (a *api) listOrganizationProjects(ctx context.Context, in *organizationPageIn) (out envelope[projectPageOut], err error) {
	page, err := in.read(ctx, a, reeve.ReadOrganization)
	if err != nil {
		return out, err
	}
	projects, total, err := a.control.OrganizationProjects(ctx, in.Organization.id, page)
	list := projectPageOut{TotalCount: total.N, Projects: make([]projectOut, len(projects))}
	for i, p := range projects {
		list.Projects[i] = newProjectOut(p)
	}
	return success(list), err
}

type userPageOut struct {
	TotalCount int       `json:"total_count"`
	Users      []userOut `json:"users"`
}

func (a *api) listOrganizationUsers(ctx context.Context, in *organizationPageIn) (out envelope[userPageOut], err error) {
	page, err := in.read(ctx, a, reeve.ReadMembers)
	if err != nil {
		return out, err
	}
	members, total, err := a.control.OrganizationMembers(ctx, in.Organization.id, page)
	return success(userPageOut{TotalCount: total.N, Users: newUserList(members)}), err
}
