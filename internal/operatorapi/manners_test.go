package operatorapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// send sends an operator's request with headers, given as names and values.
func send(t *testing.T, s *reevetest.Server, call, body string, headers ...string) reevetest.Reply {
	t.Helper()
	method, target, _ := strings.Cut(s.Expand(call), " ")
	header := http.Header{"Authorization": {reevetest.OperatorToken}}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(headers, 2) {
		header.Set(pair[0], pair[1])
	}
	return s.Send(t, reevetest.Request{Face: "operator", Method: method, Target: target, Header: header, Body: s.Expand(body)})
}

// TestEntityTags: a reply's tag is the same until the reply is another, and who
// has it is told so.
func TestEntityTags(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	get := func(headers ...string) reevetest.Reply { return send(t, s, "GET /api/projects/{px}", "", headers...) }
	first := get()
	tag := first.Header.Get("ETag")
	if len(tag) != 24 || tag[0] != '"' || first.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("ETag %s, Cache-Control %s", tag, first.Header.Get("Cache-Control"))
	}
	if head := send(t, s, "HEAD /api/projects/{px}", ""); head.Header.Get("ETag") != tag {
		t.Errorf("HEAD has %s, GET %s", head.Header.Get("ETag"), tag)
	}
	for sent, want := range map[string]int{
		tag: 304, "W/" + tag: 304, "*": 304, `"a", ` + tag + `, W/"b"`: 304,
		`"a"`: 200, strings.Trim(tag, `"`): 200, tag + "x": 200, "": 200, `W/"a",,"b"`: 200,
	} {
		reply := get("If-None-Match", sent)
		if reply.Status != want || want == 304 && (reply.Body != "" || reply.Header.Get("ETag") != tag) {
			t.Errorf("If-None-Match %s: %d %s", sent, reply.Status, reply.Body)
		}
	}
	if other := send(t, s, "GET /api/projects/{foreign}", ""); other.Header.Get("ETag") == tag {
		t.Error("another project has the same tag")
	}
	for _, path := range []string{"/livez", "/openapi.json", "/api/projects/" + nobody} {
		if got := send(t, s, "GET "+path, "").Header.Get("ETag"); got != "" {
			t.Errorf("%s has ETag %s", path, got)
		}
	}
	send(t, s, "PUT /api/projects/{px}", `{"projectName":"new"}`)
	if changed := get("If-None-Match", tag); changed.Status != 200 || changed.Header.Get("ETag") == tag {
		t.Errorf("after a change: %d %s", changed.Status, changed.Header.Get("ETag"))
	}
}

// TestPreconditions: what is not as the sender says it was stays as it is.
func TestPreconditions(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		tagOf := func(path string) string { return send(t, s, "GET "+path, "").Header.Get("ETag") }
		tag := tagOf("/api/projects/{px}")
		const rename = `{"projectName":"renamed"}`
		for i, test := range []struct {
			call, body    string
			header, value string
			status        int
		}{
			{"PUT /api/projects/{px}", rename, "If-Match", `"other"`, 412},
			{"PUT /api/projects/{px}", rename, "If-Match", "W/" + tag, 412}, // compared strongly
			{"PUT /api/projects/{px}", rename, "If-Match", strings.Trim(tag, `"`), 400},
			{"PUT /api/projects/{px}", rename, "If-Match", "", 400},
			{"PUT /api/projects/{px}", rename, "If-Match", `*, "a"`, 400},
			{"PUT /api/projects/{px}", rename, "If-None-Match", "*", 412},
			{"PUT /api/projects/{px}", rename, "If-None-Match", tag, 412},
			{"PUT /api/projects/" + nobody, rename, "If-Match", "*", 404},
			{"PUT /api/projects/{px}", `{`, "If-Match", tag, 400},
			{"DELETE /api/apikeys/x", "", "If-Match", "*", 412},
			{"PUT /api/projects/{px}", rename, "If-Match", `"a" , ` + tag, 200},
			{"PUT /api/projects/{px}", rename, "If-Match", tag, 412}, // as it was before
			{"PUT /api/projects/{px}", rename, "If-Match", "*", 200},
			{"PUT /api/projects/{px}", rename, "If-None-Match", tag, 200},
			{"PUT /api/organizations/{acme}/budget", `{"amount":5}`, "If-None-Match", "*", 200},
			{"PUT /api/organizations/{acme}/budget", `{"amount":6}`, "If-None-Match", "*", 412},
			{"POST /api/gateways", `{"name":"g"}`, "If-Match", tagOf("/api/gateways"), 200},
			{"DELETE /api/users/bob@mail.test", "", "If-Match", `"x"`, 412},
			{"DELETE /api/projects/{px}", "", "If-Match", tag, 412},
		} {
			if got := send(t, s, test.call, test.body, test.header, test.value); got.Status != test.status {
				t.Errorf("%d %s, %s %s: %d %s, want %d", i, test.call, test.header, test.value, got.Status, got.Body, test.status)
			}
		}
		if got := send(t, s, "PUT /api/projects/{px}", rename, "If-Match", `"x"`); got.Body != fault("the thing is not as it was: read it again") {
			t.Error(got.Body)
		}
	})
}

// TestEditors: of many who edit a project as they have read it, one at a time
// does, and nothing is lost.
func TestEditors(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		const editors, rounds = 4, 5
		for round := range rounds {
			tag := send(t, s, "GET /api/projects/{px}", "").Header.Get("ETag")
			statuses := make([]int, editors)
			var all sync.WaitGroup
			for i := range editors {
				all.Go(func() {
					body := fmt.Sprintf(`{"projectName":"round %d of %d"}`, round, i)
					statuses[i] = send(t, s, "PUT /api/projects/{px}", body, "If-Match", tag).Status
				})
			}
			all.Wait()
			won := slices.Index(statuses, 200)
			if slices.Sort(statuses); !slices.Equal(statuses, []int{200, 412, 412, 412}) {
				t.Errorf("round %d: %v", round, statuses)
				continue
			}
			s.Do(t, step{
				Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any,
				Has: []string{fmt.Sprintf(`"round %d of %d"`, round, won)},
			})
		}
	})
}

// TestRevocationIsRepeatable: with a key a revocation has its receipt all the
// same, and is in force when it is answered.
func TestRevocationIsRepeatable(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Ready(t)
		for i, wait := range []string{"", "?wait=5"} {
			name := fmt.Sprint("k", i)
			key := keyOf(t, s, name, 0)[0]
			s.Do(t, verdict(key, "valid"))
			revoke := func() reevetest.Reply {
				return send(t, s, "POST /api/revocations"+wait, `{"apikey":"{`+name+`}"}`, "Idempotency-Key", name)
			}
			first := revoke()
			s.Do(t, verdict(key, "revoked"))
			if first.Status != 200 || !strings.Contains(first.Body, `"keys":1,"receipt":{"epoch":`) ||
				wait != "" && !strings.Contains(first.Body, `"complete":true`) {
				t.Errorf("%d %s", first.Status, first.Body)
			}
			again := revoke()
			if again.Body != first.Body || again.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("again %s, first %s", again.Body, first.Body)
			}
		}
	})
}

// TestRepeatedUnlessRefused: a request that was refused is not kept, and one
// that is repeated is the same request only if all of it is.
func TestRepeatedUnlessRefused(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		create := func(body, key string) reevetest.Reply {
			return send(t, s, "POST /api/projects", body, "Idempotency-Key", key)
		}
		const good, bad = `{"ownerId":"{bob}","projectName":"p"}`, `{"ownerId":"` + nobody + `","projectName":"p"}`
		if got := create(bad, "k"); got.Status != 404 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		first := create(good, "k")
		if first.Status != 200 || first.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("after a refusal: %d %s", first.Status, first.Body)
		}
		for body, want := range map[string]int{good: 200, bad: 422, good + " ": 422, "{": 400} {
			got := create(body, "k")
			if got.Status != want || want == 200 && got.Body != first.Body {
				t.Errorf("%s: %d %s, want %d", body, got.Status, got.Body, want)
			}
		}
		for key, want := range map[string]int{"": 400, strings.Repeat("k", 256): 400, "a\tb": 400, strings.Repeat("k", 255): 200, " ~": 200} {
			if got := create(good, key); got.Status != want {
				t.Errorf("key %q: %d %s, want %d", key, got.Status, got.Body, want)
			}
		}
		// Keys are for POST: elsewhere they change nothing.
		for range 2 {
			if got := send(t, s, "PUT /api/projects/{px}", `{"projectName":"q"}`, "Idempotency-Key", "k"); got.Status != 200 || got.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("PUT: %d", got.Status)
			}
		}
		// Who is not let in learns nothing of what is kept.
		if got := s.Send(t, reevetest.Request{
			Face: "operator", Method: "POST", Target: "/api/projects", Body: s.Expand(good),
			Header: http.Header{"Authorization": {"wrong"}, "Idempotency-Key": {"k"}},
		}); got.Status != 403 {
			t.Errorf("a stranger: %d %s", got.Status, got.Body)
		}
	})
}

// TestFreezeIsRepeatable: with a key or a precondition a freeze is in force when
// its receipt says so, and does not keep others from working while it waits.
func TestFreezeIsRepeatable(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Ready(t)
		key := keyOf(t, s, "k", 0)[0]
		for i, header := range [][]string{{"Idempotency-Key", "a"}, {"If-None-Match", `"x"`}} {
			reply := send(t, s, "POST /api/projects/{px}/freeze?wait=5", `{"type":"legal"}`, header...)
			if reply.Status != 200 || !strings.Contains(reply.Body, `"complete":true`) {
				t.Errorf("%s: %d %s", header[0], reply.Status, reply.Body)
			}
			s.Do(t, verdict(key, "project_frozen"))
			if again := send(t, s, "POST /api/projects/{px}/freeze?wait=5", `{"type":"legal"}`, header...); i == 0 && again.Body != reply.Body {
				t.Errorf("again %s, first %s", again.Body, reply.Body)
			}
			s.Do(t, step{Call: "POST /api/projects/{px}/unfreeze", Status: 200})
			s.Do(t, verdict(key, "valid"))
		}
		deleted := send(t, s, "DELETE /api/apikeys/{k}?wait=5", "", "If-None-Match", `"x"`)
		if deleted.Status != 200 || !strings.Contains(deleted.Body, `"complete":true`) {
			t.Errorf("%d %s", deleted.Status, deleted.Body)
		}
	})
}

// TestRotationIsRepeatable: the token of a reply that is kept works at once.
func TestRotationIsRepeatable(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Operator(t, "fay", "finance")
		s.Do(t, step{Call: "GET /api/users", As: "{fay}", Status: 200, Reply: reevetest.Any})
		reply := send(t, s, "POST /api/operators/{fay_id}/token", `{"overlap":0}`, "Idempotency-Key", "k")
		_, rest, _ := strings.Cut(reply.Body, `"token":"`)
		token, _, _ := strings.Cut(rest, `"`)
		s.Do(t, step{Call: "GET /api/users", As: token, Status: 200, Reply: reevetest.Any})
		s.Do(t, step{Call: "GET /api/users", As: "{fay}", Status: 403, Reply: reevetest.Any})
	})
}

// TestBulkIsRepeatable: with a key, too, what cannot be done to one does not keep
// it from the others.
func TestBulkIsRepeatable(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Operator(t, "fay", "finance")
		s.Do(t, step{Call: "POST /api/users/bob@mail.test/freeze", Body: `{"type":"billing"}`, Status: 200, Reply: reevetest.Any})
		s.Do(t, step{Call: "POST /api/users/carol@mail.test/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any})
		ask := `{"select":{"kind":"users","frozen":true},"action":{"unfreeze":true}`
		as := []string{"Authorization", s.Value(t, "fay")}
		plan := send(t, s, "POST /api/bulk", ask+`}`, as...)
		_, rest, _ := strings.Cut(plan.Body, `"plan":"`)
		run := ask + `,"dryRun":false,"plan":"` + strings.TrimSuffix(rest, `"}`) + `"}`
		reply := send(t, s, "POST /api/bulk", run, append(as, "Idempotency-Key", "k")...)
		if want := s.Expand(`{"dryRun":false,"count":2,"done":1,"failed":[{"id":"{carol}","error":"You are not allowed to perform this action"}]}`); reply.Body != want {
			t.Errorf("%d %s, want %s", reply.Status, reply.Body, want)
		}
		if again := send(t, s, "POST /api/bulk", run, append(as, "Idempotency-Key", "k")...); again.Body != reply.Body {
			t.Errorf("again %s", again.Body)
		}
	})
}

// TestConditionalDeletion: what was used a moment ago keeps a project, also from
// a deletion under a condition.
func TestConditionalDeletion(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Do(t, step{
			Call: "POST /gateway/usage", Body: `{"gateway":"a","sequence":1,"records":[{"projectId":"{px}","meter":"egress","at":"{now}","value":1}]}`,
			Status: 200, Reply: reevetest.Any,
		})
		for range 2 {
			reply := send(t, s, "DELETE /api/projects/{px}", "", "If-Match", "*")
			if want := fault("usage for current month exists"); reply.Status != 409 || reply.Body != want {
				t.Errorf("%d %s, want %s", reply.Status, reply.Body, want)
			}
		}
	})
}
