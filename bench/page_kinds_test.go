package main

import (
	"net/url"
	"strings"
	"testing"
)

// TestPageKinds: each kind has a name of its own, and asks what can be read.
func TestPageKinds(t *testing.T) {
	t.Parallel()
	d := directory{newDataset(leastListed)}
	seen := map[string]bool{}
	for _, k := range d.pageKinds() {
		if seen[k.name()] {
			t.Errorf("two are called %s", k.name())
		}
		seen[k.name()] = true
		for n := range 10 {
			at, err := url.Parse(d.page(k, diceOf(0, n)))
			if err != nil || strings.ContainsAny(at.String(), "{} ") {
				t.Errorf("%s: %v %v", k.name(), at, err)
				continue
			}
			if _, err := url.ParseQuery(at.RawQuery); err != nil {
				t.Errorf("%s: %v", k.name(), err)
			}
		}
	}
}

// TestNames: some words are in a tenth of the names, some in few.
func TestNames(t *testing.T) {
	t.Parallel()
	const all = 100_000
	counts := map[string]int{}
	for n := range all {
		user, address := userName(n, all)
		project := projectName(n)
		for _, word := range []string{oldProvider, rareUser, rareProject, lastName, "backup", "whale", "turbine"} {
			if strings.Contains(user+" "+address+" "+project, word) {
				counts[word]++
			}
		}
	}
	for word, share := range map[string][2]float64{
		oldProvider: {0.1, 0.1}, lastName: {0.09, 0.11}, "backup": {0.08, 0.14}, "whale": {0.01, 0.05}, "turbine": {0.0001, 0.01},
		rareUser: {1. / all, 1. / all}, rareProject: {1. / all, 1. / all},
	} {
		if got := float64(counts[word]) / all; got < share[0] || got > share[1] {
			t.Errorf("%s is in %v of the names", word, got)
		}
	}
}
