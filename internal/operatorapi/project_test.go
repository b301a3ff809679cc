package operatorapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

func TestCreateProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.User(t, "dave", "Dave")
		post := "POST /api/projects"
		before := s.Count(t)
		s.Run(t, []step{
			{Call: post, Body: `{"projectName":7}`, Status: 400, Reply: fault("failed to unmarshal request",
				"json: cannot unmarshal number into Go struct field .projectName of type string")},
			{Call: post, Body: `{"ownerId":""}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
			{Call: post, Body: `{"projectName":"x"}`, Status: 400, Reply: fault("OwnerID is not set")},
			{Call: post, Body: `{"ownerId":"00000000-0000-0000-0000-000000000000","projectName":"x"}`, Status: 400, Reply: fault("OwnerID is not set")},
			{Call: post, Body: `{"ownerId":"{dave}"}`, Status: 400, Reply: fault("ProjectName is not set")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":" \t "}`, Status: 400, Reply: fault("ProjectName is not set")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":"a\u0000"}`, Status: 400, Reply: fault("failed to unmarshal request", "JSON text holds a NUL")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":"a\u001b"}`, Status: 400, Reply: fault("ProjectName has control characters")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":"` + strings.Repeat("é", 201) + `"}`, Status: 400, Reply: fault("ProjectName is longer than 200 characters")},
			{Call: post, Body: `{"ownerId":"` + nobody + `","projectName":"x"}`, Status: 404, Reply: fault("user not found")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":"x","organizationId":"` + nobody + `"}`, Status: 404, Reply: fault("organization not found")},
			{Call: post, Body: `{"ownerId":"{dave}","projectName":"x","organizationId":"{acme}"}`, Status: 409, Reply: fault("owner is not a member of the organization")},
		}...)
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Run(t, []step{
			{Name: "the owner's own organisation", Call: post, Body: `{"ownerId":"{usr:dave}","projectName":"  ` + strings.Repeat("é", 200) + ` "}`, Status: 200, Reply: `{"projectId":"{p}"}`},
			{
				Call: "GET /api/projects/{p}", Status: 200,
				Reply: `{"id":"{p}","name":"` + strings.Repeat("é", 200) + `","description":"","partnerId":"00000000-0000-0000-0000-000000000000",` +
					`"ownerId":"{dave}","rateLimit":null,"maxBuckets":null,"createdAt":"{now}","memberCount":1,"storageLimit":null,` +
					`"bandwidthLimit":null,"organizationId":"{own}"}`,
			},
			{Call: "GET /api/projects/{p}?%zz", Status: 400, Reply: fault("invalid form", `invalid URL escape "%zz"`), Loose: true},
			{Call: "DELETE /api/projects/{p}?a;b", Status: 400, Reply: fault("invalid form", "invalid semicolon separator in query"), Loose: true},
			{Call: "GET /api/organizations/{own}", Status: 200, Reply: `{"id":"{own}","name":"Personal organization","ownerId":"{dave}","createdAt":"{now}"}`},
			{Name: "again the same, names may repeat", Call: post, Body: `{"ownerId":"{dave}","projectName":"p"}`, Status: 200, Reply: `{"projectId":"{q}"}`},
			{Call: "GET /api/projects/{prj:q}", Status: 200, Reply: reevetest.Any, Has: []string{`"organizationId":"{own}"`}},
			{Name: "a member may own", Call: post, Body: `{"ownerId":"{bob}","projectName":"p","organizationId":"{org:acme}"}`, Status: 200, Reply: `{"projectId":"{r}"}`},
			{Call: "GET /api/projects/{r}/members", Status: 200, Reply: reevetest.Any, Has: []string{`"userId":"{bob}"`, `"role":"admin"`}, Not: []string{"{alice}"}},
		}...)
	})
}

// TestProjectLimit counts over all organisations; a deletion frees a place.
func TestProjectLimit(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Member(t, "organizations", "evil", "alice", "viewer")
		for i := range reevetest.ProjectLimit - 2 { // px is the first
			s.Project(t, fmt.Sprintf("p%d", i), "alice", "acme")
		}
		s.Project(t, "other", "alice", "evil")
		refused := step{
			Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"x"}`,
			Status: 409, Reply: fault("project limit reached", "limit 10"),
		}
		s.Run(
			t, refused,
			step{Call: "DELETE /api/projects/{other}", Status: 200},
			step{Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"x"}`, Status: 200, Reply: reevetest.Any},
			refused,
			step{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":11}`, Status: 200},
			step{Call: "POST /api/projects", Body: `{"ownerId":"{alice}","projectName":"x"}`, Status: 200, Reply: reevetest.Any},
		)
	})
}

func TestUpdateProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		put := "PUT /api/projects/{px}"
		state := func(name, description string) step {
			return step{
				Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"name":"` + name + `","description":"` + description + `"`},
			}
		}
		s.Run(t, []step{
			{Call: "PUT /api/projects/x", Body: `{`, Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "PUT /api/projects/" + nobody, Body: `{`, Status: 404, Reply: fault("project not found")},
			{Call: "PUT /api/projects/" + nobody, Body: `{}`, Status: 404, Reply: fault("project not found")},
			{Call: "PUT /api/projects/" + nobody, Body: `{"projectName":"x"}`, Status: 404, Reply: fault("project not found")},
			{Call: put, Status: 400, Reply: fault("failed to unmarshal request", "unexpected end of JSON input")},
			{Call: put, Body: `{}`, Status: 400, Reply: fault("ProjectName is not set")},
			{Call: put, Body: `{"projectName":"","description":""}`, Status: 400, Reply: fault("ProjectName is not set")},
			{Call: put, Body: `{"projectName":" "}`, Status: 400, Reply: fault("ProjectName is not set")},
			{Call: put, Body: `{"projectName":"a\n"}`, Status: 200},
			state("a", ""),
			{Call: put, Body: `{"projectName":"a\nb"}`, Status: 400, Reply: fault("name has control characters")},
			{Call: put, Body: `{"projectName":"` + strings.Repeat("x", 201) + `"}`, Status: 400, Reply: fault("name is longer than 200 characters")},
			{Call: put, Body: `{"projectName":"My new Project Name","description":"My new awesome description!"}`, Status: 200},
			state("My new Project Name", "My new awesome description!"),
			{Call: put, Body: `{"description":"line\nbreak"}`, Status: 200},
			state("My new Project Name", `line\nbreak`),
			{Call: put, Body: `{"projectName":"b","description":""}`, Status: 200},
			{Call: put, Body: `{"projectName":"c","description":null}`, Status: 200},
			state("c", `line\nbreak`),
			{Call: put, Body: `{"projectName":"d","description":"` + strings.Repeat("x", 2001) + `"}`, Status: 400, Reply: fault("description is longer than 2000 characters")},
			state("c", `line\nbreak`),
		}...)
	})
}

// TestDeleteProject meets the guards in their order, one after the other.
func TestDeleteProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		px, err := reeve.ParseAnyID(s.Value(t, "px"))
		if err != nil {
			t.Fatal(err)
		}
		month := reeve.MonthOf(s.Clock.Now())
		use := func(month reeve.Month, m reeve.UsageMeter, value int64) {
			s.Write(t, func(tx *store.Tx) {
				tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: px, Month: month}})
				if m == reeve.UsageEgress {
					tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: px, Month: month, Egress: reeve.Count(value)}})
				}
				for _, gauge := range []reeve.UsageMeter{reeve.UsageStorage, reeve.UsageObjects} {
					sample := reeve.Sample{At: month.Start()}
					if gauge == m {
						sample.Value = value
					}
					tx.PutUsageGauges(month, map[store.GaugeKey]reeve.GaugeMonth{
						{ProjectID: px, Meter: gauge}: {First: sample.At, Last: sample},
					})
				}
			})
		}
		closed := func(done bool) {
			s.Write(t, func(tx *store.Tx) { tx.PutBillingMonth(store.BillingMonth{Month: month.Previous(), Closed: done}) })
		}
		refused := func(message string, detail ...string) {
			t.Helper()
			s.Do(t, step{Call: "DELETE /api/projects/{px}", Status: 409, Reply: fault(message, detail...)})
		}
		outstanding := func(message string) {
			t.Helper()
			refused(message)
			s.Do(t, step{Call: "GET /api/projects/{px}/usage", Status: 409, Reply: fault(message)})
		}
		s.Run(
			t,
			step{Call: "GET /api/projects/{px}/usage", Status: 200, Reply: `{"result":"no project usage exist"}`},
			step{Call: "GET /api/projects/x/usage", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			step{Call: "GET /api/projects/" + nobody + "/usage", Status: 404, Reply: fault("project not found")},
			step{Call: "DELETE /api/projects/x", Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string length 1 expected 36")},
			step{Call: "DELETE /api/projects/" + nobody, Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/" + nobody, Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/01890000-0000-7000-8000-00000000000g", Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string")},
		)
		use(month, reeve.UsageObjects, 1)
		for _, name := range []string{"one", "two", "three"} {
			s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"` + name + `"}`, Status: 200, Reply: reevetest.Any})
		}
		refused("api-keys still exist", "count 3")
		s.Write(t, func(tx *store.Tx) {
			tx.CreateBucket(reeve.Bucket{ProjectID: px, Name: "bucket-one", CreatedAt: tx.Now()})
			tx.CreateBucket(reeve.Bucket{ProjectID: px, Name: "bucket-two", CreatedAt: tx.Now()})
			tx.Record(reeve.Change{Actor: "system", Action: "bucket.create", Target: px})
		})
		refused("buckets still exist", "[bucket-one]")

		// The guards of usage, on a project without the others.
		s.Project(t, "py", "alice", "acme")
		s.Bind("px", s.Value(t, "py"))
		if px, err = reeve.ParseAnyID(s.Value(t, "py")); err != nil {
			t.Fatal(err)
		}
		for _, any := range []reeve.UsageMeter{reeve.UsageStorage, reeve.UsageObjects, reeve.UsageEgress} {
			use(month, any, 1)
			outstanding("usage for current month exists")
		}
		use(month, reeve.UsageRequests, 0)
		use(month.Previous(), reeve.UsageEgress, 1)
		outstanding("usage for last month exist, but is not billed yet")
		closed(false)
		outstanding("unapplied project invoice record exist")
		closed(true)
		s.Member(t, "projects", "px", "bob", "viewer")
		s.Run(
			t,
			step{Call: "GET /api/projects/{px}/usage", Status: 200, Reply: `{"result":"no project usage exist"}`},
			step{Call: "DELETE /api/projects/{px}", Status: 200},
			step{Call: "DELETE /api/projects/{px}", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}/limit", Status: 404, Reply: fault("project not found")},
			step{Call: "PUT /api/projects/{px}/limit?usage=1", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}/apikeys", Status: 404, Reply: fault("project not found")},
			step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"x"}`, Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}/members", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}/usage", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/users/bob@mail.test", Status: 200, Reply: reevetest.Any, Has: []string{`"projects":[]`}},
			step{Name: "the tombstone", Call: "GET /api/changes?target={px}", Status: 200, Reply: reevetest.Any, Has: []string{`"action":"project.delete"`}},
		)
	})
}
