package cli

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/client"
)

// TestCAFile: a server with a certificate of a private CA is trusted by who
// names that: by the flag, else the environment, else the profile.
func TestCAFile(t *testing.T) {
	alone(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/user/login" {
			fmt.Fprint(w, `{"status":"success","body":{"users":[{"id":"1","auth_token":"reeve_ses_x"}]}}`)
			return
		}
		fmt.Fprint(w, `{"status":"success","body":{},"changes":[]}`)
	}))
	defer s.Close()
	dir := t.TempDir()
	t.Chdir(dir)
	file := func(name string, text []byte) string {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	bad := file("bad.pem", []byte("no certificate"))
	refused := func(code int, says string, args ...string) {
		t.Helper()
		_, _, err := run(t, "reeve_op_x\n", args...)
		failure, ok := errors.AsType[*Failure](err)
		if !ok || failure.Code != code || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", args, err)
		}
	}
	works := func(args ...string) {
		t.Helper()
		if _, _, err := run(t, "reeve_op_x\n", args...); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	refused(ExitUnavailable, "--ca-file names", "login", s.URL)
	refused(ExitUsage, "no certificate", "login", s.URL, "--ca-file", bad)
	refused(ExitUsage, "missing.pem", "login", s.URL, "--ca-file", "missing.pem")
	works("login", s.URL, "--ca-file", good)
	works("login", "--tenant", "--email", "a@b", "--profile", "ada", s.URL, "--ca-file", good)
	stored, err := loadProfiles()
	if err != nil || stored.Profiles["default"].CAFile != filepath.Join(dir, good) || stored.Profiles["ada"].CAFile != filepath.Join(dir, good) {
		t.Errorf("%+v, %v", stored, err)
	}
	t.Chdir(t.TempDir())
	works("changes", "list", "--profile", "default")
	works("login", s.URL, "--profile", "default") // again, with what is remembered
	works("logout", "--profile", "ada")
	refused(ExitUsage, "no certificate", "changes", "list", "--profile", "default", "--ca-file", filepath.Join(dir, bad))

	t.Setenv(variableServer, s.URL)
	t.Setenv(variableToken, "reeve_op_x")
	refused(ExitUnavailable, "--ca-file names", "changes", "list")
	refused(ExitUnavailable, "--ca-file names", "whoami")
	t.Setenv(variableCAFile, filepath.Join(dir, bad))
	refused(ExitUsage, "no certificate", "whoami")
	works("changes", "list", "--ca-file", filepath.Join(dir, good))
	t.Setenv(variableCAFile, filepath.Join(dir, good))
	works("changes", "list", "--all")
}

// TestInterrupted: Ctrl-C ends a call, a list and a question, with a code of
// its own, and says what is not known.
func TestInterrupted(t *testing.T) {
	alone(t)
	var stop context.CancelFunc
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/changes" && r.FormValue("after") == "" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"changes":[{"number":1}],"next":"1"}`)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		stop()
		<-r.Context().Done()
	}))
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	silent, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	for _, test := range []struct {
		says string
		args []string
	}{
		{"interrupted", []string{"users", "get", "a@b"}},
		{"interrupted: whether it was done is not known", []string{"users", "delete", "a@b", "--yes"}},
		{"the output is incomplete: it ends after 1 rows: interrupted", []string{"changes", "list", "--all"}},
		{"interrupted", []string{"users", "get", "-"}},
		{"interrupted", []string{"login", at}},
		{"interrupted", []string{"scan", "--offline", "-"}},
		{"--data: interrupted", []string{"users", "create", "--data", "-"}},
	} {
		var ctx context.Context
		ctx, stop = context.WithCancel(t.Context())
		defer stop()
		if last := test.args[len(test.args)-1]; last == "-" || last == at {
			stop()
		}
		_, _, err := runIn(ctx, silent, test.args...)
		failure, ok := errors.AsType[*Failure](failed(err))
		if !ok || failure.Code != ExitInterrupted || err.Error() != test.says {
			t.Errorf("%s: %v", test.args, err)
		}
	}
}

// TestGone: a server that goes away in the middle of a reply is one that does
// not answer.
func TestGone(t *testing.T) {
	alone(t)
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"changes":[`)
	}))
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	_, _, err := run(t, "", "changes", "list")
	if failure, ok := errors.AsType[*Failure](err); !ok || failure.Code != ExitUnavailable || !strings.Contains(err.Error(), "in the middle of the reply") {
		t.Error(err)
	}
	_, _, err = run(t, "", "changes", "list", "--timeout", "1ns")
	if failure, ok := errors.AsType[*Failure](err); !ok || failure.Code != ExitUnavailable || !strings.HasSuffix(err.Error(), ": --timeout waits longer") {
		t.Error(err)
	}
}

// TestLine: what servers say is one line that no terminal obeys.
func TestLine(t *testing.T) {
	err := &client.Error{Status: 404, Message: "no \x1b[31muser\n\n \u009bx"}
	if got := Line(err); got != `no \x1b[31muser; \x9bx (404)` {
		t.Errorf("%q", got)
	}
}
