package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestRestoreProject: all comes back but for keys and who has left.
func TestRestoreProject(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		stays, leaves := h.member(o, "bob@mail.test", reeve.RoleViewer), h.member(o, "eve@mail.test", reeve.RoleViewer)
		for _, member := range []reeve.User{stays, leaves} {
			h.check(h.c.PutProjectMember(h.ctx, p.ID, member.ID, reeve.RoleEditor))
		}
		text, limit, none := "text", reeve.LimitOf(7), reeve.Unlimited
		_, err := h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Description: &text})
		h.check(err)
		h.check(h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{Bandwidth: &limit, Rate: &none}))
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.PutMeter(p.ID, reeve.MeterBandwidth, reeve.MeterState{Period: 202611, Committed: 5, Leased: 1})
			return nil
		}))
		before, err := h.c.GetProject(h.ctx, p.ID)
		h.check(err)
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		h.check(h.c.DeleteOrganizationMember(h.ctx, o.ID, leaves.ID))
		h.clock.pass(restoreWindow - time.Microsecond)
		h.check(h.c.RestoreProject(h.ctx, p.ID))
		after, err := h.c.GetProject(h.ctx, p.ID)
		before.MemberCount = 2
		same(t, "project", before, after, err)
		members, err := h.c.ListProjectMembers(h.ctx, p.ID)
		if err != nil || len(members) != 2 || members[0].UserID != u.ID || members[1].UserID != stays.ID || members[1].Role != reeve.RoleEditor {
			t.Errorf("%+v, %v", members, err)
		}
		meters, err := h.s.Meters(t.Context(), p.ID)
		same(t, "bandwidth", reeve.MeterState{Period: 202611, Committed: 6}, meters[reeve.MeterBandwidth], err)
		gone, err := h.s.DepartedOf(t.Context(), o.ID)
		same(t, "departed", 0, len(gone), err)
		refused(t, "again", h.c.RestoreProject(h.ctx, p.ID), reeve.NotFound, "nothing to restore")
		if log := h.log(p.ID); !strings.HasPrefix(log[len(log)-1], "project.restore") {
			t.Error(log)
		}
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		h.clock.pass(restoreWindow)
		refused(t, "too late", h.c.RestoreProject(h.ctx, p.ID), reeve.NotFound, "nothing to restore")
	})
}

// TestRestoreProjectInTheWay: what a project needs must be there.
func TestRestoreProjectInTheWay(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		other := h.organization(u)
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{ProjectLimit: 1}))
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		second := h.project(other)
		refused(t, "limit", h.c.RestoreProject(h.ctx, p.ID), reeve.Conflict, "project limit reached", "limit 1")
		h.check(h.c.EraseProject(h.ctx, second.ID))
		h.check(h.c.DeleteOrganization(h.ctx, o.ID))
		refused(t, "organization", h.c.RestoreProject(h.ctx, p.ID), reeve.Conflict, "the organization is deleted")
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		refused(t, "owner", h.c.RestoreProject(h.ctx, p.ID), reeve.Conflict, "the owner is deleted")
		refused(t, "its owner", h.c.RestoreOrganization(h.ctx, o.ID), reeve.Conflict, "the owner is deleted")
		h.check(h.c.RestoreUser(h.ctx, u.ID.TypeID(reeve.PrefixUser)))
		h.check(h.c.RestoreOrganization(h.ctx, o.ID))
		h.check(h.c.RestoreProject(h.ctx, p.ID))
		refused(t, "erased", h.c.RestoreProject(h.ctx, second.ID), reeve.NotFound, "nothing to restore")
	})
}

// TestRestoreUser brings a user back with organisations and memberships.
func TestRestoreUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("Ada@mail.test")
		own := h.organization(u)
		_, o, _ := h.tenant("bob@mail.test")
		h.check(h.c.PutOrganizationMember(h.ctx, o.ID, u.ID, reeve.RoleEditor))
		before, err := h.c.GetUser(h.ctx, u.Email)
		h.check(err)
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		taken := h.user("ada@mail.test")
		refused(t, "taken", h.c.RestoreUser(h.ctx, u.ID.String()), reeve.Conflict, "user with email already exists Ada@mail.test")
		h.check(h.c.EraseUser(h.ctx, taken.Email))
		h.check(h.c.RestoreUser(h.ctx, "ADA@mail.test"))
		after, err := h.c.GetUser(h.ctx, u.Email)
		same(t, "user", before, after, err)
		_, err = h.c.GetOrganization(h.ctx, own.ID)
		h.check(err)
		members, err := h.c.ListOrganizationMembers(h.ctx, o.ID)
		if err != nil || len(members) != 2 || members[1].UserID != u.ID && members[0].UserID != u.ID {
			t.Errorf("%+v, %v", members, err)
		}
		refused(t, "again", h.c.RestoreUser(h.ctx, u.Email), reeve.NotFound, "nothing to restore")
		for _, row := range h.all() {
			if text := string(row.Before) + string(row.After); strings.Contains(text, "Ada") || strings.Contains(text, "mail.test") {
				t.Error(text)
			}
		}
	})
}

// TestRaceRestoreUser: an address goes to one of two.
func TestRaceRestoreUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		create := func() error {
			return h.s.Write(t.Context(), func(tx *store.Tx) error {
				id := newID()
				tx.CreateUser(reeve.User{ID: id, Email: u.Email, PasswordHash: []byte("x"), CreatedAt: tx.Now()})
				tx.Record(reeve.Change{Actor: "root", Action: "user.create", Target: id})
				return nil
			})
		}
		restore := func() error { return h.c.RestoreUser(h.ctx, u.Email) }
		if n := tally(t, race(create, restore, create, restore), reeve.Conflict, reeve.NotFound); n != 1 {
			t.Errorf("%d have the address", n)
		}
	})
}

// TestEraseDeletions: the end of the window, and deleting for good.
func TestEraseDeletions(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		h.clock.pass(time.Second)
		h.check(h.c.DeleteUser(h.ctx, u.Email))
		list := func(f control.DeletionFilter) (out []string) {
			t.Helper()
			for more := true; more; {
				var page []reeve.Deletion
				var err error
				page, more, err = h.c.ListDeletions(h.ctx, f)
				h.check(err)
				for _, d := range page {
					out = append(out, string(d.Kind)+" "+d.Name)
					f.Before, f.BeforeID = d.DeletedAt, d.ID
				}
			}
			return out
		}
		if all := list(control.DeletionFilter{Limit: 1}); len(all) != 3 || all[2] != "project alpha" {
			t.Error(all)
		}
		same(t, "users", []string{"user ada@mail.test"}, list(control.DeletionFilter{Kind: reeve.DeletedUser, Limit: 9}), nil)
		same(t, "one", []string{"user ada@mail.test"}, list(control.DeletionFilter{ID: u.ID, Limit: 9}), nil)
		h.check(h.c.EraseUser(h.ctx, u.Email))
		same(t, "left", []string{"project alpha"}, list(control.DeletionFilter{Limit: 9}), nil)
		same(t, "erased", "organization.erase", h.log(o.ID)[len(h.log(o.ID))-1], nil)
		h.clock.pass(restoreWindow - time.Second)
		same(t, "ended", 0, len(list(control.DeletionFilter{Limit: 9})), nil)
		before := len(h.all())
		h.check(control.EraseDeletions(h.c, t.Context()))
		h.check(control.EraseDeletions(h.c, t.Context()))
		same(t, "changes", before+1, len(h.all()), nil)
		last := h.all()[0]
		same(t, "told", "system project.erase "+p.ID.String()+" "+o.ID.String(),
			last.Actor+" "+last.Action+" "+last.Target.String()+" "+last.OrganizationID.String(), nil)
		for _, action := range []func() error{
			func() error { return h.c.EraseProject(as(t, support()), p.ID) },
			func() error { return h.c.EraseUser(as(t, support()), u.Email) },
			func() error { return h.c.EraseOrganization(as(t, support()), o.ID) },
		} {
			denied(t, "support", action())
		}
	})
}

// TestErasedAddress: nothing invites an erased user's address any more; one who
// has it by now keeps what came later.
func TestErasedAddress(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		invite := func(email string) reeve.ID {
			t.Helper()
			return h.invite(h.ctx, control.NewInvitation{Organization: o.ID, Email: email, Role: reeve.RoleViewer}).ID
		}
		left := func(want ...reeve.ID) {
			t.Helper()
			list, n, err := h.c.ListInvitations(h.ctx, o.ID, control.Page{Size: 99})
			h.check(err)
			var got []reeve.ID
			for _, i := range list {
				got = append(got, i.ID)
			}
			same(t, "invitations", want, got, nil)
			same(t, "count", len(want), n, nil)
		}
		other := invite("other@mail.test")

		// For good, at once.
		h.user("Bob@mail.test")
		bob := invite("bOB@mail.test")
		toProject := h.invite(h.ctx, control.NewInvitation{Project: p.ID, Email: "bob@mail.test", Role: reeve.RoleEditor}).ID
		h.check(h.c.EraseUser(h.ctx, "bob@mail.test"))
		left(other)
		for _, id := range []reeve.ID{bob, toProject} {
			log := h.log(id)
			if last := log[len(log)-1]; !strings.HasPrefix(last, "invitation.delete") || strings.Contains(strings.Join(log, ""), "mail.test") {
				t.Error(log)
			}
		}

		// Of one who is deleted already.
		h.user("carol@mail.test")
		carol := invite("carol@mail.test")
		h.check(h.c.DeleteUser(h.ctx, "carol@mail.test"))
		left(other, carol)
		h.check(h.c.EraseUser(h.ctx, "carol@mail.test"))
		left(other)

		// At the end of the window, and somebody else has the address.
		h.user("dan@mail.test")
		old := h.invite(h.ctx, control.NewInvitation{Organization: o.ID, Email: "dan@mail.test", Role: reeve.RoleViewer, Seconds: new(int64(720 * 3600))}).ID
		h.check(h.c.DeleteUser(h.ctx, "dan@mail.test"))
		left(other, old)
		h.clock.pass(restoreWindow - time.Hour)
		h.user("dan@mail.test")
		project := h.invite(h.ctx, control.NewInvitation{Project: p.ID, Email: "dan@mail.test", Role: reeve.RoleViewer}).ID
		h.clock.pass(time.Hour - time.Second)
		left(old, project) // the other has expired
		h.check(control.EraseDeletions(h.c, t.Context()))
		left(old, project)
		h.clock.pass(time.Second)
		h.check(control.EraseDeletions(h.c, t.Context()))
		if _, err := h.s.Invitation(t.Context(), old); !reeve.IsKind(err, reeve.NotFound) {
			t.Errorf("the erased user's invitation: %v", err)
		}
		left(project)
	})
}

func support() reeve.Actor {
	return reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: reeve.OperatorSupport}
}

// TestRestoredIsBilledOnce: what a project used before it was deleted is billed,
// once, whether it is restored or transferred.
func TestRestoredIsBilledOnce(t *testing.T) {
	eachCloud(t, func(t *testing.T, c *cloud) {
		c.check(c.c.DeleteProject(c.ctx, projectID(6)))
		c.check(c.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.AppendUsageBatch([]reeve.UsageRecord{used(6, reeve.UsageEgress, epoch, gigabyte)})
			return nil
		}))
		c.check(control.DrainUsage(c.c, t.Context()))
		c.check(c.c.RestoreProject(c.ctx, projectID(6)))
		c.month(november)
		same(t, "due", int64(7), c.statement(3, november).Due, nil)
		c.check(c.c.DeleteProject(c.ctx, projectID(6)))
		c.check(c.c.RestoreProject(c.ctx, projectID(6)))
		same(t, "due again", int64(7), c.statement(3, november).Due, nil)
	})
}

// TestFreezeGoesWithIt: what is deleted leaves no freeze behind, and has it again
// when it is restored before the freeze's end.
func TestFreezeGoesWithIt(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		for _, way := range h.ways(u, o, p) {
			h.check(way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeBilling}))
		}
		end := h.clock.now().Add(2 * time.Hour)
		_, err := h.c.FreezeProject(h.ctx, p.ID, control.NewFreeze{Type: reeve.FreezeLegal, Until: &end})
		h.check(err)
		freezeOf := func(id reeve.ID) *reeve.Frozen {
			f, err := h.s.Frozen(t.Context(), id)
			h.check(err)
			return f
		}
		removed := func() {
			t.Helper()
			h.check(h.c.DeleteProject(h.ctx, p.ID))
			h.check(h.c.DeleteUser(h.ctx, u.Email)) // and the organisation
			frozen, err := h.s.IsFrozen(t.Context(), u.ID, o.ID, p.ID)
			same(t, "left", false, frozen, err)
		}
		before := []*reeve.Frozen{freezeOf(u.ID), freezeOf(o.ID), freezeOf(p.ID)}
		removed()
		h.clock.pass(time.Hour)
		h.check(h.c.RestoreUser(h.ctx, u.Email))
		h.check(h.c.RestoreProject(h.ctx, p.ID))
		same(t, "restored", before, []*reeve.Frozen{freezeOf(u.ID), freezeOf(o.ID), freezeOf(p.ID)}, nil)
		for id, kind := range map[reeve.ID]string{u.ID: "user", o.ID: "organization", p.ID: "project"} {
			log := h.log(id)
			if last := log[len(log)-2:]; !strings.HasPrefix(last[0], kind+".restore") || !strings.HasPrefix(last[1], kind+".freeze  ") {
				t.Errorf("%q", last)
			}
		}
		h.check(h.c.EndFreezes(t.Context()))
		removed()
		h.clock.pass(time.Hour)
		h.check(h.c.RestoreUser(h.ctx, u.ID.String()))
		h.check(h.c.RestoreProject(h.ctx, p.ID))
		if freezeOf(o.ID) == nil || freezeOf(p.ID) != nil {
			t.Errorf("%+v, %+v", freezeOf(o.ID), freezeOf(p.ID))
		}
	})
}
