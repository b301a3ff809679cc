package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// searched sends the search box of a page's head.
func searched(b *browser, q string, header http.Header) *shown {
	b.t.Helper()
	return b.do(http.MethodPost, "search", url.Values{"q": {q}}, header)
}

// TestSearch: everything is found, by whatever one has of it.
func TestSearch(t *testing.T) {
	s, b := onCall(t, "viewer")
	b.get("search").titled("Search").says("Search for users, organisations, projects")
	page := searched(b, " alice@mail.test ", nil).titled("Search").says("Alice van Test")
	if page.url.Query().Get("q") != "alice@mail.test" {
		t.Errorf("the address is %s", page.url)
	}
	page.follow("Alice van Test").titled("Alice van Test")
	searched(b, "ACM", nil).follow("acme").titled("acme")
	for what, kind := range map[string]string{
		"{px}": "Project", "{acme}": "Organisation", "{bob}": "User", "{key_id}": "Organisation key", "{org:acme}": "Organisation",
		"{prj:px}": "Project",
	} {
		searched(b, strings.ToUpper(s.Expand(what)), nil).says(kind)
	}
	searched(b, s.Value(t, "key_id"), nil).follow("key").titled("Keys of acme")
	searched(b, "nothing at all", nil).says("Nothing was found. Search for")
	searched(b, strings.Repeat("x y ", 300), nil).says("Q is longer than 1000 bytes.")
	live := searched(b, "mallory", http.Header{"Hx-Request": {"true"}}).titled("Search").says("Mallory Mean")
	if got := live.header.Get("HX-Replace-Url"); got != "/console/search?q=mallory" {
		t.Errorf("the address becomes %q", got)
	}
}

// TestSearchForCredentials: what may be one is in no address, no answer and no
// log, whether it is anybody's or not.
func TestSearchForCredentials(t *testing.T) {
	s, b := onCall(t, "")
	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"ci"}`, Status: 200, Reply: `{"apikey":"{ci}"}`})
	s.OpenSession(t, "bob")
	key := s.Value(t, "key")
	for text, says := range map[string]string{
		key:                          "acme",
		"Bearer " + key:              "acme",
		s.Value(t, "ci"):             "px",
		s.Value(t, "bob_token"):      "Bob",
		reevetest.OperatorToken:      "root",
		key[:len(key)-1] + "!":       "Nothing was found.",
		key[:40]:                     "Nothing was found.",
		s.Value(t, "ci")[:60]:        "Nothing was found.",
		"x" + s.Value(t, "ci")[1:50]: "Nothing was found.",
	} {
		for _, header := range []http.Header{nil, {"Hx-Request": {"true"}}} {
			page := searched(b, text, header).titled("Search").says(says)
			if page.url.RawQuery != "" || strings.Contains(page.header.Get("HX-Replace-Url"), "?") {
				t.Errorf("%.12s… is in an address", text)
			}
			if strings.Contains(page.text, text) {
				t.Errorf("%.12s… is in the answer", text)
			}
			if strings.Contains(s.Log.String(), text) {
				t.Errorf("%.12s… is in the log", text)
			}
		}
	}
	page := b.get("search?q=" + key).titled("Search").says("This address holds a credential")
	if strings.Contains(page.text, key) {
		t.Error("the answer has the key")
	}
	searched(b, key, nil).send(fields{"q": ""}).titled("Search") // the first form asks
	for i := range 21 {
		s.User(t, fmt.Sprintf("fan%d", i), fmt.Sprintf("Reeve_fan %d", i))
	}
	if page := searched(b, "reeve_fan", nil).titled("Search").says("Reeve_fan 7").silent("More users"); strings.Contains(page.text, "reeve_fan") {
		t.Errorf("what may be a part of one is in the answer:\n%s", page.text)
	}
	stranger := newBrowser(t, s, "operator")
	if got := searched(stranger, key, nil).titled("Sign in"); got.url.RawQuery != "" {
		t.Errorf("who is not signed in is sent to %s", got.url)
	}
}
