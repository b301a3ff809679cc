package control_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestFindMember: a member is found by who is in it, with address and name;
// somebody else's is nobody.
func TestFindMember(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		_, other, foreign := h.tenant("mallory@mail.test")
		bob := h.member(o, "bob@mail.test", reeve.RoleEditor)
		ctx := h.keyholder(o, reeve.RoleViewer)
		want := reeve.Member{UserID: bob.ID, Email: bob.Email, FullName: bob.FullName, Role: reeve.RoleEditor, CreatedAt: h.clock.now()}
		got, err := h.c.FindOrganizationMember(ctx, o.ID, bob.ID)
		same(t, "in the organisation", want, got, err)
		_, err = h.c.FindProjectMember(ctx, p.ID, bob.ID)
		denied(t, "not in the project", err)
		want.UserID, want.Email, want.FullName, want.Role = ada.ID, ada.Email, ada.FullName, reeve.RoleAdmin
		got, err = h.c.FindProjectMember(ctx, p.ID, ada.ID)
		same(t, "in the project", want, got, err)
		_, err = h.c.FindOrganizationMember(ctx, o.ID, newID())
		denied(t, "nobody", err)
		_, err = h.c.FindOrganizationMember(ctx, other.ID, other.OwnerID)
		denied(t, "of another organisation", err)
		_, err = h.c.FindProjectMember(ctx, foreign.ID, other.OwnerID)
		denied(t, "of another project", err)
		_, err = h.c.FindOrganizationMember(h.ctx, o.ID, newID())
		refused(t, "nobody, to operators", err, reeve.NotFound, "member not found", "")
	})
}

// TestIsFrozen: who is in something learns that it is frozen, by itself or with
// what it belongs to; not of others' things.
func TestIsFrozen(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		_, other, foreign := h.tenant("mallory@mail.test")
		ctx := h.keyholder(o, reeve.RoleViewer)
		frozen := func(what string, organization, project bool) {
			t.Helper()
			got, err := h.c.OrganizationIsFrozen(ctx, o.ID)
			same(t, what+": organisation", organization, got, err)
			got, err = h.c.ProjectIsFrozen(ctx, p.ID)
			same(t, what+": project", project, got, err)
		}
		freeze := control.NewFreeze{Type: reeve.FreezeBilling}
		frozen("nothing", false, false)
		_, err := h.c.FreezeProject(h.ctx, p.ID, freeze)
		h.check(err)
		frozen("the project", false, true)
		h.check(h.c.UnfreezeProject(h.ctx, p.ID))
		_, err = h.c.FreezeOrganization(h.ctx, o.ID, freeze)
		h.check(err)
		frozen("the organisation", true, true)
		h.check(h.c.UnfreezeOrganization(h.ctx, o.ID))
		_, err = h.c.FreezeUser(h.ctx, ada.Email, freeze)
		h.check(err)
		frozen("the owner", true, true)
		_, err = h.c.OrganizationIsFrozen(ctx, other.ID)
		denied(t, "another's organisation", err)
		_, err = h.c.ProjectIsFrozen(ctx, foreign.ID)
		denied(t, "another's project", err)
	})
}
