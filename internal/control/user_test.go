package control_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func TestCreateUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, err := h.c.CreateUser(h.ctx, control.NewUser{Email: "Ada@Mail.Test", FullName: " Ada Lovelace ", Password: "123456"})
		h.check(err)
		if u.ID == reeve.Zero || u.Email != "Ada@Mail.Test" || u.FullName != "Ada Lovelace" || u.ProjectLimit != 10 ||
			!u.CreatedAt.Equal(epoch) || !bytes.HasPrefix(u.PasswordHash, []byte("$argon2id$v=19$m=12288,t=3,p=1$")) {
			t.Errorf("%+v", u)
		}
		got, err := h.c.GetUser(h.ctx, "ADA@mail.test")
		same(t, "found", control.UserDetails{User: u, Projects: []reeve.Project{}, Coupons: []reeve.Coupon{}}, got, err)
		same(t, "log", []string{`user.create  {"projectLimit":10}`}, h.log(u.ID), nil)

		// The checks are in the original's order.
		for _, test := range []struct {
			in      control.NewUser
			kind    reeve.Kind
			message string
		}{
			{control.NewUser{}, reeve.Invalid, "email is not set"},
			{control.NewUser{Email: "ada@mail.test"}, reeve.Invalid, "password is not set"},
			{control.NewUser{Email: "ada@mail.test", Password: "1"}, reeve.Conflict, "user with email already exists ada@mail.test"},
			{control.NewUser{Email: "b", Password: "1"}, reeve.Invalid, "user data is not valid"},
			{control.NewUser{Email: "a\x00@b.c", Password: "123456", FullName: "x"}, reeve.Invalid, "user data is not valid"},
		} {
			_, err := h.c.CreateUser(h.ctx, test.in)
			if test.in.Email == "a\x00@b.c" && h.s.Dialect() == "postgres" {
				test.message = "text must be UTF-8 without NUL"
			}
			refused(t, fmt.Sprintf("%q", test.in.Email), err, test.kind, test.message)
		}
	})
}

// A long address is refused before anyone looks it up.
func TestCreateUserWithLongEmail(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	h.s.Close()
	for _, email := range []string{strings.Repeat("a", 321), strings.Repeat("a", 1<<20)} {
		_, err := h.c.CreateUser(h.ctx, control.NewUser{Email: email, FullName: "Ada", Password: "123456"})
		refused(t, "long address", err, reeve.Invalid, "user data is not valid")
		if detail := reeve.AsError(err).Detail; detail != "validation: email is longer than 320 bytes" {
			t.Error(detail)
		}
	}
}

func TestGetUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, own := h.tenant("ada@mail.test")
		_, other, foreign := h.tenant("bob@mail.test")
		h.check(h.c.PutOrganizationMember(h.ctx, other.ID, u.ID, reeve.RoleViewer))
		h.check(h.c.PutProjectMember(h.ctx, foreign.ID, u.ID, reeve.RoleViewer))
		h.project(o)
		h.clock.pass(time.Minute)
		coupon, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: u.ID, Amount: 1, Duration: 1, Description: "x"})
		h.check(err)
		got, err := h.c.GetUser(h.ctx, u.Email)
		h.check(err)
		if len(got.Projects) != 3 || got.Projects[0].ID != own.ID || got.Projects[1].ID != foreign.ID {
			t.Errorf("%+v", got.Projects)
		}
		same(t, "coupons", []reeve.Coupon{coupon}, got.Coupons, nil)
		byID, err := h.c.GetUserByID(h.ctx, u.ID)
		same(t, "by id", got, byID, err)
		found, err := h.c.FindUser(h.ctx, u.ID)
		same(t, "found", u, found, err)
		refused(t, "unknown id", errOf(h.c.GetUserByID(h.ctx, o.ID)), reeve.NotFound, "user not found")
		places, total, err := h.c.ListOrganizationsOf(h.ctx, u.ID, control.Page{Number: 1, Size: 1})
		same(t, "organisations", []control.Place{{Organization: other, Role: reeve.RoleViewer}}, places, err)
		same(t, "in all", 2, total, nil)
		_, err = h.c.GetUser(h.ctx, "x")
		refused(t, "unknown", err, reeve.NotFound, `user with email "x" not found`, "")
	})
}

func TestUpdateUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		h.user("bob@mail.test")
		update := func(email string, patch reeve.UserPatch) error { return h.c.UpdateUser(h.ctx, email, patch) }
		h.check(update("ADA@mail.test", reeve.UserPatch{ProjectLimit: -1, FullName: u.FullName}))
		same(t, "nothing changed", 1, len(h.log(u.ID)), nil)
		h.check(update("ada@mail.test", reeve.UserPatch{
			Email: "Eve", FullName: " Eve ", ShortName: "E", PasswordHash: []byte("$2a$10$x"), ProjectLimit: 3,
		}))
		got, err := h.c.GetUser(h.ctx, "eve")
		u.Email, u.FullName, u.ShortName, u.PasswordHash, u.ProjectLimit = "Eve", "Eve", "E", []byte("$2a$10$x"), 3
		same(t, "all", u, got.User, err)
		same(t, "log", `user.update {"projectLimit":10} {"email":"changed","fullName":"changed","passwordHash":"changed","projectLimit":3,"shortName":"changed"}`, h.log(u.ID)[1], nil)

		refused(t, "taken", update("eve", reeve.UserPatch{Email: "BOB@mail.test"}), reeve.Conflict, "user with email already exists BOB@mail.test")
		h.check(update("eve", reeve.UserPatch{Email: "EVE"})) // its own, in another case
		h.check(update("eve", reeve.UserPatch{Email: "  "}))  // nothing
		refused(t, "a direction", update("eve", reeve.UserPatch{Email: ".."}), reeve.Invalid, "email must not be . or ..")
		refused(t, "reserved", update("eve", reeve.UserPatch{Email: reeve.DeactivatedEmail(u.ID)}), reeve.Invalid, "email must not be a deleted user's")
		refused(t, "unknown first", update("x", reeve.UserPatch{ProjectLimit: 1 << 40}), reeve.NotFound, `user with email "x" not found`)
		refused(t, "large", update("eve", reeve.UserPatch{ProjectLimit: 1 << 40}), reeve.Invalid, "failed to update user")
	})
}

// TestDeleteUser goes through all that stands in the way of a deletion.
func TestDeleteUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner, o, p := h.tenant("owner@mail.test")
		u := h.member(o, "ada@mail.test", reeve.RoleViewer)
		own := h.organization(u)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer))
		remove := func() error { return h.c.DeleteUser(h.ctx, "ADA@mail.test") }

		refused(t, "a foreign project", remove(), reeve.Conflict, "some projects still exist", fmt.Sprintf(
			"[{%s alpha  00000000-0000-0000-0000-000000000000 %s <nil> <nil> 2026-11-22 15:44:53.397371 +0000 UTC 0 <nil> <nil>}]", p.ID, owner.ID))
		members, err := h.c.ListProjectMembers(h.ctx, p.ID)
		if err != nil || len(members) != 2 {
			t.Errorf("a refused deletion removed members: %v, %v", members, err)
		}
		h.check(h.c.DeleteProjectMember(h.ctx, p.ID, u.ID))

		h.check(h.c.PutOrganizationMember(h.ctx, own.ID, owner.ID, reeve.RoleViewer))
		refused(t, "company in an own organisation", remove(), reeve.Conflict, "some organizations still exist", "["+own.ID.String()+"]")
		h.check(h.c.DeleteOrganizationMember(h.ctx, own.ID, owner.ID))

		coupon, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: u.ID, Amount: 1, Duration: 1, Description: "x"})
		h.check(err)
		key, _, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: own.ID, Name: "k", Role: reeve.RoleAdmin})
		h.check(err)
		h.check(remove())
		same(t, "log of a key that went along", 2, len(h.log(key.ID)), nil)
		same(t, "log of the organisation that was left",
			fmt.Sprintf(`member.delete {"disabled":false,"role":"viewer","userId":%q}`, u.ID), h.log(o.ID)[2], nil)
		refused(t, "again", remove(), reeve.NotFound, `user with email "ADA@mail.test" not found`)
		tombstone := reeve.DeactivatedEmail(u.ID)
		_, err = h.c.GetUser(h.ctx, tombstone)
		refused(t, "tombstone", err, reeve.NotFound, fmt.Sprintf("user with email %q not found", tombstone))
		refused(t, "update", h.c.UpdateUser(h.ctx, tombstone, reeve.UserPatch{FullName: "x"}), reeve.NotFound, fmt.Sprintf("user with email %q not found", tombstone))
		_, err = h.c.GetOrganization(h.ctx, own.ID)
		refused(t, "own organisation", err, reeve.NotFound, "organization not found")
		list, err := h.c.ListOrganizationMembers(h.ctx, o.ID)
		if err != nil || len(list) != 1 {
			t.Errorf("members of the other organisation: %v, %v", list, err)
		}
		_, err = h.c.GetCoupon(h.ctx, coupon.ID)
		h.check(err)
		same(t, "log", fmt.Sprintf(`user.delete {"projectLimit":10} {"email":%q}`, tombstone), h.log(u.ID)[1], nil)
		same(t, "log of the organisation", 4, len(h.log(own.ID)), nil)

		if again := h.user("ada@mail.test"); again.ID == u.ID {
			t.Error("the same id")
		}
		got, err := h.c.GetUser(h.ctx, "ada@mail.test")
		if err != nil || len(got.Coupons) != 0 {
			t.Errorf("the address's second owner: %+v, %v", got, err)
		}
	})
}

// TestDeleteUserIsWhole: of two own organisations, one of which stands in the
// way, both stay.
func TestDeleteUserIsWhole(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		empty := h.organization(u)
		h.clock.pass(time.Minute)
		full := h.organization(u)
		h.member(full, "bob@mail.test", reeve.RoleViewer)
		refused(t, "one of two", h.c.DeleteUser(h.ctx, u.Email), reeve.Conflict, "some organizations still exist", "["+full.ID.String()+"]")
		_, err := h.c.GetOrganization(h.ctx, empty.ID)
		h.check(err) // nothing of a refused deletion stays
	})
}

func TestCoupons(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		in := reeve.Coupon{UserID: u.ID, Amount: 3000, Duration: 2, Description: "promotional", Applied: 3000}
		made, err := h.c.CreateCoupon(h.ctx, in)
		h.check(err)
		in.ID, in.CreatedAt, in.Applied = made.ID, epoch, 0
		got, err := h.c.GetCoupon(h.ctx, made.ID)
		same(t, "found", in, got, err)
		_, err = h.c.CreateCoupon(h.ctx, reeve.Coupon{})
		refused(t, "empty", err, reeve.Invalid, "Duration is not set")
		in.UserID = newID()
		_, err = h.c.CreateCoupon(h.ctx, in)
		refused(t, "unknown user", err, reeve.NotFound, "user not found")
		h.check(h.c.DeleteCoupon(h.ctx, made.ID))
		want := fmt.Sprintf("coupon with id %q not found", made.ID.String())
		refused(t, "again", h.c.DeleteCoupon(h.ctx, made.ID), reeve.NotFound, want, "")
		_, err = h.c.GetCoupon(h.ctx, made.ID)
		refused(t, "deleted", err, reeve.NotFound, want, "")
		fields := fmt.Sprintf(`{"amount":3000,"applied":0,"description":"promotional","duration":2,"userId":%q}`, u.ID)
		same(t, "log", []string{"coupon.create  " + fields, "coupon.delete " + fields}, h.log(made.ID), nil)
	})
}
