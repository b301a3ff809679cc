package control_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestTransferProject: the keys stay, the strangers go.
func TestTransferProject(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, from, p := h.tenant("ada@mail.test")
		owner, to, _ := h.tenant("bob@mail.test")
		both, left := h.member(from, "eve@mail.test", reeve.RoleViewer), h.member(from, "dan@mail.test", reeve.RoleViewer)
		for _, member := range []reeve.User{both, left} {
			h.check(h.c.PutProjectMember(h.ctx, p.ID, member.ID, reeve.RoleViewer))
		}
		h.check(h.c.PutOrganizationMember(h.ctx, to.ID, both.ID, reeve.RoleViewer))
		_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		move := func(owner, organization reeve.ID) error {
			return h.c.TransferProject(h.ctx, p.ID, control.Transfer{OwnerID: owner, OrganizationID: organization})
		}
		outside := "owner is not a member of the organization"
		refused(t, "nothing", move(reeve.Zero, reeve.Zero), reeve.Invalid, "ownerId or organizationId must be set")
		refused(t, "owner outside", move(owner.ID, reeve.Zero), reeve.Conflict, outside)
		refused(t, "owner stays outside", move(reeve.Zero, to.ID), reeve.Conflict, outside)
		refused(t, "no user", move(newID(), to.ID), reeve.NotFound, "user not found")
		refused(t, "no organization", move(owner.ID, newID()), reeve.NotFound, "organization not found")
		h.check(h.c.UpdateUser(h.ctx, owner.Email, reeve.UserPatch{ProjectLimit: 1}))
		refused(t, "limit", move(owner.ID, to.ID), reeve.Conflict, "project limit reached", "limit 1")
		h.check(h.c.UpdateUser(h.ctx, owner.Email, reeve.UserPatch{ProjectLimit: 2}))
		before := len(h.all())
		h.check(move(u.ID, from.ID))
		same(t, "changes of nothing", before, len(h.all()), nil)
		h.check(move(owner.ID, to.ID))
		got, err := h.c.GetProject(h.ctx, p.ID)
		p.OwnerID, p.OrganizationID, p.MemberCount = owner.ID, to.ID, 2
		same(t, "project", p, got, err)
		for _, member := range []reeve.User{owner, both} {
			_, err := h.s.Member(t.Context(), store.InProject(p.ID), member.ID)
			h.check(err)
		}
		keys, err := h.s.CountAPIKeys(t.Context(), p.ID)
		same(t, "keys", 1, keys, err)
		for _, o := range []reeve.ID{from.ID, to.ID} {
			page, _, err := h.c.ListChanges(h.ctx, store.ChangeFilter{Action: "project.transfer", Organization: &o, Limit: 9})
			same(t, "told", 1, len(page), err)
		}
		h.check(move(both.ID, reeve.Zero))
		got, err = h.c.GetProject(h.ctx, p.ID)
		same(t, "owner", both.ID, got.OwnerID, err)
	})
}
