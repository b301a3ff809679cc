package storetest

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testProjects(t *testing.T, w world) {
	u, o, p := w.tenant("ada@mail.test")
	second := w.project(o)
	p.Name, p.Description = "omega", ""
	w.write(func(tx *store.Tx) { tx.UpdateProject(p) })
	for _, want := range []reeve.Project{p, second} {
		got, err := w.s.Project(w.ctx(), want.ID)
		same(t, want.Name, want, got, err)
		w.in(func(tx *store.Tx) {
			got, err := tx.LockProject(w.ctx(), want.ID)
			same(t, "LockProject", want, got, err)
			got, err = tx.LockProjectForDelete(w.ctx(), want.ID)
			same(t, "LockProjectForDelete", want, got, err)
		})
	}
	owned, err := w.s.CountProjectsOwnedBy(w.ctx(), u.ID)
	same(t, "owned", 2, owned, err)
	owned, err = w.s.CountProjectsOwnedBy(w.ctx(), newID())
	same(t, "owned by nobody", 0, owned, err)

	_, err = w.s.Project(w.ctx(), o.ID)
	refused(t, "unknown", err, reeve.NotFound, "project not found")
	_, err = w.s.ProjectAndMemberCount(w.ctx(), o.ID)
	refused(t, "unknown", err, reeve.NotFound, "project not found")
	w.in(func(tx *store.Tx) {
		_, err := tx.LockProject(w.ctx(), o.ID)
		refused(t, "LockProject", err, reeve.NotFound, "project not found")
		_, err = tx.LockProjectForDelete(w.ctx(), o.ID)
		refused(t, "LockProjectForDelete", err, reeve.NotFound, "project not found")
	})
	orphan := second
	orphan.ID, orphan.ServiceAccountID, orphan.OrganizationID = newID(), newID(), newID()
	err = w.try(func(tx *store.Tx) { tx.CreateProject(orphan) })
	refused(t, "no organisation", err, reeve.NotFound, "organization not found")
}

// testProjectLimits: unset, zero and unlimited are three different things.
func testProjectLimits(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	values := []reeve.Limit{{}, reeve.Unlimited, reeve.LimitOf(0), reeve.LimitOf(1), reeve.LimitOf(math.MaxInt64)}
	for i := range values {
		at := func(n int) reeve.Limit { return values[(i+n)%len(values)] }
		p.Limits = reeve.Limits{Usage: at(0), Bandwidth: at(1), Rate: at(2), Buckets: at(3)}
		w.write(func(tx *store.Tx) { tx.UpdateProject(p) })
		got, err := w.s.Project(w.ctx(), p.ID)
		same(t, "limits", p, got, err)
	}
}

// testDeleteProject: memberships go along, usage stays; keys and buckets, which a
// use case must have looked for, stand in the way.
func testDeleteProject(t *testing.T, w world) {
	u, o, p := w.tenant("ada@mail.test")
	w.write(func(tx *store.Tx) {
		tx.CreateMember(store.InProject(p.ID), reeve.Member{UserID: u.ID, Role: reeve.RoleAdmin, CreatedAt: epoch})
		tx.PutUsageCounters([]reeve.UsageTotal{used(p.ID, 202611, 1)})
	})
	key := w.apiKey(p.ID, "ci")
	remove := func(tx *store.Tx) { tx.DeleteProject(p.ID) }
	if err := w.try(remove); err == nil {
		t.Error("deleted with a key")
	}
	w.write(func(tx *store.Tx) { tx.DeleteAPIKey(key.ID) })
	w.write(remove)

	_, err := w.s.Project(w.ctx(), p.ID)
	refused(t, "deleted", err, reeve.NotFound, "project not found")
	count, err := w.s.CountMembers(w.ctx(), store.InProject(p.ID), 9)
	same(t, "members", 0, count, err)
	usage, err := w.s.UsageTotal(w.ctx(), p.ID, 202611, epoch)
	same(t, "usage stays", used(p.ID, 202611, 1), usage, err)

	second := w.project(o)
	w.write(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: second.ID, Name: "b", CreatedAt: epoch}) })
	if err := w.try(func(tx *store.Tx) { tx.DeleteProject(second.ID) }); err == nil {
		t.Error("deleted with a bucket")
	}
}

func testBuckets(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	_, err := w.s.FirstBucket(w.ctx(), p.ID)
	refused(t, "none", err, reeve.NotFound, "bucket not found")
	for _, name := range []string{"b", "a", "B"} {
		w.write(func(tx *store.Tx) {
			tx.CreateBucket(reeve.Bucket{ProjectID: p.ID, Name: name, CreatedAt: epoch})
			tx.CreateBucket(reeve.Bucket{ProjectID: other.ID, Name: name + "2", CreatedAt: epoch})
		})
	}
	first, err := w.s.FirstBucket(w.ctx(), p.ID)
	same(t, "first", "B", first, err)
	err = w.try(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: p.ID, Name: "a", CreatedAt: epoch}) })
	refused(t, "twice", err, reeve.Conflict, "bucket already exists")
	err = w.try(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: o.ID, Name: "a", CreatedAt: epoch}) })
	refused(t, "no project", err, reeve.NotFound, "project not found")
}

// testFreezes: what is frozen is frozen with what it belongs to, until it ends.
func testFreezes(t *testing.T, w world) {
	u, o, p := w.tenant("ada@mail.test")
	_, others, other := w.tenant("bob@mail.test")
	key := w.apiKey(p.ID, "k")
	for kind, id := range map[store.Freezable]reeve.ID{store.FrozenUser: u.ID, store.FrozenOrganization: o.ID, store.FrozenProject: p.ID} {
		until := minute(5)
		freeze := store.Freeze{ID: id, Kind: kind, Frozen: reeve.Frozen{Type: reeve.FreezeLegal, Since: minute(1), Until: &until}}
		w.write(func(tx *store.Tx) { tx.PutFreeze(freeze) })
		freeze.Type, freeze.Since = reeve.FreezeBilling, minute(2)
		w.write(func(tx *store.Tx) { tx.PutFreeze(freeze) })
		got, err := w.s.Frozen(w.ctx(), id)
		same(t, "the freeze", &freeze.Frozen, got, err)
		for _, at := range []struct {
			project, organization reeve.ID
			want, within          bool
		}{{p.ID, o.ID, true, kind != store.FrozenProject}, {other.ID, others.ID, false, false}} {
			frozen, err := w.s.IsProjectFrozen(w.ctx(), at.project)
			same(t, "project", at.want, frozen, err)
			frozen, err = w.s.IsOrganizationFrozen(w.ctx(), at.organization)
			same(t, "organization", at.within, frozen, err)
		}
		with, err := w.s.FrozenProjects(w.ctx(), []reeve.ID{other.ID, p.ID, newID()})
		same(t, "projects", []reeve.ID{p.ID}, with, err)
		_, project, err := w.s.APIKeyByHead(w.ctx(), key.Head)
		same(t, "of the key", true, project.Frozen, err)
		var all []store.Freeze
		for _, ids := range [][]reeve.ID{nil, {newID(), id}} {
			all = nil
			err := w.s.EachFreeze(w.ctx(), ids, func(f store.Freeze) { all = append(all, f) })
			same(t, "each", []store.Freeze{freeze}, all, err)
		}
		w.in(func(tx *store.Tx) {
			none, err := tx.EndFreezes(w.ctx(), minute(4), 10)
			same(t, "too early", []store.Freeze{}, none, err)
			none, err = tx.EndFreezes(w.ctx(), minute(5), 0)
			same(t, "none at once", []store.Freeze{}, none, err)
		})
		w.write(func(tx *store.Tx) {
			ended, err := tx.EndFreezes(w.ctx(), minute(5), 1)
			same(t, "ended", []store.Freeze{freeze}, ended, err)
		})
		if got, err := w.s.Frozen(w.ctx(), id); got != nil || err != nil {
			t.Errorf("still %v, %v", got, err)
		}
	}
	at := minute(3)
	w.write(func(tx *store.Tx) {
		tx.PutFreeze(store.Freeze{ID: p.ID, Kind: store.FrozenProject, Frozen: reeve.Frozen{Type: reeve.FreezeLegal, Since: at}})
		tx.PutFreeze(store.Freeze{ID: o.ID, Kind: store.FrozenOrganization, Frozen: reeve.Frozen{Type: reeve.FreezeLegal, Since: at}})
	})
	project, err := w.s.ProjectAndMemberCount(w.ctx(), p.ID)
	same(t, "shown", &reeve.Frozen{Type: reeve.FreezeLegal, Since: at}, project.Freeze, err)
	organization, err := w.s.OrganizationAndFreeze(w.ctx(), o.ID)
	same(t, "shown", &reeve.Frozen{Type: reeve.FreezeLegal, Since: at}, organization.Freeze, err)
	w.write(func(tx *store.Tx) { tx.DeleteFreeze(p.ID) })
	project, err = w.s.ProjectAndMemberCount(w.ctx(), p.ID)
	same(t, "not its own", nil, project.Freeze, err)
}

// testHolds: who holds a row still shares that with others, alone with nobody;
// and a transaction begins again when it says so.
func testHolds(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	for _, how := range []store.Hold{store.HoldStill, store.HoldAlone, store.HoldToDrop} {
		w.in(func(tx *store.Tx) {
			got, err := tx.HoldProject(w.ctx(), p.ID, how)
			same(t, "project", p, got, err)
			organization, err := tx.HoldOrganization(w.ctx(), o.ID, how)
			same(t, "organization", o, organization, err)
			_, err = tx.HoldProject(w.ctx(), newID(), how)
			refused(t, "no project", err, reeve.NotFound, "project not found")
			_, err = tx.HoldOrganization(w.ctx(), newID(), how)
			refused(t, "no organization", err, reeve.NotFound, "organization not found")
		})
	}
	tries := 0
	err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
		if tries++; tries < 3 {
			return tx.Again()
		}
		return nil
	})
	same(t, "tries", 3, tries, err)
	if !w.s.Shared() {
		return // there is one writer
	}
	w.in(func(tx *store.Tx) {
		_, err := tx.HoldProject(w.ctx(), p.ID, store.HoldStill)
		same(t, "held", nil, err, nil)
		w.in(func(other *store.Tx) {
			_, err := other.HoldProject(w.ctx(), p.ID, store.HoldStill)
			same(t, "held by two", nil, err, nil)
		})
		soon, cancel := context.WithTimeout(w.ctx(), 100*time.Millisecond)
		defer cancel()
		for _, how := range []store.Hold{store.HoldAlone, store.HoldToDrop} {
			err := w.s.Write(soon, func(other *store.Tx) error {
				_, err := other.HoldProject(soon, p.ID, how)
				return err
			})
			if err == nil {
				t.Error("held alone by two")
			}
		}
	})
}
