package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testOrganizations(t *testing.T, w world) {
	u := w.user("ada@mail.test")
	second := reeve.Organization{ID: newID(), Name: "Second", OwnerID: u.ID, CreatedAt: minute(2)}
	first := reeve.Organization{ID: newID(), Name: "First", OwnerID: u.ID, CreatedAt: minute(1)}
	foreign := w.organization(w.user("bob@mail.test").ID)
	w.write(func(tx *store.Tx) {
		tx.CreateOrganization(second)
		tx.CreateOrganization(first)
	})
	second.Name = "Zweite"
	w.write(func(tx *store.Tx) { tx.RenameOrganization(second) })
	for _, want := range []reeve.Organization{first, second, foreign} {
		got, err := w.s.Organization(w.ctx(), want.ID)
		same(t, want.Name, want, got, err)
		w.in(func(tx *store.Tx) {
			got, err := tx.LockOrganization(w.ctx(), want.ID)
			same(t, "LockOrganization", want, got, err)
			got, err = tx.LockOrganizationForDelete(w.ctx(), want.ID)
			same(t, "LockOrganizationForDelete", want, got, err)
		})
	}
	w.in(func(tx *store.Tx) {
		oldest, err := tx.KeepOldestOrganizationOwnedBy(w.ctx(), u.ID)
		same(t, "oldest", first, oldest, err)
		_, err = tx.KeepOldestOrganizationOwnedBy(w.ctx(), newID())
		refused(t, "none owned", err, reeve.NotFound, "organization not found")
		owned, err := tx.LockOrganizationsOwnedBy(w.ctx(), u.ID)
		same(t, "owned", []reeve.Organization{first, second}, owned, err)
		owned, err = tx.LockOrganizationsOwnedBy(w.ctx(), newID())
		same(t, "owned by nobody", []reeve.Organization{}, owned, err)
		_, err = tx.LockOrganization(w.ctx(), u.ID)
		refused(t, "LockOrganization", err, reeve.NotFound, "organization not found")
		_, err = tx.LockOrganizationForDelete(w.ctx(), u.ID)
		refused(t, "LockOrganizationForDelete", err, reeve.NotFound, "organization not found")
	})
	_, err := w.s.Organization(w.ctx(), u.ID)
	refused(t, "unknown", err, reeve.NotFound, "organization not found")
}

// testDeleteOrganization: members and keys go along, projects stand in the way.
func testDeleteOrganization(t *testing.T, w world) {
	u, o, p := w.tenant("ada@mail.test")
	hash := reeve.TokenHash{1}
	w.write(func(tx *store.Tx) {
		tx.CreateMember(store.InOrganization(o.ID), reeve.Member{UserID: u.ID, Role: reeve.RoleAdmin, CreatedAt: epoch})
		tx.CreateOrganizationKey(reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: "ci", Role: reeve.RoleAdmin, CreatedAt: epoch}, hash)
	})
	projects, err := w.s.CountProjects(w.ctx(), o.ID, 9)
	same(t, "CountProjects", 1, projects, err)
	err = w.try(func(tx *store.Tx) { tx.DeleteOrganization(o.ID) })
	refused(t, "with a project", err, reeve.Conflict, "projects still exist")

	w.write(func(tx *store.Tx) { tx.DeleteProject(p.ID) })
	projects, err = w.s.CountProjects(w.ctx(), o.ID, 9)
	same(t, "CountProjects", 0, projects, err)
	w.write(func(tx *store.Tx) { tx.DeleteOrganization(o.ID) })
	_, err = w.s.Organization(w.ctx(), o.ID)
	refused(t, "deleted", err, reeve.NotFound, "organization not found")
	_, err = w.s.OrganizationKey(w.ctx(), hash)
	refused(t, "its key", err, reeve.Unauthenticated, "Unauthorized")
	count, err := w.s.CountMembers(w.ctx(), store.InOrganization(o.ID), 9)
	same(t, "its members", 0, count, err)
}

func testOrganizationKeys(t *testing.T, w world) {
	u := w.user("ada@mail.test")
	o, other := w.organization(u.ID), w.organization(u.ID)
	expires := minute(5)
	b := reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: "b", Role: reeve.RoleViewer, CreatedAt: minute(1)}
	a := reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: "a", Role: reeve.RoleAdmin, CreatedAt: minute(2), ExpiresAt: &expires}
	foreign := reeve.OrganizationKey{ID: newID(), OrganizationID: other.ID, Name: "a", Role: reeve.RoleEditor, CreatedAt: epoch}
	for i, key := range []reeve.OrganizationKey{b, a, foreign} {
		hash := reeve.TokenHash{byte(i + 1)}
		w.write(func(tx *store.Tx) { tx.CreateOrganizationKey(key, hash) })
		got, err := w.s.OrganizationKey(w.ctx(), hash)
		same(t, "by hash", key, got, err)
	}
	keys, err := w.s.OrganizationKeys(w.ctx(), o.ID)
	same(t, "list", []reeve.OrganizationKey{a, b}, keys, err)
	keys, err = w.s.OrganizationKeys(w.ctx(), newID())
	same(t, "empty list", []reeve.OrganizationKey{}, keys, err)
	w.in(func(tx *store.Tx) {
		got, err := tx.LockOrganizationKey(w.ctx(), o.ID, "a")
		same(t, "by name", a, got, err)
		_, err = tx.LockOrganizationKey(w.ctx(), other.ID, "b")
		refused(t, "another's", err, reeve.NotFound, "organization key not found")
	})
	again := b
	again.ID = newID()
	err = w.try(func(tx *store.Tx) { tx.CreateOrganizationKey(again, reeve.TokenHash{9}) })
	refused(t, "same name", err, reeve.Conflict, "organization key with given name already exists")
	again.OrganizationID, again.Name = newID(), "c"
	err = w.try(func(tx *store.Tx) { tx.CreateOrganizationKey(again, reeve.TokenHash{9}) })
	refused(t, "no organisation", err, reeve.NotFound, "organization not found")

	w.write(func(tx *store.Tx) { tx.DeleteOrganizationKey(a.ID) })
	_, err = w.s.OrganizationKey(w.ctx(), reeve.TokenHash{2})
	refused(t, "deleted", err, reeve.Unauthenticated, "Unauthorized")
	again.OrganizationID, again.Name = o.ID, "a" // the name is free again
	w.write(func(tx *store.Tx) { tx.CreateOrganizationKey(again, reeve.TokenHash{9}) })
}

// testKeyAndProject: one statement finds a key and a project of its own; one of
// another and none at all are the same.
func testKeyAndProject(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	_, _, foreign := w.tenant("bob@mail.test")
	key := reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: "ci", Role: reeve.RoleEditor, CreatedAt: minute(1)}
	hash := reeve.TokenHash{1}
	w.write(func(tx *store.Tx) { tx.CreateOrganizationKey(key, hash) })
	key.Name, key.CreatedAt = "", time.Time{} // a read of both gives what a tenant's call needs
	seen := reeve.Project{
		ID: p.ID, OrganizationID: o.ID, OwnerID: p.OwnerID, ServiceAccountID: p.ServiceAccountID,
		Name: p.Name, Description: p.Description, CreatedAt: p.CreatedAt,
	}
	got, err := w.s.OrganizationKeyAndProject(w.ctx(), hash, p.ID)
	same(t, "own", store.KeyAndProject{Key: key, Project: &seen}, got, err)
	for name, id := range map[string]reeve.ID{"foreign": foreign.ID, "unknown": newID(), "zero": reeve.Zero} {
		got, err := w.s.OrganizationKeyAndProject(w.ctx(), hash, id)
		same(t, name, store.KeyAndProject{Key: key}, got, err)
	}
	_, err = w.s.OrganizationKeyAndProject(w.ctx(), reeve.TokenHash{2}, p.ID)
	refused(t, "unknown key", err, reeve.Unauthenticated, "Unauthorized")
}
