package operatorapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestFreezes(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Ready(t)
		s.Do(t, step{Call: "POST /api/operators", Body: `{"name":"f","role":"finance"}`, Status: 200, Reply: `{"id":"{f}","token":"{finance}"}`})
		badType := fault("type must be billing, violation, legal, security or operator")
		for of, unknown := range map[string]string{
			"/api/users/alice@mail.test": "/api/users/nobody@mail.test",
			"/api/organizations/{acme}":  "/api/organizations/" + nobody,
			"/api/projects/{px}":         "/api/projects/" + nobody,
		} {
			freeze, unfreeze := "POST "+of+"/freeze", "POST "+of+"/unfreeze"
			s.Run(t, []step{
				{Call: "GET " + of, Status: 200, Reply: reevetest.Any, Not: []string{"freeze"}},
				{Call: freeze, Body: `{}`, Status: 400, Reply: badType},
				{Call: freeze, Body: `{"type":"Legal"}`, Status: 400, Reply: badType},
				{Call: freeze, Body: `{"type":"legal","until":"soon"}`, Status: 400, Reply: reevetest.Any, Has: []string{"failed to unmarshal request"}},
				{Call: freeze, Body: `{"type":"legal","until":"{now}"}`, Status: 400, Reply: fault("until is not in the future")},
				{Name: "mistyped", Call: freeze, Body: `{"type":"legal","untill":"2099-01-01T00:00:00Z"}`, Status: 400, Reply: fault("failed to unmarshal request", `json: unknown field "untill"`)},
				{Call: freeze + "?wait=x", Body: `{"type":"legal"}`, Status: 400, Reply: reevetest.Any, Has: []string{"invalid wait"}},
				{Call: "POST " + unknown + "/freeze", Body: `{"type":"legal"}`, Status: 404, Reply: reevetest.Any, Has: []string{"not found"}},
				{Call: "POST " + unknown + "/unfreeze", Status: 404, Reply: reevetest.Any, Has: []string{"not found"}},
				{Name: "nothing to end", Call: unfreeze, Status: 200},
				{Call: freeze, As: "{finance}", Body: `{"type":"legal"}`, Status: 403, Reply: fault("You are not allowed to perform this action")},
				{
					Call: freeze, As: "{finance}", Body: `{"type":"billing","until":"2026-11-29T00:00:00Z","reason":"invoice 7"}`, Status: 200,
					Reply: reevetest.Any, Has: []string{`{"epoch":`, `"complete":`, `"sessions":[`},
				},
				{Call: "GET /api/changes?limit=1", Status: 200, Reply: reevetest.Any, Has: []string{`"actor":"{f}"`, `.freeze"`, `"reason":"invoice 7"`}},
				{
					Call: "GET " + of, Status: 200, Reply: reevetest.Any,
					Has: []string{`,"freeze":{"type":"billing","since":"{now}","until":"2026-11-29T00:00:00Z"}}`},
				},
				{Name: "a tenant reads", Call: "GET /project/{px}", Status: 200, Reply: reevetest.Any},
				{Name: "a tenant does not write", Call: "PUT /project/{px}", Body: `{"name":"x"}`, Status: 403, Reply: reevetest.Any},
				{Call: freeze + "?wait=10s", Body: `{"type":"security"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"complete":true`}},
				{Call: "GET " + of, Status: 200, Reply: reevetest.Any, Has: []string{`,"freeze":{"type":"security","since":"{now}","until":null}}`}},
				{Call: unfreeze, As: "{finance}", Status: 403, Reply: fault("You are not allowed to perform this action")},
				{Call: unfreeze, Status: 200},
				{Call: "GET " + of, Status: 200, Reply: reevetest.Any, Not: []string{"freeze"}},
				{Name: "a tenant writes", Call: "PUT /project/{px}", Body: `{"name":"x"}`, Status: 200, Reply: reevetest.Any},
			}...)
		}
		for _, of := range []string{"/api/organizations/x", "/api/projects/x"} {
			s.Do(t, step{Call: "POST " + of + "/freeze", Body: `{"type":"legal"}`, Status: 400, Reply: reevetest.Any, Has: []string{"-uuid"}})
			s.Do(t, step{Call: "POST " + of + "/unfreeze", Status: 400, Reply: reevetest.Any, Has: []string{"-uuid"}})
		}
	})
}

// TestFreezeEnds: the server ends by itself what has an end.
func TestFreezeEnds(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	s.Do(t, step{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"legal","until":"2026-11-22T16:00:00Z"}`, Status: 200, Reply: reevetest.Any})
	s.Clock.Advance(time.Hour)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if frozen, err := s.Store.IsProjectFrozen(t.Context(), s.ID(t, "px")); err == nil && !frozen {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the freeze does not end")
		}
	}
	s.Do(t, step{
		Call: "GET /api/changes?action=project.unfreeze", Status: 200, Reply: reevetest.Any,
		Has: []string{`"actor":"system"`, `"target":"{px}"`},
	})
}
