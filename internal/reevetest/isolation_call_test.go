package reevetest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// schema is what the test reads of a document's schemas.
type schema struct {
	Ref        string `json:"$ref"`
	Properties map[string]schema
	Required   []string
}

// described is an operation with what may be given to it.
type described struct {
	operation
	Queries []string
	Body    schema
}

// describedOperations lists the tenants' operations as they are served.
func describedOperations(t *testing.T, s *reevetest.Server) (out []described) {
	t.Helper()
	reply := s.Send(t, reevetest.Request{Face: "tenant", Method: "GET", Target: "/openapi.json"})
	var document struct {
		Paths map[string]map[string]struct {
			Parameters  []struct{ In, Name string }
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal([]byte(reply.Body), &document); err != nil {
		t.Fatal(err)
	}
	for _, operation := range served(t, s, "tenant") {
		at := document.Paths[operation.Path][strings.ToLower(operation.Method)]
		next := described{operation: operation, Body: at.RequestBody.Content["application/json"].Schema}
		if name, ok := strings.CutPrefix(next.Body.Ref, "#/components/schemas/"); ok {
			next.Body = document.Components.Schemas[name]
		}
		for _, parameter := range at.Parameters {
			if parameter.In == "query" {
				next.Queries = append(next.Queries, parameter.Name)
			}
		}
		out = append(out, next)
	}
	return out
}

// call is one request of a tenant's, with what is the other's in it and what
// stands in for that in the same request about nothing.
type call struct {
	described
	header       http.Header
	target, body string
	foreign      map[string]string
}

// twin is the call about nothing.
func (c call) twin() call {
	for other, nothing := range c.foreign {
		c.target = strings.ReplaceAll(c.target, url.PathEscape(other), url.PathEscape(nothing))
		c.target = strings.ReplaceAll(c.target, url.QueryEscape(other), url.QueryEscape(nothing))
		c.body = strings.ReplaceAll(c.body, other, nothing)
		c.header = c.header.Clone()
		for _, values := range c.header {
			for i := range values {
				values[i] = strings.ReplaceAll(values[i], other, nothing)
			}
		}
	}
	return c
}

func (c call) send(t *testing.T, s *reevetest.Server) reevetest.Reply {
	t.Helper()
	return s.Send(t, reevetest.Request{
		Face: "tenant", Method: c.Method, Target: c.target, Header: c.header.Clone(), Body: c.body, Loose: true,
	})
}

// String shows the call, for who reads a failure.
func (c call) String() string {
	return fmt.Sprintf("%s %s %s\n%v", c.Method, c.target, c.body, c.header)
}

// maker makes a tenant's calls.
type maker struct {
	t          *testing.T
	s          *reevetest.Server
	random     *rand.Rand
	own, other *tenant
	nothing    map[string]string // what stands in for the other's
	at         *call             // that is being made
}

var parameters = regexp.MustCompile(`\{([a-z]+)\}`)

// Whose the ids of a call's path are, mostly.
const (
	aboutOwn = iota
	aboutOther
	aboutOtherBelowOwn // the other's, named as if it were in one's own
	abouts
)

// make makes a call of an operation about somebody's things.
func (m *maker) make(of described, about int) call {
	m.at = &call{described: of, header: http.Header{}, foreign: map[string]string{}}
	m.credential()
	left := strings.Count(of.Path, "{")
	m.at.target = parameters.ReplaceAllStringFunc(of.Path, func(name string) string {
		left--
		foreign := about == aboutOther || about == aboutOtherBelowOwn && left == 0
		return url.PathEscape(m.id(pathPrefix(m.t, of.Path, strings.Trim(name, "{}")), foreign))
	})
	query := url.Values{}
	for _, name := range of.Queries {
		if m.chance(30) {
			query.Set(name, m.query(name))
		}
	}
	if len(query) > 0 {
		m.at.target += "?" + query.Encode()
	}
	body := map[string]any{}
	for _, name := range slices.Sorted(keysOf(of.Body.Properties)) {
		if m.chance(50) || slices.Contains(of.Body.Required, name) && m.chance(95) {
			body[name] = m.property(name)
		}
	}
	if len(of.Body.Properties) > 0 {
		text, err := json.Marshal(body)
		if err != nil {
			m.t.Fatal(err)
		}
		m.at.body = string(text)
		m.at.header.Set("Content-Type", "application/json")
	}
	if of.Method == http.MethodPost && m.chance(30) {
		m.at.header.Set("Idempotency-Key", pick(m.random, []string{"one", "two"}))
	}
	if m.chance(10) {
		m.at.header.Set(pick(m.random, []string{"If-Match", "If-None-Match"}), pick(m.random, []string{"*", `"x"`}))
	}
	return *m.at
}

// keysOf gives a map's keys.
func keysOf[V any](of map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range of {
			if !yield(name) {
				return
			}
		}
	}
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// chance is true in so many of a hundred.
func (m *maker) chance(percent int) bool { return m.random.IntN(100) < percent }

// pathPrefix tells of which kind a path's parameter is.
func pathPrefix(t *testing.T, path, name string) reeve.Prefix {
	t.Helper()
	prefix, ok := map[string]reeve.Prefix{
		"organization": reeve.PrefixOrganization, "project": reeve.PrefixProject, "user": reeve.PrefixUser,
		"session": reeve.PrefixUserSession, "statement": reeve.PrefixStatement, "invitation": reeve.PrefixInvitation,
		"key": reeve.PrefixOrganizationKey,
	}[name]
	if !ok {
		t.Fatalf("%s: nothing is known of the parameter %s", path, name)
	}
	if name == "key" && strings.HasPrefix(path, "/project") {
		return reeve.PrefixAPIKey
	}
	return prefix
}

// credential gives the call one of the tenant's: of an organisation key or of a
// user; seldom mixed with what is the other's, or none.
func (m *maker) credential() {
	user := pick(m.random, m.own.users)
	switch {
	case strings.HasPrefix(m.at.Path, "/user/{user}") && m.chance(90), m.chance(50):
		if m.chance(60) {
			user = m.own.users[0]
		}
		m.at.header = session(m.s, user)
		if m.chance(5) {
			m.at.header.Set("X-Auth-Id", m.theirs(m.s.Expand("{usr:"+pick(m.random, m.other.users)+"}")))
		}
	case m.chance(95):
		m.at.header.Set("X-Api-Key", pick(m.random, m.own.keys))
	}
}

// theirs notes that something of the other's is in the call.
func (m *maker) theirs(text string) string {
	if _, ok := m.nothing[text]; !ok {
		m.nothing[text] = m.like(text)
	}
	m.at.foreign[text] = m.nothing[text]
	return text
}

// like makes what looks like a text and is nobody's.
func (m *maker) like(text string) string {
	if _, err := reeve.ParseAnyID(text); err == nil {
		if prefix, _, typed := strings.Cut(text, "_"); typed {
			return reevetest.NewID().TypeID(reeve.Prefix(prefix))
		}
		return reevetest.NewID().String()
	}
	return strings.ReplaceAll(text, m.other.mark, letters(m.random, len(m.other.mark)))
}

// id makes an id of a kind, in either spelling: one's own, the other's, of
// nothing or malformed.
func (m *maker) id(prefix reeve.Prefix, foreign bool) string {
	from, nth := m.own, m.random.IntN(100)
	if foreign && nth < 80 || nth < 10 {
		from = m.other
	}
	switch {
	case nth >= 95:
		return pick(m.random, []string{"x", "\x00", strings.Repeat("z", 300), "00000000-0000-0000-0000-000000000000", string(prefix) + "_"})
	case nth >= 90:
		return reevetest.NewID().String()
	case nth >= 87: // of another kind
		prefix = pick(m.random, []reeve.Prefix{reeve.PrefixOrganization, reeve.PrefixProject, reeve.PrefixUser})
	}
	if len(from.ids[prefix]) == 0 {
		return reevetest.NewID().TypeID(prefix)
	}
	id := pick(m.random, from.ids[prefix])
	if from == m.own && m.chance(50) {
		id = from.ids[prefix][0] // so that things belong together
	}
	text := id.TypeID(prefix)
	if m.chance(30) {
		text = id.String()
	}
	if from == m.other {
		return m.theirs(text)
	}
	return text
}

// text makes a name: new, or one that the other has given.
func (m *maker) text() string {
	if m.chance(20) {
		m.own.said = append(m.own.said, pick(m.random, m.other.names))
		return m.theirs(m.own.said[len(m.own.said)-1])
	}
	return m.own.mark + letters(m.random, 3)
}

// address makes a mail address.
func (m *maker) address() string {
	switch {
	case m.chance(40):
		m.own.said = append(m.own.said, pick(m.random, m.other.addresses))
		return m.theirs(m.own.said[len(m.own.said)-1])
	case m.chance(30):
		return pick(m.random, m.own.addresses)
	}
	return m.own.mark + letters(m.random, 3) + "@mail.test"
}

// query makes a query parameter.
func (m *maker) query(name string) string {
	choices, ok := map[string][]string{
		"page": {"0", "1", "x"}, "number": {"1", "100", "0"}, "after": {"1", "9999", "x"}, "action": {"project.create", "x"},
		"format": {"csv", "html", "json", "x"}, "from": {"2026-11-01", "x"}, "to": {"2026-12-01", "x"},
		"step": {"hour", "day", "month", "x"}, "meter": {"egress", "x"}, "explain": {"true", "x"}, "expand": {"x"},
		"bucket": {m.own.mark + "bucket", "", m.other.mark + "bucket"}, "target": {""},
	}[name]
	if !ok {
		m.t.Fatalf("%s: nothing is known of the query parameter %s", m.at.ID, name)
	}
	if name == "target" {
		return m.id(pick(m.random, []reeve.Prefix{reeve.PrefixProject, reeve.PrefixUser, reeve.PrefixAPIKey}), m.chance(50))
	}
	out := pick(m.random, choices)
	if strings.HasPrefix(out, m.other.mark) {
		return m.theirs(out)
	}
	return out
}

// property makes what a body's property of a name may be.
func (m *maker) property(name string) any {
	switch name {
	case "name", "first_name", "last_name", "description":
		return m.text()
	case "email":
		return m.address()
	case "role":
		return pick(m.random, []string{"viewer", "editor", "admin", "x"})
	case "user_id":
		return m.id(reeve.PrefixUser, m.chance(50))
	case "org_id":
		return m.id(reeve.PrefixOrganization, m.chance(40))
	case "key":
		if m.chance(50) {
			return m.theirs(pick(m.random, m.other.apikeys))
		}
		return pick(m.random, m.own.apikeys)
	case "token":
		return pick(m.random, append([]string{"x"}, m.own.links...))
	case "password", "old_password", "new_password":
		if len(m.at.foreign) > 0 {
			return "wrong" // the other's is not known
		}
		return pick(m.random, []string{reevetest.Password, "wrong"})
	case "code":
		return "123456"
	case "overlap", "expires_in":
		return m.random.IntN(10_000)
	case "expires_time":
		return m.s.Clock.Now().AddDate(0, 1, 0)
	case "restrictions":
		return map[string]any{"paths": []any{map[string]string{"bucket": m.text(), "prefix": m.text()}}}
	}
	m.t.Fatalf("%s: nothing is known of the property %s", m.at.ID, name)
	return nil
}
