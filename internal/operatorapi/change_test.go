package operatorapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestGateways(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Run(t, []step{
			{Call: "GET /api/gateways", Status: 200, Reply: `[]`},
			{Call: "POST /api/gateways", Body: `{}`, Status: 400, Reply: fault("Name is not set")},
			{Call: "POST /api/gateways", Body: `{"name":"edge"}`, Status: 200, Reply: `{"id":"{g}","token":"{token}"}`},
			{Call: "GET /api/gateways", Status: 200, Reply: `[{"id":"{g}","name":"edge","createdAt":"{now}"}]`, Not: []string{"{token}"}},
			{Call: "GET /gateway/nothing", Status: 404, Reply: reevetest.Any},
			{Call: "DELETE /api/gateways/x", Status: 400, Reply: fault("invalid gateway-uuid", "uuid: invalid string length 1 expected 36")},
			{Call: "DELETE /api/gateways/" + nobody, Status: 404, Reply: fault("gateway not found")},
			{Call: "DELETE /api/gateways/{gw:g}", Status: 200},
			{Call: "DELETE /api/gateways/{g}", Status: 404, Reply: fault("gateway not found")},
			{Name: "the token is dead", Call: "GET /gateway/nothing", Status: 401, Reply: reevetest.Any},
		}...)
	})
}

func TestChanges(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Run(t, []step{
			{
				Call: "PUT /project/{px}", Body: `{"name":"renamed"}`, Header: http.Header{"X-Request-Id": {"my.request-1"}},
				Status: 200, Reply: reevetest.Any,
			},
			{
				Name: "what a change tells", Call: "GET /api/changes?limit=1", Status: 200,
				Reply: `{"changes":[{"number":15,"at":"{now}","actor":"{key_id}","action":"project.update","target":"{px}",` +
					`"before":{"name":"px"},"after":{"name":"renamed"},"reason":"","requestId":"my.request-1"}],"next":"15"}`,
			},
			{Call: "GET /api/changes?actor={key_id}", Status: 200, Reply: reevetest.Any, Has: []string{`"next":null`, "renamed"}},
			{Call: "GET /api/changes?actor={orgkey:key_id}", Status: 200, Reply: reevetest.Any, Has: []string{"renamed"}},
			{Call: "GET /api/changes?actor=root&action=organization.create", Status: 200, Reply: reevetest.Any, Has: []string{"acme", "evil"}, Not: []string{"renamed"}},
			{Call: "GET /api/changes?since=2100-01-01T00:00:00Z", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?until=2000-01-01T00:00:00Z", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?since=2000-01-01T00:00:00%2B01:00&until=2100-01-01T00:00:00Z", Status: 200, Reply: reevetest.Any, Has: []string{"renamed"}},
			{Call: "GET /api/changes?since=yesterday", Status: 400, Reply: reevetest.Any},
			{Call: "GET /api/changes?actor=system", Status: 200, Reply: reevetest.Any, Has: []string{"user.create"}, Not: []string{"root"}},
			{Call: "GET /api/changes?target={org:acme}&action=member.create", Status: 200, Reply: reevetest.Any, Has: []string{`"userId":"{bob}"`}, Not: []string{"{evil}"}},
			{Call: "GET /api/changes?target={px}&action=project.create", Status: 200, Reply: reevetest.Any, Has: []string{`"before":null,"after":{`}},
			{Call: "GET /api/changes?target=" + nobody, Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?organization={org:acme}", Status: 200, Reply: reevetest.Any, Has: []string{"project.create", "{px}"}, Not: []string{"{evil}", "{foreign}", "user.create"}},
			{Call: "GET /api/changes?organization={evil}&target={px}", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?organization=garbage", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?target=garbage", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?actor=garbage", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Call: "GET /api/changes?action=project.Create", Status: 200, Reply: `{"changes":[],"next":null}`},
			{Name: "unknown parameters", Call: "GET /api/changes?limit=1&x=y", Loose: true, Status: 200, Reply: reevetest.Any},
			{Call: "GET /api/changes?limit=500", Status: 200, Reply: reevetest.Any, Has: []string{`"next":null`}},
			{Call: "GET /api/changes?after=1", Status: 200, Reply: `{"changes":[],"next":null}`},
		}...)
		limit := fault("limit must be 1 to 500")
		cursor := fault("after is not a cursor")
		for query, reply := range map[string]string{
			"limit=0": limit, "limit=501": limit, "limit=-1": limit, "limit=x": limit, "limit=1.0": limit, "limit=99999999999999999999": limit,
			"after=0": cursor, "after=x": cursor, "after=-1": cursor,
			"%zz": fault("invalid form", `invalid URL escape "%zz"`), "a;b": fault("invalid form", "invalid semicolon separator in query"),
			"actor=%00": fault("invalid form", "text is not valid UTF-8 or holds a NUL"),
		} {
			s.Do(t, step{Call: "GET /api/changes?" + query, Status: 400, Reply: reply})
		}
	})
}

// TestPaging walks the whole log in pages while it grows, without loss or
// repetition.
func TestPaging(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		total := s.Count(t)
		for _, size := range []int64{1, 4, total - 1, total, total + 1} {
			next, after := total, ""
			for pages := 0; ; pages++ {
				reply := s.Do(t, step{Call: fmt.Sprintf("GET /api/changes?limit=%d%s", size, after), Status: 200, Reply: reevetest.Any})
				var page struct {
					Changes []struct{ Number int64 }
					Next    *string
				}
				if err := json.Unmarshal([]byte(reply.Body), &page); err != nil {
					t.Fatal(err)
				}
				for _, change := range page.Changes {
					if change.Number != next {
						t.Fatalf("number %d, want %d", change.Number, next)
					}
					next--
				}
				if page.Next == nil {
					break
				}
				if int64(len(page.Changes)) != size {
					t.Fatalf("a page of %d, want %d", len(page.Changes), size)
				}
				after = "&after=" + *page.Next
				s.User(t, fmt.Sprintf("new%d-%d", size, pages), "New")
			}
			if next != 0 {
				t.Errorf("pages of %d end at number %d", size, next)
			}
			total = s.Count(t)
		}
	})
}
