package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

// inTable checks what the rows of the page's tables say, and do not.
func inTable(p *shown, want, not string) *shown {
	p.t.Helper()
	var rows string
	for n := range p.root.Descendants() {
		if n.Data == "tbody" {
			rows += words(n)
		}
	}
	if !strings.Contains(rows, want) || not != "" && strings.Contains(rows, not) {
		p.t.Errorf("%s: want %q and not %q in %q", p.url, want, not, rows)
	}
	return p
}

// TestChangesPage: who has changed what, when and why, page by page.
func TestChangesPage(t *testing.T) {
	s, b := billed(t)
	s.Operator(t, "ann", "admin")
	ann := operating(t, s, "ann")
	ann.get(s.Expand("organizations/{evil}/credits/new")).send(fields{"amount": "1", "description": "x", "reason": `<img src=x onerror=alert(1)>`}).titled("Credit of $1.00")
	page := b.get("changes").titled("Changes").says(`<img src=x onerror=alert(1)>`, "ann", "Root operator", `name “acme” → “=<b>"acme"”`)
	if strings.Contains(page.text, "<img src=x") {
		t.Error("a reason is markup")
	}
	inTable(page.follow("ann").titled("Changes"), "Credit created", "Coupon created")
	inTable(b.get("changes?action=coupon.create"), "-cheers", "Credit created")
	inTable(b.get(s.Expand("changes?target={org:acme}")), "Organisation created", "evil")
	inTable(b.get(s.Expand("changes?organization={evil}&action=credit.create")), "Credit created", "Organisation")
	b.get(s.Expand("changes?actor={px}")).says("Nothing like that")
	inTable(b.get("changes?actor=ann&organization=evil"), "Credit created", "Coupon created")
	inTable(b.get("changes?from=2026-01-01&to=2100-01-01"), "User created", "2027-")
	b.get("changes?from=2100-01-01").says("Nothing like that")
	b.get("changes?to=2020-01-01").says("Nothing like that")
	inTable(b.get("changes?target=alice@mail.test"), "User created", "evil")
	for query, why := range map[string]string{
		"target=x": "“x” is not an id.", "target=x@mail.test": "There is no user with", "actor=nobody": "There is no user and no operator who is called “nobody”.",
		"organization=x": "There is no organisation that is called “x”", "before=x": "That is no page", "before=0": "That is no page", "from=x": "The first day must be a date, such as 2026-07-31.",
	} {
		page := b.get("changes?action=user.create&"+query).answered(http.StatusBadRequest, "Changes").says(why).silent("Nothing like that")
		inTable(page.send(fields{"target": "", "actor": "", "organization": "", "from": ""}).titled("Changes"), "User created", "Project created")
	}
	for range 60 {
		s.Do(t, reevetest.Step{Call: "PUT /api/organizations/{acme}", Body: `{"name":"a"}`, Status: 200})
		s.Do(t, reevetest.Step{Call: "PUT /api/organizations/{acme}", Body: `{"name":"b"}`, Status: 200})
	}
	first := inTable(b.get(s.Expand("changes?target={acme}")), "Organisation changed", "Organisation created")
	last := inTable(first.follow("Next").follow("Next"), "Organisation created", "")
	inTable(last.follow("First page"), "Organisation changed", "Organisation created")
	if csv := b.get(s.Expand("changes?target={acme}&csv=changes")).text; strings.Count(csv, "\r\n") < 120 || !strings.Contains(csv, "Organisation created") {
		t.Errorf("CSV of %d lines", strings.Count(csv, "\r\n"))
	}
}

// TestSystemPage: how the server is, with what is wrong first.
func TestSystemPage(t *testing.T) {
	s, b := billed(t)
	page := b.get("system").titled("System").says("Nothing that is known here.", "SQLite", "alone", "meter", "Newest change")
	if !strings.Contains(page.text, `id="live" data-hx-get="/console/system" data-hx-trigger="every 5s"`) {
		t.Error("it does not keep itself up to date")
	}
	gateways, err := s.Store.Gateways(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gateway := gateways[0].ID
	s.Write(t, func(tx *store.Tx) {
		tx.CreateSession(reeve.Session{ID: reevetest.NewID(), GatewayID: &gateway, Name: "<b>pop-7", Lease: time.Minute, CreatedAt: s.Clock.Now()})
	})
	b.get("system").says("<b>pop-7", "live")
}

// finished is the page of something long once that is over, on a machine that is
// slow too.
func finished(p *shown) *shown {
	p.t.Helper()
	for range 600 {
		if !strings.Contains(p.main(), "so far") {
			return p
		}
		time.Sleep(100 * time.Millisecond)
		p = p.get(p.url.RequestURI())
	}
	p.t.Fatalf("%s does not end:\n%s", p.url, p.main())
	return p
}

func manyUsers(t *testing.T, s *reevetest.Server, n int) {
	t.Helper()
	for i := range n {
		s.User(t, fmt.Sprintf("many%d", i), fmt.Sprintf("Many <b>%d", i))
	}
}

// TestBulk: an action is shown, carried out once, and told of.
func TestBulk(t *testing.T) {
	s, b := billed(t)
	manyUsers(t, s, 120)
	form := b.get("bulk").titled("Bulk actions").send(fields{"do": "coupon-users"}).titled("Bulk actions").says("Give users a coupon")
	path := "bulk/run?" + url.Values{"do": {"coupon-users"}, "q": {"Many <b>"}, "amount": {"1.50"}, "duration": {"1"}, "description": {"sorry"}}.Encode()
	plan := form.sendTo("/console/bulk/run", fields{"q": "Many <b>", "amount": "1.50", "duration": "1", "description": "sorry"}).titled("Give users a coupon: 120 users").says("120 users are given a coupon.", "Many <b>7", "The first 100.")
	result := finished(plan.send(fields{"reason": "outage"})).titled("Give users a coupon").says("120 users given a coupon. 0 failures.")
	b.get("changes?action=coupon.create").says("outage")
	before := s.Count(t)
	finished(plan.send(fields{"reason": "outage"})).says("120 users given a coupon.")
	b.get(result.url.RequestURI()).says("120 users given a coupon.")
	lost := result.url.Query()
	lost.Set("run", "other."+strings.Repeat("0", 64))
	b.get(result.url.Path+"?"+lost.Encode()).says("120 of 120 are given a coupon.").silent("Do the rest", "every 1s")
	lost.Set("count", "121")
	rest := b.get(result.url.Path + "?" + lost.Encode()).says("120 of 121 are given a coupon").follow("Do the rest")
	finished(rest.send(nil)).says("120 users given a coupon.")
	if got := s.Count(t) - before; got != 0 {
		t.Errorf("repeated, it makes %d changes", got)
	}
	old := b.get(path)
	s.User(t, "late", "Many <b>more")
	old.send(nil).answered(http.StatusConflict, "Give users a coupon: 121 users").says("This is not what was planned any more")
}

// TestBulkRefused: what was filled in stays where a part of it cannot be.
func TestBulkRefused(t *testing.T) {
	_, b := asRoot(t)
	form := b.get("bulk").send(fields{"do": "limits-projects"})
	for what, wrong := range map[string]fields{
		"There is no user": {"q": "px", "owner": "nobody@mail.test"}, "Nothing is like that": {"q": "none", "rate": "7"}, "is not the id": {"q": "", "ids": "x"},
	} {
		again := form.sendTo("/console/bulk/run", wrong).answered(http.StatusBadRequest, "Set projects' limits").says(what)
		again.send(fields{"q": "px", "owner": "", "ids": "", "rate": "7"}).titled("Set projects' limits: 1 project")
	}
}

// TestBulkKinds: each action is done to what it is for.
func TestBulkKinds(t *testing.T) {
	s, b := billed(t)
	for _, test := range []struct{ query, title, said string }{
		{"do=limits-projects&ids={px}%0A{prj:foreign}&rate=7&usage=1.5+TB", "Set projects' limits: 2 projects", "2 projects given the limits."},
		{"do=freeze-projects&organization={acme}&type=legal", "Freeze projects: 1 project", "1 project frozen."},
		{"do=unfreeze-projects&frozen=yes", "Unfreeze projects: 1 project", "1 project unfrozen."},
		{"do=freeze-organizations&owner=mallory@mail.test&type=billing&until=2027-01-01T00:00", "Freeze organisations: 1 organisation", "1 organisation frozen."},
		{"do=unfreeze-organizations&frozen=yes", "Unfreeze organisations: 1 organisation", "1 organisation unfrozen."},
		{"do=freeze-users&q=mallory&type=security", "Freeze users: 1 user", "1 user frozen."},
		{"do=unfreeze-users&ids={mallory}", "Unfreeze users: 1 user", "1 user unfrozen."},
	} {
		finished(b.get(s.Expand("bulk/run?" + test.query)).titled(test.title).send(nil)).says(test.said)
	}
	b.get(s.Expand("changes?target={px}")).says("Project frozen", "Project unfrozen", "requests a second default → 7", "storage default → 1.50 TB")
	for query, status := range map[string]int{
		"do=nothing": 404, "": 404, "do=limits-projects": 400, "do=limits-projects&rate=x": 400, "do=limits-projects&rate=1&ids=x": 400,
		"do=limits-projects&rate=1&ids={px}&q=x": 400, "do=limits-projects&rate=1&ids=" + reevetest.NewID().String(): 404,
		"do=freeze-users&type=x": 400, "do=coupon-users&amount=x": 400, "do=unfreeze-users&frozen=maybe": 400, "do=unfreeze-users&q=nobodylikethis": 400,
		"do=unfreeze-projects&organization=x": 400, "do=unfreeze-organizations&member=none@mail.test": 400,
	} {
		if got := b.get(s.Expand("bulk/run?" + query)); got.status != status {
			t.Errorf("%s is %d, want %d: %s", query, got.status, status, got.main())
		}
	}
	s.Operator(t, "help", "support")
	help := operating(t, s, "help")
	help.get("bulk?do=coupon-users").titled("Bulk actions").says("Freeze users").silent("Give users a coupon", "Amount")
	help.get("bulk/run?do=coupon-users&amount=1&duration=1&description=x").answered(http.StatusForbidden, "Not allowed")
	s.Operator(t, "look", "viewer")
	look := operating(t, s, "look")
	look.get("bulk").says("Your role allows none of them.")
	if !slices.Contains(look.get("bulk").links(), "System") {
		t.Error("no navigation")
	}
}

// TestLong: what takes long shows how far it has come, goes on when the browser
// has gone, and says in the end what came of it, of a failure too.
func TestLong(t *testing.T) {
	s, b := billed(t)
	manyUsers(t, s, 100)
	path := "bulk/run?" + url.Values{"do": {"coupon-users"}, "q": {"Many <b>"}, "amount": {"1"}, "duration": {"1"}, "description": {"sorry"}}.Encode()
	plan := b.get(path)
	// Somebody holds what is to be written.
	hold, held, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	go func() {
		over <- s.Store.Write(t.Context(), func(tx *store.Tx) error {
			tx.DeleteUserSessions(reevetest.NewID(), reeve.Zero) // SQLite has one writer
			if _, err := tx.DoOnce(t.Context(), reevetest.NewID(), reevetest.NewID()); err != nil {
				return err
			}
			close(held)
			<-hold
			return nil
		})
	}()
	<-held
	page := plan.send(nil).titled("Give users a coupon").says("0 of 100 are given a coupon so far. You may leave this page")
	if !strings.Contains(page.text, `data-hx-trigger="every 1s"`) || !strings.Contains(page.text, `http-equiv="refresh"`) {
		t.Error("it does not keep itself up to date")
	}
	plan.send(nil).titled("Give users a coupon").says("so far") // sent again, it leads there too
	release()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	page = finished(page)
	page.says("100 users given a coupon. 0 failures.")
	got := b.do(http.MethodGet, page.url.RequestURI(), nil, http.Header{"Hx-Request": {"true"}})
	if got.status != http.StatusNoContent || got.header.Get("Hx-Redirect") != page.url.RequestURI() {
		t.Errorf("a part of the page is told %d %v", got.status, got.header)
	}
}
