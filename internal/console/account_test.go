package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// secret gives what a page shows once, by its label.
func (p *shown) secret(label string) string {
	p.t.Helper()
	wanted := find(p.root, func(n *html.Node) bool { return n.Data == "label" && words(n) == label })
	if wanted == nil {
		p.t.Fatalf("%s shows no %q:\n%s", p.url, label, p.main())
	}
	id := attribute(wanted, "for")
	field := find(p.root, func(n *html.Node) bool { return attribute(n, "id") == id })
	if field == nil || field.FirstChild == nil {
		p.t.Fatalf("%s shows nothing as %q", p.url, label)
	}
	return field.FirstChild.Data
}

// with is a form's fields with more.
func (in fields) with(name, value string) fields {
	out := fields{name: value}
	for k, v := range in {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// TestAccount: a user sees what is known of them and changes the name.
func TestAccount(t *testing.T) {
	_, b := tenant(t, "alice")
	page := b.get("account").titled("Your account").says("Name Alice van Test", "Address alice@mail.test", "Not asked for")
	form, late := page.follow("Change name").titled("Change name"), page.follow("Change name")
	form.send(fields{"name": " "}).answered(http.StatusBadRequest, "Change name").says("Name is not set.")
	form.send(fields{"name": "<script>alert(1)</script> 名 😀"}).titled("Your account").
		says("Your name is now <script>alert(1)</script> 名 😀.", "Name <script>alert(1)</script> 名 😀")
	if page := b.get("account"); strings.Contains(page.text, "<script>alert") {
		t.Error("a name is markup")
	}
	late.send(fields{"name": "Alice"}).answered(http.StatusPreconditionFailed, "Change name").says("Changed meanwhile from")
}

// TestOwnPassword: the password is changed by who knows it, and other sessions
// end.
func TestOwnPassword(t *testing.T) {
	s, b := tenant(t, "alice")
	other := newBrowser(t, s, "tenant")
	in := fields{"email": "alice@mail.test", "password": reevetest.Password}
	other.get("sign-in").send(in).titled("Your organisations")
	form := b.get("account").follow("Change password").titled("Change password").says("Your 1 other session ends.")
	right := fields{"password": reevetest.Password, "new": "another horse", "again": "another horse"}
	for wrong, want := range map[string]fields{
		"The current password is wrong.":              right.with("password", "wrong horse"),
		"The two new passwords differ.":               right.with("again", "another hors"),
		"The new password is shorter than 8 bytes.":   right.with("new", "short").with("again", "short"),
		"The new password is not set.":                right.with("new", ""),
		"The new password is longer than 1024 bytes.": right.with("new", strings.Repeat("x", 1025)),
	} {
		page := form.send(want).answered(http.StatusBadRequest, "Change password").says(wrong)
		if strings.Contains(page.text, "horse") {
			t.Error("a password comes back")
		}
	}
	form.send(right).titled("Your account").says("Your password is changed.")
	other.get("account").titled("Sign in")
	other.get("sign-in").send(in).answered(http.StatusUnauthorized, "Sign in")
	other.get("sign-in").send(in.with("password", "another horse")).titled("Your organisations")
}

// TestCodes: an authenticator is set up with a code of it, asked for at the next
// sign-in, and turned off.
func TestCodes(t *testing.T) {
	s, b := tenant(t, "alice")
	start := b.get("account").follow("Set up an authenticator").titled("Set up an authenticator")
	start.send(fields{"password": "wrong"}).answered(http.StatusBadRequest, "Set up an authenticator").says("The password is not yours")
	b.get("account/codes/confirm").send(fields{"code": "123456"}).answered(http.StatusConflict, "Enter the first code").says("There is no authenticator")
	made := start.send(fields{"password": reevetest.Password}).titled("Give this to your authenticator").says("This is shown only now")
	secret := made.secret("Secret")
	if uri := made.secret("Address of the secret"); !strings.HasPrefix(uri, "otpauth://totp/reeve:") || !strings.Contains(uri, "secret="+secret) {
		t.Errorf("the address is %s", uri)
	}
	if picture := find(made.root, func(n *html.Node) bool { return n.Data == "path" }); picture == nil || len(attribute(picture, "d")) < 1000 {
		t.Error("there is no QR code")
	}
	code := func() string {
		out, err := totp.GenerateCode(secret, s.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	confirm := made.follow("Enter its first code").titled("Enter the first code").says("You have no other session.")
	confirm.send(fields{"code": "x"}).answered(http.StatusBadRequest, "Enter the first code").says("The code is wrong")
	on := confirm.send(fields{"code": code()}).titled("Codes are asked for from now on")
	recovery := strings.Fields(on.secret("Recovery codes"))
	if len(recovery) != 10 {
		t.Errorf("there are the codes %q", recovery)
	}
	if again := confirm.send(fields{"code": code()}).titled("Codes are asked for from now on").secret("Recovery codes"); again != strings.Join(recovery, "\n") {
		t.Error("who sends the form again gets other codes")
	}
	on.follow("Done").titled("Your account").says("Asked for")
	b.get("account/codes").answered(http.StatusConflict, "Conflict").says("Codes are asked for already")
	in := fields{"email": "alice@mail.test", "password": reevetest.Password}
	fresh := newBrowser(t, s, "tenant")
	asked := fresh.get("sign-in").send(in).answered(http.StatusUnauthorized, "Sign in").says("This account asks for a code, too")
	asked.send(in.with("code", code())).answered(http.StatusUnauthorized, "Sign in").says("The code is wrong, or was used already.") // its step was taken
	s.Clock.Advance(time.Minute)
	asked.send(in.with("code", code())).titled("Your organisations")
	newBrowser(t, s, "tenant").get("sign-in").send(in.with("code", recovery[0])).titled("Your organisations")
	stop := b.get("account").follow("Turn the codes off").titled("Turn the codes off")
	stop.send(fields{"password": reevetest.Password, "code": recovery[0]}).answered(http.StatusBadRequest, "Turn the codes off").says("The password or the code is wrong.")
	stop.send(fields{"password": reevetest.Password, "code": recovery[1]}).titled("Your account").says("No codes are asked for any more.", "Not asked for")
	b.get("account/codes/stop").answered(http.StatusConflict, "Conflict").says("there is nothing to turn off.")
}

// TestOwnSessions: sessions are listed, ended one by one and all at once.
func TestOwnSessions(t *testing.T) {
	s, b := tenant(t, "alice")
	s.User(t, "eve", "Eve")
	s.OpenSession(t, "eve")
	other := newBrowser(t, s, "tenant")
	header := http.Header{"User-Agent": {`<img src=x onerror=alert(1)>`}}
	sent := other.do(http.MethodPost, "sign-in", map[string][]string{"email": {"alice@mail.test"}, "password": {reevetest.Password}}, header)
	sent.titled("Your organisations")
	list := b.get("account").follow("Show sessions").titled("Sessions").says("This one", `<img src=x onerror=alert(1)>`)
	if strings.Contains(list.text, "<img") {
		t.Error("an agent is markup")
	}
	if csv := b.get("account/sessions?csv=sessions"); strings.Count(csv.text, "\r\n") != 3 {
		t.Errorf("the CSV is %q", csv.text)
	}
	b.get(s.Expand("account/sessions/{ses:eve_session}/end")).answered(http.StatusForbidden, "Not allowed")
	ends := []string{}
	for n := range list.root.Descendants() {
		if n.Data == "a" && strings.HasPrefix(words(n), "End the session") {
			ends = append(ends, attribute(n, "href"))
		}
	}
	if len(ends) != 2 {
		t.Fatalf("the ends are %q", ends)
	}
	for _, path := range ends {
		if page := b.get(path).titled("End a session"); !strings.Contains(page.main(), "It is this one") {
			page.says("Whoever uses it must sign in again.").send(nil).titled("Sessions").says("The session is ended.")
		}
	}
	other.get("").titled("Sign in")
	other.get("sign-in").send(fields{"email": "alice@mail.test", "password": reevetest.Password})
	b.get("account/sessions").follow("Sign out everywhere").titled("Sign out everywhere").says("Your 2 sessions end, this one too.").
		send(nil).titled("Sign in").says("You are signed out everywhere.")
	other.get("").titled("Sign in")
	b.get("account").titled("Sign in")
}
