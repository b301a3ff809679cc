package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// judged tells what a gateway is told of a key.
func judged(t *testing.T, s *reevetest.Server, key, op, bucket, path string) string {
	t.Helper()
	var out string
	s.Do(t, reevetest.Step{
		Call: "POST /gateway/verify", Status: 200, Reply: reevetest.Any,
		Body: fmt.Sprintf(`{"key":%q,"action":%q,"bucket":%q,"path":%q}`, key, op, bucket, path),
		After: func(t *testing.T, reply reevetest.Reply) {
			_, rest, _ := strings.Cut(reply.Body, `"code":"`)
			out, _, _ = strings.Cut(rest, `"`)
		},
	})
	return out
}

// TestOwnKeys: a key is built, shown once, narrowed, rotated and deleted.
func TestOwnKeys(t *testing.T) {
	s, b := tenant(t, "alice")
	s.Gateway(t, "edge")
	s.Ready(t)
	list := b.get(s.Expand("projects/{prj:px}/keys")).titled("API keys").says("There are no API keys.")
	form := list.follow("Create an API key").titled("Create an API key")
	right := fields{
		"name": "photos", "operations": "read\x1flist", "paths": " photos/2026/ \r\n\r\nthumbs\r\n",
		"not_after": s.Clock.Now().Add(48 * time.Hour).Format("2006-01-02T15:04"),
	}
	for want, in := range map[string]fields{
		"Name is not set.":                         right.with("name", " "),
		"Choose at least one operation":            right.with("operations", "none"),
		"“soon” is no time":                        right.with("not_before", "soon"),
		"The key's end is in the past.":            right.with("not_after", "2001-01-01T00:00"),
		"The key would end before it begins.":      right.with("not_before", "9000-01-01T00:00"),
		"Each of the paths must name its bucket.":  right.with("paths", "/2026"),
		"Times must be in the years 1970 to 9999.": right.with("not_before", "0001-01-02T00:00"),
		"The restrictions are too long for a key":  right.with("paths", strings.Repeat("bucket/prefix\n", 400)),
	} {
		page := form.send(in).answered(http.StatusBadRequest, "Create an API key").says(want)
		if in["name"] == "photos" && !strings.Contains(page.text, `value="photos"`) {
			t.Error("what was filled in is lost")
		}
	}
	made := form.send(right).titled("The API key photos is made").says("This is shown only now")
	key := made.secret("API key")
	if again := form.send(right).secret("API key"); again != key {
		t.Error("sent twice, it makes two keys")
	}
	for of, want := range map[[3]string]string{
		{"read", "photos", "2026/a"}: "valid", {"list", "thumbs", ""}: "valid",
		{"write", "photos", "2026/a"}: "forbidden", {"read", "photos", "2025/a"}: "forbidden",
	} {
		if got := judged(t, s, key, of[0], of[1], of[2]); got != want {
			t.Errorf("%v is %s, not %s", of, got, want)
		}
	}
	page := made.follow("Done").titled("photos").says("May Read, list", "Where Only in 2 places", "photos 2026/", "thumbs any", "Last used by edge")
	b.get(s.Expand("projects/{prj:px}/keys")).says("photos", "Works", "Read, list, in photos/2026/, thumbs", "edge")

	narrow := b.get(s.Expand("projects/{prj:px}/keys")).follow("Narrow a key").titled("Narrow a key")
	for _, wrong := range []string{"x", key + "x", macaroon.Mint(macaroon.Secret{}, [macaroon.Size]byte{}).Serialize()} {
		refused := narrow.send(fields{"api_key": wrong}).answered(http.StatusBadRequest, "Narrow a key").says("This is no key of the project that works")
		if len(wrong) > 1 && strings.Contains(refused.text, wrong) {
			t.Error("the key comes back")
		}
	}
	before := s.Count(t)
	narrowed := narrow.send(fields{"api_key": " " + key + "\n", "operations": "list"}).titled("The narrowed key is made").secret("Narrowed key")
	if read, list := judged(t, s, narrowed, "read", "photos", "2026/a"), judged(t, s, narrowed, "list", "thumbs", ""); read != "forbidden" || list != "valid" {
		t.Errorf("the narrowed key is %s for reading, %s for listing", read, list)
	}
	if s.Count(t) != before || strings.Contains(s.Log.String(), key[20:60]) || strings.Contains(s.Log.String(), narrowed[20:60]) {
		t.Error("narrowing leaves traces")
	}

	rotated := page.follow("Rotate").titled("Rotate photos").says("A new key of the same name takes its place").
		send(fields{"overlap": "24h"}).titled("The API key photos is made")
	next := rotated.follow("Done").titled("photos").says("Replaces", "No use of the old key is known since it was replaced.")
	s.Clock.Advance(2 * time.Minute)
	judged(t, s, key, "read", "photos", "2026/a")
	replaced := b.get(next.url.Path).says("The old key was still used after it was replaced, last at", "by edge").
		follow(linkTo(next, "photos (replaced")).says("Replaced", "somebody has not taken the new one yet")
	replaced.silent("Rotate")
	b.get(s.Expand("projects/{prj:px}/keys")).says("Replaced", "A replaced key works until its end.")
	replaced.follow("Delete").says("stops working at once, for good.", "So do all keys that were narrowed from it", "It was last used at").
		send(nil).titled("API keys").says("The API key is deleted, with all that were narrowed from it.").silent("Replaced")
	for _, gone := range []string{key, narrowed} {
		if got := judged(t, s, gone, "list", "thumbs", ""); got == "valid" {
			t.Error("a key outlives its deletion")
		}
	}
	if got := judged(t, s, rotated.secret("API key"), "list", "thumbs", ""); got != "valid" {
		t.Errorf("the new key is %s", got)
	}
}

// linkTo gives the words of the link that begins with some.
func linkTo(p *shown, begins string) string {
	p.t.Helper()
	for _, text := range p.links() {
		if strings.HasPrefix(text, begins) {
			return text
		}
	}
	p.t.Fatalf("no link %q… on %s: %q", begins, p.url, p.links())
	return ""
}

// TestRolesAndKeys: viewers see keys and narrow their own; others see nothing.
func TestRolesAndKeys(t *testing.T) {
	s, admin := tenant(t, "alice")
	s.Do(t, reevetest.Step{Call: "POST /project/{prj:px}/key", As: "{key}", Body: `{"name":"ci"}`, Status: 200, Reply: `{"status":"success","body":{"id":"{key:ci}","key":"{cikey}","name":"ci","create_time":"{now3}","expires_time":null,"restrictions":null}}`})
	bob := signedIn(t, s, "bob")
	bob.get(s.Expand("projects/{prj:px}/keys")).titled("API keys").says("ci", "Everything").silent("Create").follow("ci").silent("Rotate", "Delete")
	bob.get(s.Expand("projects/{prj:px}/keys/narrow")).send(fields{"api_key": s.Value(t, "cikey"), "operations": "read"}).titled("The narrowed key is made")
	carol := signedIn(t, s, "carol")
	carol.get(s.Expand("projects/{prj:px}/keys")).titled("API keys").follow("Create an API key").send(fields{"name": "carol's"}).titled("The API key carol's is made")
	refuse := func(b *browser, paths ...string) {
		t.Helper()
		for _, path := range paths {
			b.get(s.Expand(path)).answered(http.StatusForbidden, "Not allowed")
			b.do(http.MethodPost, s.Expand(path), map[string][]string{"name": {"x"}, "overlap": {"0"}}, nil).answered(http.StatusForbidden, "Not allowed")
		}
	}
	change := []string{"projects/{prj:px}/keys/new", "projects/{prj:px}/keys/{key:ci}/rotate", "projects/{prj:px}/keys/{key:ci}/delete"}
	organization := []string{"organizations/{org:acme}/keys/new", "organizations/{org:acme}/keys/{key:ci}/delete"}
	refuse(bob, append(change, organization...)...)
	refuse(carol, organization...)
	mallory := signedIn(t, s, "mallory")
	refuse(mallory, append(append(change, organization...), "projects/{prj:px}/keys/narrow", "projects/{prj:foreign}/keys/{key:ci}/delete")...)
	for _, b := range []*browser{bob, carol, mallory} {
		b.get(s.Expand("organizations/{org:acme}/keys")).answered(http.StatusForbidden, "Not allowed")
	}
	for _, path := range []string{"projects/{prj:px}/keys", "projects/{prj:px}/keys/{key:ci}", "projects/{prj:foreign}/keys/{key:ci}"} {
		mallory.get(s.Expand(path)).answered(http.StatusForbidden, "Not allowed")
	}
	mallory.get(s.Expand("projects/{prj:foreign}/keys/narrow")).send(fields{"api_key": s.Value(t, "cikey")}).answered(http.StatusBadRequest, "Narrow a key")
	admin.get(s.Expand("projects/{prj:px}/keys")).says("ci", "carol's")
}

// TestManyKeys: a long list has pages, each short, is whole as CSV, and shows
// names as they are.
func TestManyKeys(t *testing.T) {
	s, b := tenant(t, "alice")
	evil := `"><img src=x onerror=alert(1)>`
	for i := range 52 {
		name := fmt.Sprintf("%02d", i)
		if i == 0 {
			name += " " + strings.ReplaceAll(evil, `"`, `\"`)
		}
		body := fmt.Sprintf(`{"name":"%s","restrictions":{"allow_write":false,"paths":[{"bucket":"<script>","prefix":"=1+1"},{"bucket":"b","prefix":"p/"},{"bucket":"c"}]}}`,
			name)
		s.Do(t, reevetest.Step{Call: "POST /project/{prj:px}/key", As: "{key}", Body: body, Status: 200, Reply: reevetest.Any})
		s.OrganizationKey(t, fmt.Sprintf("org%02d", i), "acme", "viewer")
	}
	for path, of := range map[string]string{"projects/{prj:px}/keys": "52", "organizations/{org:acme}/keys": "55"} {
		first := b.get(s.Expand(path)).says("1 to 50 of " + of)
		first.follow("Next").says("51 to " + of + " of " + of)
		if len(first.text) > 30_000 {
			t.Errorf("%s has %d bytes", path, len(first.text))
		}
		if csv := first.follow(linkTo(first, "CSV of")); fmt.Sprint(strings.Count(csv.text, "\r\n")-1) != of {
			t.Errorf("the CSV of %s has %d lines", path, strings.Count(csv.text, "\r\n"))
		}
	}
	page := b.get(s.Expand("projects/{prj:px}/keys")).says("00 "+evil, "Read, list, delete, in <script>/=1+1, b/p/ and 1 more")
	of := page.follow("00 "+evil).titled("00 "+evil).says("<script> =1+1", "c any")
	for _, at := range []*shown{page, of, of.follow("Rotate"), of.follow("Delete")} {
		if strings.Contains(at.text, "<img") || strings.Contains(at.text, "<script>/") {
			t.Errorf("%s shows a name as markup", at.url)
		}
	}
}

// TestOwnOrganizationKeys: a key is made, derived from, rotated and deleted.
func TestOwnOrganizationKeys(t *testing.T) {
	s, b := tenant(t, "alice")
	list := b.get(s.Expand("organizations/{org:acme}/keys")).titled("Organisation keys").says("editor", "viewer", "Not known")
	form := list.follow("Create an organisation key").titled("Create an organisation key")
	form.send(fields{"name": ""}).answered(http.StatusBadRequest, "Create an organisation key").says("Name is not set.")
	form.send(fields{"name": "x", "expires": "2001-01-01 00:00"}).answered(http.StatusBadRequest, "Create an organisation key").says("“Works until” is in the past.")
	form.send(fields{"name": "x", "role": "owner"}).answered(http.StatusBadRequest, "Create an organisation key").says("Role must be")
	made := form.send(fields{"name": "ci", "role": "editor", "expires": "2031-01-01T00:00"}).titled("The organisation key ci is made")
	works := func(key string, want int) {
		t.Helper()
		s.Bind("made", key)
		s.Do(t, reevetest.Step{Call: "GET /project/{prj:px}", As: "{made}", Status: want, Reply: reevetest.Any})
	}
	root := made.secret("Organisation key")
	works(root, 200)
	page := made.follow("Done").titled("ci").says("Role editor", "Ends 2031-01-01 00:00 UTC", "Last used", "From 127.0.0.1")
	derive := page.follow("Derive a key").titled("Derive a key from ci").silent("admin, ")
	derive.send(fields{"name": "of ci", "role": "admin"}).answered(http.StatusBadRequest, "Derive a key from ci").says("The role is stronger than that of the key.")
	derived := derive.send(fields{"name": "of ci", "role": "viewer"}).titled("The organisation key of ci is made")
	derived.follow("Done").titled("of ci").says("Derived from ci", "Ends 2031-01-01")
	works(derived.secret("Organisation key"), 200)
	rotate := page.follow("Rotate").titled("Rotate ci").says("The same goes for 1 key that was derived from it.")
	rotate.send(fields{"overlap": "-1"}).answered(http.StatusBadRequest, "Rotate ci").says("Choose how long the old one works on.")
	next := rotate.send(fields{"overlap": "1h"}).titled("The organisation key ci is made")
	works(next.secret("Organisation key"), 200)
	s.Clock.Advance(2 * time.Minute)
	works(root, 200)
	old := next.follow("Done").follow(linkTo(next.follow("Done"), "ci (replaced")).says("Replaced", "It was still used after it was replaced, last at", "Replaced by ci").silent("Rotate")
	old.follow("Delete").says("So do 1 key that was derived from it.", "what uses it fails from then on").send(nil).titled("Organisation keys").says("The organisation key is deleted.")
	works(root, 401)
	works(derived.secret("Organisation key"), 401)
	works(next.secret("Organisation key"), 200)
	b.get(old.url.Path).answered(http.StatusForbidden, "Not allowed")
}
