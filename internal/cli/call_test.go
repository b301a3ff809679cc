package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/client"
)

// server answers requests with what a function says, and notes them.
func server(t *testing.T, answer func(r *http.Request, body string) (int, string)) (at string, requests *[]string) {
	t.Helper()
	requests = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*requests = append(*requests, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		status, text := answer(r, string(body))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

// serve runs a handler on loopback.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// run executes a command line of ours.
func run(t *testing.T, in string, args ...string) (out, errOut string, err error) {
	t.Helper()
	return runIn(t.Context(), strings.NewReader(in), args...)
}

// runIn is run until a context ends.
func runIn(ctx context.Context, in io.Reader, args ...string) (out, errOut string, err error) {
	root := &cobra.Command{Use: "reeve", SilenceErrors: true, SilenceUsage: true}
	root.AddGroup(Groups()...)
	root.AddCommand(Login("test"), Logout("test"), Whoami("test"), Profiles("test"), API("test"), Scan("test"))
	root.AddCommand(Nouns("test")...)
	var stdout, stderr bytes.Buffer
	root.SetIn(in)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(args)
	err = root.ExecuteContext(ctx)
	return stdout.String(), stderr.String(), err
}

// alone keeps a test from what the user has.
func alone(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reeve", "credentials.yaml")
	for _, name := range []string{variableServer, variableToken, variableTokenFile, variableProfile, variableCAFile} {
		t.Setenv(name, "")
	}
	t.Setenv(variableCredentials, path)
	return path
}

// TestPagesByNumber follows a tenant's list, which counts its pages.
func TestPagesByNumber(t *testing.T) {
	alone(t)
	at, requests := server(t, func(r *http.Request, _ string) (int, string) {
		var rows []string
		for i := range 1100 {
			if page := r.FormValue("page"); fmt.Sprint(i/500) == page {
				rows = append(rows, fmt.Sprintf(`{"id":"%d"}`, i))
			}
		}
		return 200, `{"status":"success","body":{"total_count":1100,"statements":[` + strings.Join(rows, ",") + `]}}`
	})
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_org_x")
	out, _, err := run(t, "", "statements", "list", "org", "--all", "-o", "csv")
	if err != nil || strings.Count(out, "\r\n") != 1101 || len(*requests) != 3 {
		t.Errorf("%d lines after %q, %v", strings.Count(out, "\r\n"), *requests, err)
	}
	out, _, err = run(t, "", "statements", "list", "org", "--limit", "2", "-o", "json")
	if err != nil || !strings.Contains(out, `"id": "1"`) || strings.Contains(out, `"id": "2"`) {
		t.Errorf("%s, %v", out, err)
	}
}

// TestServerDryRun leaves it to the server what would be done, where that
// knows, and tells it when it is meant.
func TestServerDryRun(t *testing.T) {
	alone(t)
	at, requests := server(t, func(*http.Request, string) (int, string) {
		return 200, `{"dryRun":true,"plan":"p","count":0,"items":[],"failed":[]}`
	})
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	bulk := []string{"bulk", "--select", "{}", "--action", "{}", "--plan", "p", "--yes"}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, `{"select":{},"action":{},"plan":"p"}`},
		{[]string{"--dry-run"}, `{"select":{},"action":{},"plan":"p","dryRun":true}`},
		{[]string{"--dry-run=false"}, `{"select":{},"action":{},"plan":"p","dryRun":false}`},
		{[]string{"--data", `{"dryRun":true}`, "--dry-run=false"}, `{"dryRun":false,"select":{},"action":{},"plan":"p"}`},
	} {
		*requests = nil
		_, said, err := run(t, "", append(bulk, test.args...)...)
		if err != nil || said != "nothing was done: --dry-run=false --plan p carries it out\n" {
			t.Fatal(err, said)
		}
		if want := []string{"POST /api/bulk " + test.want}; !slices.Equal(*requests, want) {
			t.Errorf("%s asks %q, want %q", test.args, *requests, want)
		}
	}
	*requests = nil
	out, _, err := run(t, "", "api", "bulk", "--data", `{"select":{},"action":{}}`, "--dry-run=false", "-o", "json")
	if want := `POST /api/bulk {"select":{},"action":{},"dryRun":false}`; err != nil || len(*requests) != 1 || (*requests)[0] != want {
		t.Errorf("asked %q, %v: %s", *requests, err, out)
	}
	if _, _, err := run(t, "", "users", "freeze", "a@b", "--type", "warning", "--dry-run=false"); err != nil || len(*requests) != 2 {
		t.Errorf("%q, %v", *requests, err)
	}
}

// TestSignIn begins a session, with a code where one is wanted, and ends it.
func TestSignIn(t *testing.T) {
	path := alone(t)
	at, requests := server(t, func(r *http.Request, body string) (int, string) {
		switch {
		case r.URL.Path != "/user/login":
			return 200, `{"status":"success","body":{}}`
		case !strings.Contains(body, `"password":"secret word"`):
			return 401, `{"status":"error","message":"the address or the password is wrong","code":401}`
		case !strings.Contains(body, `"code":"123456"`):
			return 401, `{"status":"error","message":"a code is needed","code":401}`
		}
		return 200, `{"status":"success","body":{"users":[{"id":"usr_1","auth_token":"reeve_ses_1"}]}}`
	})
	_, _, err := run(t, "wrong\n", "login", "--tenant", at, "--email", "a@b")
	if failure, ok := err.(*Failure); !ok || failure.Code != ExitDenied {
		t.Errorf("a wrong password: %v", err)
	}
	_, said, err := run(t, "secret word\n123456\n", "login", "--tenant", at, "--email", "a@b")
	if err != nil || !strings.Contains(said, `as a@b; profile "default"`) || strings.Contains(said, "secret") {
		t.Errorf("said %q, %v", said, err)
	}
	*requests = nil
	if _, _, err = run(t, "", "statements", "list", "org", "-o", "json"); err != nil || len(*requests) != 1 {
		t.Errorf("requests %q, %v", *requests, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "session: reeve_ses_1") || strings.Contains(string(text), "secret word") {
		t.Errorf("stored %q, %v", text, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestScanAsks sends what was found to the profile's server, and tells what it
// answers.
func TestScanAsks(t *testing.T) {
	alone(t)
	token := string(reeve.NewToken(reeve.TokenGateway, [32]byte{1}))
	other := string(reeve.NewToken(reeve.TokenOrganization, [32]byte{2}))
	at, requests := server(t, func(_ *http.Request, body string) (int, string) {
		var asked struct {
			Keys   []string
			Revoke bool
		}
		if err := json.Unmarshal([]byte(body), &asked); err != nil || len(asked.Keys) != 2 {
			return 400, `{"error":"no","detail":""}`
		}
		state := map[bool]string{false: "live", true: "revoked"}[asked.Revoke]
		return 200, `{"found":[{"index":1,"kind":"gateway","id":"7","name":"edge","of":{"organizationId":"9"},"state":"` + state + `"}]}`
	})
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	for flag, state := range map[string]string{"": "live", "--revoke": "revoked"} {
		*requests = nil
		args := []string{"scan", "-"}
		if flag != "" {
			args = append(args, flag)
		}
		out, _, err := run(t, other+"\n  "+token, args...)
		want := "-:1:1: organization_key " + name(other) + "\n-:2:3: gateway " + name(token) + " id=7 called=edge of.organizationId=9 state=" + state + "\n"
		if diff := cmp.Diff(want, out); diff != "" {
			t.Errorf("%s found (-want +got):\n%s", flag, diff)
		}
		if failure, ok := err.(*Failure); !ok || failure.Code != ExitFailure || failure.Err != nil {
			t.Errorf("%s: %v", flag, err)
		}
		if len(*requests) != 1 || strings.HasPrefix((*requests)[0], "GET") {
			t.Errorf("requests %d", len(*requests))
		}
	}
	// A server that does not say leaves the find as it is.
	out, _, err := run(t, token, "scan", "-")
	if failure, ok := err.(*Failure); !ok || failure.Code != ExitFailure || failure.Err == nil || !strings.HasPrefix(out, "-:1:1: gateway") {
		t.Errorf("without an answer: %q, %v", out, err)
	}
	*requests = nil
	if out, _, _ := run(t, token, "scan", "--offline", "-"); len(*requests) != 0 || !strings.HasPrefix(out, "-:1:1: gateway") {
		t.Errorf("offline: %q, %d requests", out, len(*requests))
	}
}

// TestScanNames: a file's name that is a key is not told, wherever it would be,
// and what cannot be read is no find.
func TestScanNames(t *testing.T) {
	alone(t)
	t.Chdir(t.TempDir())
	key := string(reeve.NewToken(reeve.TokenGateway, [32]byte{1}))
	if err := os.MkdirAll(key, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(key, "of-"+key), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "a-first"); err != nil { // which cannot be read, and does not end the search
		t.Fatal(err)
	}
	for _, format := range formats {
		out, errOut, err := run(t, "", "scan", "--offline", "a-first", ".", "missing-"+key, "-o", format)
		failure, ok := errors.AsType[*Failure](err)
		if !ok || failure.Code != ExitFailure || !strings.Contains(out, "***/of-***") || !strings.Contains(err.Error(), "missing-***") {
			t.Errorf("%s: %v, %s", format, err, out)
		}
		if strings.Contains(out+errOut+err.Error(), key) {
			t.Errorf("%s: the key is told: %v, %s", format, err, out)
		}
	}
	if err := os.WriteFile("closed", []byte(key), 0); err != nil {
		t.Fatal(err)
	}
	if out, _, err := run(t, "", "scan", "--offline", "."); os.Getuid() != 0 && (strings.Count(out, "\n") != 1 || !strings.Contains(fmt.Sprint(err), "closed")) {
		t.Errorf("beside what is closed: %v, %s", err, out)
	}
	out, _, err := run(t, "", "scan", "--offline", "missing")
	if failure, ok := errors.AsType[*Failure](err); !ok || failure.Code != ExitUnread || out != "" {
		t.Errorf("%v, %s", err, out)
	}
}

// TestFailed gives errors their codes.
func TestFailed(t *testing.T) {
	for status, want := range map[int]int{400: 1, 401: 3, 403: 3, 404: 4, 409: 5, 412: 5, 422: 5, 429: 6, 500: 1, 503: 6} {
		if got := failed(&client.Error{Status: status}).(*Failure).Code; got != want {
			t.Errorf("%d exits with %d, want %d", status, got, want)
		}
	}
	if got := failed(&client.ConnectionError{Err: context.DeadlineExceeded}).(*Failure).Code; got != ExitUnavailable {
		t.Errorf("no answer exits with %d", got)
	}
	if got := failed(os.ErrNotExist).(*Failure).Code; got != ExitFailure {
		t.Errorf("a missing file exits with %d", got)
	}
}
