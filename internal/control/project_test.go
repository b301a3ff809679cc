package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

func TestCreateProject(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, _ := h.tenant("ada@mail.test")
		p, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, OrganizationID: o.ID, Name: " beta ", Description: "d"})
		h.check(err)
		want := reeve.Project{
			ID: p.ID, OrganizationID: o.ID, OwnerID: u.ID, ServiceAccountID: p.ServiceAccountID,
			Name: "beta", Description: "d", MemberCount: 1, CreatedAt: epoch,
		}
		got, err := h.c.GetProject(h.ctx, p.ID)
		same(t, "found", want, got, err)
		if p.ServiceAccountID == reeve.Zero || p.ServiceAccountID == p.ID {
			t.Error("no service account")
		}
		members, err := h.c.ListProjectMembers(h.ctx, p.ID)
		if err != nil || len(members) != 1 || members[0].UserID != u.ID || members[0].Role != reeve.RoleAdmin {
			t.Errorf("%+v, %v", members, err)
		}
		fields := fmt.Sprintf(`{"description":"d","name":"beta","organizationId":%q,"ownerId":%q}`, o.ID, u.ID)
		same(t, "log", []string{"project.create  " + fields}, h.log(p.ID), nil)

		outsider := h.user("eve@mail.test")
		for _, test := range []struct {
			in      control.NewProject
			kind    reeve.Kind
			message string
		}{
			{control.NewProject{}, reeve.Invalid, "OwnerID is not set"},
			{control.NewProject{OwnerID: newID()}, reeve.Invalid, "ProjectName is not set"},
			{control.NewProject{OwnerID: newID(), Name: "x", Description: strings.Repeat("x", 2001)}, reeve.Invalid, "description is longer than 2000 characters"},
			{control.NewProject{OwnerID: newID(), Name: "x"}, reeve.NotFound, "user not found"},
			{control.NewProject{OwnerID: u.ID, OrganizationID: newID(), Name: "x"}, reeve.NotFound, "organization not found"},
			{control.NewProject{OwnerID: outsider.ID, OrganizationID: o.ID, Name: "x"}, reeve.Conflict, "owner is not a member of the organization"},
		} {
			_, err := h.c.CreateProject(h.ctx, test.in)
			refused(t, test.message, err, test.kind, test.message)
		}
	})
}

// TestPersonalOrganization is made on first use, then used again.
func TestPersonalOrganization(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		in := control.NewProject{OwnerID: u.ID, Name: "alpha"}
		first, err := h.c.CreateProject(h.ctx, in)
		h.check(err)
		o, err := h.c.GetOrganization(h.ctx, first.OrganizationID)
		same(t, "made", reeve.Organization{ID: o.ID, Name: reeve.PersonalOrganization, OwnerID: u.ID, CreatedAt: epoch}, o, err)
		h.clock.pass(time.Minute)
		h.organization(u)
		second, err := h.c.CreateProject(h.ctx, in)
		same(t, "used again", o.ID, second.OrganizationID, err)
	})
}

// TestProjectLimit counts what the user owns, in all organisations; a deleted
// project frees its place.
func TestProjectLimit(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, first := h.tenant("ada@mail.test")
		other := h.organization(u)
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{ProjectLimit: 2}))
		h.project(other)
		create := func() error {
			_, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, OrganizationID: o.ID, Name: "x"})
			return err
		}
		refused(t, "reached", create(), reeve.Conflict, "project limit reached", "limit 2")
		_, _, foreign := h.tenant("bob@mail.test") // one that u is in counts not
		h.check(h.c.PutOrganizationMember(h.ctx, foreign.OrganizationID, u.ID, reeve.RoleAdmin))
		h.check(h.c.DeleteProject(h.ctx, first.ID))
		h.check(create())
		refused(t, "again", create(), reeve.Conflict, "project limit reached", "limit 2")
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{ProjectLimit: 1}))
		refused(t, "lowered", create(), reeve.Conflict, "project limit reached", "limit 1")
	})
}

func TestUpdateProject(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		name, text := " omega ", "new"
		got, err := h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Name: &name, Description: &text})
		p.Name, p.Description = "omega", "new"
		got.MemberCount = p.MemberCount
		same(t, "both", p, got, err)
		_, err = h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Name: &name})
		h.check(err)
		got, err = h.c.GetProject(h.ctx, p.ID)
		same(t, "stored", p, got, err)
		same(t, "log", []string{`project.update {"description":"","name":"alpha"} {"description":"new","name":"omega"}`}, h.log(p.ID)[1:], nil)
		blank, long, nul := " ", strings.Repeat("x", 2001), "a\x00b"
		for message, patch := range map[string]reeve.ProjectPatch{
			"name is not set":                            {Name: &blank},
			"name is longer than 200 characters":         {Name: &long},
			"name has control characters":                {Name: &nul},
			"description is longer than 2000 characters": {Description: &long},
			"description is not plain text":              {Description: &nul},
		} {
			_, err := h.c.UpdateProject(h.ctx, p.ID, patch)
			refused(t, message, err, reeve.Invalid, message)
		}
		_, err = h.c.UpdateProject(h.ctx, newID(), reeve.ProjectPatch{Name: &blank})
		refused(t, "unknown", err, reeve.NotFound, "project not found")
	})
}

// TestDeleteProject is what stands in the way of it, in the original's order.
func TestDeleteProject(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		remove := func() error { return h.c.DeleteProject(h.ctx, p.ID) }
		put := func(fn func(tx *store.Tx)) {
			h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
				fn(tx)
				tx.Record(reeve.Change{Action: "test"})
				return nil
			}))
		}
		usage := func(month reeve.Month, bytes int64) {
			put(func(tx *store.Tx) {
				tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: p.ID, Month: month, Egress: reeve.Count(bytes)}})
			})
		}
		closed := func(done bool) {
			put(func(tx *store.Tx) { tx.PutBillingMonth(store.BillingMonth{Month: 202610, Closed: done}) })
		}
		blocked := func(message string) {
			t.Helper()
			refused(t, message, remove(), reeve.Conflict, message, "")
			refused(t, message, h.c.CheckUsage(h.ctx, p.ID), reeve.Conflict, message, "")
		}
		usage(202610, 1)
		usage(202611, 1)
		_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		refused(t, "a key", remove(), reeve.Conflict, "api-keys still exist", "count 1")
		h.check(deleteKey(h.ctx, h.c, p.ID, "ci"))
		blocked("usage for current month exists")
		usage(202611, 0)
		blocked("usage for last month exist, but is not billed yet")
		closed(false)
		blocked("unapplied project invoice record exist")
		closed(true)
		h.check(h.c.CheckUsage(h.ctx, p.ID))
		h.check(remove())
		for what, err := range map[string]error{
			"again": remove(), "usage": h.c.CheckUsage(h.ctx, p.ID),
			"limits": h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{}),
			"get":    func() error { _, err := h.c.GetProject(h.ctx, p.ID); return err }(),
			"keys":   func() error { _, _, err := h.c.ListAPIKeys(h.ctx, p.ID); return err }(),
			"by key": deleteKey(h.ctx, h.c, p.ID, "x"),
		} {
			refused(t, what, err, reeve.NotFound, "project not found")
		}
		_, _, second := h.tenant("bob@mail.test")
		put(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: second.ID, Name: "one", CreatedAt: epoch}) })
		refused(t, "a bucket", h.c.DeleteProject(h.ctx, second.ID), reeve.Conflict, "buckets still exist", "[one]")
	})
}

// TestUpdateLimits: unset, zero and unlimited are three things; no field that
// is not named changes.
func TestUpdateLimits(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		zero, seven, unset := reeve.LimitOf(0), reeve.LimitOf(7), reeve.Limit{}
		update := func(patch reeve.LimitsPatch, want reeve.Limits) {
			t.Helper()
			h.check(h.c.UpdateLimits(h.ctx, p.ID, patch))
			got, err := h.c.GetProject(h.ctx, p.ID)
			same(t, "limits", want, got.Limits, err)
		}
		update(reeve.LimitsPatch{}, reeve.Limits{})
		update(reeve.LimitsPatch{Usage: &zero, Bandwidth: &reeve.Unlimited, Rate: &seven}, reeve.Limits{Usage: zero, Bandwidth: reeve.Unlimited, Rate: seven})
		update(reeve.LimitsPatch{Usage: &zero}, reeve.Limits{Usage: zero, Bandwidth: reeve.Unlimited, Rate: seven})
		update(reeve.LimitsPatch{Usage: &unset, Rate: &unset, Buckets: &zero}, reeve.Limits{Bandwidth: reeve.Unlimited, Buckets: zero})
		same(t, "log", []string{
			`limits.update {"bandwidth":"default","rate":"default","usage":"default"} {"bandwidth":"unlimited","rate":"7","usage":"0"}`,
			`limits.update {"buckets":"default","rate":"7","usage":"0"} {"buckets":"0","rate":"default","usage":"default"}`,
		}, h.log(p.ID)[1:], nil)
	})
}
