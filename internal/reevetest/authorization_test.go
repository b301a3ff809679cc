package reevetest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// callers are those of each listener, in the columns of
// testdata/authorization.txt, by the headers that they send.
var callers = map[string][][2]string{
	"tenant": {
		{"nobody", ""},
		{"nonsense", "X-Api-Key: reeve_org_x"},
		{"operator", "X-Api-Key: {operator}"},
		{"gateway", "X-Api-Key: {token}"},
		{"viewer key", "X-Api-Key: {viewer}"},
		{"editor key", "X-Api-Key: {editor}"},
		{"admin key", "X-Api-Key: {key}"},
		{"other's key", "X-Api-Key: {stranger}"},
		{"viewer", "X-Auth-Id: {usr:bob}\nX-Auth-Token: {bob_token}"},
		{"editor", "X-Auth-Id: {usr:carol}\nX-Auth-Token: {carol_token}"},
		{"admin", "X-Auth-Id: {usr:alice}\nX-Auth-Token: {alice_token}"},
		{"project's admin", "X-Auth-Id: {usr:dora}\nX-Auth-Token: {dora_token}"},
		{"stranger", "X-Auth-Id: {usr:mallory}\nX-Auth-Token: {mallory_token}"},
		{"thief", "X-Auth-Id: {usr:mallory}\nX-Auth-Token: {alice_token}"},
	},
	"operator": {
		{"nobody", ""},
		{"nonsense", "Authorization: reeve_op_x"},
		{"gateway", "Authorization: {token}"},
		{"admin key", "Authorization: {key}"},
		{"session", "Authorization: {alice_token}"},
		{"viewer", "Authorization: {op_viewer}"},
		{"finance", "Authorization: {op_finance}"},
		{"support", "Authorization: {op_support}"},
		{"admin", "Authorization: {op_admin}"},
		{"root", "Authorization: {operator}"},
	},
	"gateway": {
		{"nobody", ""},
		{"nonsense", "Authorization: Bearer reeve_gw_x"},
		{"operator", "Authorization: Bearer {operator}"},
		{"admin key", "Authorization: Bearer {key}"},
		{"session", "Authorization: Bearer {alice_token}"},
		{"gateway", "Authorization: Bearer {token}"},
	},
}

// everyone is in the world of the matrix: the two tenants with all of alice
// (admin), carol (editor), bob (viewer) and mallory (a stranger) signed in, and
// dora, a viewer of acme who is an admin of px; a gateway; operators of all
// roles; a closed month.
func everyone(t *testing.T, s *reevetest.Server) {
	s.Bill(t)
	s.User(t, "dora", "Dora")
	s.Member(t, "organizations", "acme", "dora", "viewer")
	s.Member(t, "projects", "px", "dora", "admin")
	s.Member(t, "projects", "px", "bob", "viewer")
	for _, name := range []string{"alice", "carol"} {
		s.GivePassword(t, name) // which ends sessions
	}
	s.Bind("password", reevetest.Password)
	for _, name := range []string{"alice", "bob", "carol", "dora", "mallory"} {
		s.OpenSession(t, name)
	}
	for _, role := range []string{"viewer", "finance", "support", "admin"} {
		s.Operator(t, "op_"+role, role)
	}
	s.Run(t, []reevetest.Step{
		{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: `{"apikey":"{apikey}"}`},
		{
			Call: "GET /api/projects/{px}/apikeys", Status: 200,
			Reply: `[{"id":"{apikey_id}","ownerId":"{alice}","name":"k","partnerID":"","createdAt":"{now}","projectId":"{px}"}]`,
		},
		{
			Call: "POST /api/credits", Body: `{"organizationId":"{acme}","amount":3000,"description":"d"}`,
			Status: 200, Reply: `{"id":"{credit}"}`,
		},
		{
			Call: "POST /organization/{org:acme}/invitation", Body: `{"email":"new@mail.test","role":"viewer"}`, Status: 200,
			Reply: reevetest.Any, After: func(t *testing.T, reply reevetest.Reply) {
				_, rest, _ := strings.Cut(reply.Body, `"id":"`)
				id, _, _ := strings.Cut(rest, `"`)
				s.Bind("invitation", id)
			},
		},
		{Call: "PUT /api/organizations/{acme}/budget", Body: `{"amount":100}`, Status: 200},
		{Call: "PUT /api/organizations/{acme}/webhook", Body: `{"url":"https://example.com/"}`, Status: 200, Reply: reevetest.Any},
		{Call: "PUT /gateway/projects/{foreign}/buckets/b", Status: 200, Reply: reevetest.Any},
		{Call: "POST /gateway/leases", Body: `{"project":"{px}","rate":1}`, Status: 200, Reply: reevetest.Any, Has: []string{`"id":"`}},
	}...)
}

// row is one operation of the matrix.
type row struct {
	operation, verdicts, call, body string
}

// readMatrix reads the rows of a listener.
func readMatrix(t *testing.T, face string) map[string]row {
	t.Helper()
	out := map[string]row{}
	for line := range strings.Lines(read(t, "authorization.txt")) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" || fields[0] != face {
			continue
		}
		if len(fields) < 5 {
			t.Fatalf("a row is too short: %s", line)
		}
		at := row{operation: fields[1], verdicts: fields[2], call: fields[3] + " " + fields[4], body: strings.Join(fields[5:], " ")}
		if _, twice := out[at.operation]; twice || len(at.verdicts) != len(callers[face]) {
			t.Fatalf("%s %s is there twice, or has not %d verdicts", face, at.operation, len(callers[face]))
		}
		out[at.operation] = at
	}
	return out
}

// operation is one of a document.
type operation struct{ ID, Method, Path string }

// served lists the operations of a listener's document but those that every
// listener has, by id.
func served(t *testing.T, s *reevetest.Server, face string) []operation {
	t.Helper()
	reply := s.Send(t, reevetest.Request{Face: face, Method: "GET", Target: "/openapi.json"})
	var document struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		}
	}
	if err := json.Unmarshal([]byte(reply.Body), &document); err != nil {
		t.Fatal(err)
	}
	var out []operation
	for path, methods := range document.Paths {
		for method, at := range methods {
			if !slices.Contains([]string{"livez", "readyz", "healthz", "version", "openapi"}, at.ID) {
				out = append(out, operation{at.ID, strings.ToUpper(method), path})
			}
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// TestAuthorization holds every operation of the served documents, asked by
// every kind of caller, to the verdicts that somebody has written down.
func TestAuthorization(t *testing.T) {
	world := reevetest.NewWorld(t, everyone)
	for face := range callers {
		t.Run(face, func(t *testing.T) {
			rows := readMatrix(t, face)
			first := world.Open(t)
			var operations []string
			for _, operation := range served(t, first, face) {
				operations = append(operations, operation.ID)
			}
			if listed := slices.Sorted(maps.Keys(rows)); !slices.Equal(listed, operations) {
				t.Errorf("testdata/authorization.txt has %q\nthe document has %q", without(listed, operations), without(operations, listed))
			}
			for _, at := range rows {
				t.Run(at.operation, func(t *testing.T) { judge(t, world, first, face, at) })
			}
		})
	}
}

// without gives what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(text string) bool { return slices.Contains(b, text) })
}

// judge has every caller try one operation. Who is refused leaves the world as
// it is; who is not has one of its own, unless nothing is changed.
func judge(t *testing.T, world *reevetest.World, shared *reevetest.Server, face string, at row) {
	before := shared.Count(t)
	for i, caller := range callers[face] {
		want := at.verdicts[i : i+1]
		s := shared
		if want == "." && !strings.HasPrefix(at.call, "GET ") {
			s = world.Open(t)
		}
		method, target, _ := strings.Cut(s.Expand(at.call), " ")
		header := http.Header{}
		for line := range strings.Lines(s.Expand(caller[1])) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			header.Set(name, value)
		}
		body := s.Expand(at.body)
		switch {
		case strings.HasPrefix(body, "{"):
			header.Set("Content-Type", "application/json")
		case body != "":
			header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if strings.HasPrefix(target, "/gateway/auth") {
			header.Set("Reeve-Gateway-Token", strings.TrimPrefix(header.Get("Authorization"), "Bearer "))
			header.Del("Authorization")
			header.Set("X-Api-Key", s.Expand("{apikey}")) // of the gateway's client
		}
		reply := s.Send(t, reevetest.Request{Face: face, Method: method, Target: target, Header: header, Body: body, Brief: true})
		if got := verdict(face, reply); got != want {
			t.Errorf("%s is judged %s, want %s: %d %s", caller[0], got, want, reply.Status, reply.Body)
		}
	}
	if after := shared.Count(t); after != before {
		t.Errorf("who was refused has made %d changes", after-before)
	}
}

// verdict reads a reply: U for an unknown credential, D for one that may not do
// this, a dot for everything else.
func verdict(face string, reply reevetest.Reply) string {
	switch {
	case reply.Status == http.StatusUnauthorized, face == "operator" && strings.Contains(reply.Body, `"error":"Forbidden"`):
		return "U"
	case reply.Status == http.StatusForbidden && face != "gateway":
		return "D"
	default:
		return "."
	}
}
