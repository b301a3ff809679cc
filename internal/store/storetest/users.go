package storetest

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testUsers(t *testing.T, w world) {
	u := w.user("Ada@Mail.Test")
	other := w.user("bob@mail.test")
	check := func(want reeve.User, email string) {
		t.Helper()
		got, err := w.s.UserByEmail(w.ctx(), email)
		same(t, email, want, got, err)
		w.in(func(tx *store.Tx) {
			got, err := tx.LockUserByEmail(w.ctx(), email)
			same(t, "LockUserByEmail", want, got, err)
			got, err = tx.LockUserForDelete(w.ctx(), email)
			same(t, "LockUserForDelete", want, got, err)
			got, err = tx.LockUser(w.ctx(), want.ID)
			same(t, "LockUser", want, got, err)
			got, err = tx.KeepUser(w.ctx(), want.ID)
			same(t, "KeepUser", want, got, err)
		})
	}
	check(u, "Ada@Mail.Test")
	check(u, "aDA@mAIL.tEST")

	u.Email, u.FullName, u.ShortName, u.PasswordHash, u.ProjectLimit = "ÄDA@mail.test", "Ada King", "", []byte("$x$"), 0
	w.write(func(tx *store.Tx) { tx.UpdateUser(u) })
	check(u, "äda@mail.test")
	check(other, "bob@mail.test")
	_, err := w.s.UserByEmail(w.ctx(), "ada@mail.test")
	refused(t, "old address", err, reeve.NotFound, `user with email "ada@mail.test" not found`)

	u.Email = "äDA@MAIL.test" // its own address in another case
	w.write(func(tx *store.Tx) { tx.UpdateUser(u) })
	check(u, "äda@mail.test")
}

func testUserRefusals(t *testing.T, w world) {
	u := w.user("ada@mail.test")
	second := u
	second.ID, second.Email = newID(), "ADA@mail.test"
	err := w.try(func(tx *store.Tx) { tx.CreateUser(second) })
	refused(t, "create", err, reeve.Conflict, "user with email already exists ADA@mail.test")
	refused(t, "EmailTaken", store.EmailTaken("x"), reeve.Conflict, "user with email already exists x")

	bob := w.user("bob@mail.test")
	bob.Email = "Ada@mail.test"
	err = w.try(func(tx *store.Tx) { tx.UpdateUser(bob) })
	refused(t, "update", err, reeve.Conflict, "user with email already exists Ada@mail.test")

	_, err = w.s.UserByEmail(w.ctx(), `x"y`)
	refused(t, "unknown", err, reeve.NotFound, `user with email "x\"y" not found`)
	w.in(func(tx *store.Tx) {
		_, err := tx.LockUserByEmail(w.ctx(), "x")
		refused(t, "LockUserByEmail", err, reeve.NotFound, `user with email "x" not found`)
		_, err = tx.LockUserForDelete(w.ctx(), "x")
		refused(t, "LockUserForDelete", err, reeve.NotFound, `user with email "x" not found`)
		_, err = tx.LockUser(w.ctx(), newID())
		refused(t, "LockUser", err, reeve.NotFound, "user not found")
		_, err = tx.KeepUser(w.ctx(), newID())
		refused(t, "KeepUser", err, reeve.NotFound, "user not found")
	})
}

// testEraseUser: an erased user is gone for every lookup, the address is free,
// and coupons stay.
func testEraseUser(t *testing.T, w world) {
	owner, o, _ := w.tenant("owner@mail.test")
	u := w.user("ada@mail.test")
	coupon := reeve.Coupon{ID: newID(), UserID: u.ID, Amount: 1, Duration: 1, Description: "x", CreatedAt: epoch}
	w.write(func(tx *store.Tx) {
		tx.CreateMember(store.InOrganization(o.ID), reeve.Member{UserID: u.ID, Role: reeve.RoleViewer, CreatedAt: epoch})
		tx.CreateCoupon(coupon)
	})
	w.in(func(tx *store.Tx) {
		memberships, err := tx.LockMembershipsOf(w.ctx(), u.ID)
		same(t, "memberships", []store.Membership{{
			OrganizationID: o.ID, Member: reeve.Member{UserID: u.ID, Role: reeve.RoleViewer, CreatedAt: epoch},
		}}, memberships, err)
	})
	w.write(func(tx *store.Tx) {
		tx.DeleteMember(store.InOrganization(o.ID), u.ID)
		tx.EraseUser(u.ID)
	})

	for _, email := range []string{u.Email, reeve.DeactivatedEmail(u.ID)} {
		_, err := w.s.UserByEmail(w.ctx(), email)
		refused(t, email, err, reeve.NotFound, `user with email "`+email+`" not found`)
	}
	w.in(func(tx *store.Tx) {
		_, err := tx.LockUser(w.ctx(), u.ID)
		refused(t, "LockUser", err, reeve.NotFound, "user not found")
		_, err = tx.KeepUser(w.ctx(), u.ID)
		refused(t, "KeepUser", err, reeve.NotFound, "user not found")
	})
	got, err := w.s.Coupon(w.ctx(), coupon.ID)
	same(t, "coupon", coupon, got, err)

	again := w.user("ADA@mail.test")
	found, err := w.s.UserByEmail(w.ctx(), "ada@mail.test")
	same(t, "second user", again, found, err)
	found, err = w.s.UserByEmail(w.ctx(), owner.Email)
	same(t, "other user", owner, found, err)
	w.write(func(tx *store.Tx) { tx.EraseUser(again.ID) })
}
