package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/reeve-cloud/reeve"
)

// What the consoles' pages have to reach: how long one takes on the server, and
// what it puts on the wire the first time and after that.
var (
	targetConsole = []float64{30}      // ms
	targetFirst   = []float64{150_000} // bytes
	targetAfter   = []float64{30_000}
)

// crowd is how many members the one organisation has whose lists are long.
const crowd = 100_000

// consolePassword is what the tenants' user of the measure signs in with.
const consolePassword = "correct horse battery"

// consolePage is a page of one of the consoles, by its kind.
type consolePage struct{ listener, kind, path string }

func (p consolePage) name() string { return p.listener + " /console/" + p.kind }

// The pages of each kind. What is in braces is filled in with the largest things
// there are.
var (
	operatorConsole = []string{
		"search", "search?q=harbor+photos", "search?q={user}",
		"users", "users?q=harbor", "users/{user}", "users/{user}/freeze", "users/{user}/delete",
		"organizations", "organizations/{organization}", "organizations/{organization}/usage", "organizations/{organization}/freeze",
		"organizations/{crowded}", "organizations/{crowded}/members", "organizations/{crowded}/members?page=2001", "organizations/{crowded}/apikeys",
		"projects", "projects?q=harbor&sort=name", "projects/{project}", "projects/{project}/keys", "projects/{project}/members",
		"projects/{project}/limits", "projects/{project}/delete", "projects/{project}/transfer",
		"coupons", "coupons/{coupon}", "statements", "months", "changes", "deletions", "bulk", "gateways", "operators", "me", "system",
	}
	tenantConsole = []string{
		"", "organizations/{own}", "organizations/{own}/members", "organizations/{own}/members?page=2001", "organizations/{own}/members?q=ada",
		"organizations/{own}/keys", "organizations/{own}/usage", "organizations/{own}/statements", "organizations/{own}/changes",
		"organizations/{own}/invitations", "projects/{own project}", "projects/{own project}/keys", "projects/{own project}/keys/new",
		"projects/{own project}/usage", "projects/{own project}/members", "projects/{own project}/delete", "account", "account/sessions",
	}
)

// consolePages are the pages of each kind, with what they are about: the largest
// things there are.
func (w *directoryWorld) consolePages() []consolePage {
	ids := strings.NewReplacer(
		"{user}", reeve.ID(w.id(kindUser, 0)).String(), "{organization}", reeve.ID(w.id(kindOrganization, 0)).String(),
		"{crowded}", reeve.ID(w.crowded()).String(), "{project}", reeve.ID(w.id(kindProject, 0)).String(),
		"{coupon}", reeve.ID(w.id(kindCoupon, 0)).String(),
		"{own}", reeve.ID(w.crowded()).TypeID(reeve.PrefixOrganization),
		"{own project}", reeve.ID(w.id(kindProject, w.crowdedProject())).TypeID(reeve.PrefixProject),
	)
	var out []consolePage
	for _, kind := range operatorConsole {
		out = append(out, consolePage{"operator", kind, "/console/" + ids.Replace(kind)})
	}
	for _, kind := range tenantConsole {
		out = append(out, consolePage{"tenant", kind, "/console/" + ids.Replace(kind)})
	}
	return out
}

// crowded is the organisation with many members, and crowdedProject one of its
// projects.
func (d directory) crowded() [16]byte   { return d.id(kindOrganization, d.organizations()-1) }
func (d directory) crowdedProject() int { return d.projects - 1 }

// crowdedOwner is who signs in as its admin.
func (d directory) crowdedOwner() int { return (d.organizations() - 1) * projectsEach }

// fillCrowd adds the members.
func (w *directoryWorld) fillCrowd(ctx context.Context) error {
	members := table{
		"organization_members",
		[]string{"organization_id", "user_id", "role", "disabled", "created_at"},
		min(crowd, w.crowdedOwner()),
		func(n int) []any { return []any{w.crowded(), w.id(kindUser, n), "viewer", false, w.epoch.UnixMicro()} },
	}
	return withConn(ctx, w.database, func(conn *pgx.Conn) error {
		if err := executeAll(ctx, conn, "SET session_replication_role = replica"); err != nil {
			return err
		}
		if err := members.load(ctx, conn); err != nil {
			return err
		}
		return executeAll(ctx, conn, "VACUUM (ANALYZE)", "CHECKPOINT")
	})
}

// giveUse has projects use something on each of the last thirty days.
func (w *directoryWorld) giveUse(ctx context.Context, projects ...int) error {
	var records []string
	for _, project := range projects {
		for day := range 30 {
			at := time.Now().UTC().Add(-time.Duration(day) * 24 * time.Hour)
			for _, meter := range []string{"egress", "requests", "storage"} {
				records = append(records, fmt.Sprintf(`{"projectId":"%s","bucket":"b","meter":"%s","at":"%s","value":%d}`,
					reeve.ID(w.id(kindProject, project)), meter, at.Format(time.RFC3339), 1_000_000*(day+1)))
			}
		}
	}
	answer, err := w.call(ctx, "operator", http.MethodPost, "/api/gateways", string(w.token), `{"name":"console"}`)
	if err != nil {
		return err
	}
	var made struct{ Token string }
	if err := json.Unmarshal(answer, &made); err != nil {
		return err
	}
	body := fmt.Sprintf(`{"gateway":"console","sequence":1,"records":[%s]}`, strings.Join(records, ","))
	_, err = w.call(ctx, "gateway", http.MethodPost, "/gateway/usage", "Bearer "+made.Token, body)
	return err
}

// call makes a call of an API that must succeed.
func (w *directoryWorld) call(ctx context.Context, listener, method, path, credential, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+w.addresses[listener]+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", credential)
	status, answer, err := answerStatus(request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %.300s", method, path, status, answer)
	}
	return answer, err
}

// consoleCookies signs an operator and a tenant's user in, and gives the cookie
// of each listener.
func (w *directoryWorld) consoleCookies(ctx context.Context) (map[string]string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(consolePassword), bcrypt.MinCost)
	if err != nil {
		return nil, err
	}
	_, email := userName(w.crowdedOwner(), w.projects)
	body := fmt.Sprintf(`{"passwordHash":"%s"}`, base64.StdEncoding.EncodeToString(hash))
	if _, err := w.call(ctx, "operator", http.MethodPut, "/api/users/"+url.PathEscape(email), string(w.token), body); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for listener, form := range map[string]url.Values{
		"operator": {"token": {string(w.token)}}, "tenant": {"email": {email}, "password": {consolePassword}},
	} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		client := &http.Client{Jar: jar}
		address := "http://" + w.addresses[listener] + "/console/sign-in"
		reply, err := client.PostForm(address, form)
		if err != nil {
			return nil, err
		}
		_ = reply.Body.Close()
		found := jar.Cookies(reply.Request.URL)
		if len(found) == 0 {
			return nil, fmt.Errorf("sign in to the console of %s: %s, no cookie", listener, reply.Status)
		}
		out[listener] = found[0].Name + "=" + found[0].Value
	}
	return out, nil
}

// measureConsole takes how long each page of the consoles takes, one at a time,
// and what it puts on the wire.
func (b *bench) measureConsole(ctx context.Context) error {
	w, err := b.directory(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(w.fillCrowd(ctx), w.giveUse(ctx, 0, w.crowdedProject())); err != nil {
		return err
	}
	cookies, err := w.consoleCookies(ctx)
	if err != nil {
		return err
	}
	pages := w.consolePages()
	contenders := make([]contender, len(pages))
	for i, page := range pages {
		request := []byte("GET " + page.path + " HTTP/1.1\r\nHost: bench\r\nCookie: " + cookies[page.listener] + "\r\n\r\n")
		contenders[i] = contender{page.name(), func(ctx context.Context, _ time.Duration) (sample, error) {
			return drive(ctx, plan{
				addresses: []string{w.addresses[page.listener]}, connections: 1, requests: pagesEach,
				next: func(_ *worker, buf []byte) ([]byte, int, int) { return append(buf, request...), 0, http.StatusOK },
			})
		}}
	}
	rounds, err := b.contest(ctx, contenders)
	if err != nil {
		return err
	}
	worst := row{}
	var rows []row
	var first, after weight
	for i, page := range pages {
		found := newFigures(rounds[i])
		rows = append(rows, row{Measure: "console of " + contenders[i].name + ", p99", Reeve: found, Unit: unitTime, Value: found.P99, Targets: targetConsole})
		if found.P99 > worst.Value {
			worst = rows[i]
		}
		heavy, light, err := w.weigh(ctx, page, cookies[page.listener])
		if err != nil {
			return err
		}
		first, after = heaviest(first, heavy), heaviest(after, light)
	}
	worst.Measure = "worst page of the consoles: " + strings.TrimPrefix(worst.Measure, "console of ")
	b.report.add(worst)
	b.report.add(row{Measure: "most that a page of the consoles puts on the wire at first: " + first.page, Unit: unitBytes, Value: float64(first.bytes), Targets: targetFirst})
	b.report.add(row{Measure: "and after that: " + after.page, Unit: unitBytes, Value: float64(after.bytes), Targets: targetAfter})
	for _, found := range rows {
		b.report.add(found)
	}
	return nil
}

// weight is what a page puts on the wire.
type weight struct {
	page  string
	bytes int
}

func heaviest(a, b weight) weight {
	if b.bytes > a.bytes {
		return b
	}
	return a
}

// fetched are what a page has a browser fetch.
var fetched = regexp.MustCompile(`(?:<link rel="(?:stylesheet|icon)" href|<script src|<img src)="([^"]+)"`)

// weigh gives what a page puts on the wire, headers included: with all that it
// has a browser fetch, and with what of that no browser keeps.
func (w *directoryWorld) weigh(ctx context.Context, page consolePage, cookie string) (first, after weight, err error) {
	first.page, after.page = page.name(), page.name()
	body, size, _, err := w.fetch(ctx, page.listener, page.path, cookie)
	if err != nil {
		return first, after, err
	}
	first.bytes, after.bytes = size, size
	packed, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return first, after, err
	}
	if body, err = io.ReadAll(packed); err != nil {
		return first, after, err
	}
	linked := fetched.FindAllSubmatch(body, -1)
	if len(linked) < 3 {
		return first, after, fmt.Errorf("%s has no style sheet, icon and script", first.page)
	}
	for _, found := range linked {
		path := strings.ReplaceAll(string(found[1]), "&amp;", "&")
		_, size, kept, err := w.fetch(ctx, page.listener, path, cookie)
		if err != nil {
			return first, after, err
		}
		first.bytes += size
		if !kept {
			after.bytes += size
		}
	}
	return first, after, nil
}

// fetch gives an answer's body, its size with the header as a browser gets it,
// and whether a browser keeps it.
func (w *directoryWorld) fetch(ctx context.Context, listener, path, cookie string) (body []byte, size int, kept bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.addresses[listener]+path, nil)
	if err != nil {
		return nil, 0, false, err
	}
	request.Header.Set("Cookie", cookie)
	request.Header.Set("Accept-Encoding", "gzip") // by ourselves, so that it stays packed
	reply, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, 0, false, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err = io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, reply.Status)
	}
	var header bytes.Buffer
	_ = reply.Header.Write(&header) // to memory
	return body, len(body) + header.Len(), strings.Contains(reply.Header.Get("Cache-Control"), "immutable"), err
}
