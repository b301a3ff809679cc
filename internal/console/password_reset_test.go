package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// link has an operator make a link to a user's new password.
func resetLink(t *testing.T, s *reevetest.Server, user string) string {
	t.Helper()
	var link string
	s.Do(t, reevetest.Step{Call: "POST /api/users/" + user + "@mail.test/reset", Status: 200, Reply: reevetest.Any, After: func(t *testing.T, reply reevetest.Reply) {
		_, rest, _ := strings.Cut(reply.Body, `"link":"`)
		link, _, _ = strings.Cut(rest, `"`)
	}})
	if !strings.HasPrefix(link, "https://cloud.test/console/password#reeve_rst_") {
		t.Fatalf("the link is %q", link)
	}
	return link
}

// TestForgotten: without mail, who to ask is said; with it, all addresses are
// answered alike.
func TestForgotten(t *testing.T) {
	s := reevetest.Open(t)
	newBrowser(t, s, "tenant").get("sign-in").follow("Forgotten the password?").titled("Forgotten password").
		says("This platform sends no mail. Ask its operator").follow("To the sign-in page").titled("Sign in")
	newBrowser(t, s, "tenant").do(http.MethodPost, "password-reset", map[string][]string{"email": {"a@mail.test"}}, nil).
		answered(http.StatusServiceUnavailable, "Forgotten password").says("Mail is not configured.")
	m := reevetest.OpenMailed(t)
	m.User(t, "alice", "Alice")
	b := newBrowser(t, m, "tenant")
	form := b.get("password-reset").titled("Forgotten password")
	known := form.send(fields{"email": "alice@mail.test"}).titled("Sign in").says("If there is an account with this address")
	unknown := form.send(fields{"email": "nobody@mail.test"}).titled("Sign in")
	if known.main() != unknown.main() {
		t.Error("addresses can be told apart")
	}
	form.send(fields{"email": ""}).answered(http.StatusBadRequest, "Forgotten password").says("Email is not set.")
	for range 8 {
		form.send(fields{"email": "alice@mail.test"})
	}
	form.send(fields{"email": "alice@mail.test"})
	form.send(fields{"email": "alice@mail.test"}).answered(http.StatusTooManyRequests, "Forgotten password").says("Too many failed attempts. Try again in")
	select {
	case mail := <-m.Mail:
		if !strings.Contains(mail.Text, "/console/password#reeve_rst_") {
			t.Errorf("the mail is %s", mail.Text)
		}
	case <-time.After(20 * time.Second):
		t.Error("no mail comes")
	}
}

// TestNewPassword: a link is good for one new password, as a whole or as its
// token, and nothing of it is logged.
func TestNewPassword(t *testing.T) {
	s, b := tenant(t, "alice")
	link := resetLink(t, s, "alice")
	_, token, _ := strings.Cut(link, "#")
	fresh := newBrowser(t, s, "tenant")
	form := fresh.get("password").titled("New password")
	right := fields{"token": " " + link + " ", "new": "another horse", "again": "another horse"}
	form.send(right.with("again", "other")).answered(http.StatusBadRequest, "New password").says("The two new passwords differ.")
	form.send(right.with("token", "reeve_rst_x")).answered(http.StatusNotFound, "New password").says("This link is not valid").
		follow("Ask for another link").titled("Forgotten password")
	form.send(right.with("token", token).with("new", "short").with("again", "short")).answered(http.StatusBadRequest, "New password").says("shorter than 8")
	form.send(right).titled("Sign in").says("Your password is changed.").
		send(fields{"email": "alice@mail.test", "password": "another horse"}).titled("Your organisations")
	form.send(right).answered(http.StatusNotFound, "New password")
	b.get("account").titled("Sign in")
	if strings.Contains(s.Log.String(), token[10:]) {
		t.Error("the token is in the log")
	}
}

// TestThrottledSignIn: who fails too often is told when to come back.
func TestThrottledSignIn(t *testing.T) {
	s, _ := tenant(t, "alice")
	b := newBrowser(t, s, "tenant")
	form := b.get("sign-in").titled("Sign in").says("No account yet?", "Accounts are made by invitation")
	var last *shown
	for range 40 {
		if last = form.send(fields{"email": "nobody@mail.test", "password": "wrong"}); last.status != http.StatusUnauthorized {
			break
		}
	}
	last.answered(http.StatusTooManyRequests, "Sign in").says("Too many failed attempts. Try again in 2 minutes.")
}
