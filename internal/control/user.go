package control

import (
	"context"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewUser is what a user is created from.
type NewUser struct{ Email, FullName, Password string }

// CreateUser creates a user. The checks are in the original's order: what is
// missing, then whether the address is taken, then the form of the rest.
func (c *Control) CreateUser(ctx context.Context, in NewUser) (reeve.User, error) {
	by, err := operator(ctx, reeve.ManageUsers)
	switch {
	case err != nil:
		return reeve.User{}, err
	case in.Email == "":
		return reeve.User{}, reeve.Errorf(reeve.Invalid, "email is not set")
	case in.Password == "":
		return reeve.User{}, reeve.Errorf(reeve.Invalid, "password is not set")
	}
	// A longer address is nobody's, and refused below.
	if len(in.Email) <= reeve.MaxEmail {
		if _, err := c.store.UserByEmail(ctx, in.Email); err == nil {
			return reeve.User{}, store.EmailTaken(in.Email)
		} else if !reeve.IsKind(err, reeve.NotFound) {
			return reeve.User{}, err
		}
	}
	if err := reeve.CheckNewUser(in.Email, in.FullName, in.Password); err != nil {
		return reeve.User{}, err
	}
	hash, err := c.passwords.hash(ctx, in.Password)
	if err != nil {
		return reeve.User{}, err
	}
	user := reeve.User{
		ID: newID(), Email: in.Email, FullName: strings.TrimSpace(in.FullName),
		PasswordHash: hash, ProjectLimit: c.settings.ProjectLimit,
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		user.CreatedAt = tx.Now()
		tx.CreateUser(user)
		record(tx, by, change{action: "user.create", target: user.ID, after: userFields(user)})
		return nil
	})
	return user, err
}

// userFields are the fields of a user that are not personal.
func userFields(u reeve.User) fields { return fields{"projectLimit": u.ProjectLimit} }

// UserDetails is a user with what belongs to the user.
type UserDetails struct {
	User     reeve.User
	Projects []reeve.Project // of which the user is an own member, by name
	Coupons  []reeve.Coupon  // newest first
	TOTP     bool            // codes are asked for when the user signs in
}

// GetUser finds a user by address.
func (c *Control) GetUser(ctx context.Context, email string) (out UserDetails, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return out, err
	}
	if out.User, err = c.store.UserByEmail(ctx, email); err != nil {
		return out, err
	}
	return c.userDetails(ctx, out.User)
}

// FindUser finds a user by id.
func (c *Control) FindUser(ctx context.Context, id reeve.ID) (reeve.User, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.User{}, err
	}
	return c.store.User(ctx, id)
}

// GetUserByID is GetUser by id.
func (c *Control) GetUserByID(ctx context.Context, id reeve.ID) (UserDetails, error) {
	user, err := c.FindUser(ctx, id)
	if err != nil {
		return UserDetails{}, err
	}
	return c.userDetails(ctx, user)
}

func (c *Control) userDetails(ctx context.Context, user reeve.User) (out UserDetails, err error) {
	out.User = user
	if out.Projects, err = c.store.ProjectsOfMember(ctx, out.User.ID); err != nil {
		return out, err
	}
	if out.Coupons, err = c.store.CouponsOf(ctx, out.User.ID); err != nil {
		return out, err
	}
	if out.User.Freeze, err = c.store.Frozen(ctx, out.User.ID); err != nil {
		return out, err
	}
	t, err := c.store.TOTP(ctx, out.User.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		err = nil
	}
	out.TOTP = t.Enabled()
	return out, err
}

// UpdateUser changes what the patch says and nothing else. With another password
// the user's sessions end.
func (c *Control) UpdateUser(ctx context.Context, email string, patch reeve.UserPatch) error {
	by, err := operator(ctx, reeve.ManageUsers)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		user, err := tx.LockUserByEmail(ctx, email)
		if err != nil {
			return err
		}
		if err := patch.Check(); err != nil {
			return err
		}
		before, after := applyUserPatch(&user, patch)
		if len(after) == 0 {
			return nil
		}
		tx.UpdateUser(user)
		if len(patch.PasswordHash) > 0 {
			tx.DeleteUserSessions(user.ID, reeve.Zero)
		}
		record(tx, by, change{action: "user.update", target: user.ID, before: before, after: after})
		return nil
	})
}

// applyUserPatch changes a user and tells what changed, personal fields by
// name only.
func applyUserPatch(user *reeve.User, patch reeve.UserPatch) (before, after fields) {
	before, after = fields{}, fields{}
	for _, field := range []struct {
		name string
		to   *string
		from string
	}{
		{"email", &user.Email, blankIsNothing(patch.Email)},
		{"fullName", &user.FullName, strings.TrimSpace(patch.FullName)},
		{"shortName", &user.ShortName, strings.TrimSpace(patch.ShortName)},
	} {
		if field.from != "" && field.from != *field.to {
			*field.to = field.from
			after[field.name] = reeve.Changed
		}
	}
	if len(patch.PasswordHash) > 0 {
		user.PasswordHash = patch.PasswordHash
		after["passwordHash"] = reeve.Changed
	}
	if limit := int(patch.ProjectLimit); limit > 0 && limit != user.ProjectLimit {
		before["projectLimit"], after["projectLimit"] = user.ProjectLimit, limit
		user.ProjectLimit = limit
	}
	return before, after
}

// blankIsNothing keeps an address as it is given, unless there is nothing in it.
func blankIsNothing(email string) string {
	if strings.TrimSpace(email) == "" {
		return ""
	}
	return email
}
