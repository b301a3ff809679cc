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
	asks   string // a query; what is in braces is filled in by each
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

// page spells the path of one page of a kind.
func (d directory) page(k pageKind, by *dice) string {
	asks := strings.NewReplacer(
		"{largest}", reeve.ID(d.id(kindOrganization, 0)).String(), "{in many}", reeve.ID(d.id(kindUser, 0)).String(), " ", "+",
	).Replace(k.asks)
	if before, after, there := strings.Cut(asks, "{"); there {
		_, after, _ = strings.Cut(after, "}")
		asks = before + url.QueryEscape(k.each(by)) + after
	}
	return "/api/" + k.list + "?" + asks
}

// requests spells what is asked for pages of a kind, by asking for each that
// others begin after.
func (w *directoryWorld) requests(ctx context.Context, k pageKind) (out []string, err error) {
	by, starts := diceOf(0, 0), 1
	if k.each != nil {
		starts = pageVariants
	}
	for range starts {
		path := w.page(k, by)
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
