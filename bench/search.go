package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// What a search has to reach.
var targetSearch = []float64{50} // ms

const (
	searchRate  = 20 // a second
	searchTexts = 400
)

// searched are texts of three characters and more that people look for: words
// that many, some, few or none have, in one case or another, addresses, parts
// of them and ids.
func (d directory) searched() []string {
	by := diceOf(0, 1)
	out := make([]string, searchTexts)
	for i := range out {
		user, project := by.throw(d.projects), by.throw(d.projects)
		name, address := userName(user, d.projects)
		switch i % 16 {
		case 0:
			out[i] = by.word(providers)
		case 1:
			out[i] = by.word(purposes)
		case 2:
			out[i] = strings.ToUpper(wordOf(lastNames)(by))
		case 3:
			out[i] = wordOf(nouns)(by)
		case 4:
			out[i] = wordsOf(firstNames, lastNames)(by)
		case 5:
			out[i] = wordsOf(adjectives, nouns)(by)
		case 6:
			out[i] = name
		case 7:
			out[i] = projectName(project)
		case 8:
			out[i] = address
		case 9:
			local, _, _ := strings.Cut(address, "@")
			out[i] = local + "@"
		case 10:
			out[i] = number(by)
		case 11:
			out[i] = wordOf([]string{rareUser, rareProject, oldProvider, lastName})(by)
		case 12:
			out[i] = reeve.ID(d.id(kindProject, project)).String()
		case 13:
			out[i] = organizationName(by.throw(d.organizations()))
		case 14:
			out[i] = wordsOf(lastNames, adjectives)(by) // nobody's
		default:
			out[i] = string([]rune(wordOf(nouns)(by))[:3])
		}
	}
	return out
}

// measureSearch takes how long searches take, far below what the machine can
// do: of everything, and of users and projects in their lists.
func (b *bench) measureSearch(ctx context.Context) error {
	w, err := b.directory(ctx)
	if err != nil {
		return err
	}
	places := []string{"/api/search", "/api/users", "/api/projects"}
	contenders := make([]contender, len(places))
	for i, place := range places {
		paths := make([]string, 0, searchTexts)
		for _, text := range w.searched() {
			paths = append(paths, place+"?q="+url.QueryEscape(text))
		}
		contenders[i] = contender{place, func(ctx context.Context, duration time.Duration) (sample, error) {
			return drive(ctx, plan{
				addresses: []string{w.addresses["operator"]}, connections: usageConnections, duration: duration,
				next: w.asking(paths), rate: searchRate / float64(usageConnections),
			})
		}}
	}
	rounds, err := b.contest(ctx, contenders)
	if err != nil {
		return err
	}
	for i, place := range places {
		found := newFigures(rounds[i])
		b.report.add(row{
			Measure: fmt.Sprintf("GET %s?q= over %d users and %d projects, p99 at %d a second", place, w.projects, w.projects, searchRate),
			Reeve:   found, Unit: unitTime, Value: found.P99, Targets: targetSearch,
		})
	}
	return nil
}
