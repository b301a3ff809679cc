package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) users(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/users", ID: "createUser", Tag: "users",
		Summary: "Add a user",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.createUser)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/users/{email}", ID: "getUser", Tag: "users",
		Summary: "Get a user with projects and coupons",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.getUser)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/users/{email}", ID: "updateUser", Tag: "users",
		Summary: "Update a user; empty fields change nothing",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.updateUser, web.BeforeBody(func(ctx context.Context, in *updateUserIn) error {
		_, err := a.control.GetUser(ctx, in.Email)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/users/{email}", ID: "deleteUser", Tag: "users", Before: a.control.AddUpUsage,
		Summary:     "Delete a user who is in no project",
		Description: "It can be restored for as long as --restore-window says, unless erase is now.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.deleteUser)
}

// CreateUser has the original's name, which decoding errors show.
type CreateUser struct {
	Email    string `json:"email"`
	FullName string `json:"fullName"`
	Password string `json:"password"`
}

type createUserIn struct {
	Body CreateUser `body:""`
}

type createdUser struct {
	ID           reeve.ID         `json:"id"`
	Email        string           `json:"email"`
	FullName     string           `json:"fullName"`
	ShortName    string           `json:"shortName"`
	PasswordHash string           `json:"passwordHash" doc:"Always empty."`
	Status       reeve.UserStatus `json:"status"`
	CreatedAt    time.Time        `json:"createdAt"`
	ProjectLimit int              `json:"projectLimit"`
}

func (a *api) createUser(ctx context.Context, in *createUserIn) (createdUser, error) {
	u, err := a.control.CreateUser(ctx, control.NewUser(in.Body))
	return createdUser{
		ID: u.ID, Email: u.Email, FullName: u.FullName, ShortName: u.ShortName,
		Status: reeve.UserActive, CreatedAt: u.CreatedAt, ProjectLimit: u.ProjectLimit,
	}, err
}

type userOut struct {
	User     userSummary     `json:"user"`
	Projects []projectInUser `json:"projects"`
	Coupons  []couponOut     `json:"coupons"`
	Freeze   *frozenOut      `json:"freeze,omitempty" doc:"Only of a frozen user."`
}

type userSummary struct {
	ID           reeve.ID `json:"id"`
	FullName     string   `json:"fullName"`
	Email        string   `json:"email"`
	ProjectLimit int      `json:"projectLimit"`
}

type projectInUser struct {
	ID          reeve.ID `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	OwnerID     reeve.ID `json:"ownerId"`
}

func (a *api) getUser(ctx context.Context, in *userPath) (userOut, error) {
	found, err := a.control.GetUser(ctx, in.Email)
	u := found.User
	out := userOut{
		User:     userSummary{ID: u.ID, FullName: u.FullName, Email: u.Email, ProjectLimit: u.ProjectLimit},
		Projects: make([]projectInUser, len(found.Projects)),
		Coupons:  make([]couponOut, len(found.Coupons)),
		Freeze:   newFrozenOut(u.Freeze),
	}
	for i, p := range found.Projects {
		out.Projects[i] = projectInUser{ID: p.ID, Name: p.Name, Description: p.Description, OwnerID: p.OwnerID}
	}
	now := a.control.Now()
	for i, c := range found.Coupons {
		out.Coupons[i] = newCouponOut(c, now)
	}
	return out, err
}

// User has the original's name, which decoding errors show. The fields that
// the original decodes and ignores are decoded, so that a malformed one is
// refused, and ignored.
type User struct {
	Email        string `json:"email,omitempty"`
	FullName     string `json:"fullName,omitempty"`
	ShortName    string `json:"shortName,omitempty"`
	PasswordHash []byte `json:"passwordHash,omitempty" doc:"A bcrypt or argon2id hash, in base64."`
	ProjectLimit int64  `json:"projectLimit,omitempty" doc:"Zero and less change nothing."`

	ID        userID    `json:"id,omitzero" doc:"Ignored."`
	PartnerID partnerID `json:"partnerId,omitzero" doc:"Ignored."`
	CreatedAt time.Time `json:"createdAt,omitzero" doc:"Ignored."`
}

type updateUserIn struct {
	userPath
	Body User `body:""`
}

func (a *api) updateUser(ctx context.Context, in *updateUserIn) (web.Empty, error) {
	return web.Empty{}, a.control.UpdateUser(ctx, in.Email, reeve.UserPatch{
		Email: in.Body.Email, FullName: in.Body.FullName, ShortName: in.Body.ShortName,
		PasswordHash: in.Body.PasswordHash, ProjectLimit: in.Body.ProjectLimit,
	})
}

type deleteUserIn struct {
	userPath
	eraseQuery
}

func (a *api) deleteUser(ctx context.Context, in *deleteUserIn) (web.Empty, error) {
	forGood, err := in.forGood()
	switch {
	case err != nil:
		return web.Empty{}, err
	case forGood:
		return web.Empty{}, a.control.EraseUser(ctx, in.Email)
	}
	return web.Empty{}, a.control.DeleteUser(ctx, in.Email)
}
