package operatorapi_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestOperators(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		post, one := "POST /api/operators", "/api/operators/{o}"
		unknown := fault("operator not found")
		badID := fault("invalid operator-uuid", "uuid: invalid string length 1 expected 36")
		s.Run(t, []step{
			{Call: "GET /api/operators", Status: 200, Reply: `[]`},
			{Call: "GET /api/operators/me", Status: 200, Reply: `{"id":"root","name":"root","role":"admin","rotatable":false}`},
			{Call: post, Body: `{"role":"admin"}`, Status: 400, Reply: fault("Name is not set")},
			{Call: post, Body: `{"name":" Root","role":"viewer"}`, Status: 400, Reply: fault("Name must not be root")},
			{Call: post, Body: `{"name":"SYSTEM","role":"viewer"}`, Status: 400, Reply: fault("Name must not be system")},
			{Call: post, Body: `{"name":"x"}`, Status: 400, Reply: fault("role must be admin, support, finance or viewer")},
			{Call: post, Body: `{"name":"x","role":"Admin"}`, Status: 400, Reply: fault("role must be admin, support, finance or viewer")},
			{Call: post, Body: `{"name":" Grace ","role":"support"}`, Status: 200, Reply: `{"id":"{o}","token":"{staff}"}`},
			{Call: post, Body: `{"name":"Grace","role":"viewer"}`, Status: 409, Reply: fault("an operator with that name already exists")},
			{
				Call: "GET " + one, Status: 200, Not: []string{"{staff}"},
				Reply: `{"id":"{o}","name":"Grace","role":"support","createdAt":"{now}","lastUsedAt":null,` +
					`"tokens":[{"id":"{t}","createdAt":"{now}","expiresAt":null,"lastUsedAt":null}]}`,
			},
			{Call: "GET /api/operators/me", As: "{staff}", Status: 200, Reply: `{"id":"{o}","name":"Grace","role":"support","rotatable":true}`},
			{Call: "GET /api/operators", As: "Bearer {staff}", Status: 200, Reply: reevetest.Any, Has: []string{`"lastUsedAt":"{now}","tokens":[{"id":"{t}","createdAt":"{now}","expiresAt":null,"lastUsedAt":"{now}"}]}]`}},
			{Name: "not allowed", Call: post, As: "{staff}", Body: `{"name":"y","role":"viewer"}`, Status: 403, Reply: fault("You are not allowed to perform this action")},
			{Name: "who did it", Call: "POST /api/users", As: "{staff}", Body: `{"email":"n@mail.test","fullName":"N","password":"123456"}`, Status: 200, Reply: reevetest.Any},
			{Call: "GET /api/changes?actor={op:o}", Status: 200, Reply: reevetest.Any, Has: []string{`"actor":"{o}","action":"user.create"`}},

			{Call: "GET /api/operators/x", Status: 400, Reply: badID},
			{Call: "GET /api/operators/" + nobody, Status: 404, Reply: unknown},
			{Call: "PUT /api/operators/x", Body: `{}`, Status: 400, Reply: badID},
			{Call: "PUT " + one, Body: `{}`, Status: 400, Reply: fault("neither name nor role is set")},
			{Call: "PUT " + one, Body: `{"name":" "}`, Status: 400, Reply: fault("Name is not set")},
			{Call: "PUT " + one, Body: `{"name":"root"}`, Status: 400, Reply: fault("Name must not be root")},
			{Call: "PUT /api/operators/" + nobody, Body: `{"name":"z"}`, Status: 404, Reply: unknown},
			{Call: post, Body: `{"name":"Ada","role":"viewer"}`, Status: 200, Reply: `{"id":"{ada}","token":"{adas}"}`},
			{Call: "PUT " + one, Body: `{"name":"Ada"}`, Status: 409, Reply: fault("an operator with that name already exists")},
			{Call: "PUT " + one, Body: `{"name":"G","role":"finance"}`, Status: 200},
			{Call: "GET /api/operators/me", As: "{staff}", Status: 200, Reply: `{"id":"{o}","name":"G","role":"finance","rotatable":true}`},

			{Name: "one's own token", Call: "POST " + one + "/token", As: "{staff}", Body: `{"overlap":60}`, Status: 200, Reply: `{"token":"{newer}"}`},
			{Call: "POST /api/operators/{ada}/token", As: "{staff}", Status: 403, Reply: fault("You are not allowed to perform this action")},
			{Call: "GET /api/operators/me", As: "{staff}", Status: 200, Reply: reevetest.Any},
			{Call: "GET /api/operators/me", As: "{newer}", Status: 200, Reply: reevetest.Any, After: func(*testing.T, reevetest.Reply) { s.Clock.Advance(time.Minute) }},
			{Call: "GET /api/operators/me", As: "{staff}", Status: 403, Reply: fault("Forbidden")},
			{Call: "POST " + one + "/token", Status: 200, Reply: `{"token":"{newest}"}`},
			{Call: "GET /api/operators/me", As: "{newer}", Status: 403, Reply: fault("Forbidden")},
			{Call: "POST " + one + "/token", Body: `{"overlap":9223372036854775807}`, Status: 400, Reply: fault("overlap must be 0 to 2592000 seconds")},
			{Call: "POST " + one + "/token", Body: `{"overlap":-1}`, Status: 400, Reply: fault("overlap must be 0 to 2592000 seconds")},
			{Call: "POST /api/operators/" + nobody + "/token", Status: 404, Reply: unknown},
			{Call: "POST /api/operators/00000000-0000-0000-0000-000000000000/token", Status: 404, Reply: unknown},
			{Call: "POST /api/operators/root/token", Status: 409, Reply: fault("the root operator's token is configured, and has none in the database")},

			{Call: "DELETE /api/operators/x", Status: 400, Reply: badID},
			{Call: "DELETE " + one, Status: 200},
			{Call: "DELETE " + one, Status: 404, Reply: unknown},
			{Call: "GET /api/operators/me", As: "{newest}", Status: 403, Reply: fault("Forbidden")},
		}...)
	})
}
