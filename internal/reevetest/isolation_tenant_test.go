package reevetest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// tenant is one of two on a server, with all that is known of it.
type tenant struct {
	mark      string // ten letters that are in every text of the tenant's
	ids       map[reeve.Prefix][]reeve.ID
	apikeys   []string // their texts
	links     []string // the tokens of its invitations
	names     []string // of its things and users
	addresses []string
	users     []string // the bound names of those with sessions
	keys      []string // the organisation keys' texts

	secrets []string        // what the other may never read, in lower case
	known   map[string]bool // secrets, as a set
	said    []string        // the other's texts that it has written itself
}

var (
	typeIDs   = regexp.MustCompile(`\b([a-z]+)_([0-7][0-9a-hjkmnp-tv-z]{25})\b`)
	tokens    = regexp.MustCompile(`reeve_([a-z]+)_[0-9A-Za-z_-]{20,}`)
	macaroons = regexp.MustCompile(`"key":"([1-9A-HJ-NP-Za-km-z]{60,})"`)
)

// letters makes n random small letters.
func letters(random *rand.Rand, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('a' + random.IntN(26))
	}
	return string(out)
}

// hide makes texts what the other tenant may not read.
func (a *tenant) hide(texts ...string) {
	for _, text := range texts {
		if text = strings.ToLower(text); !a.known[text] {
			a.known[text] = true
			a.secrets = append(a.secrets, text)
		}
	}
}

// learn takes what an answer to the tenant tells of it.
func (a *tenant) learn(text string) {
	for _, found := range typeIDs.FindAllStringSubmatch(text, -1) {
		id, err := reeve.ParseAnyID(found[0])
		prefix := reeve.Prefix(found[1])
		if err != nil || prefix == reeve.PrefixGateway || slices.Contains(a.ids[prefix], id) {
			continue
		}
		a.ids[prefix] = append(a.ids[prefix], id)
		a.hide(id.String(), found[2])
	}
	for _, found := range tokens.FindAllStringSubmatch(text, -1) {
		switch prefix := reeve.TokenPrefix("reeve_" + found[1] + "_"); {
		case prefix == reeve.TokenOrganization && !slices.Contains(a.keys, found[0]):
			a.keys = append(a.keys, found[0])
		case prefix == reeve.TokenInvitation:
			a.links = append(a.links, found[0])
		}
		a.hide(windows(found[0])...)
	}
	for _, found := range macaroons.FindAllStringSubmatch(text, -1) {
		a.apikeys = append(a.apikeys, found[1])
		a.hide(windows(found[1])...)
	}
}

// windows are parts of a credential that show it: near its head and its tail.
func windows(credential string) []string {
	return []string{credential[20:32], credential[len(credential)-12:]}
}

// newTenant makes a tenant of random size, of which every text holds the mark.
func newTenant(t *testing.T, s *reevetest.Server, random *rand.Rand) *tenant {
	t.Helper()
	m := letters(random, 10)
	a := &tenant{mark: m, ids: map[reeve.Prefix][]reeve.ID{}, known: map[string]bool{}}
	a.hide(m)
	org, projects := m+"org", 2+random.IntN(2)
	for _, role := range []string{"owner", "editor", "viewer", "lead"} {
		s.User(t, m+role, m+" "+role)
		a.users = append(a.users, m+role)
		a.addresses = append(a.addresses, m+role+"@mail.test")
		a.names = append(a.names, m+" "+role)
	}
	s.GivePassword(t, m+"editor")
	s.Organization(t, org, m+"owner")
	for user, role := range map[string]string{"editor": "editor", "viewer": "viewer", "lead": "viewer"} {
		s.Member(t, "organizations", org, m+user, role)
	}
	for _, role := range []string{"admin", "editor", "viewer"} {
		s.OrganizationKey(t, m+role+"key", org, role)
		a.keys = append(a.keys, s.Value(t, m+role+"key"))
		a.names = append(a.names, m+role+"key")
		a.hide(windows(s.Value(t, m+role+"key"))...)
	}
	a.names = append(a.names, org)
	for i := range projects {
		a.project(t, s, random, fmt.Sprintf("%sproject%d", m, i))
	}
	a.pay(t, s, random)
	a.learn(s.Expand("{org:" + org + "}"))
	for _, user := range a.users {
		a.learn(s.Expand("{usr:" + user + "}"))
	}
	return a
}

// project makes a project with a key, an invitation, limits and usage.
func (a *tenant) project(t *testing.T, s *reevetest.Server, random *rand.Rand, name string) {
	t.Helper()
	m := a.mark
	s.Project(t, name, m+"owner", m+"org")
	s.Member(t, "projects", name, m+"lead", "admin")
	if random.IntN(2) == 0 {
		s.Member(t, "projects", name, m+"viewer", "viewer")
	}
	limit, used := 1_000_000_000_000+random.Int64N(1_000_000_000_000), 11_000_000_000+random.Int64N(1_000_000_000)
	learn := func(_ *testing.T, reply reevetest.Reply) { a.learn(reply.Body) }
	s.Plain = true
	for _, call := range []step{
		{Call: "PUT /api/projects/{" + name + "}", Body: `{"description":"of ` + m + `"}`},
		{Call: "PUT /api/projects/{" + name + "}/limit?bandwidth=" + fmt.Sprint(limit)},
		{
			Call: "POST /project/{prj:" + name + "}/key", As: "{" + m + "adminkey}", After: learn,
			Body: `{"name":"` + name + `key","restrictions":{"paths":[{"bucket":"` + m + `bucket","prefix":"` + m + `/"}]}}`,
		},
		{Call: "POST /project/{prj:" + name + "}/key", As: "{" + m + "adminkey}", After: learn, Body: `{"name":"` + name + `other"}`},
		{
			Call: "POST /project/{prj:" + name + "}/invitation", As: "{" + m + "adminkey}", After: learn,
			Body: `{"email":"` + name + `@mail.test","role":"viewer","expires_in":2592000}`,
		},
		{Call: "PUT /gateway/projects/{" + name + "}/buckets/" + m + "bucket"},
		{Call: "POST /gateway/usage", Body: fmt.Sprintf(
			`{"gateway":%q,"sequence":1,"records":[{"projectId":"{%s}","bucket":"%sbucket","meter":"egress","at":"2026-11-22T10:00:00Z","value":%d}]}`, name, name, m, used)},
	} {
		call.Status, call.Reply = 200, reevetest.Any
		s.Do(t, call)
	}
	s.Plain = false
	s.Used(t, reeve.UsageTotal{ProjectID: s.ID(t, name), Month: 202611, Egress: reeve.Count(used)})
	a.names = append(a.names, name, name+"key", name+"other")
	a.addresses = append(a.addresses, name+"@mail.test")
	a.hide(fmt.Sprint(limit), fmt.Sprint(used))
	a.learn(s.Expand("{prj:" + name + "}"))
}

// pay gives the organisation what has to do with money, and an invitation.
func (a *tenant) pay(t *testing.T, s *reevetest.Server, random *rand.Rand) {
	t.Helper()
	m := a.mark
	guest := `{"email":"` + m + `guest@mail.test","role":"viewer","expires_in":2592000}`
	for _, call := range []step{
		{Call: "POST /organization/{org:" + m + "org}/invitation", As: "{" + m + "adminkey}", Body: guest},
		{Call: "POST /api/coupons", Body: `{"userId":"{` + m + `owner}","duration":2,"amount":3,"description":"` + m + ` coupon"}`},
		{Call: "POST /api/credits", Body: fmt.Sprintf(`{"organizationId":"{%sorg}","amount":%d,"description":"%s credit"}`, m, 1+random.IntN(9), m)},
		{Call: "PUT /api/organizations/{" + m + "org}/budget", Body: `{"amount":100}`},
		{Call: "PUT /api/organizations/{" + m + "org}/webhook", Body: `{"url":"https://` + m + `.example.com/"}`},
	} {
		call.Status, call.Reply = 200, reevetest.Any
		call.After = func(_ *testing.T, reply reevetest.Reply) { a.learn(reply.Body) }
		s.Do(t, call)
	}
	a.addresses = append(a.addresses, m+"guest@mail.test")
}

// twoTenants makes a server with two tenants, whose November is billed.
func twoTenants(t *testing.T, s *reevetest.Server, random *rand.Rand) [2]*tenant {
	t.Helper()
	s.Gateway(t, "edge")
	out := [2]*tenant{newTenant(t, s, random), newTenant(t, s, random)}
	s.Clock.Advance(10 * 24 * time.Hour)
	s.Do(t, step{Call: "POST /api/months/2026-11/close", Status: 200, Reply: reevetest.Any})
	return out
}

// signIn opens a session of every user.
func (a *tenant) signIn(t *testing.T, s *reevetest.Server) {
	t.Helper()
	for _, user := range a.users {
		s.OpenSession(t, user)
		a.hide(windows(s.Value(t, user+"_token"))...)
	}
}

// session gives the headers of a user who is signed in.
func session(s *reevetest.Server, user string) http.Header {
	return http.Header{"X-Auth-Id": {s.Expand("{usr:" + user + "}")}, "X-Auth-Token": {s.Expand("{" + user + "_token}")}}
}
