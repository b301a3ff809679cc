package storetest

import (
	"math"
	"testing"

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

// testDeleteProject: memberships and usage go along; keys and buckets, which a
// use case must have looked for, stand in the way.
func testDeleteProject(t *testing.T, w world) {
	u, o, p := w.tenant("ada@mail.test")
	w.write(func(tx *store.Tx) {
		tx.CreateMember(store.InProject(p.ID), reeve.Member{UserID: u.ID, Role: reeve.RoleAdmin, CreatedAt: epoch})
		tx.PutUsageTotal(reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Storage: 1})
		tx.PutBillingRecord(reeve.BillingRecord{ProjectID: p.ID, Month: 202611, State: reeve.BillingApplied})
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
	count, err := w.s.CountMembers(w.ctx(), store.InProject(p.ID))
	same(t, "members", 0, count, err)
	usage, err := w.s.UsageTotal(w.ctx(), p.ID, 202611)
	same(t, "usage", reeve.UsageTotal{ProjectID: p.ID, Month: 202611}, usage, err)
	record, err := w.s.BillingRecord(w.ctx(), p.ID, 202611)
	same(t, "the record of money stays", &reeve.BillingRecord{ProjectID: p.ID, Month: 202611, State: reeve.BillingApplied}, record, err)

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

func testUsage(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	put := func(u reeve.UsageTotal) { w.write(func(tx *store.Tx) { tx.PutUsageTotal(u) }) }
	total := reeve.UsageTotal{ProjectID: p.ID, Month: 202612, Storage: 1, Objects: 2, Egress: math.MaxInt64}
	put(total)
	total.Storage, total.Objects, total.Egress = 4, 5, 6
	put(total)
	last := reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: 7}
	put(last)
	put(reeve.UsageTotal{ProjectID: other.ID, Month: 202611, Egress: 8})
	for _, want := range []reeve.UsageTotal{total, last, {ProjectID: p.ID, Month: 202610}, {ProjectID: newID(), Month: 202612}} {
		got, err := w.s.UsageTotal(w.ctx(), want.ProjectID, want.Month)
		same(t, want.Month.String(), want, got, err)
	}
	err := w.try(func(tx *store.Tx) { tx.PutUsageTotal(reeve.UsageTotal{ProjectID: o.ID, Month: 202612}) })
	refused(t, "no project", err, reeve.NotFound, "project not found")

	record := reeve.BillingRecord{ProjectID: p.ID, Month: 202611, State: reeve.BillingApplied}
	w.write(func(tx *store.Tx) { tx.PutBillingRecord(record) })
	got, err := w.s.Outstanding(w.ctx(), p.ID, 202612)
	same(t, "outstanding", reeve.Outstanding{Current: total, Last: last, Record: &record}, got, err)
	got, err = w.s.Outstanding(w.ctx(), p.ID, 202701)
	same(t, "over the year", reeve.Outstanding{
		Current: reeve.UsageTotal{ProjectID: p.ID, Month: 202701}, Last: total,
	}, got, err)

	for _, want := range []int{3, 0} { // two totals and a record
		err := w.s.Write(w.ctx(), func(tx *store.Tx) error {
			removed, err := tx.DeleteUsageBefore(w.ctx(), 202612, 2)
			if removed != want {
				t.Errorf("%d rows were removed, not %d", removed, want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	kept, err := w.s.UsageTotal(w.ctx(), p.ID, 202612)
	same(t, "kept", total, kept, err)
	for _, id := range []reeve.ID{p.ID, other.ID} {
		gone, err := w.s.UsageTotal(w.ctx(), id, 202611)
		same(t, "removed", reeve.UsageTotal{ProjectID: id, Month: 202611}, gone, err)
	}
}

func testBillingRecords(t *testing.T, w world) {
	project := newID() // the record outlives its project
	none, err := w.s.BillingRecord(w.ctx(), project, 202611)
	same(t, "none", nil, none, err)
	for _, state := range []reeve.BillingState{reeve.BillingUnapplied, reeve.BillingApplied} {
		record := reeve.BillingRecord{ProjectID: project, Month: 202611, State: state}
		w.write(func(tx *store.Tx) { tx.PutBillingRecord(record) })
		got, err := w.s.BillingRecord(w.ctx(), project, 202611)
		same(t, "record", &record, got, err)
	}
	none, err = w.s.BillingRecord(w.ctx(), project, 202612)
	same(t, "another month", nil, none, err)
}
