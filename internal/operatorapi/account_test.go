package operatorapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestPasswordResetLink: an operator hands a link on, which is in no log.
func TestPasswordResetLink(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.Bind("hour", s.Clock.Now().Add(time.Hour).Truncate(time.Second).Format(time.RFC3339))
		s.Run(t, []step{
			{Call: "POST /api/users/nobody@mail.test/reset", Status: 404, Reply: fault(`user with email "nobody@mail.test" not found`)},
			{
				Call: "POST /api/users/ALICE@mail.test/reset", Status: 200,
				Reply: `{"link":"https://cloud.test/console/password#{again}","token":"{token_of_alice}","expiresAt":"{hour}"}`,
			},
			{
				Call: "POST /user/password", As: "-", Body: `{"token":"{token_of_alice}","new_password":"12345678"}`,
				Status: 200, Reply: `{"status":"success","body":{}}`,
			},
			{
				Call: "GET /api/changes?target={alice}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"action":"user.reset_link"`, `"actor":"{alice}","action":"user.reset"`}, Not: []string{"reeve_rst_", "mail.test"},
			},
		}...)
		if s.Value(t, "again") != s.Value(t, "token_of_alice") || strings.Contains(s.Log.String(), "reeve_rst_") {
			t.Error("the link has another token, or the log tells it")
		}
	})
}

// TestDeleteTOTP: who has lost the device gets in again.
func TestDeleteTOTP(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		s.SignIn(t, "alice")
		path := "/user/{usr:alice}/totp"
		s.Run(t, []step{
			{Call: "DELETE /api/users/nobody@mail.test/totp", Status: 404, Reply: fault(`user with email "nobody@mail.test" not found`)},
			{Call: "DELETE /api/users/alice@mail.test/totp", Status: 404, Reply: fault("totp not found")},
			{
				Call: "POST " + path, As: "session alice", Body: `{"password":"` + reevetest.Password + `"}`, Status: 200,
				Reply: `{"status":"success","body":{"secret":"{secret}","uri":"{uri}"}}`,
			},
		}...)
		code, err := totp.GenerateCode(s.Value(t, "secret"), s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		login := step{Call: "POST /user/login", As: "-", Body: `{"email":"alice@mail.test","password":"` + reevetest.Password + `"}`, Status: 401, Reply: reevetest.Any}
		s.Run(t, step{Call: "PUT " + path, As: "session alice", Body: `{"code":"` + code + `"}`, Status: 200, Reply: reevetest.Any}, login)
		s.Do(t, step{Call: "DELETE /api/users/alice@mail.test/totp", Status: 200})
		login.Status = 200
		s.Do(t, login)
	})
}
