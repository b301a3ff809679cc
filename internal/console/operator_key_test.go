package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// secretOf is what a page shows once.
func (p *shown) secretOf(label string) string {
	p.t.Helper()
	found := regexp.MustCompile(`data-secret>([^<]*)<`).FindStringSubmatch(p.text)
	if found == nil || !strings.Contains(p.main(), label) {
		p.t.Fatalf("no %s on %s:\n%s", label, p.url, p.main())
	}
	return found[1]
}

// makeKey makes an API key by the console, and gives it with its page's path.
func makeKey(t *testing.T, s *reevetest.Server, b *browser, name string) (key macaroon.Key, path string) {
	t.Helper()
	page := b.get(s.Expand("/console/projects/{px}/keys/new")).send(fields{"name": name}).titled("The API key " + name + " is created")
	if got := page.header.Get("Vary"); got != "Accept-Encoding" || page.header.Get("Content-Length") == "" {
		t.Errorf("a page with a secret is packed, or varies by %q", got)
	}
	key, err := macaroon.Parse(page.secretOf("API key"))
	if err != nil {
		t.Fatal(err)
	}
	return key, page.follow("Done").titled(name).url.Path
}

// complete looks at a receipt until it is complete, and what it says then.
func (p *shown) complete(says string) *shown {
	p.t.Helper()
	for range 200 {
		if strings.Contains(p.main(), "Complete: ") {
			return p.says(says)
		}
		time.Sleep(20 * time.Millisecond)
		p = p.get(p.url.Path)
	}
	p.t.Fatalf("the receipt stays as it is: %s", p.main())
	return nil
}

// TestKey: a key is shown once, rotated and revoked, and what is known of it
// stays.
func TestKey(t *testing.T) {
	s, b := asRoot(t)
	key, path := makeKey(t, s, b, "ci")
	if page := b.get(path).says("no use is known", "None: it may do everything in its project.", "Project px"); strings.Contains(page.text, key.Serialize()) {
		t.Error("the key's page shows it")
	}
	rotated := b.get(path).follow("Rotate").titled("Rotate ci").says("No use of the old key is known.").send(fields{"overlap": "168h"}).
		titled("The API key ci is rotated").says("works for another 7 days")
	if rotated.secretOf("API key") == key.Serialize() {
		t.Error("rotating gives the old key")
	}
	b.get(path).says("replaced", "Replaced by", "nobody is known to use it still")
	b.get(path+"/rotate").send(nil).answered(http.StatusConflict, "Rotate ci (replaced "+lastOf(path)+")").says("The key was rotated already.")
	list := b.get(s.Expand("/console/projects/{px}/keys")).titled("API keys of px").says("ci (replaced", "live", "replaced")
	list.follow("Revoke ci").titled("Revoke ci").says("1 API key of px stops working at once").send(fields{"reason": "leaked"}).
		titled("Receipt: API key ci revoked").says("The API key ci is revoked.", "leaked").complete("nothing else answers from memory").
		follow("The revoked key").titled("ci").says("revoked", "This API key is gone", "leaked").
		follow("Is it refused everywhere?").titled("Receipt: API key ci revoked")
	b.get("keys/"+reevetest.NewID().String()).answered(http.StatusNotFound, "Not found")
	b.get("revocations/0").answered(http.StatusNotFound, "Not found")
	b.get("revocations/999999").answered(http.StatusNotFound, "Not found")
	b.get(s.Expand("/console/projects/{px}/keys/new")).send(fields{"name": "late", "ends": "2001-01-01T00:00"}).
		answered(http.StatusBadRequest, "New API key of px").says("The key's end is in the past.")
}

// lastOf is how a replaced key's id stands in its name.
func lastOf(path string) string {
	return strings.ReplaceAll(path[len("/console/keys/"):], "-", "")[20:]
}

// TestRevokeMany: how many keys die is said for the time that one has filled in,
// before it is done.
func TestRevokeMany(t *testing.T) {
	s, b := asRoot(t)
	makeKeys(t, s, "px", 3)
	s.Clock.Advance(time.Hour)
	cut := s.Clock.Now().UTC().Format("2006-01-02T15:04")
	s.Clock.Advance(time.Hour)
	makeKey(t, s, b, "young")
	path := s.Expand("/console/projects/{px}/keys/revoke")
	page := b.get(path).titled("Revoke many API keys of px").says("4 API keys, which is all there are, stop working at once")
	page = page.send(fields{"before": cut}).answered(http.StatusConflict, "Revoke many API keys of px").says("3 API keys of 4 API keys stop working at once")
	page.send(nil).titled("Receipt: API keys revoked").says("3 API keys revoked.", "Made before").
		follow("The project").titled("px").says("young").silent("key 000")
	b.get(path).send(fields{"before": "yesterday"}).answered(http.StatusBadRequest, "Revoke many API keys of px").says("“yesterday” is no time")
	b.get(path).send(fields{"before": "2099-01-01T00:00"}).send(nil).answered(http.StatusBadRequest, "Revoke many API keys of px").says("Before is in the future.")
	s.Clock.Advance(time.Second)
	b.get(path).says("1 API key, which is all there are, stops").send(nil).titled("Receipt: API keys revoked").says("1 API key revoked.")
}

// TestReceipt: a receipt tells how many sessions have taken a revocation in, and
// looks again until all have, also without JavaScript.
func TestReceipt(t *testing.T) {
	s, b := asRoot(t)
	_, path := makeKey(t, s, b, "ci")
	ctx := control.WithCaller(t.Context(), root(t))
	g, _, err := s.Control.CreateGateway(ctx, "edge")
	if err != nil {
		t.Fatal(err)
	}
	own := control.WithCaller(t.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.GatewayProgram, ID: g.ID}})
	session, err := s.Control.OpenSession(own, "edge-1")
	if err != nil {
		t.Fatal(err)
	}
	page := b.get(path+"/revoke").send(nil).titled("Receipt: API key ci revoked").says("Not yet: 0 of 1 session", "edge-1", "not yet")
	for _, part := range []string{`<meta http-equiv="refresh" content="2">`, `aria-live="polite"`, `id="progress"`} {
		if !strings.Contains(page.text, part) {
			t.Errorf("the receipt lacks %s", part)
		}
	}
	if err := s.Control.RenewSession(own, session.ID, s.Count(t)); err != nil {
		t.Fatal(err)
	}
	page = b.get(page.url.Path).says("Complete: 1 of 1 session", "has taken it in")
	if strings.Contains(page.text, "http-equiv") || strings.Contains(page.text, "aria-live") {
		t.Error("a complete receipt looks again")
	}
}

// TestKeyPages: a list of keys has pages, and all of it is in the CSV.
func TestKeyPages(t *testing.T) {
	s, b := asRoot(t)
	makeKeys(t, s, "px", 120)
	path := s.Expand("/console/projects/{px}/keys")
	first := b.get(path).says("key 000", "1 to 50 of 120").silent("key 050")
	first.follow("Next").says("key 050", "51 to 100 of 120").follow("Next").says("key 119", "101 to 120 of 120").silent("key 099")
	short := b.do(http.MethodGet, path, nil, http.Header{"Accept-Encoding": {"gzip"}})
	if got := short.header.Get("Content-Encoding"); got != "gzip" || len(short.text) > 10_000 {
		t.Errorf("a page of %d bytes is %d on the wire, packed by %q", len(first.text), len(short.text), got)
	}
	if got := strings.Count(b.get(path+"?csv=keys").text, "\r\n"); got != 121 {
		t.Errorf("the CSV has %d lines", got)
	}
	b.get(s.Expand("/console/projects/{px}")).says("key 004", "All 120 API keys").silent("key 005")
}

// inspect pastes something.
func (b *browser) inspect(text string) *shown {
	b.t.Helper()
	return b.get("inspect").titled("Inspect a key").send(fields{"credential": text})
}

// TestInspect: what is pasted is told, and stands in no page, address or log; it
// or what it derives from is revoked from there.
func TestInspect(t *testing.T) {
	s, b := asRoot(t)
	key, _ := makeKey(t, s, b, "ci")
	derived, err := key.Attenuate(macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := derived.Attenuate(macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpDelete)})
	if err != nil {
		t.Fatal(err)
	}
	text := leaf.Serialize()
	page := b.inspect("  Bearer "+text+" ").titled("Inspected: API key").
		says("live", "It works.", "Name ci", "Project px", "Organisation acme", "forbids write", "forbids delete", "The pasted key itself")
	ask := page.send(fields{"caveats": "1"}).titled("Revoke the key with 1 restriction").says("ci stays")
	for _, p := range []*shown{page, ask} {
		if strings.Contains(p.text, text) || strings.Contains(p.url.String(), text) {
			t.Errorf("%s shows the key", p.url)
		}
	}
	ask.send(fields{"reason": "leaked"}).titled("Receipt: a key that derives from ci revoked").complete("nothing else")
	b.inspect(text).says("revoked", "it derives from: the key with 1 restriction.")
	b.inspect(key.Serialize()).says("It works.", "the root key, which this one is").send(nil).titled("Revoke the API key ci").
		says("The API key ci of px is deleted").send(nil).titled("Receipt: API key ci revoked")
	b.inspect(text).titled("Inspected: API key").says("revoked", "the key is gone").silent("Revoke…")
	b.inspect("nothing of ours").answered(http.StatusBadRequest, "Inspect a key").says("That has the form of no key, grant or token")
	b.inspect(" ").answered(http.StatusBadRequest, "Inspect a key")
	stranger := macaroon.Mint(macaroon.Secret{1}, [32]byte{2})
	b.inspect(stranger.Serialize()).answered(http.StatusBadRequest, "Inspect a key").says("nobody here has it")
	if log := s.Log.String(); strings.Contains(log, text) || strings.Contains(log, key.Serialize()) {
		t.Error("the log has a key")
	}
	b.get("inspect/revoke").titled("Inspect a key")
	b.do(http.MethodPost, "inspect/revoke", url.Values{"sealed": {"AAAA"}, "caveats": {"0"}}, nil).answered(http.StatusBadRequest, "That did not work").
		says("paste it again")
}

// TestInspectOthers: what is no API key is told, too, and nobody else opens what
// one session has sealed.
func TestInspectOthers(t *testing.T) {
	s, b := asRoot(t)
	b.inspect(s.Value(t, "editor")).titled("Inspected: organisation key").says("Name editor", "Role editor", "Organisation acme")
	s.OpenSession(t, "alice")
	page := b.inspect(s.Value(t, "alice_token")).titled("Inspected: user session").says("User Alice van Test")
	viewer := asRole(t, s, "viewer")
	viewer.inspect(s.Value(t, "alice_token")).titled("Inspected: user session").silent("Revoke it…")
	sealed := regexp.MustCompile(`name="sealed" value="([^"]*)"`).FindStringSubmatch(page.text)[1]
	other := asRole(t, s, "support")
	other.do(http.MethodPost, "scan/revoke", url.Values{"sealed": {sealed}}, nil).answered(http.StatusBadRequest, "That did not work").says("paste it again")
	viewer.do(http.MethodPost, "scan/revoke", url.Values{"sealed": {sealed}}, nil).answered(http.StatusForbidden, "Not allowed")
	page.send(nil).titled("Revoke what was found").says("1 session ended").send(nil).says("1 credential revoked.")
	b.inspect(s.Value(t, "alice_token")).says("revoked")
	b.inspect(reevetest.OperatorToken).titled("Inspected: operator token").says("Name root").silent("Revoke it…")
}

// TestScan: keys in a text are found, told and revoked; none is shown.
func TestScan(t *testing.T) {
	s, b := asRoot(t)
	key, _ := makeKey(t, s, b, "ci")
	derived, err := key.Attenuate(macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)})
	if err != nil {
		t.Fatal(err)
	}
	text := "key: " + derived.Serialize() + "\nagain: " + derived.Serialize() + "\ntoken=" + s.Value(t, "editor") + "\n"
	page := b.get("scan").send(fields{"text": text}).titled("Found: 3 credentials").
		says("2 credentials open something", "API key", "organisation key", "ci", "px", "acme")
	ask := page.send(nil).titled("Revoke what was found").says("1 restricted API key revoked", "1 organisation key revoked")
	done := ask.send(fields{"reason": "pasted"}).says("2 credentials revoked.", "Receipt").complete("nothing else")
	for _, p := range []*shown{page, ask, done} {
		for _, secret := range []string{derived.Serialize(), s.Value(t, "editor")} {
			if strings.Contains(p.text, secret) {
				t.Errorf("%s shows a key", p.url)
			}
		}
	}
	b.get("scan").send(fields{"text": text}).titled("Found: 3 credentials").says("None of them opens anything", "revoked").silent("Revoke what opens something…")
	b.get("scan").send(fields{"text": "no keys here"}).titled("Nothing found")
	b.get("scan").send(fields{"text": " "}).answered(http.StatusBadRequest, "Look through a text for keys").says("Paste a text first.")
	b.get("scan/revoke").titled("Look through a text for keys")
}
