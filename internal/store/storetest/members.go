package storetest

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testOrganizationMembers(t *testing.T, w world) {
	_, o, _ := w.tenant("owner@mail.test")
	_, other, _ := w.tenant("other@mail.test")
	testMembers(t, w, store.InOrganization(o.ID), store.InOrganization(other.ID))
}

func testProjectMembers(t *testing.T, w world) {
	_, o, p := w.tenant("owner@mail.test")
	testMembers(t, w, store.InProject(p.ID), store.InProject(w.project(o).ID))
	got, err := w.s.ProjectAndMemberCount(w.ctx(), p.ID)
	p.MemberCount = 2
	same(t, "ProjectAndMemberCount", p, got, err)
}

// testMembers leaves two members, one of them disabled.
func testMembers(t *testing.T, w world, of, other store.MemberOf) {
	bob, ada, eve := w.user("bob@mail.test"), w.user("ada@mail.test"), w.user("eve@mail.test")
	member := func(u reeve.User, role reeve.Role, disabled bool, at int) reeve.Member {
		m := reeve.Member{UserID: u.ID, Role: role, Disabled: disabled, CreatedAt: minute(at)}
		w.write(func(tx *store.Tx) { tx.CreateMember(of, m) })
		return m
	}
	full := func(m reeve.Member, u reeve.User) reeve.Member {
		m.Email, m.FullName = u.Email, u.FullName
		return m
	}
	none, err := w.s.Members(w.ctx(), of)
	same(t, "none", []reeve.Member{}, none, err)
	b := member(bob, reeve.RoleViewer, true, 2)
	a := member(ada, reeve.RoleEditor, false, 3)
	e := member(eve, reeve.RoleAdmin, false, 1)
	list, err := w.s.Members(w.ctx(), of)
	same(t, "oldest first", []reeve.Member{full(e, eve), full(b, bob), full(a, ada)}, list, err)

	a.Role, a.Disabled = reeve.RoleAdmin, true
	w.write(func(tx *store.Tx) {
		tx.UpdateMember(of, a)
		tx.DeleteMember(of, eve.ID)
		tx.CreateMember(other, e)
	})
	list, err = w.s.Members(w.ctx(), of)
	same(t, "after changes", []reeve.Member{full(b, bob), full(a, ada)}, list, err)
	count, err := w.s.CountMembers(w.ctx(), of, 9)
	same(t, "count", 2, count, err)
	count, err = w.s.CountMembers(w.ctx(), of, 1)
	same(t, "count up to one", 1, count, err)
	count, err = w.s.CountMembers(w.ctx(), other, 9)
	same(t, "count elsewhere", 1, count, err)
	got, err := w.s.Member(w.ctx(), of, ada.ID)
	same(t, "one", a, got, err)
	_, err = w.s.Member(w.ctx(), of, eve.ID)
	refused(t, "removed", err, reeve.NotFound, "member not found")
	w.in(func(tx *store.Tx) {
		got, err := tx.KeepMember(w.ctx(), of, bob.ID)
		same(t, "KeepMember", b, got, err)
		_, err = tx.KeepMember(w.ctx(), of, eve.ID)
		refused(t, "KeepMember", err, reeve.NotFound, "member not found")
	})
	if err := w.try(func(tx *store.Tx) { tx.CreateMember(of, a) }); err == nil {
		t.Error("a member twice")
	}
	if err := w.try(func(tx *store.Tx) { tx.CreateMember(of, reeve.Member{UserID: newID(), Role: reeve.RoleViewer}) }); err == nil {
		t.Error("a member who is nobody")
	}
}

func testAdmins(t *testing.T, w world) {
	ada, o, p := w.tenant("ada@mail.test")
	bob := w.user("bob@mail.test")
	for _, of := range []store.MemberOf{store.InOrganization(o.ID), store.InProject(p.ID)} {
		a := reeve.Member{UserID: ada.ID, Role: reeve.RoleAdmin, CreatedAt: epoch}
		b := reeve.Member{UserID: bob.ID, Role: reeve.RoleEditor, CreatedAt: epoch}
		w.write(func(tx *store.Tx) {
			tx.CreateMember(of, a)
			tx.CreateMember(of, b)
		})
		check := func(what string, want bool, user reeve.ID) {
			t.Helper()
			got, err := w.s.HasOtherAdmin(w.ctx(), of, user)
			same(t, what, want, got, err)
		}
		check("an editor beside", false, ada.ID)
		check("an admin beside", true, bob.ID)
		b.Role, b.Disabled = reeve.RoleAdmin, true
		w.write(func(tx *store.Tx) { tx.UpdateMember(of, b) })
		check("a disabled admin beside", false, ada.ID)
		b.Disabled = false
		w.write(func(tx *store.Tx) { tx.UpdateMember(of, b) })
		check("another admin beside", true, ada.ID)
	}
}

func testProjectsOfMember(t *testing.T, w world) {
	ada, o, first := w.tenant("ada@mail.test")
	_, foreign, third := w.tenant("bob@mail.test")
	second := w.project(o)
	w.project(o) // of which ada is no member
	first.Name, second.Name, third.Name = "c", "a", "B"
	w.write(func(tx *store.Tx) {
		for _, p := range []reeve.Project{first, second, third} {
			tx.UpdateProject(p)
			tx.CreateMember(store.InProject(p.ID), reeve.Member{UserID: ada.ID, Role: reeve.RoleViewer, Disabled: true, CreatedAt: epoch})
		}
	})
	got, err := w.s.ProjectsOfMember(w.ctx(), ada.ID)
	same(t, "by name", []reeve.Project{third, second, first}, got, err)
	got, err = w.s.ProjectsOfMember(w.ctx(), newID())
	same(t, "nobody's", []reeve.Project{}, got, err)
	w.in(func(tx *store.Tx) {
		got, err := tx.LockProjectsOfMemberIn(w.ctx(), o.ID, ada.ID)
		same(t, "in one organisation, by id", []reeve.Project{first, second}, got, err)
		got, err = tx.LockProjectsOfMemberIn(w.ctx(), foreign.ID, foreign.OwnerID)
		same(t, "in none", []reeve.Project{}, got, err)
	})
}
