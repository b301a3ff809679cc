package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) listings(out *web.API) {
	op := func(path, id, tag, summary string) web.Op {
		return web.Op{
			Method: "GET", Path: path, ID: id, Tag: tag, Summary: summary, Description: listingNote,
			Errors: []reeve.Kind{reeve.Invalid},
		}
	}
	web.Handle(out, op("/api/users", "listUsers", "users", "List and find users, newest first"), a.listUsers)
	web.Handle(out, op("/api/organizations", "listOrganizations", "organizations", "List and find organizations, newest first"), a.listOrganizations)
	web.Handle(out, op("/api/projects", "listProjects", "projects", "List and find projects, newest first"), a.listProjects)
	web.Handle(out, op("/api/coupons", "listCoupons", "coupons", "List and find coupons, newest first"), a.listCoupons)
}

const listingNote = "A page may hold fewer than its limit although it is not the last; next is null at the end alone. " +
	"What stays in the list while its pages are read is in exactly one of them, unless it is renamed meanwhile and the list sorted by that."

// listingQuery is what all lists take.
type listingQuery struct {
	pageQuery
	Q             string     `query:"q" doc:"Part of a name, an address or, of coupons, a description, in any case; the beginning of one, if q has one or two characters. Or an id in any spelling."`
	CreatedAfter  *time.Time `query:"createdAfter" doc:"Created later than this (RFC 3339)."`
	CreatedBefore *time.Time `query:"createdBefore" doc:"Created earlier than this (RFC 3339)."`
}

// frozenQuery is how what can be frozen may be picked.
type frozenQuery struct {
	Frozen *bool `query:"frozen" doc:"Whether it is frozen by itself."`
}

func (q listingQuery) listing(sort string) (control.Listing, error) {
	limit, err := q.limit()
	return control.Listing{
		Query: q.Q, Sort: sort, After: q.After, Limit: limit, CreatedAfter: q.CreatedAfter, CreatedBefore: q.CreatedBefore,
	}, err
}

// cursor is null where there is no next page.
func cursor(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

// sortQuery is how most lists may be sorted.
type sortQuery struct {
	Sort string `query:"sort" doc:"created, -created, name or -name; newest first when absent."`
}

type listUsersIn struct {
	listingQuery
	frozenQuery
	Sort        string `query:"sort" doc:"created, -created, name, -name, email or -email; newest first when absent."`
	HasProjects *bool  `query:"hasProjects" doc:"Whether the user is an own member of some project."`
}

type usersOut struct {
	Users []listedUser `json:"users"`
	Next  *string      `json:"next" doc:"The cursor of the next page; null at the end."`
}

type listedUser struct {
	userSummary
	CreatedAt time.Time  `json:"createdAt"`
	Freeze    *frozenOut `json:"freeze,omitempty" doc:"Only of a frozen user."`
}

func newListedUser(u reeve.User) listedUser {
	return listedUser{userSummary{ID: u.ID, FullName: u.FullName, Email: u.Email, ProjectLimit: u.ProjectLimit}, u.CreatedAt, newFrozenOut(u.Freeze)}
}

func (a *api) listUsers(ctx context.Context, in *listUsersIn) (out usersOut, err error) {
	l, err := in.listing(in.Sort)
	if err != nil {
		return out, err
	}
	l.HasProjects, l.Frozen = in.HasProjects, in.Frozen
	page, next, err := a.control.ListUsers(ctx, l)
	out = usersOut{Users: make([]listedUser, len(page)), Next: cursor(next)}
	for i, u := range page {
		out.Users[i] = newListedUser(u)
	}
	return out, err
}

type listOrganizationsIn struct {
	listingQuery
	frozenQuery
	sortQuery
	Owner  *userID `query:"owner" doc:"The owner's id."`
	Member *userID `query:"member" doc:"The id of a user who is in it, disabled or not."`
}

type organizationsOut struct {
	Organizations []organizationOut `json:"organizations"`
	Next          *string           `json:"next" doc:"The cursor of the next page; null at the end."`
}

func (a *api) listOrganizations(ctx context.Context, in *listOrganizationsIn) (out organizationsOut, err error) {
	l, err := in.listing(in.Sort)
	if err != nil {
		return out, err
	}
	l.Owner, l.Member, l.Frozen = in.Owner.orNil(), in.Member.orNil(), in.Frozen
	page, next, err := a.control.ListOrganizations(ctx, l)
	out = organizationsOut{Organizations: make([]organizationOut, len(page)), Next: cursor(next)}
	for i, o := range page {
		out.Organizations[i] = newOrganizationOut(o)
	}
	return out, err
}

type listProjectsIn struct {
	listingQuery
	frozenQuery
	sortQuery
	Organization *organizationID `query:"organization" doc:"The organization's id."`
	Owner        *userID         `query:"owner" doc:"The owner's id."`
}

type projectsOut struct {
	Projects []listedProject `json:"projects"`
	Next     *string         `json:"next" doc:"The cursor of the next page; null at the end."`
}

type listedProject struct {
	projectInUser
	OrganizationID reeve.ID   `json:"organizationId"`
	CreatedAt      time.Time  `json:"createdAt"`
	Freeze         *frozenOut `json:"freeze,omitempty" doc:"Only of a project that is frozen by itself."`
}

func newListedProject(p reeve.Project) listedProject {
	return listedProject{
		projectInUser{ID: p.ID, Name: p.Name, Description: p.Description, OwnerID: p.OwnerID}, p.OrganizationID, p.CreatedAt, newFrozenOut(p.Freeze),
	}
}

func (a *api) listProjects(ctx context.Context, in *listProjectsIn) (out projectsOut, err error) {
	l, err := in.listing(in.Sort)
	if err != nil {
		return out, err
	}
	l.Owner, l.Frozen = in.Owner.orNil(), in.Frozen
	if in.Organization != nil {
		l.Organization = &in.Organization.id
	}
	page, next, err := a.control.ListProjects(ctx, l)
	out = projectsOut{Projects: make([]listedProject, len(page)), Next: cursor(next)}
	for i, p := range page {
		out.Projects[i] = newListedProject(p)
	}
	return out, err
}

type listCouponsIn struct {
	listingQuery
	sortQuery
	User   *userID `query:"user" doc:"The id of the user whose coupons they are."`
	Status string  `query:"status" doc:"active, used or expired; all when absent."`
}

type couponsOut struct {
	Coupons []couponOut `json:"coupons"`
	Next    *string     `json:"next" doc:"The cursor of the next page; null at the end."`
}

// couponStatuses are the names of the original's numbers.
var couponStatuses = map[string]reeve.CouponStatus{
	"active": reeve.CouponActive, "used": reeve.CouponUsed, "expired": reeve.CouponExpired,
}

func (a *api) listCoupons(ctx context.Context, in *listCouponsIn) (out couponsOut, err error) {
	l, err := in.listing(in.Sort)
	if err != nil {
		return out, err
	}
	l.Owner = in.User.orNil()
	if in.Status != "" {
		status, known := couponStatuses[in.Status]
		if !known {
			return out, reeve.Errorf(reeve.Invalid, "status must be active, used or expired")
		}
		l.Status = &status
	}
	page, next, err := a.control.ListCoupons(ctx, l)
	out = couponsOut{Coupons: make([]couponOut, len(page)), Next: cursor(next)}
	now := a.control.Now()
	for i, c := range page {
		out.Coupons[i] = newCouponOut(c, now)
	}
	return out, err
}
