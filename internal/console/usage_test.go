package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// used is a server of whose project px something was used in November 2026: 36 GB
// for 12 hours, an object, and 3 GB of egress; of 1 TB and 2 GB.
func used(t *testing.T) (*reevetest.Server, *browser) {
	t.Helper()
	s, b := tenant(t, "alice")
	s.Gateway(t, "meter")
	record := func(meter, at, value string) string {
		return `{"projectId":"{px}","bucket":"a","meter":"` + meter + `","at":"2026-11-` + at + `Z","value":` + value + `}`
	}
	s.Run(
		t,
		reevetest.Step{Call: "POST /gateway/usage", Status: 200, Reply: reevetest.Any, Not: []string{"refused"}, Body: `{"gateway":"g","sequence":1,"records":[` +
			strings.Join([]string{
				record("storage", "20T00:00:00", "36000000000"), record("storage", "20T12:00:00", "0"),
				record("objects", "20T00:00:00", "7"), record("objects", "20T12:00:00", "0"),
				record("egress", "21T10:00:00", "3000000000"),
			}, ",") + `]}`},
		reevetest.Step{Call: "PUT /api/projects/{px}/limit?usage=1TB&bandwidth=2GB", Status: 200},
	)
	s.Used(t, reeve.UsageTotal{
		ProjectID: s.ID(t, "px"), Month: 202611, Egress: reeve.Count(3_000_000_000),
		Storage: reeve.Hold(36_000_000_000, 12*time.Hour), Objects: reeve.Hold(7, 12*time.Hour),
	})
	return s, b
}

// TestUsage: a project's use is told day by day, in words, exactly as a CSV, and
// as pictures.
func TestUsage(t *testing.T) {
	s, b := used(t)
	path := s.Expand("/console/projects/{prj:px}/usage")
	p := b.get(path).titled("Usage").says("24 October 2026 to 22 November 2026", "3 GB in all", "607 MB on average", "18 GB").
		silent("Requests")
	for _, want := range []string{
		"Storage by day, 24 October 2026 to 22 November 2026: 607 MB on average; at most 18 GB, on 20 November 2026; 0 B on 22 November 2026, the last day.",
		"Egress by day, 24 October 2026 to 22 November 2026: 3 GB in all; at most 3 GB, on 21 November 2026; 0 B on 22 November 2026, the last day.",
	} {
		if !strings.Contains(p.text, `alt="`+want+`"`) {
			t.Errorf("no picture says %q:\n%s", want, p.text)
		}
	}
	csv := b.get(path + "?csv=usage").text
	if lines := strings.Split(csv, "\r\n"); len(lines) != 32 || lines[0] != `Day,"storage, bytes on average","objects, on average","egress, bytes"` ||
		lines[28] != "2026-11-20,18000000000,4,0" || lines[29] != "2026-11-21,0,0,3000000000" {
		t.Errorf("the CSV is\n%s", csv)
	}
	b.get(path + "?month=2026-10").says("Nothing was used from 1 October 2026 to 31 October 2026")
	b.get(path+"?month=2026-11").says("1 November 2026 to 22 November 2026", "3 GB in all")
	for _, month := range []string{"2026-12", "1969-12", "2026", "x", "9999-12"} {
		b.get(path+"?month="+month).answered(http.StatusBadRequest, "That did not work")
	}
}

// TestPictureAnswers: a picture is an SVG that does nothing, which nobody keeps,
// for who may see what it is of.
func TestPictureAnswers(t *testing.T) {
	s, b := used(t)
	path := s.Expand("/console/projects/{prj:px}/pictures")
	seen := map[string]bool{}
	for _, query := range []string{
		"?of=storage", "?of=egress", "?of=objects&month=2026-11", "?of=requests", "?of=storage&theme=dark", "?of=storage&size=narrow", "?of=storage&size=narrow&theme=dark", "?of=limits",
	} {
		p := b.get(path + query)
		if p.status != http.StatusOK || !strings.HasPrefix(p.text, "<svg ") || seen[p.text] {
			t.Errorf("%s is %d: %s", query, p.status, p.text)
		}
		seen[p.text] = true
		for name, want := range map[string]string{
			"Content-Type": "image/svg+xml", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff",
		} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", query, name, got, want)
			}
		}
	}
	b.get(path+"?of=nothing").answered(http.StatusNotFound, "Not found")
	b.get(path).answered(http.StatusNotFound, "Not found")
	b.get(s.Expand("/console/organizations/{org:acme}/pictures?of=limits")).answered(http.StatusNotFound, "Not found")
	b.get(s.Expand("/console/projects/{prj:foreign}/pictures?of=storage")).answered(http.StatusForbidden, "Not allowed")
	b.get(s.Expand("/console/projects/{prj:foreign}/pictures?of=limits")).answered(http.StatusForbidden, "Not allowed")
	newBrowser(t, s, "tenant").get(path + "?of=storage").titled("Sign in")
}

// TestLimits: a project's limits are told with what is used of them.
func TestLimits(t *testing.T) {
	s, b := used(t)
	p := b.get(s.Expand("/console/projects/{prj:px}")).says("over the limit", "150 %", "0 % for this project", "platform’s")
	if want := `alt="Storage: 0 B of 1 TB used, 0 %. Egress this month: 3 GB used, over the limit of 2 GB. Buckets: 0 used, unlimited."`; !strings.Contains(p.text, want) {
		t.Errorf("the page lacks %s:\n%s", want, p.text)
	}
	if csv, want := b.get(s.Expand("/console/projects/{prj:px}?csv=limits")).text, "Egress this month,3000000000,2000000000,150 %,for this project\r\n"; !strings.Contains(csv, want) {
		t.Errorf("the CSV lacks %q:\n%s", want, csv)
	}
}
