package tenantapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// keyExamples call every operation on keys once.
var keyExamples = []step{
	{Call: "POST /project/{prj:px}/key", Body: `{"name":"k"}`},
	{Call: "GET /project/{prj:px}/keys"},
	{Call: "GET /project/{prj:px}/key/" + nobody},
	{Call: "DELETE /project/{prj:px}/key/" + nobody},
	{Call: "POST /project/{prj:px}/key/" + nobody + "/rotate", Body: `{"overlap":1}`},
	{Call: "POST /project/{prj:px}/key/narrow", Body: `{"key":"x"}`},
	{Call: "POST /organization/{org:acme}/key", Body: `{"name":"k","role":"viewer"}`},
	{Call: "GET /organization/{org:acme}/keys"},
	{Call: "DELETE /organization/{org:acme}/key/" + nobody},
	{Call: "POST /organization/{org:acme}/key/" + nobody + "/rotate", Body: `{"overlap":1}`},
	{Call: "POST /organization/{org:acme}/key/" + nobody + "/narrow", Body: `{"name":"k","role":"viewer"}`},
}

// verdict asks the gateway listener about a key.
func verdict(key, action, code string) step {
	return step{
		Name: action + " by " + key, Call: "POST /gateway/verify", Body: `{"key":"` + key + `","action":"` + action + `","bucket":"b","path":"p/x"}`,
		Status: 200, Reply: reevetest.Any, Has: []string{`"code":"` + code + `"`},
	}
}

// eventually does a step until it succeeds: what the server does by itself comes
// within a second or two.
func eventually(t *testing.T, s *reevetest.Server, call step, has string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if strings.Contains(s.Do(t, call).Body, s.Expand(has)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: never %s", call.Call, has)
		}
	}
}

// TestKeys is the life of an API key: made with restrictions, seen in lists with
// its last use, rotated, narrowed, at its end.
func TestKeys(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "edge")
		s.Ready(t)
		s.Bind("made", s.Value(t, "now3"))
		s.Bind("end", s.Clock.Now().Add(48*time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"))
		s.Bind("end3", s.Clock.Now().Add(48*time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
		s.Bind("overlap3", s.Clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
		restricted := `"expires_time":"{end3}","restrictions":{"allow_read":true,"allow_write":false,"allow_list":true,"allow_delete":false,` +
			`"paths":[{"bucket":"b","prefix":"p/"}],"not_before":null,"not_after":"{end3}"}`
		unused := `,"last_used_time":null,"last_used_by":null`
		post, list := "POST /project/{prj:px}/key", "GET /project/{prj:px}/keys"
		keys := func(total string, keys ...string) string {
			return `{"status":"success","body":{"total_count":` + total + `,"keys":[` + strings.Join(keys, ",") + `]}}`
		}
		s.Run(t, []step{
			{Call: list, As: "{viewer}", Status: 200, Reply: keys("0")},
			{Call: list + "?number=0", As: "{viewer}", Status: 400, Reply: fault(400, "number must be 1 to 500")},
			{Call: list + "?number=0", As: "{stranger}", Status: 403, Reply: denied},
			{Call: post, Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: post, Body: `{}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: post, As: "{viewer}", Body: `{}`, Status: 403, Reply: denied},
			{Call: post, Body: `{"name":"ci","expires_time":"{made}"}`, Status: 400, Reply: fault(400, "the key's end is in the past")},
			{Call: post, Body: `{"name":"ci","expires_time":"soon"}`, Loose: true, Status: 400, Reply: fault(400, "expires_time must be a time (RFC 3339)")},
			{Call: post, Body: `{"name":"ci","restrictions":{"not_after":7}}`, Loose: true, Status: 400, Reply: fault(400, "restrictions.not_after must be a time (RFC 3339)")},
			{Name: "no place at all is no restriction", Call: post, Body: `{"name":"ci","restrictions":{"paths":[]}}`, Status: 400, Reply: fault(400, "paths is empty")},
			{Call: post, As: "{stranger}", Body: `{"name":"ci","restrictions":{"paths":[]}}`, Status: 403, Reply: denied},
			{Call: post + "/narrow", Body: `{"key":"x","restrictions":{"paths":[]}}`, Status: 400, Reply: fault(400, "paths is empty")},
			{Call: post + "/narrow", As: "{stranger}", Body: `{"key":"x","restrictions":{"paths":[]}}`, Status: 403, Reply: denied},
			{Call: post, Body: `{"name":"ci","restrictions":{"allow_read":1}}`, Loose: true, Status: 400, Reply: fault(400, "restrictions.allow_read must be true or false")},
			{Call: post, Body: `{"name":"ci","restrictions":{"paths":{}}}`, Loose: true, Status: 400, Reply: fault(400, "restrictions.paths must be a list")},
			{Call: post, Body: `{"name":"ci","restrictions":{"paths":[{"bucket":""}]}}`, Status: 400, Reply: fault(400, "each of the paths must name its bucket")},
			{Name: "mistyped", Call: post, Body: `{"name":"ci","expiresTime":"{end}"}`, Loose: true, Status: 400, Reply: fault(400, `unknown field \"expiresTime\"`)},
			{Name: "mistyped", Call: post, Body: `{"name":"ci","restrictions":{"allow_wriet":false}}`, Loose: true, Status: 400, Reply: fault(400, `unknown field \"allow_wriet\"`)},
			{
				Call: post, As: "{editor}", Status: 200,
				Body:  `{"name":" ci ","expires_time":"{end}","restrictions":{"allow_write":false,"allow_delete":false,"paths":[{"bucket":"b","prefix":"p/"}]}}`,
				Reply: `{"status":"success","body":{"id":"{key:old}","key":"{oldkey}","name":"ci","create_time":"{made}",` + restricted + `}}`,
			},
			{Call: post, Body: `{"name":"ci"}`, Status: 409, Reply: fault(409, "api-key with given name already exists")},
			{Call: post, Body: `{"name":"free","restrictions":{}}`, Status: 200, Reply: `{"status":"success","body":{"id":"{key:free}","key":"{freekey}","name":"free","create_time":"{made}","expires_time":null,"restrictions":null}}`},
			{Call: "GET /project/{prj:px}/key/{key:old}", As: "{viewer}", Status: 200, Reply: `{"status":"success","body":{"id":"{key:old}","name":"ci","create_time":"{made}",` + restricted + unused + `,"rotated_from":null,"replaced_by":null}}`},
			{Call: "GET /project/{foreign}/key/{key:old}", As: "{stranger}", Status: 403, Reply: denied},
			verdict("{oldkey}", "read", "valid"), verdict("{oldkey}", "write", "forbidden"), verdict("{freekey}", "write", "valid"),
		}...)
		used := `,"last_used_time":"{made}","last_used_by":{"id":"{gw:edge}","name":"edge"}`
		rotate := "POST /project/{prj:px}/key/{key:old}/rotate"
		s.Run(t, []step{
			{Call: rotate, Body: `{"overlap":-1}`, Status: 400, Reply: fault(400, "overlap must be 0 to 2592000 seconds")},
			{Call: rotate, Body: `{"overlap":2592001}`, Status: 400, Reply: fault(400, "overlap must be 0 to 2592000 seconds")},
			{Call: rotate, Body: `{"overlap":"1"}`, Loose: true, Status: 400, Reply: fault(400, "overlap must be a whole number")},
			{Call: rotate, As: "{viewer}", Body: `{"overlap":"1"}`, Loose: true, Status: 403, Reply: denied},
			{Call: "POST /project/{foreign}/key/{key:old}/rotate", As: "{stranger}", Status: 403, Reply: denied},
			{
				Call: rotate, As: "{editor}", Body: `{"overlap":3600}`, Status: 200,
				Reply: `{"status":"success","body":{"id":"{key:new}","key":"{newkey}","name":"ci","create_time":"{made}",` + restricted + `}}`,
			},
			{Call: rotate, Status: 409, Reply: fault(409, "the key was rotated already")},
			{
				Name: "who still uses the old one", Call: list + "?page=0&number=2", As: "{viewer}", Status: 200, Not: []string{"{oldkey}", "{newkey}", "secret"},
				Reply: keys("3", `{"id":"{key:new}","name":"ci","create_time":"{made}",`+restricted+unused+`,"rotated_from":"{key:old}","replaced_by":null}`,
					`{"id":"{key:old}","name":"{oldname}","create_time":"{made}",`+strings.Replace(restricted, "{end3}", "{overlap3}", 1)+used+
						`,"rotated_from":null,"replaced_by":"{key:new}"}`),
			},
			{Call: list + "?page=1&number=2", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{key:free}"`, `"total_count":3`}, Not: []string{"{key:new}"}},
			verdict("{oldkey}", "read", "valid"), verdict("{newkey}", "read", "valid"), verdict("{newkey}", "write", "forbidden"),
		}...)
		s.Clock.Advance(time.Hour + time.Second)
		eventually(t, s, step{Call: "POST /gateway/verify", Body: `{"key":"{oldkey}","action":"read","bucket":"b","path":"p/x"}`, Status: 200, Reply: reevetest.Any}, `"code":"revoked"`)
		s.Run(t, []step{
			{Call: "GET /project/{px}/key/{old}", Status: 403, Reply: denied},
			{Call: "GET /api/changes?target={old}&action=apikey.delete", Status: 200, Reply: reevetest.Any, Has: []string{`"actor":"system"`}},
			{Call: "DELETE /project/{px}/key/{new}", As: "{viewer}", Status: 403, Reply: denied},
			{Call: "DELETE /project/{px}/key/{new}", As: "{editor}", Status: 204},
			{Call: "DELETE /project/{px}/key/{new}", As: "{editor}", Status: 403, Reply: denied},
			verdict("{newkey}", "read", "revoked"),
			{Call: post, Body: `{"name":"ci"}`, Status: 200, Reply: reevetest.Any},
		}...)
		for _, secret := range []string{"oldkey", "newkey", "freekey"} {
			if strings.Contains(s.Log.String(), s.Value(t, secret)) {
				t.Errorf("%s is in the log", secret)
			}
			s.Do(t, step{Call: "GET /api/changes", Status: 200, Reply: reevetest.Any, Not: []string{"{" + secret + "}"}})
		}
	})
}

// TestNarrowKey: who holds a key makes weaker ones of it, and nothing else.
func TestNarrowKey(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "edge")
		s.Ready(t)
		call := "POST /project/{prj:px}/key/narrow"
		s.Run(t, []step{
			{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"root"}`, Status: 200, Reply: `{"apikey":"{root}"}`},
			{
				Call: call, As: "{viewer}", Body: `{"key":"{root}","restrictions":{"allow_read":false,"paths":[{"bucket":"b"}]}}`,
				Status: 200, Reply: `{"status":"success","body":{"key":"{weak}"}}`,
			},
			verdict("{weak}", "write", "valid"), verdict("{weak}", "read", "forbidden"),
			{Call: call, Body: `{"key":"{weak}"}`, Status: 200, Reply: `{"status":"success","body":{"key":"{weaker}"}}`},
			verdict("{weaker}", "write", "valid"), verdict("{weaker}", "read", "forbidden"),
			{Call: call, As: "{viewer}", Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: call, As: "{viewer}", Body: `{"key":"{root}","restrictions":{"paths":[{"bucket":""}]}}`, Status: 400, Reply: fault(400, "each of the paths must name its bucket")},
			{Call: call, Body: `{"key":"x"}`, Status: 403, Reply: denied},
			{Call: call, Body: `{}`, Loose: true, Status: 403, Reply: denied},
			{Call: call, As: "{stranger}", Body: `{"key":"{root}"}`, Status: 403, Reply: denied},
			{Call: "POST /project/{foreign}/key/narrow", As: "{stranger}", Body: `{"key":"{root}"}`, Status: 403, Reply: denied},
			{Call: "DELETE /api/apikeys/{weak}", Status: 200},
			verdict("{weaker}", "write", "revoked"), verdict("{root}", "read", "valid"),
			{Call: call, Body: `{"key":"{weaker}"}`, Status: 403, Reply: denied},
		}...)
		if strings.Contains(s.Log.String(), s.Value(t, "weaker")) {
			t.Error("a key is in the log")
		}
	})
}

// TestOrganizationKeys is the life of an organisation key.
func TestOrganizationKeys(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Bind("at", s.Value(t, "now3"))
		s.Bind("hour", s.Clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
		post, list := "POST /organization/{org:acme}/key", "GET /organization/{org:acme}/keys"
		made := func(id, text, name, role, end string) string {
			return `{"status":"success","body":{"id":"{orgkey:` + id + `}","key":"{` + text + `}","name":"` + name + `","role":"` + role +
				`","create_time":"{at}","expires_time":` + end + `}}`
		}
		rotate := "POST /organization/{org:acme}/key/{orgkey:ci}/rotate"
		narrow := "POST /organization/{org:acme}/key/{orgkey:ci}/narrow"
		s.Run(t, []step{
			{Call: post, Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: post, Body: `{"name":"a"}`, Loose: true, Status: 400, Reply: fault(400, "role must be admin, editor or viewer")},
			{Call: post, Body: `{"name":"","role":"viewer"}`, Status: 400, Reply: fault(400, "name is not set")},
			{Call: post, Body: `{"name":"a","role":"viewer","expires_time":"{at}"}`, Status: 400, Reply: fault(400, "expires_time is in the past")},
			{Call: post, As: "{editor}", Body: `{"name":"a","role":"viewer"}`, Status: 403, Reply: denied},
			{Call: post, As: "{stranger}", Body: `{`, Status: 403, Reply: denied},
			{Call: post, Body: `{"name":"a ci","role":"editor"}`, Status: 200, Reply: made("ci", "citoken", "a ci", "editor", "null")},
			{Call: post, Body: `{"name":"a ci","role":"editor"}`, Status: 409, Reply: fault(409, "organization key with given name already exists")},
			{Call: narrow, Body: `{`, Status: 400, Reply: fault(400, "unexpected end of JSON input")},
			{Call: narrow, As: "{editor}", Body: `{"name":"b","role":"x"}`, Status: 403, Reply: denied},
			{Call: narrow, Body: `{"name":"b","role":"admin"}`, Status: 400, Reply: fault(400, "the role is stronger than that of the key")},
			{Call: narrow, Body: `{"name":"b","role":"viewer"}`, Status: 200, Reply: made("derived", "derivedtoken", "b", "viewer", "null")},
			{Call: narrow, Body: `{"name":"b","role":"viewer"}`, Status: 409, Reply: fault(409, "organization key with given name already exists")},
			{Call: "GET /project/{px}", As: "{citoken}", Status: 200, Reply: reevetest.Any},
			{Call: "GET /project/{px}", As: "{derivedtoken}", Status: 200, Reply: reevetest.Any},
			{Call: rotate, Body: `{"overlap":2592001}`, Status: 400, Reply: fault(400, "overlap must be 0 to 2592000 seconds")},
			{Call: rotate, As: "{editor}", Status: 403, Reply: denied},
			{Call: rotate, Body: `{"overlap":3600}`, Status: 200, Reply: made("next", "nexttoken", "a ci", "editor", "null")},
			{Call: rotate, Status: 409, Reply: fault(409, "the key was rotated already")},
			{Call: "GET /project/{px}", As: "{nexttoken}", Status: 200, Reply: reevetest.Any},
			{
				Call: list + "?number=3", Status: 200, Not: []string{"{citoken}", "hash"},
				Reply: `{"status":"success","body":{"total_count":6,"keys":[` +
					`{"id":"{orgkey:next}","name":"a ci","role":"editor","create_time":"{at}","expires_time":null,"last_used_time":"{at}",` +
					`"last_used_from":"127.0.0.1","derived_from":null,"rotated_from":"{orgkey:ci}","replaced_by":null},` +
					`{"id":"{orgkey:ci}","name":"{ciname}","role":"editor","create_time":"{at}","expires_time":"{hour}","last_used_time":"{at}",` +
					`"last_used_from":"127.0.0.1","derived_from":null,"rotated_from":null,"replaced_by":"{orgkey:next}"},` +
					`{"id":"{orgkey:derived}","name":"b","role":"viewer","create_time":"{at}","expires_time":"{hour}","last_used_time":"{at}",` +
					`"last_used_from":"127.0.0.1","derived_from":"{orgkey:ci}","rotated_from":null,"replaced_by":null}]}}`,
			},
			{Call: list, As: "{editor}", Status: 403, Reply: denied},
			{Call: list + "?page=x", Status: 400, Reply: fault(400, "page must be 0 to 1000000")},
			{Call: list + "?page=x", As: "{viewer}", Status: 403, Reply: denied},
			{Call: "DELETE /organization/{acme}/key/{ci}", As: "{editor}", Status: 403, Reply: denied},
			{Call: "DELETE /organization/{evil}/key/{ci}", As: "{stranger}", Status: 403, Reply: denied},
			{Call: "DELETE /organization/{acme}/key/{ci}", Status: 204},
			{Call: "DELETE /organization/{acme}/key/{ci}", Status: 403, Reply: denied},
			{Call: "GET /project/{px}", As: "{citoken}", Status: 401, Reply: unauthorized},
			{Call: "GET /project/{px}", As: "{derivedtoken}", Status: 401, Reply: unauthorized},
			{Call: "GET /project/{px}", As: "{nexttoken}", Status: 200, Reply: reevetest.Any},
		}...)
	})
}
