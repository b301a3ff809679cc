package tenantapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestMasking: what a key may not see or do gets one answer, whatever it is.
func TestMasking(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Member(t, "projects", "px", "bob", "viewer")
		before := s.Count(t)
		projects := []string{
			"{prj:foreign}", "{foreign}", nobody, "prj_01h2xcejqtf2nbrexx3vqjhp41", "prj_9uxm3drw0ka0t96g8k3pdb6p697a", "x",
			"{usr:px}", "{org:px}", "{acme}", "{usr:alice}", "%20", "%25", "..%2F..", "%00", "%ff", strings.Repeat("x", 5000), "PRJ_01h2xcejqtf2nbrexx3vqjhp41",
		}
		for _, project := range projects {
			for _, example := range examples {
				for _, body := range []string{example.Body, "garbage", `{"name":7,"role":7}`, `{}`} {
					call := example
					call.Name = project + " " + example.Call
					call.Call = strings.Replace(call.Call, "{prj:px}", project, 1)
					if call.Call == example.Call {
						continue // TestMaskingOrganizations
					}
					if call.Body != "" {
						call.Body = body
					}
					call.Status, call.Reply = 403, denied
					s.Do(t, call)
				}
			}
		}
		for _, user := range []string{
			"{usr:mallory}", "{mallory}", nobody, "usr_01h2xcejqtf2nbrexx3vqjhp41", "usr_a61vds5nc7th6jcz6x0xra34y9e4", "x", "{prj:bob}", "%00",
		} {
			s.Do(t, step{Call: "DELETE /project/{px}/user/" + user, Status: 403, Reply: denied})
			s.Do(t, step{Call: "PUT /project/{px}/user/" + user + "/enable", Status: 403, Reply: denied})
			s.Do(t, step{Call: "POST /project/{px}/user", Body: `{"user_id":"` + user + `","role":"viewer"}`, Status: 403, Reply: denied})
		}
		s.Do(t, step{Name: "in the organisation, but not a member", Call: "DELETE /project/{px}/user/{carol}", Status: 403, Reply: denied})
		s.Do(t, step{Call: "PUT /project/{px}/user/{carol}/enable", Status: 403, Reply: denied})
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
	})
}

// TestRoles is the matrix: what each role's key may do.
func TestRoles(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		matrix := []struct {
			example               int
			viewer, editor, admin int
		}{
			{0, 200, 200, 200},
			{1, 403, 200, 200},
			{2, 200, 200, 200},
			{3, 403, 403, 200},
			{4, 403, 403, 204},
			{5, 403, 403, 200},
			{6, 200, 200, 200},
			{7, 200, 200, 200},
			{8, 200, 200, 200},
		}
		for _, row := range matrix {
			for _, key := range []struct {
				name   string
				status int
			}{{"{stranger}", 403}, {"{viewer}", row.viewer}, {"{editor}", row.editor}, {"{key}", row.admin}} {
				call := examples[row.example]
				call.Name = key.name + " " + call.Call
				call.As, call.Status, call.Reply = key.name, key.status, reevetest.Any
				if key.status == 403 {
					call.Reply = denied
				}
				if key.status == 204 {
					call.Reply = ""
				}
				s.Do(t, call)
				if key.status == 403 && call.Body != "" {
					call.Body = "garbage"
					s.Do(t, call)
				}
			}
		}
	})
}

// TestCredentials: without a valid key everything is 401, before the path, the
// method and the body are looked at.
func TestCredentials(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Do(t, step{
			Call: "POST /api/organizations/{acme}/apikeys", Body: `{"name":"short","role":"admin","expiresAt":"2026-11-22T15:45:00Z"}`,
			Status: 200, Reply: `{"id":"{short_id}","apikey":"{short}"}`,
		})
		s.OrganizationKey(t, "revoked", "acme", "admin")
		s.Do(t, step{Call: "DELETE /api/organizations/{acme}/apikeys/revoked", Status: 200})
		s.Clock.Advance(time.Hour)
		before := s.Count(t)
		others := []step{
			{Call: "GET /project"},
			{Call: "GET /project/"},
			{Call: "GET /project/{px}/nothing"},
			{Call: "PATCH /project/{px}"},
			{Call: "GET /organization"},
			{Call: "GET /organization/{acme}"},
			{Call: "GET /user/{alice}"},
			{Call: "OPTIONS /project/{px}"},
			{Call: "GET /project//{px}"},
			{Call: "PUT /project/{px}", Body: "garbage"},
			{Call: "PUT /project/x", Body: "garbage"},
		}
		key := s.Value(t, "key")
		credentials := []string{
			"-", "wrong", "{short}", "{revoked}", "{token}", "{operator}", "Bearer {key}", strings.ToLower(key), key + "0", key[:58],
			key[:20] + "0" + key[21:], "reeve_org_00000000000000000000000000000000000000000002CZclj", strings.Repeat("x", 10000),
		}
		for _, as := range credentials {
			for _, call := range append(others, examples...) {
				call.As, call.Status, call.Reply = as, 401, unauthorized
				s.Do(t, call)
			}
		}
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Do(t, step{Call: "GET /project/{px}", As: " {key} ", Status: 200, Reply: reevetest.Any})
	})
}

// TestActor: the request log names the key that asked, once it is known to be
// one, whatever comes of it.
func TestActor(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Plain = true
	s.Tenants(t)
	key, viewer := s.Value(t, "key_id"), s.Value(t, "viewer_id")
	var want []string
	for _, test := range []struct {
		step
		actor string
	}{
		{step{Call: "GET /project/{px}", Status: 200}, key},
		{step{Call: "PUT /project/{px}", Body: `{"name":"x"}`, Status: 200}, key},
		{step{Call: "GET /project/{px}/users", As: "{viewer}", Status: 200}, viewer},
		{step{Call: "PUT /project/{px}", As: "{viewer}", Body: `{"name":"x"}`, Status: 403}, viewer},
		{step{Call: "GET /project/{foreign}", Status: 403}, key},
		{step{Call: "PUT /project/{px}", Body: `{`, Status: 400}, key},
		{step{Call: "GET /project/{px}/nothing", Status: 404}, key},
		{step{Call: "GET /project/{px}", As: "reeve_org_00000000000000000000000000000000000000000002CZclj", Status: 401}, ""},
	} {
		test.Reply = reevetest.Any
		s.Do(t, test.step)
		method, _, _ := strings.Cut(test.Call, " ")
		want = append(want, fmt.Sprintf("%s %d %s", method, test.Status, test.actor))
	}
	// A record follows its reply.
	var got []string
	for deadline := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		got = nil
		for line := range strings.Lines(s.Log.String()) {
			var record struct {
				Listener, Method, Actor string
				Status                  int
			}
			if err := json.Unmarshal([]byte(line), &record); err == nil && record.Listener == "tenant" {
				got = append(got, fmt.Sprintf("%s %d %s", record.Method, record.Status, record.Actor))
			}
		}
	}
	slices.Sort(got) // records of two connections may swap
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
