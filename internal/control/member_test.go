package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

const (
	ownerStays     = "the owner cannot be removed or demoted"
	lastAdminStays = "the last enabled admin cannot be removed, demoted or disabled"
)

func TestOrganizationMembers(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner, o, p := h.tenant("owner@mail.test")
		h.clock.pass(time.Minute)
		u := h.member(o, "ada@mail.test", reeve.RoleViewer)
		put := func(user reeve.ID, role reeve.Role) error { return h.c.PutOrganizationMember(h.ctx, o.ID, user, role) }
		remove := func(user reeve.ID) error { return h.c.DeleteOrganizationMember(h.ctx, o.ID, user) }
		h.check(put(u.ID, reeve.RoleViewer))
		h.check(put(u.ID, reeve.RoleAdmin))
		list, err := h.c.ListOrganizationMembers(h.ctx, o.ID)
		same(t, "list", []reeve.Member{
			{UserID: owner.ID, Email: owner.Email, FullName: owner.FullName, Role: reeve.RoleAdmin, CreatedAt: epoch},
			{UserID: u.ID, Email: u.Email, FullName: u.FullName, Role: reeve.RoleAdmin, CreatedAt: epoch.Add(time.Minute)},
		}, list, err)
		h.check(put(owner.ID, reeve.RoleAdmin))
		refused(t, "demote the owner", put(owner.ID, reeve.RoleEditor), reeve.Conflict, ownerStays)
		refused(t, "remove the owner", remove(owner.ID), reeve.Conflict, ownerStays)
		refused(t, "nobody", put(newID(), reeve.RoleViewer), reeve.NotFound, "user not found")

		// Who leaves the organisation leaves its projects.
		h.check(h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer))
		h.check(remove(u.ID))
		got, err := h.c.GetProject(h.ctx, p.ID)
		same(t, "members of the project", 1, got.MemberCount, err)
		refused(t, "again", remove(u.ID), reeve.NotFound, "member not found")
		change := func(from, to string) string {
			field := func(role string) string {
				if role == "" {
					return ""
				}
				return fmt.Sprintf(`{"disabled":false,"role":%q,"userId":%q}`, role, u.ID)
			}
			action := map[bool]string{true: "create", false: "update"}[from == ""]
			if to == "" {
				return "member.delete " + field(from)
			}
			return "member." + action + " " + field(from) + " " + field(to)
		}
		same(t, "log", []string{change("", "viewer"), change("viewer", "admin"), change("admin", "")}, h.log(o.ID)[1:], nil)
		same(t, "log of the project", []string{change("", "viewer"), change("viewer", "")}, h.log(p.ID)[1:], nil)
	})
}

// TestLeavingKeepsAnAdmin: a user who is a project's owner or last admin stays
// in the organisation, and nothing of the attempt stays.
func TestLeavingKeepsAnAdmin(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner, o, first := h.tenant("owner@mail.test")
		u := h.member(o, "ada@mail.test", reeve.RoleEditor)
		second := h.project(o)
		for _, p := range []reeve.Project{first, second} {
			h.check(h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleAdmin))
		}
		h.check(h.c.DisableProjectMember(h.ctx, second.ID, owner.ID))
		err := h.c.DeleteOrganizationMember(h.ctx, o.ID, u.ID)
		refused(t, "last admin", err, reeve.Conflict, lastAdminStays, "project "+second.ID.String())
		for _, p := range []reeve.Project{first, second} {
			got, err := h.c.GetProject(h.ctx, p.ID)
			same(t, "members", 2, got.MemberCount, err)
		}
		list, err := h.c.ListOrganizationMembers(h.ctx, o.ID)
		same(t, "members of the organisation", 2, len(list), err)
	})
}

func TestPutProjectMember(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner, o, p := h.tenant("owner@mail.test")
		u, outsider := h.member(o, "ada@mail.test", reeve.RoleViewer), h.user("eve@mail.test")
		put := func(user reeve.ID, role reeve.Role) error { return h.c.PutProjectMember(h.ctx, p.ID, user, role) }
		remove := func(user reeve.ID) error { return h.c.DeleteProjectMember(h.ctx, p.ID, user) }
		h.check(put(u.ID, reeve.RoleEditor))
		h.check(h.c.DisableProjectMember(h.ctx, p.ID, u.ID))
		h.check(put(u.ID, reeve.RoleAdmin)) // enables
		list, err := h.c.ListProjectMembers(h.ctx, p.ID)
		if err != nil || len(list) != 2 || list[1].Role != reeve.RoleAdmin || list[1].Disabled {
			t.Errorf("%+v, %v", list, err)
		}
		refused(t, "outsider", put(outsider.ID, reeve.RoleViewer), reeve.Conflict, "user is not a member of the organization")
		refused(t, "nobody", put(newID(), reeve.RoleViewer), reeve.NotFound, "user not found")
		refused(t, "demote the owner", put(owner.ID, reeve.RoleViewer), reeve.Conflict, ownerStays)
		refused(t, "remove the owner", remove(owner.ID), reeve.Conflict, ownerStays)
		h.check(h.c.DisableProjectMember(h.ctx, p.ID, owner.ID))
		refused(t, "demote the last admin", put(u.ID, reeve.RoleEditor), reeve.Conflict, lastAdminStays)
		refused(t, "remove the last admin", remove(u.ID), reeve.Conflict, lastAdminStays)
		refused(t, "disable the last admin", h.c.DisableProjectMember(h.ctx, p.ID, u.ID), reeve.Conflict, lastAdminStays)
		h.check(put(owner.ID, reeve.RoleAdmin))
		h.check(remove(u.ID))
		refused(t, "again", remove(u.ID), reeve.NotFound, "member not found")
		for what, err := range map[string]error{
			"put":    h.c.PutProjectMember(h.ctx, newID(), u.ID, reeve.RoleViewer),
			"remove": h.c.DeleteProjectMember(h.ctx, newID(), u.ID),
			"list":   func() error { _, err := h.c.ListProjectMembers(h.ctx, newID()); return err }(),
		} {
			refused(t, what, err, reeve.NotFound, "project not found")
		}
	})
}

// TestTenantsMembers are the calls of the tenant API.
func TestTenantsMembers(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		owner, o, p := h.tenant("owner@mail.test")
		u, outsider := h.member(o, "ada@mail.test", reeve.RoleViewer), h.user("eve@mail.test")
		ctx := h.keyholder(o, reeve.RoleAdmin)
		add := func(user reeve.ID, role reeve.Role) (reeve.Member, error) {
			return h.c.AddProjectMember(ctx, p.ID, user, role)
		}
		h.clock.pass(time.Minute)
		want := reeve.Member{UserID: u.ID, Role: reeve.RoleEditor, CreatedAt: epoch.Add(time.Minute)}
		got, err := add(u.ID, reeve.RoleEditor)
		same(t, "added", want, got, err)
		_, err = add(u.ID, reeve.RoleEditor)
		refused(t, "twice", err, reeve.Conflict, "user is already a member of the project")
		_, outside := add(outsider.ID, reeve.RoleEditor)
		denied(t, "outsider", outside)
		_, nobody := add(newID(), reeve.RoleEditor)
		denied(t, "nobody", nobody)

		for range 2 { // idempotent
			h.check(h.c.DisableProjectMember(ctx, p.ID, u.ID))
		}
		h.clock.pass(time.Minute)
		want.Role = reeve.RoleAdmin
		got, err = add(u.ID, reeve.RoleAdmin)
		same(t, "enabled by adding", want, got, err)
		h.check(h.c.DisableProjectMember(ctx, p.ID, u.ID))
		for range 2 {
			got, err = h.c.EnableProjectMember(ctx, p.ID, u.ID)
			same(t, "enabled", want, got, err)
		}
		list, err := h.c.ListProjectMembers(ctx, p.ID)
		if err != nil || len(list) != 2 || list[0].UserID != owner.ID || !list[1].CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("%+v, %v", list, err)
		}
		h.check(h.c.DisableProjectMember(ctx, p.ID, owner.ID))
		refused(t, "last admin", h.c.DisableProjectMember(ctx, p.ID, u.ID), reeve.Conflict, lastAdminStays)
		denied(t, "disable an outsider", h.c.DisableProjectMember(ctx, p.ID, outsider.ID))
		_, err = h.c.EnableProjectMember(ctx, p.ID, newID())
		denied(t, "enable nobody", err)
		changes := h.log(p.ID)
		same(t, "changes", 1+1+1+1+1+1+1, len(changes), nil)
	})
}
