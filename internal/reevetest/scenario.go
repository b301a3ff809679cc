package reevetest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

// Step is one call of a scenario. Its texts are templates: {name} stands for
// what is bound to that name, {prj:name} for a bound id as a TypeID, {now} and
// {now3} for the clock's time as operators and tenants read it. In Reply a
// name that is not bound yet takes what stands there.
type Step struct {
	Name   string      // why the step is there; the call if empty
	Call   string      // "GET /api/users/alice@mail.test"
	Face   string      // found by the path if empty
	As     string      // the credential's header value; "-" sends none, "session alice" those of SignIn
	Body   string      // JSON
	Form   string      // an urlencoded body instead
	Header http.Header // templates, too
	Loose  bool        // the request is not as documented, and works all the same

	Status int
	Reply  string   // the whole body; Any leaves it to Has and Not
	Has    []string // what must be in the body
	Not    []string // what must not
	Allow  string   // the header's value
	After  func(t *testing.T, reply Reply)
}

// Any as a Step's Reply is any body.
const Any = "any body"

// Run does the steps one after the other.
func (s *Server) Run(t *testing.T, steps ...Step) {
	t.Helper()
	for i, step := range steps {
		t.Run(fmt.Sprintf("%d %s", i+1, step.label()), func(t *testing.T) { s.Do(t, step) })
	}
}

// Do does one step and gives the reply.
func (s *Server) Do(t *testing.T, step Step) Reply {
	t.Helper()
	method, target, _ := strings.Cut(s.Expand(step.Call), " ")
	face := step.Face
	if face == "" {
		face = faceOf(target)
	}
	reply := s.withManners(t, step, Request{
		Face: face, Method: method, Target: target,
		Header: s.header(face, step), Body: s.Expand(step.Body + step.Form), Loose: step.Loose,
	})
	where := step.label()
	if reply.Status != step.Status {
		t.Errorf("%s: status %d, want %d\n%s", where, reply.Status, step.Status, reply.Body)
		return reply
	}
	if step.Reply != Any {
		s.match(t, where, step.Reply, reply.Body)
	}
	for _, text := range step.Has {
		if text = s.Expand(text); !strings.Contains(reply.Body, text) {
			t.Errorf("%s: no %s in %s", where, text, reply.Body)
		}
	}
	for _, text := range step.Not {
		if text = s.Expand(text); strings.Contains(reply.Body, text) {
			t.Errorf("%s: %s is in %s", where, text, reply.Body)
		}
	}
	if got := reply.Header.Get("Allow"); got != step.Allow {
		t.Errorf("%s: Allow %q, want %q", where, got, step.Allow)
	}
	if step.After != nil {
		step.After(t, reply)
	}
	return reply
}

func (s Step) label() string {
	if s.Name != "" {
		return s.Name
	}
	return strings.TrimSpace(s.Call + " " + s.Body + s.Form)
}

func faceOf(target string) string {
	switch {
	case strings.HasPrefix(target, "/api"):
		return "operator"
	case strings.HasPrefix(target, "/gateway"):
		return "gateway"
	default:
		return "tenant"
	}
}

// header makes a step's headers, with the face's usual credential unless the
// step has its own.
func (s *Server) header(face string, step Step) http.Header {
	out := http.Header{}
	switch {
	case step.Form != "":
		out.Set("Content-Type", "application/x-www-form-urlencoded")
	case step.Body != "":
		out.Set("Content-Type", "application/json")
	}
	name, as := "Authorization", step.As
	switch face {
	case "tenant":
		name = "X-Api-Key"
		if as == "" {
			as = s.names["key"]
		}
	case "operator":
		if as == "" {
			as = OperatorToken
		}
	case "gateway":
		if as == "" {
			as = "Bearer " + s.names["token"]
		}
		if _, target, _ := strings.Cut(step.Call, " "); strings.HasPrefix(target, "/gateway/auth") {
			name, as = "Reeve-Gateway-Token", strings.TrimPrefix(as, "Bearer ")
		}
	}
	if user, ok := strings.CutPrefix(as, "session "); ok {
		out.Set("X-Auth-Id", s.Expand("{usr:"+user+"}"))
		out.Set("X-Auth-Token", s.Expand("{"+user+"_token}"))
	} else if as != "-" {
		out.Set(name, s.Expand(as))
	}
	for name, values := range step.Header {
		out[name] = nil
		for _, value := range values {
			out[name] = append(out[name], s.Expand(value))
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`\{[a-z]+:?[a-z0-9_]*\}`)

// Bind gives a name a value; an id in any spelling binds as the other one too.
func (s *Server) Bind(name, value string) { s.names[name] = value }

// Value gives what a name stands for.
func (s *Server) Value(t *testing.T, name string) string {
	t.Helper()
	value, ok := s.lookup(name)
	if !ok {
		t.Fatalf("nothing is bound to %q", name)
	}
	return value
}

// Expand replaces the names of a template that are bound.
func (s *Server) Expand(template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(text string) string {
		if value, ok := s.lookup(strings.Trim(text, "{}")); ok {
			return value
		}
		return text
	})
}

func (s *Server) lookup(name string) (string, bool) {
	if prefix, rest, ok := strings.Cut(name, ":"); ok {
		id, err := reeve.ParseAnyID(s.names[rest])
		return id.TypeID(reeve.Prefix(prefix)), err == nil
	}
	switch name {
	case "now":
		return s.Clock.Now().Format(time.RFC3339Nano), true
	case "now3":
		return s.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"), true
	}
	value, ok := s.names[name]
	return value, ok
}

// match compares a body with a template and binds its free names.
func (s *Server) match(t *testing.T, where, template, body string) {
	t.Helper()
	expanded := s.Expand(template)
	var pattern strings.Builder
	var free []string
	at := 0
	pattern.WriteString(`(?s)\A`)
	for _, span := range placeholder.FindAllStringIndex(expanded, -1) {
		pattern.WriteString(regexp.QuoteMeta(expanded[at:span[0]]) + `([^"]+)`)
		free = append(free, strings.Trim(expanded[span[0]:span[1]], "{}"))
		at = span[1]
	}
	pattern.WriteString(regexp.QuoteMeta(expanded[at:]) + `\z`)
	found := regexp.MustCompile(pattern.String()).FindStringSubmatch(body)
	if found == nil {
		t.Errorf("%s: body (-want +got):\n%s", where, cmp.Diff(expanded, body))
		return
	}
	for i, name := range free {
		s.bindFree(name, found[i+1])
	}
}

// bindFree binds what a reply has told; a TypeID as the id it is.
func (s *Server) bindFree(name, value string) {
	if _, rest, ok := strings.Cut(name, ":"); ok {
		name = rest
		if id, err := reeve.ParseAnyID(value); err == nil {
			value = id.String()
		}
	}
	s.names[name] = value
}
