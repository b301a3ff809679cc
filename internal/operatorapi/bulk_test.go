package operatorapi_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestBulkCoupons: a plan is carried out once, however often it is asked for,
// and not when anything else is selected than was planned.
func TestBulkCoupons(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		coupon := `"action":{"coupon":{"amount":500,"duration":2,"description":"sorry"}}`
		ask := func(selects, action, more string) string { return `{"select":{` + selects + `},` + action + more + `}` }
		bobAndCarol := `"kind":"users","hasProjects":false`
		run := `,"dryRun":false,"plan":"{plan}"`
		before := s.Count(t)
		s.Run(t, []step{
			{
				Call: "POST /api/bulk", Body: ask(bobAndCarol, coupon, ""), Status: 200,
				Reply: `{"dryRun":true,"count":2,"items":[{"kind":"user","id":"{bob}","name":"Bob"},{"kind":"user","id":"{carol}","name":"Carol Jones"}],"plan":"{plan}"}`,
			},
			{Name: "nothing was done", Call: "GET /api/coupons", Status: 200, Reply: `{"coupons":[],"next":null}`},
			{Name: "another action", Call: "POST /api/bulk", Body: ask(bobAndCarol, strings.Replace(coupon, "500", "501", 1), run), Status: 409, Reply: fault("the selection has changed since it was planned")},
			{Name: "a smaller selection", Call: "POST /api/bulk", Body: ask(`"kind":"users","q":"bob"`, coupon, run), Status: 409, Reply: reevetest.Any},
			{Call: "POST /api/bulk", Body: ask(bobAndCarol, coupon, run), Status: 200, Reply: `{"dryRun":false,"count":2,"done":2}`},
			{Name: "again", Call: "POST /api/bulk", Body: ask(bobAndCarol, coupon, run), Status: 200, Reply: `{"dryRun":false,"count":2,"done":2}`},
			{Name: "the same by ids", Call: "POST /api/bulk", Body: ask(`"kind":"users","ids":["{usr:carol}","{bob}","{bob}"]`, coupon, run), Status: 200, Reply: `{"dryRun":false,"count":2,"done":2}`},
			{
				Name: "one each", Call: "GET /api/users/bob@mail.test", Status: 200, Reply: reevetest.Any,
				After: func(t *testing.T, reply reevetest.Reply) {
					if n := strings.Count(reply.Body, `"description":"sorry"`); n != 1 {
						t.Errorf("%d coupons, want 1", n)
					}
				},
			},
		}...)
		if after := s.Count(t); after != before+2 {
			t.Errorf("%d changes, want 2", after-before)
		}
		s.User(t, "dora", "Dora")
		s.Run(t, []step{
			{Name: "one more is selected", Call: "POST /api/bulk", Body: ask(bobAndCarol, coupon, run), Status: 409, Reply: fault("the selection has changed since it was planned")},
			{Name: "another plan of the same", Call: "POST /api/bulk", Body: ask(`"kind":"users","q":"bob"`, coupon, `,"dryRun":true`), Status: 200, Reply: reevetest.Any, Has: []string{`"count":1`}, Not: []string{"{plan}"}},
		}...)
		s.Do(t, step{Call: "POST /api/bulk", Body: ask(`"kind":"users","ids":["{dora}"]`, coupon, ""), Status: 200, Reply: `{"dryRun":true,"count":1,"items":[{"kind":"user","id":"{dora}","name":"Dora"}],"plan":"{other}"}`})
		s.Run(t, []step{
			{Call: "DELETE /api/users/dora@mail.test", Status: 200},
			{Name: "planned, then gone", Call: "POST /api/bulk", Body: ask(`"kind":"users","ids":["{dora}"]`, coupon, `,"dryRun":false,"plan":"{other}"`), Status: 409, Reply: reevetest.Any},
			{Name: "gone", Call: "POST /api/bulk", Body: ask(`"kind":"users","ids":["{dora}"]`, coupon, ""), Status: 404, Reply: `{"error":"user not found","detail":"{dora}"}`},
			{Name: "nobody", Call: "POST /api/bulk", Body: ask(`"kind":"users","q":"nobody"`, coupon, ""), Status: 200, Reply: reevetest.Any, Has: []string{`{"dryRun":true,"count":0,"plan":"`}},
		}...)
		refusesBulk(t, s, ask, coupon)
	})
}

func refusesBulk(t *testing.T, s *reevetest.Server, ask func(selects, action, more string) string, coupon string) {
	t.Helper()
	limits := `"action":{"limits":{"rate":1}}`
	users := `"kind":"users"`
	for body, reply := range map[string]string{
		ask(``, coupon, ""):                                              fault("kind must be users, organizations or projects"),
		ask(`"kind":"coupons"`, coupon, ""):                              fault("kind must be users, organizations or projects"),
		ask(users, `"action":{}`, ""):                                    fault("give exactly one action"),
		ask(`"kind":"users","ids":[]`, `"action":{"unfreeze":true}`, ""): fault("ids is empty"),
		ask(users, `"action":{"coupon":{"amount":1,"duration":1,"description":"d"},"limits":{"rate":1}}`, ""): fault("give exactly one action"),
		ask(`"kind":"projects"`, coupon, ""):                                              fault("this action is done to things of kind user only"),
		ask(`"kind":"organizations"`, limits, ""):                                         fault("this action is done to things of kind project only"),
		ask(users, `"action":{"coupon":{"amount":0,"duration":1,"description":"d"}}`, ""): fault("Amount is not set"),
		ask(`"kind":"projects"`, `"action":{"limits":{}}`, ""):                            fault("no limit is set"),
		ask(`"kind":"projects"`, `"action":{"limits":{"rate":-1}}`, ""):                   fault("negative rate", "-1"),
		ask(`"kind":"projects"`, `"action":{"limits":{"usage":"many"}}`, ""):              fault("invalid arguments", `error converting value for "usage". Details: unknown suffix "MANYB"`),
		ask(`"kind":"users","ids":["x"]`, coupon, ""):                                     fault("invalid id", "uuid: invalid string length 1 expected 36"),
		ask(`"kind":"users","ids":["{bob}"],"q":"x"`, coupon, ""):                         fault("give either ids or what picks things"),
		ask(`"kind":"users","owner":"{bob}"`, coupon, ""):                                 fault("owner does not pick users"),
		ask(`"kind":"projects","member":"{bob}"`, limits, ""):                             fault("member does not pick projects"),
		ask(users, coupon, `,"dryRun":false`):                                             fault("plan is not set"),
		ask(users, coupon, `,"dryRun":false,"plan":"x"`):                                  fault("plan is not the token of a plan"),
	} {
		s.Do(t, step{Call: "POST /api/bulk", Body: body, Status: 400, Reply: reply})
	}
	forged := base64.RawURLEncoding.EncodeToString(make([]byte, 48))
	s.Do(t, step{Call: "POST /api/bulk", Body: ask(users, coupon, `,"dryRun":false,"plan":"`+forged+`"`), Status: 409, Reply: reevetest.Any})
}

// TestBulkFreeze freezes and unfreezes what a list picks; what one may not touch
// is told.
func TestBulkFreeze(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Ready(t)
		s.Do(t, step{Call: "POST /api/operators", Body: `{"name":"f","role":"finance"}`, Status: 200, Reply: `{"id":"{f}","token":"{finance}"}`})
		run := func(selects, action, as string, result string) {
			t.Helper()
			body := `{"select":{` + selects + `},"action":{` + action + `}`
			s.Do(t, step{Call: "POST /api/bulk", As: as, Body: body + `}`, Status: 200, Reply: reevetest.Any, After: func(t *testing.T, reply reevetest.Reply) {
				_, rest, _ := strings.Cut(reply.Body, `"plan":"`)
				s.Bind("plan", strings.TrimSuffix(rest, `"}`))
			}})
			s.Do(t, step{Call: "POST /api/bulk", As: as, Body: body + `,"dryRun":false,"plan":"{plan}"}`, Status: 200, Reply: `{"dryRun":false,` + result + `}`})
		}
		for kind, of := range map[string][2]string{
			"users": {"/api/users/alice@mail.test", "{alice}"}, "organizations": {"/api/organizations/{acme}", "{acme}"},
			"projects": {"/api/projects/{px}", "{px}"},
		} {
			these := `"kind":"` + kind + `","ids":["` + of[1] + `"]`
			frozen := `"freeze":{"type":"legal","since":"{now}","until":null}`
			run(these, `"freeze":{"type":"legal"}`, "", `"count":1,"done":1`)
			s.Run(t, []step{
				{Call: "GET " + of[0], Status: 200, Reply: reevetest.Any, Has: []string{frozen}},
				{Call: "GET /api/" + kind + "?frozen=true", Status: 200, Reply: reevetest.Any, Has: []string{`{"` + kind + `":[{"id":"` + of[1] + `"`, frozen + `}],"next":null}`}},
				{Call: "GET /api/" + kind + "?frozen=true&sort=name&q=nothinglikethis", Status: 200, Reply: `{"` + kind + `":[],"next":null}`},
				{Call: "GET /api/" + kind + "?frozen=false", Status: 200, Reply: reevetest.Any, Has: []string{`"id":`}, Not: []string{`"id":"` + of[1] + `"`, "freeze"}},
				{Name: "a tenant does not write", Call: "PUT /project/{px}", Body: `{"name":"x"}`, Status: 403, Reply: reevetest.Any},
			}...)
			run(these, `"unfreeze":true`, "{finance}", `"count":1,"done":0,"failed":[{"id":"`+of[1]+`","error":"You are not allowed to perform this action"}]`)
			run(`"kind":"`+kind+`","frozen":true`, `"unfreeze":true`, "", `"count":1,"done":1`)
			s.Run(t, []step{
				{Call: "GET " + of[0], Status: 200, Reply: reevetest.Any, Not: []string{"freeze"}},
				{Name: "a tenant writes", Call: "PUT /project/{px}", Body: `{"name":"x"}`, Status: 200, Reply: reevetest.Any},
			}...)
		}
		for action, reply := range map[string]string{
			`"freeze":{"type":"x"}`:                     fault("type must be billing, violation, legal, security or operator"),
			`"freeze":{"type":"legal"},"unfreeze":true`: fault("give exactly one action"),
			`"freeze":{"type":"legal","until":"{now}"}`: fault("until is not in the future"),
			`"unfreeze":false`:                          fault("give exactly one action"),
		} {
			s.Do(t, step{Call: "POST /api/bulk", Body: `{"select":{"kind":"users"},"action":{` + action + `}}`, Status: 400, Reply: reply})
		}
		s.Do(t, step{Call: "POST /api/bulk", As: "{finance}", Body: `{"select":{"kind":"users"},"action":{"freeze":{"type":"legal"}}}`, Status: 403, Reply: reevetest.Any})
	})
}

// TestBulkLimits sets the limits of more projects than one transaction takes.
func TestBulkLimits(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		const owners, each = 12, reevetest.ProjectLimit
		for o := range owners {
			s.User(t, fmt.Sprintf("owner%d", o), "Owner")
			for p := range each {
				s.Project(t, fmt.Sprintf("bulk%dx%d", o, p), fmt.Sprintf("owner%d", o), "")
			}
		}
		ask := `{"select":{"kind":"projects","q":"BULK"},"action":{"limits":{"usage":"1TB","rate":7,"buckets":"unlimited"}}`
		s.Do(t, step{Call: "POST /api/bulk", Body: ask + `}`, Status: 200, Reply: reevetest.Any, Has: []string{`"count":120`}, After: func(t *testing.T, reply reevetest.Reply) {
			if n := strings.Count(reply.Body, `"kind":"project"`); n != 100 {
				t.Errorf("%d items, want 100", n)
			}
			_, rest, _ := strings.Cut(reply.Body, `"plan":"`)
			s.Bind("plan", strings.TrimSuffix(rest, `"}`))
		}})
		before := s.Count(t)
		s.Run(t, []step{
			{Call: "POST /api/bulk", Body: ask + `,"dryRun":false,"plan":"{plan}"}`, Status: 200, Reply: `{"dryRun":false,"count":120,"done":120}`},
			{Call: "GET /api/projects/{bulk11x9}/limit", Status: 200, Reply: reevetest.Any, Has: []string{`"bytes":1000000000000`, `"rps":7`}},
			{Call: "GET /api/projects/{px}/limit", Status: 200, Reply: reevetest.Any, Has: []string{`"rps":0`}},
			{Call: "POST /api/bulk", Body: ask + `,"dryRun":false,"plan":"{plan}"}`, Status: 200, Reply: `{"dryRun":false,"count":120,"done":120}`},
		}...)
		if after := s.Count(t); after != before+owners*each {
			t.Errorf("%d changes, want %d", after-before, owners*each)
		}
	})
}
