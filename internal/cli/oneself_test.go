package cli

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestOneself: who signed in is the user that is meant, and an only
// organisation the one.
func TestOneself(t *testing.T) {
	alone(t)
	organizations := `{"id":"org_1","name":"acme"}`
	at, requests := server(t, func(r *http.Request, _ string) (int, string) {
		switch r.URL.Path {
		case "/user/login":
			return 200, `{"status":"success","body":{"users":[{"id":"usr_1","auth_token":"reeve_ses_1"}]}}`
		case "/user/usr_1":
			return 200, `{"status":"success","body":{"users":[{"id":"usr_1","email":"a@b"}]}}`
		case "/user/usr_1/orgs":
			return 200, `{"status":"success","body":{"total_count":1,"organizations":[` + organizations + `]}}`
		}
		return 200, `{"status":"success","body":{}}`
	})
	if _, _, err := run(t, "secret word\n", "login", "--tenant", at, "--email", "a@b"); err != nil {
		t.Fatal(err)
	}
	orgs := "GET /user/usr_1/orgs"
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"accounts", "get-user"}, []string{"GET /user/usr_1"}},
		{[]string{"accounts", "get-user", "usr_2"}, []string{"GET /user/usr_2"}},
		{[]string{"accounts", "list-sessions"}, []string{"GET /user/usr_1/sessions"}},
		{[]string{"accounts", "end-session", "ses_2", "--yes"}, []string{"DELETE /user/usr_1/session/ses_2"}},
		{[]string{"accounts", "end-session", "usr_2", "ses_2"}, []string{"DELETE /user/usr_2/session/ses_2"}},
		{[]string{"orgs", "list"}, []string{orgs}},
		{[]string{"projects", "list"}, []string{orgs, "GET /organization/org_1/projects"}},
		{[]string{"projects", "list", "org_2"}, []string{"GET /organization/org_2/projects"}},
		{[]string{"org-members", "remove", "usr_3"}, []string{orgs, "DELETE /organization/org_1/member/usr_3"}},
		{[]string{"members", "list", "prj_1"}, []string{"GET /project/prj_1/users"}},
	} {
		*requests = nil
		if _, _, err := run(t, "", test.args...); err != nil || !slices.Equal(*requests, test.want) {
			t.Errorf("%s asks %q, want %q: %v", test.args, *requests, test.want, err)
		}
	}
	out, _, err := run(t, "", "whoami", "-o", "json")
	if want := `"credential": "a@b",` + "\n" + `  "id": "usr_1",` + "\n" + `  "email": "a@b"` + "\n}"; err != nil || !strings.Contains(out, want) {
		t.Errorf("%v %s", err, out)
	}
	for has, want := range map[string]string{
		"": "give [ORGANIZATION]: a@b is in no organisation",
		`{"id":"org_1","name":"acme"},{"id":"org_2","name":"b"}`: "give [ORGANIZATION]: a@b is in org_1 (acme), org_2 (b)",
	} {
		organizations = has
		if _, _, err := run(t, "", "projects", "list"); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, _, err := run(t, "", "members", "list"); err == nil || err.Error() != "give PROJECT" {
		t.Error(err)
	}
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_org_x")
	for _, noun := range []string{"projects", "orgs"} {
		if _, _, err := run(t, "", noun, "list"); err == nil || !strings.Contains(err.Error(), "an organisation's key") {
			t.Error(err)
		}
	}
}

// TestElsewhere asks whether it is the right listener where the path is unknown
// there, and not where the thing is.
func TestElsewhere(t *testing.T) {
	alone(t)
	body := ""
	at, _ := server(t, func(*http.Request, string) (int, string) { return 404, body })
	t.Setenv(variableServer, at)
	for _, test := range []struct {
		token, body string
		args        []string
		want        string
	}{
		{"reeve_op_x", `{"status":"error","message":"not found","code":404}`, []string{"users", "list"}, "is " + at + " the operators' listener?"},
		{"reeve_op_x", `{"error":"not found","detail":""}`, []string{"users", "list", "--all"}, "is " + at + " the operators' listener?"},
		{"reeve_org_x", `{"error":"not found","detail":""}`, []string{"orgs", "get", "1"}, "is " + at + " the tenants' listener?"},
		{"reeve_gw_x", `{"error":"not found","detail":""}`, []string{"keys", "verify", "--key", "k", "--action", "read"}, "is " + at + " the gateways' listener?"},
		{"reeve_op_x", `{"error":"user not found","detail":""}`, []string{"users", "get", "a@b"}, ""},
	} {
		t.Setenv(variableToken, test.token)
		body = test.body
		_, _, err := run(t, "", test.args...)
		failure, ok := errors.AsType[*Failure](err)
		if !ok || failure.Code != ExitNotFound || !strings.HasSuffix(err.Error(), test.want) || (test.want == "") == strings.Contains(err.Error(), "listener") {
			t.Errorf("%s: %v", test.args, err)
		}
	}
}
