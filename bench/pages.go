package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// What lists have to reach: any page, of any kind.
var targetPage = []float64{20} // ms

const (
	pageVariants = 20  // requests of a kind, if they differ
	pagesEach    = 100 // of a kind in a round
	deepPages    = 100 // of 500 things, before a deep cursor
	farPages     = 40  // that are followed where what is looked for is far away
)

// pageKind is a kind of page: a list, and what is asked of it.
type pageKind struct {
	list   string
	asks   string // a query; {} is filled in by each
	each   func(*dice) string
	follow int // so many pages after each other are of the kind
}

// name tells what the page is, as the report shows it.
func (k pageKind) name() string {
	if k.asks == "" {
		return k.list
	}
	name := k.list + "?" + k.asks
	if k.follow > 1 {
		name += fmt.Sprintf(", its first %d pages", k.follow)
	}
	return name
}

// page spells the path of one page.
func (k pageKind) page(d *dice) string {
	asks := k.asks
	if k.each != nil {
		asks = strings.ReplaceAll(asks, "{}", url.QueryEscape(k.each(d)))
	}
	return "/api/" + k.list + "?" + strings.ReplaceAll(asks, " ", "+")
}

// pageKinds are all that are measured.
func (d directory) pageKinds() []pageKind {
	id := func(of kind, all, step int) func(*dice) string {
		return func(by *dice) string { return reeve.ID(d.id(of, by.throw(all/step)*step)).String() }
	}
	fixed := func(of kind, n int) string { return reeve.ID(d.id(of, n)).String() }
	word := func(of []string) func(*dice) string {
		return func(by *dice) string { return of[by.throw(len(of))] }
	}
	pair := func(first, second []string) func(*dice) string {
		return func(by *dice) string { return of2(by, first, second) }
	}
	address := func(by *dice) string {
		_, address := userName(by.throw(d.projects), d.projects)
		return address
	}
	number := func(by *dice) string { return fmt.Sprint(1000 + by.throw(9000)) }
	span := func(by *dice) string {
		return time.UnixMicro(d.at(by.throw(d.projects), d.projects)).UTC().Format(time.RFC3339)
	}
	organization, owner := id(kindOrganization, d.organizations(), 1), id(kindUser, d.projects, projectsEach)
	largest, everywhere := fixed(kindOrganization, 0), fixed(kindUser, 0)
	return []pageKind{
		{list: "users"},
		{list: "users", asks: "limit=500&sort=name", follow: deepPages},
		{list: "users", asks: "limit=500", follow: deepPages},
		{list: "users", asks: "sort=email"},
		{list: "users", asks: "sort=-email"},
		{list: "users", asks: "createdAfter={}&sort=-created", each: span},
		{list: "users", asks: "createdBefore={}&sort=name", each: span},
		{list: "users", asks: "hasProjects=false&sort=name"},
		{list: "users", asks: "hasProjects=true&sort=created"},
		{list: "users", asks: "hasProjects=true&sort=name"},
		{list: "users", asks: "hasProjects=true", follow: farPages},
		{list: "users", asks: "q={}", each: word(providers)},
		{list: "users", asks: "q={}&sort=name", each: word(providers)},
		{list: "users", asks: "q={}&sort=created&limit=500", each: word(providers)},
		{list: "users", asks: "q={}", each: word(lastNames)},
		{list: "users", asks: "q={}&sort=name", each: word(lastNames), follow: 2},
		{list: "users", asks: "q={}&sort=-email", each: word(firstNames)},
		{list: "users", asks: "q={}", each: pair(firstNames, lastNames)},
		{list: "users", asks: "q={}&sort=name", each: pair(firstNames, lastNames)},
		{list: "users", asks: "q=" + oldProvider, follow: farPages},
		{list: "users", asks: "q=" + oldProvider + "&sort=created"},
		{list: "users", asks: "q=" + strings.ToLower(rareUser)},
		{list: "users", asks: "q={}", each: address},
		{list: "users", asks: "q={}&sort=name", each: number},
		{list: "users", asks: "q=tset.ooo"},
		{list: "users", asks: "q={}", each: func(by *dice) string { return strings.ToLower(by.word(firstNames))[:2] }},
		{list: "users", asks: "q=xq&sort=-created"},
		{list: "projects"},
		{list: "projects", asks: "sort=-name&limit=500", follow: deepPages},
		{list: "projects", asks: "organization={}", each: organization},
		{list: "projects", asks: "organization=" + largest + "&limit=500", follow: deepPages},
		{list: "projects", asks: "organization=" + largest + "&sort=name&q={}", each: word(purposes)},
		{list: "projects", asks: "organization=" + largest + "&q={}", each: word(nouns)},
		{list: "projects", asks: "organization=" + largest + "&q={}", each: number},
		{list: "projects", asks: "owner={}", each: owner},
		{list: "projects", asks: "owner={}&sort=name&q=backup", each: owner},
		{list: "projects", asks: "owner=" + everywhere + "&sort=name"},
		{list: "projects", asks: "q={}", each: word(purposes)},
		{list: "projects", asks: "q={}&sort=name", each: word(purposes)},
		{list: "projects", asks: "q={}", each: word(nouns)},
		{list: "projects", asks: "q={}&sort=-name", each: word(nouns)},
		{list: "projects", asks: "q={}", each: pair(adjectives, nouns)},
		{list: "projects", asks: "q={}&sort=name", each: pair(adjectives, nouns)},
		{list: "projects", asks: "q=" + strings.ToLower(lastName) + "&sort=name", follow: farPages},
		{list: "projects", asks: "q=" + rareProject},
		{list: "projects", asks: "q={}&sort=name", each: number},
		{list: "projects", asks: "q=nowhere to be found"},
		{list: "organizations", asks: "sort=name"},
		{list: "organizations", asks: "owner={}", each: owner},
		{list: "organizations", asks: "member={}", each: owner},
		{list: "organizations", asks: "member=" + everywhere},
		{list: "organizations", asks: "member=" + everywhere + "&sort=name&q={}", each: word(nouns)},
		{list: "organizations", asks: "q={}", each: word(lastNames)},
		{list: "coupons"},
		{list: "coupons", asks: "user={}", each: id(kindUser, d.projects, couponsEach)},
		{list: "coupons", asks: "status=active"},
		{list: "coupons", asks: "status=used", follow: 3},
		{list: "coupons", asks: "status=expired&sort=name"},
		{list: "coupons", asks: "q={}&status=active", each: word(reasons)},
		{list: "coupons", asks: "q={}&sort=name", each: word(nouns)},
	}
}

func of2(by *dice, first, second []string) string {
	return first[by.throw(len(first))] + " " + second[by.throw(len(second))]
}

// requests spells what is asked for pages of a kind, by asking for each that
// others begin after.
func (w *directoryWorld) requests(ctx context.Context, k pageKind) (out []string, err error) {
	by, starts := diceOf(0, 0), 1
	if k.each != nil {
		starts = pageVariants
	}
	for range starts {
		path := k.page(by)
		out = append(out, path)
		after := path
		for range k.follow - 1 {
			next, err := w.next(ctx, after)
			if err != nil {
				return nil, err
			}
			if next == "" {
				break
			}
			after = path + "&after=" + next
			out = append(out, after)
		}
	}
	return out, nil
}

// next gives the cursor of the page after one, "" at the end.
func (w *directoryWorld) next(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.addresses["operator"]+path, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", string(w.token))
	status, body, err := answerStatus(request)
	if err != nil || status != http.StatusOK {
		return "", fmt.Errorf("GET %s: %d %.300s %w", path, status, body, err)
	}
	var page struct{ Next *string }
	err = json.Unmarshal(body, &page)
	if page.Next == nil {
		return "", err
	}
	return *page.Next, err
}

// asking asks for one of some paths, by chance.
func (w *directoryWorld) asking(paths []string) source {
	head := operatorHead(w.token) + "\r\n"
	return func(by *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, "GET "...)
		buf = append(buf, paths[by.random.IntN(len(paths))]...)
		return append(buf, head...), 0, http.StatusOK
	}
}

// measurePages takes how long pages of each kind take, one at a time, and which
// kind takes the longest.
func (b *bench) measurePages(ctx context.Context) error {
	w, err := b.directory(ctx)
	if err != nil {
		return err
	}
	kinds := w.pageKinds()
	contenders := make([]contender, len(kinds))
	for i, k := range kinds {
		paths, err := w.requests(ctx, k)
		if err != nil {
			return err
		}
		contenders[i] = contender{k.name(), func(ctx context.Context, _ time.Duration) (sample, error) {
			return drive(ctx, plan{
				addresses: []string{w.addresses["operator"]}, connections: 1, requests: pagesEach, next: w.asking(paths),
			})
		}}
	}
	rounds, err := b.contest(ctx, contenders)
	if err != nil {
		return err
	}
	worst, rows := row{}, make([]row, len(kinds))
	for i, k := range kinds {
		found := newFigures(rounds[i])
		rows[i] = row{Measure: "page of " + k.name() + ", p99", Reeve: found, Unit: unitTime, Value: found.P99, Targets: targetPage}
		if found.P99 > worst.Value {
			worst = rows[i]
		}
	}
	worst.Measure = fmt.Sprintf("worst page of %d users and %d projects: %s", w.projects, w.projects, strings.TrimPrefix(worst.Measure, "page of "))
	b.report.add(worst)
	for _, found := range rows {
		b.report.add(found)
	}
	return nil
}
