package operatorapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestListUsers(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Run(t, step{Call: "GET /api/users", Status: 200, Reply: `{"users":[],"next":null}`})
		s.Tenants(t)
		bob := `{"id":"{bob}","fullName":"Bob","email":"bob@mail.test","projectLimit":10,"createdAt":"{now}"}`
		s.Run(t, []step{
			{Call: "GET /api/users?q=BOB", Status: 200, Reply: `{"users":[` + bob + `],"next":null}`},
			{Call: "GET /api/users?q=ob@mail", Status: 200, Reply: `{"users":[` + bob + `],"next":null}`},
			{Call: "GET /api/users?q={bob}", Status: 200, Reply: `{"users":[` + bob + `],"next":null}`},
			{Call: "GET /api/users?q={usr:bob}", Status: 200, Reply: `{"users":[` + bob + `],"next":null}`},
			{Call: "GET /api/users?q={prj:bob}", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?q={acme}", Status: 200, Reply: `{"users":[],"next":null}`},
			{Name: "an address too many", Call: "GET /api/users?q=bob@mail.test.", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?q=ob", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?q=b", Status: 200, Reply: `{"users":[` + bob + `],"next":null}`},
			{Call: "GET /api/users?hasProjects=true&sort=email", Status: 200, Reply: reevetest.Any, Has: []string{"alice@", "mallory@"}, Not: []string{"bob@", "carol@"}},
			{Call: "GET /api/users?hasProjects=false&sort=-name", Status: 200, Reply: reevetest.Any, Has: []string{"carol@", "bob@"}, Not: []string{"alice@"}},
			{Call: "GET /api/users?createdBefore={now}", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?createdAfter=2020-01-01T00:00:00Z&createdBefore=2099-01-01T00:00:00%2B01:00", Status: 200, Reply: reevetest.Any, Has: []string{"bob"}},
			{Name: "one is still got by address", Call: "GET /api/users/bob@mail.test", Status: 200, Reply: reevetest.Any, Has: []string{`{"user":{"id":"{bob}"`}},
			{Call: "PUT /api/users/bob@mail.test", Body: `{"fullName":"Robert"}`, Status: 200},
			{Call: "GET /api/users?q=robert", Status: 200, Reply: reevetest.Any, Has: []string{"{bob}"}},
			{Call: "DELETE /api/organizations/{acme}/members/{bob}", Status: 200},
			{Call: "DELETE /api/users/bob@mail.test", Status: 200},
			{Call: "GET /api/users?q=robert", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?q={bob}", Status: 200, Reply: `{"users":[],"next":null}`},
			{Call: "GET /api/users?q=deactivated", Status: 200, Reply: `{"users":[],"next":null}`},
		}...)
		for _, path := range []string{"users", "organizations", "projects", "coupons"} {
			refusesListing(t, s, path)
		}
	})
}

// refusesListing tries what a list does not take.
func refusesListing(t *testing.T, s *reevetest.Server, path string) {
	t.Helper()
	sorts := "sort must be created, -created, name or -name"
	if path == "users" {
		sorts = "sort must be created, -created, name, -name, email or -email"
	}
	cursor := fault("after is not a cursor of this list")
	for query, reply := range map[string]string{
		"limit=0": fault("limit must be 1 to 500"), "limit=501": fault("limit must be 1 to 500"), "limit=x": fault("limit must be 1 to 500"),
		"sort=x": fault(sorts), "sort=Name": fault(sorts), "after=x": cursor, "after=" + strings.Repeat("A", 2000): cursor,
		"after=" + strings.Repeat("A", 43):                                    cursor,
		"after=" + base64.RawURLEncoding.EncodeToString(make([]byte, 8+16+8)): cursor,
		"q=" + strings.Repeat("x", 1001):                                      fault("q is longer than 1000 bytes"),
		"q=%00":                                                               fault("invalid form", "text is not valid UTF-8 or holds a NUL"),
		"q=%ff":                                                               fault("invalid form", "text is not valid UTF-8 or holds a NUL"),
	} {
		s.Do(t, step{Call: "GET /api/" + path + "?" + query, Status: 400, Reply: reply})
	}
	for query, of := range map[string]string{
		"createdAfter=yesterday": "", "hasProjects=2": "users", "owner=x": "projects", "organization=usr_x": "projects",
		"member=x": "organizations", "user=x": "coupons", "status=0": "coupons",
	} {
		if of == "" || of == path {
			s.Do(t, step{Call: "GET /api/" + path + "?" + query, Status: 400, Reply: reevetest.Any})
		}
	}
}

func TestListTenants(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		acme := `{"id":"{acme}","name":"acme","ownerId":"{alice}","createdAt":"{now}"}`
		px := `{"id":"{px}","name":"px","description":"","ownerId":"{alice}","organizationId":"{acme}","createdAt":"{now}"}`
		s.Run(t, []step{
			{Call: "GET /api/organizations?q=CM", Status: 200, Reply: `{"organizations":[],"next":null}`},
			{Call: "GET /api/organizations?q=CME", Status: 200, Reply: `{"organizations":[` + acme + `],"next":null}`},
			{Call: "GET /api/organizations?owner={usr:alice}", Status: 200, Reply: `{"organizations":[` + acme + `],"next":null}`},
			{Call: "GET /api/organizations?member={bob}&sort=name", Status: 200, Reply: `{"organizations":[` + acme + `],"next":null}`},
			{Call: "GET /api/organizations?member={mallory}&q=acme", Status: 200, Reply: `{"organizations":[],"next":null}`},
			{Call: "GET /api/organizations?q={org:acme}", Status: 200, Reply: `{"organizations":[` + acme + `],"next":null}`},
			{Call: "GET /api/projects?organization={acme}", Status: 200, Reply: `{"projects":[` + px + `],"next":null}`},
			{Call: "GET /api/projects?owner={alice}&sort=-name", Status: 200, Reply: `{"projects":[` + px + `],"next":null}`},
			{Call: "GET /api/projects?owner={alice}&organization={evil}", Status: 200, Reply: `{"projects":[],"next":null}`},
			{Call: "GET /api/projects?q=oreig", Status: 200, Reply: reevetest.Any, Has: []string{"{foreign}"}, Not: []string{"{px}"}},
			{Call: "PUT /api/projects/{px}", Body: `{"projectName":"Größe"}`, Status: 200},
			{Call: "GET /api/projects?q=" + url.QueryEscape("GRÖSSE"), Status: 200, Reply: reevetest.Any, Has: []string{"{px}"}},
			{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":3000,"description":"Welcome"}`, Status: 200, Reply: `{"id":"{c}"}`},
			{
				Call: "GET /api/coupons?q=welcome&user={alice}&status=active", Status: 200,
				Reply: `{"coupons":[{"id":"{c}","userId":"{alice}","duration":2,"amount":3000,"description":"Welcome","type":0,"status":0,"created":"{now}"}],"next":null}`,
			},
			{Call: "GET /api/coupons?q={cpn:c}", Status: 200, Reply: reevetest.Any, Has: []string{"{c}"}},
			{Call: "GET /api/coupons?status=used", Status: 200, Reply: `{"coupons":[],"next":null}`},
			{Call: "GET /api/coupons?status=expired&user={bob}", Status: 200, Reply: `{"coupons":[],"next":null}`},
			{Call: "DELETE /api/coupons/{c}", Status: 200},
			{Call: "GET /api/coupons", Status: 200, Reply: `{"coupons":[],"next":null}`},
		}...)
	})
}

// TestListingPages: all pages of an order together have everything once, and a
// cursor is of no use in another list.
func TestListingPages(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		for i := range 7 {
			s.User(t, fmt.Sprintf("user%d", i), "Same Name")
		}
		for _, sort := range []string{"", "created", "name", "-name", "-email"} {
			query := "/api/users?limit=3&q=same&sort=" + sort
			seen := map[string]bool{}
			after := ""
			for range 3 {
				reply := s.Do(t, step{Call: "GET " + query + after, Status: 200, Reply: reevetest.Any})
				var page struct {
					Users []struct{ ID string }
					Next  *string
				}
				if err := json.Unmarshal([]byte(reply.Body), &page); err != nil {
					t.Fatal(err)
				}
				for _, user := range page.Users {
					seen[user.ID] = true
				}
				if page.Next == nil {
					break
				}
				after = "&after=" + *page.Next
				for _, other := range []string{
					"/api/users?q=same&sort=email", "/api/users?q=sam&sort=" + sort, "/api/users?sort=" + sort, "/api/projects?q=same",
					"/api/users?hasProjects=false&q=same&sort=" + sort, "/api/users?createdAfter=2020-01-01T00:00:00Z&q=same&sort=" + sort,
				} {
					s.Do(t, step{Call: "GET " + other + after, Status: 400, Reply: fault("after is not a cursor of this list")})
				}
				s.Do(t, step{Name: "another limit", Call: "GET /api/users?q=SAME&limit=1&sort=" + sort + after, Status: 200, Reply: reevetest.Any})
			}
			if len(seen) != 7 {
				t.Errorf("sorted by %q: %d users, want 7", sort, len(seen))
			}
		}
	})
}
